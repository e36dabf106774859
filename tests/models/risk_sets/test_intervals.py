"""Sums over intervals of event times, against the sums written out."""

import numpy as np
import pytest

from secondplan.models.risk_sets import pivots
from secondplan.models.risk_sets.intervals import gather
from secondplan.models.risk_sets.risk_sets import build_risk_sets
from secondplan.models.risk_sets.spread import spread


def random_sets(seed, n_rows=300, n_days=70, n_strata=3):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, n_days, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.6, np.floor(duration * rng.random(n_rows)), -1.0)
    is_event = rng.random(n_rows) < 0.5
    weight = rng.integers(0, 4, n_rows).astype(float)
    stratum = rng.integers(0, n_strata, n_rows)
    return build_risk_sets(entry, duration, is_event, weight, stratum), (entry, duration, is_event, weight, stratum)


@pytest.mark.parametrize("fewest_rows", [1, pivots.FEWEST_ROWS])
@pytest.mark.parametrize("seed", range(8))
def test_sums_are_those_of_the_risk_sets(seed, fewest_rows, monkeypatch):
    monkeypatch.setattr(pivots, "FEWEST_ROWS", fewest_rows)
    sets, (entry, duration, is_event, weight, stratum) = random_sets(seed, n_days=[3, 8, 70, 1000][seed % 4])
    rng = np.random.default_rng(seed)
    x_rows, values = rng.normal(size=(duration.size, 2)), rng.normal(size=(sets.n_times, 2))
    x, risk = x_rows[sets.rows], weight[sets.rows]
    sums, totals, _, tied = spread(x, risk, sets)
    assert sets.pivots.crosses.any() or fewest_rows > 1 or sets.n_times < 50
    np.testing.assert_allclose(tied, np.bincount(sets.last, risk * sets.is_event, minlength=sets.n_times), rtol=1e-12)
    for time in range(sets.n_times):
        at_risk = (entry < sets.time[time]) & (sets.time[time] <= duration) & (stratum == sets.time_stratum[time])
        assert totals[time] == pytest.approx(weight[at_risk].sum(), rel=1e-12)
        np.testing.assert_allclose(sums[time], weight[at_risk] @ x_rows[at_risk], atol=1e-11)
        died = at_risk & is_event & (duration == sets.time[time]) & (weight > 0)
        assert (sets.n_tied[time], sets.tied_weight[time]) == (died.sum(), weight[died].sum())
    gathered = gather(values, sets.first, sets.last, sets.levels, sets.start, sets.late_rows, sets.level_end)
    for position, row in enumerate(sets.rows):
        own = (entry[row] < sets.time) & (sets.time <= duration[row]) & (sets.time_stratum == stratum[row])
        np.testing.assert_allclose(gathered[position], values[own].sum(axis=0), atol=1e-11)
    informative = np.zeros(duration.size, dtype=bool)
    informative[sets.rows] = True
    for row in np.flatnonzero(~informative & (weight > 0)):
        assert not np.any((entry[row] < sets.time) & (sets.time <= duration[row]) & (sets.time_stratum == stratum[row]))


@pytest.mark.parametrize("fewest_rows", [1, pivots.FEWEST_ROWS])
def test_small_risks_survive_large_ones_that_enter_later(fewest_rows, monkeypatch):
    monkeypatch.setattr(pivots, "FEWEST_ROWS", fewest_rows)
    # On day 1 only rows of risk about 1 are there, rows of risk 1e25 enter on day 2: subtracting them leaves nothing.
    entry = np.array([-1.0, -1.0, 2.0, 2.0, -1.0])
    duration = np.array([1.0, 4.0, 3.0, 4.0, 5.0])
    sets = build_risk_sets(entry, duration, np.ones(5, dtype=bool), np.ones(5), np.zeros(5, dtype=np.int64))
    risk = np.array([0.1, 0.7, 1e25, 2e25, 0.2])[sets.rows]
    _, totals, _, _ = spread(np.ones((5, 1)), risk, sets)
    np.testing.assert_allclose(totals, [1.0, 3e25, 2e25, 0.2], rtol=1e-15)
    hazard = np.array([[1e25], [0.3], [0.4], [0.5]])
    sums = gather(hazard, sets.first, sets.last, sets.levels, sets.start, sets.late_rows, sets.level_end)[:, 0]
    by_row = dict(zip(sets.rows, sums, strict=True))
    assert by_row[2] == pytest.approx(0.3, rel=1e-15)
    assert by_row[3] == pytest.approx(0.7, rel=1e-15)
