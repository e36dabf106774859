"""Which row is at risk at which event time: by hand, and against the definition."""

import numpy as np

from secondplan.models.risk_sets.risk_sets import build_risk_sets


def test_by_hand():
    # Stratum 0 has events on days 2 (two of weight 1 and 3) and 5; stratum 1 on day 4. Row 5 leaves before any event,
    # row 6 has no weight.
    entry = np.array([0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0])
    duration = np.array([2.0, 2.0, 5.0, 6.0, 4.0, 1.0, 3.0])
    is_event = np.array([True, True, True, False, True, False, True])
    weight = np.array([1.0, 3.0, 1.0, 1.0, 2.0, 1.0, 0.0])
    stratum = np.array([0, 0, 0, 0, 1, 0, 0])
    sets = build_risk_sets(entry, duration, is_event, weight, stratum)
    assert sets.time.tolist() == [2.0, 5.0, 4.0] and sets.time_stratum.tolist() == [0, 0, 1]
    assert sets.n_tied.tolist() == [2, 1, 1] and sets.tied_weight.tolist() == [4.0, 1.0, 2.0]
    assert sets.start.tolist() == [0, 0, 2] and sets.row_end.tolist() == [0, 2, 4, 5]
    assert sets.rows.tolist() == [0, 1, 2, 3, 4]
    assert sets.first.tolist() == [0, 0, 1, 0, 2] and sets.last.tolist() == [0, 0, 1, 1, 2]
    assert sets.event_weight.tolist() == [1.0, 3.0, 1.0, 0.0, 2.0] and not sets.has_unit_weights


def test_rows_are_at_risk_from_their_first_to_their_last_event_time(random_sets):
    sets, at_risk, (_, _, _, weight, _) = random_sets
    time = np.arange(sets.n_times)
    np.testing.assert_array_equal((sets.first[:, None] <= time) & (time <= sets.last[:, None]), at_risk[sets.rows])
    events = sets.is_event[:, None] & (sets.last[:, None] == time)
    np.testing.assert_array_equal(sets.n_tied, events.sum(axis=0))
    np.testing.assert_array_equal(sets.tied_weight, sets.weight @ events)
    left_out = np.setdiff1d(np.arange(weight.size), sets.rows)
    assert not np.any(at_risk[left_out][weight[left_out] > 0])


def test_no_event():
    sets = build_risk_sets(np.zeros(3), np.ones(3), np.zeros(3, dtype=bool), np.ones(3), np.zeros(3, dtype=np.int64))
    assert sets.n_times == 0 and sets.rows.size == 0
