"""Who is at risk of the subdistribution, with what weight: by hand, and against the definition."""

import numpy as np
import pytest

from secondplan.models.fine_gray.kernels.subdistribution import build_subdistribution


def test_by_hand():
    # A competing event on day 1, a censoring among 3 on day 2, events of interest on days 3 and 4.
    duration, event = np.array([3.0, 1.0, 4.0, 2.0]), np.array([1, 2, 1, 0])
    given = (np.full(4, -1.0), duration, event, np.ones(4), np.zeros(4, dtype=np.int64))
    sub = build_subdistribution(*given, convention="crr")
    assert sub.sets.time.tolist() == [3.0, 4.0] and sub.sets.rows.tolist() == [1, 3, 0, 2]
    assert sub.staying.rows.tolist() == [0] and sub.staying.after.tolist() == [0]
    np.testing.assert_allclose(sub.staying.start, [2 / 3])
    assert (
        sub.staying.end.tolist() == [[0, 1, 1]]
        and sub.staying.decay.tolist() == [[1.0, 1.0]]
        and sub.n_unseen_days == 0
    )


def test_weights_of_rows_that_stay_are_those_of_the_definition(fitted, weights_table):
    sub, _, _, convention = fitted
    assert sub.sets.rows.size == 58 and np.any(sub.staying.counted == 0) == (convention == "finegray")
    table = weights_table(sub, convention)
    for row, after, start in zip(sub.staying.rows, sub.staying.after, sub.staying.start, strict=True):
        decay = sub.staying.decay[sub.stratum[row]].copy()
        decay[: after + 1] = 1.0
        weight = start * np.cumprod(decay) * sub.staying.counted[sub.stratum[row]]
        np.testing.assert_allclose(weight[after:], table[row, after:], rtol=1e-12, atol=1e-15)
    others = np.setdiff1d(np.arange(len(table)), sub.staying.rows)
    time = np.arange(sub.sets.n_times)
    at_risk = (sub.sets.first[others, None] <= time) & (time <= sub.sets.last[others, None])
    np.testing.assert_array_equal(table[others], at_risk)


def test_days_whose_weight_the_data_do_not_tell_are_counted():
    # Between days 3 and 5 nobody is under observation; the competing event of day 2 stays across.
    entry, duration, event = np.array([-1.0, -1.0, 5.0, 5.0]), np.array([2.0, 3.0, 6.0, 7.0]), np.array([2, 1, 1, 0])
    sub = build_subdistribution(entry, duration, event, np.ones(4), np.zeros(4, dtype=np.int64), convention="crr")
    assert sub.n_unseen_days == 1


@pytest.mark.parametrize("convention", ["crr", "finegray"])
def test_no_competing_event_leaves_nobody_behind(convention):
    duration, event = np.array([3.0, 1.0, 4.0]), np.array([1, 0, 1])
    sub = build_subdistribution(
        np.full(3, -1.0), duration, event, np.ones(3), np.zeros(3, dtype=np.int64), convention=convention
    )
    assert sub.staying.rows.size == 0 and sub.sets.first.tolist() == [0, 0, 0] and sub.sets.last.tolist() == [-1, 0, 1]
