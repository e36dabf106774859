"""Sums over the rows at risk at each event time, against the sums written out."""

import numpy as np
import pytest

from secondplan.models.risk_sets import pivots
from secondplan.models.risk_sets.risk_set_sums import sum_over_risk_sets
from secondplan.models.risk_sets.risk_sets import build_risk_sets


@pytest.mark.parametrize("fewest_rows", [1, pivots.FEWEST_ROWS])
def test_sums_are_those_of_the_rows_at_risk(random_sets, fewest_rows, monkeypatch):
    monkeypatch.setattr(pivots, "FEWEST_ROWS", fewest_rows)
    sets, at_risk, _ = random_sets
    at_risk = at_risk[sets.rows]
    x = np.random.default_rng(1).normal(size=(sets.rows.size, 2))
    filled = np.zeros_like(sets.weight)

    def fill(rows):
        filled[rows] = sets.weight[rows]

    sums, total, tied_sums, tied = sum_over_risk_sets(x, filled, sets, fill)
    assert sets.pivots.crosses.any() or fewest_rows > 1 or sets.n_times < 50
    events = sets.is_event[:, None] & (sets.last[:, None] == np.arange(sets.n_times))
    for found, of_x, rows in ((total, sums, at_risk), (tied, tied_sums, events)):
        np.testing.assert_allclose(found, sets.weight @ rows, rtol=1e-12)
        np.testing.assert_allclose(of_x, (sets.weight[:, None] * rows).T @ x, atol=1e-11)


@pytest.mark.parametrize("fewest_rows", [1, pivots.FEWEST_ROWS])
def test_small_risks_survive_large_ones_that_enter_later(fewest_rows, monkeypatch):
    monkeypatch.setattr(pivots, "FEWEST_ROWS", fewest_rows)
    # On day 1 only rows of risk about 1 are there, rows of risk 1e25 enter on day 2: subtracting them leaves nothing.
    entry = np.array([-1.0, -1.0, 2.0, 2.0, -1.0])
    duration = np.array([1.0, 4.0, 3.0, 4.0, 5.0])
    sets = build_risk_sets(entry, duration, np.ones(5, dtype=bool), np.ones(5), np.zeros(5, dtype=np.int64))
    risk = np.array([0.1, 0.7, 1e25, 2e25, 0.2])[sets.rows]
    _, totals, _, _ = sum_over_risk_sets(np.ones((5, 1)), risk, sets)
    np.testing.assert_allclose(totals, [1.0, 3e25, 2e25, 0.2], rtol=1e-15)
