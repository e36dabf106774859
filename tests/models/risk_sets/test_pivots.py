"""The event time of each stratum that most rows with delayed entry are at risk across."""

import numpy as np

from secondplan.models.risk_sets import pivots


def test_by_hand(monkeypatch):
    monkeypatch.setattr(pivots, "FEWEST_ROWS", 1)
    # One stratum of 5 event times. Row 0 is there from the start; rows 1, 2 and 3 cross time 3, row 4 only time 1 and
    # row 5 is at risk at one time.
    first, last = np.array([0, 1, 2, 2, 0, 4]), np.array([4, 4, 3, 4, 1, 4])
    levels = np.array([-1, 3, 1, 3, 1, 0])
    late, level_end = np.array([5, 2, 4, 1, 3]), np.array([1, 3, 3, 5])
    found = pivots.find_pivots(first, last, np.zeros(5, dtype=np.int64), levels, late, level_end)
    assert found.crosses.tolist() == [False, True, True, True, False, False]
    assert found.slot.tolist() == [0, 1, 2, -1, -1] and found.n_slots == 3
    assert found.rest.tolist() == [5, 4] and found.rest_end.tolist() == [1, 2, 2, 2]


def test_each_stratum_has_the_pivot_that_most_rows_cross(random_sets, monkeypatch):
    monkeypatch.setattr(pivots, "FEWEST_ROWS", 1)
    sets, _, _ = random_sets
    if not sets.late_rows.size:
        return
    found = pivots.find_pivots(sets.first, sets.last, sets.start, sets.levels, sets.late_rows, sets.level_end)
    stratum = sets.time_stratum[sets.last[sets.late_rows]]
    first, last = sets.first[sets.late_rows], sets.last[sets.late_rows]
    crossing = [((first < time) & (time <= last)) for time in range(sets.n_times)]
    for code in np.unique(sets.time_stratum):
        times = np.flatnonzero(sets.time_stratum == code)
        most = max(int(crossing[time].sum()) for time in times)
        assert found.crosses[sets.late_rows[stratum == code]].sum() == most
    assert sorted([*np.flatnonzero(found.crosses), *found.rest]) == sorted(sets.late_rows)


def test_few_rows_cross_nothing():
    found = pivots.find_pivots(*(np.zeros(0, dtype=np.int64) for _ in range(5)), np.zeros(1, dtype=np.int64))
    assert found.n_slots == 0 and not found.crosses.any()
