"""Which days a table or an axis shows."""

import numpy as np
import pytest

from secondplan.round_days import shown_days


@pytest.mark.parametrize("last", [0.3, 1, 7, 80, 400, 730, 2000, 36_000, 1e7])
def test_few_days_spread_over_the_curve(last):
    days = shown_days(last)
    assert 1 <= days.size <= 8
    assert days[0] > 0
    assert days[-1] <= last
    assert days[-1] >= 0.5 * last


def test_quarters_of_a_year():
    np.testing.assert_array_equal(shown_days(730), [91, 182, 274, 365, 456, 548, 639, 730])
