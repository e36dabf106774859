"""Sums over the event times at which each row is at risk, against the sums written out."""

import numpy as np
import pytest

from secondplan.models.risk_sets.intervals import (
    gather,
    gather_few,
    gather_one,
    half_block_sums,
    interval_levels,
    running_sums,
)
from secondplan.models.risk_sets.risk_sets import build_risk_sets


def test_sums_are_those_of_the_event_times_at_risk(random_sets):
    sets, at_risk, _ = random_sets
    at_risk = at_risk[sets.rows]
    values = np.random.default_rng(2).normal(size=(sets.n_times, 2))
    layout = (sets.late_rows, sets.level_end)
    gathered = gather(values, sets.first, sets.last, sets.levels, sets.start, *layout)
    np.testing.assert_allclose(gathered, at_risk @ values, atol=1e-11)
    intervals = (sets.first, sets.last, sets.levels, sets.is_event, sets.start)
    one = gather_one(values[:, 0], values[:, 1], *intervals, *layout)
    own = np.where(sets.is_event, values[sets.last, 1], 0.0)
    np.testing.assert_allclose(one, at_risk @ values[:, 0] + own, atol=1e-11)
    few = np.zeros(sets.rows.size)
    gather_few(*values.T.copy(), *intervals, *layout, few)
    np.testing.assert_allclose(few, one, atol=1e-11)


def test_small_hazards_survive_large_ones_before_entry():
    entry = np.array([-1.0, -1.0, 2.0, 2.0, -1.0])
    duration = np.array([1.0, 4.0, 3.0, 4.0, 5.0])
    sets = build_risk_sets(entry, duration, np.ones(5, dtype=bool), np.ones(5), np.zeros(5, dtype=np.int64))
    hazard = np.array([[1e25], [0.3], [0.4], [0.5]])
    sums = gather(hazard, sets.first, sets.last, sets.levels, sets.start, sets.late_rows, sets.level_end)[:, 0]
    by_row = dict(zip(sets.rows, sums, strict=True))
    assert by_row[2] == pytest.approx(0.3, rel=1e-15)
    assert by_row[3] == pytest.approx(0.7, rel=1e-15)


def test_levels_and_tables_by_hand():
    # Two strata of 3 event times. 4..5 lie in one block of two, 1..2 are cut in the middle of a block of four.
    start = np.array([0, 0, 0, 3, 3, 3])
    first, last = np.array([0, 2, 1, 3, 4]), np.array([2, 2, 2, 4, 5])
    assert interval_levels(first, last, start).tolist() == [-1, 0, 2, -1, 1]
    values = np.array([[1.0], [2.0], [4.0], [8.0], [16.0], [32.0]])
    assert running_sums(values, start)[:, 0].tolist() == [1, 3, 7, 8, 24, 56]
    assert half_block_sums(values, 2)[:, 0].tolist() == [3, 2, 4, 12, 48, 32]
