"""The short tables that a notebook shows."""

import numpy as np
import pytest

from secondplan.models.curve_tables import shown_days
from secondplan.models.nonparametric import aalen_johansen, kaplan_meier


@pytest.mark.parametrize("last", [0.3, 1, 7, 80, 400, 730, 2000, 36_000, 1e7])
def test_few_days_spread_over_the_curve(last):
    days = shown_days(last)
    assert 1 <= days.size <= 8
    assert days[0] > 0
    assert days[-1] <= last
    assert days[-1] >= 0.5 * last


def test_quarters_of_a_year():
    np.testing.assert_array_equal(shown_days(730), [91, 182, 274, 365, 456, 548, 639, 730])


def test_a_row_a_day_with_each_event_and_the_number_at_risk():
    rng = np.random.default_rng(1)
    shown = aalen_johansen(rng.integers(1, 3000, 5000), rng.integers(0, 3, 5000))._repr_html_()
    assert shown.count("<tr>") + shown.count("<tr ") <= 10
    assert all(text in shown for text in ("at risk", "event 1", "event 2", "5,000 rows"))
    assert "1.0000 (1.0000 to 1.0000)" in kaplan_meier([0, 0], [0, 0])._repr_html_()
    assert "event-free" in aalen_johansen([3, 4], [0, 0])._repr_html_()


def test_many_strata_are_not_all_shown():
    curves = kaplan_meier(np.arange(40) + 1, np.ones(40), strata=np.arange(40) % 20)
    assert "and 8 more strata" in curves._repr_html_()
