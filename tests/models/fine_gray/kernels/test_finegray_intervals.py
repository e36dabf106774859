"""Intervals of constant weight that R's ``finegray`` keeps, by hand."""

import numpy as np

from secondplan.models.fine_gray.kernels.finegray_intervals import kept_intervals


def intervals(entry=None):
    # Stratum 0 is censored on days 2 and 4 and seen until day 6, with events on days 3 and 6; stratum 1 is censored on
    # day 5 and seen until day 7, with an event then. Both have a competing event, on days 1 and 2.5.
    duration = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 2.5, 5.0, 7.0])
    event, stratum = np.array([2, 0, 1, 0, 1, 2, 0, 1]), np.repeat([0, 1], [5, 3])
    entry = np.full(8, -1.0) if entry is None else entry
    return kept_intervals(entry, duration, event, np.ones(8), stratum)


def test_those_without_an_event_of_the_stratum_are_dropped_but_for_the_first():
    found = intervals()
    assert [cuts.tolist() for cuts in found.cuts] == [[2.0, 4.0, 6.0], [5.0, 7.0]]
    assert [kept.tolist() for kept in found.kept] == [[1, 2], [1]]
    assert found.until.tolist() == [2.0, 2.0, 3.0, 4.0, 6.0, 5.0, 5.0, 7.0]
    assert found.counted(np.array([3.0, 6.0, 7.0])).tolist() == [[1, 1, 0], [0, 1, 1]]


def test_entries_cut_too_where_any_row_enters_late():
    entry = np.full(8, -1.0)
    entry[[4, 7]] = 1.5
    found = intervals(entry)
    assert found.cuts[0].tolist() == [-1.0, 1.5, 2.0, 4.0, 6.0] and found.until[0] == 1.5
