"""Jump and change of slope of a series of shares."""

import numpy as np
import pytest

from secondplan.models.monitoring.segmented_regression import segmented_regression

TIME = np.arange(-8, 8) / 4.0


def test_shares_on_two_lines_are_found_exactly():
    share = 0.2 + 0.01 * TIME + (TIME >= 0) * (0.05 + 0.02 * TIME)
    fit = segmented_regression(share, np.full(TIME.size, 200.0), TIME)
    assert fit.table["estimate"].to_numpy() == pytest.approx([0.2, 0.01, 0.05, 0.02, 0.05 + 0.02 * TIME[-1]])
    assert fit.projected == pytest.approx(0.2 + 0.01 * TIME)
    assert fit.overdispersion == 1.0


def test_intervals_hold_the_truth_as_often_as_stated_where_shares_vary_more_than_binomially():
    rng = np.random.default_rng(0)
    sizes = rng.integers(80, 240, TIME.size)
    held = []
    for _ in range(400):
        chance = np.clip(0.25 + 0.04 * (TIME >= 0) + rng.normal(0, 0.03, TIME.size), 0, 1)
        row = segmented_regression(rng.binomial(sizes, chance) / sizes, sizes.astype(float), TIME).table
        held.append(row.at["change of level", "lower"] <= 0.04 <= row.at["change of level", "upper"])
    assert 0.92 < np.mean(held) < 0.98


def test_series_that_go_together_are_told():
    share = 0.3 + 0.05 * np.sin(np.arange(TIME.size))
    assert segmented_regression(share, np.full(TIME.size, 900.0), TIME).autocorrelation > 0.2


@pytest.mark.parametrize(
    ("share", "time", "message"),
    [
        (TIME * 0 + 0.5, TIME + 1.5, "3 or more periods before and after the date, got 2 and 14"),
        (TIME * 0, TIME, "0 or 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(share, time, message):
    with pytest.raises(ValueError, match=message):
        segmented_regression(share, np.full(TIME.size, 50.0), time)
