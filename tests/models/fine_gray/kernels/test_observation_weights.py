"""The distributions of censoring and entry, by hand."""

import numpy as np
import pytest

from secondplan.models.fine_gray.kernels.observation_weights import observe

NEVER_LATE = -1.0


def process(entry, duration, event, weight=None, *, events_leave_first=False):
    weight = np.ones(len(duration)) if weight is None else np.asarray(weight, dtype=float)
    arrays = (np.asarray(entry, dtype=float), np.asarray(duration, dtype=float), np.asarray(event))
    return observe(*arrays, weight, events_leave_first=events_leave_first)


@pytest.mark.parametrize(("events_leave_first", "factor"), [(False, 3 / 4), (True, 2 / 3)])
def test_an_event_on_the_day_of_a_censoring(events_leave_first, factor):
    # Of four at risk on day 2 one is censored and one has an event.
    found = process([NEVER_LATE] * 4, [2, 2, 3, 4], [0, 1, 1, 1], events_leave_first=events_leave_first)
    np.testing.assert_allclose(found.censoring.factor, [factor])
    level, zeros = found.level(np.array([2.0, 2.5, 4.0, 5.0]))
    np.testing.assert_allclose(np.exp(level), [1, factor, factor, factor])
    assert zeros.tolist() == [0, 0, 0, 1]  # after the last day nobody stays


def test_entries_raise_the_weights_of_those_who_were_there_before():
    # After day 2 three are under observation, of whom two just entered: factor 3. The first entry of all has none.
    found = process([NEVER_LATE, NEVER_LATE, 2, 2], [1, 3, 4, 5], [2, 1, 1, 0])
    np.testing.assert_allclose(found.entries.days, [NEVER_LATE, 2])
    np.testing.assert_allclose(found.entries.factor, [1, 3])
    assert found.unseen.size == 0
    level, zeros = found.level(np.array([2.0, 3.0]))
    np.testing.assert_allclose(np.exp(level), [1, 3])
    assert zeros.tolist() == [0, 0]


def test_days_before_which_nobody_was_left_are_told():
    found = process([NEVER_LATE, 5, 5], [2, 6, 7], [2, 1, 0])
    assert found.unseen.tolist() == [5]
    np.testing.assert_allclose(found.entries.factor, [1, 1])


def test_the_last_of_all_being_censored_makes_the_weights_0():
    found = process([NEVER_LATE, NEVER_LATE, 4], [1, 3, 6], [2, 0, 1])
    level, zeros = found.level(np.array([3.0, 4.0, 6.0]))
    assert zeros.tolist() == [0, 1, 1]
    assert np.all(np.isfinite(level))


def test_weights_count_as_rows_however_unequal_they_are():
    weight = np.array([2, 1, 3, 1])
    entry, duration, event = np.array([-1, -1, 1, -1]), np.array([2, 3, 4, 4]), np.array([0, 0, 1, 0])
    weighted = process(entry, duration, event, weight)
    rows = np.repeat(np.arange(4), weight)
    repeated = process(entry[rows], duration[rows], event[rows])
    for one, other in ((weighted.censoring, repeated.censoring), (weighted.entries, repeated.entries)):
        np.testing.assert_allclose(one.factor, other.factor)
        np.testing.assert_allclose(one.at_risk, other.at_risk)
    unequal = process([-1.0] * 3, [1, 2, 3], [0, 0, 1], [1e9, 1e-9, 1e-9])
    np.testing.assert_allclose(unequal.censoring.factor, [2e-18, 0.5])
