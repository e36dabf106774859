import numpy as np

from secondplan.models.incidence.moments import CauseRows, assign_cells, cell_moments, event_variance


def test_cells_hold_about_equally_many_events_and_end_at_cuts():
    days = np.arange(1.0, 41.0)
    cells = assign_cells(days, np.ones(40), 4, np.array([13.0, 500.0]))
    assert cells.tolist() == [0] * 13 + [1] * 13 + [2] * 14
    assert assign_cells(days, np.ones(40), 8, np.array([13.0])).max() == 6
    assert np.bincount(assign_cells(days, np.ones(40), 1000, np.array([]))).min() == 5


def test_cuts_that_leave_few_events_do_not_count():
    days = np.arange(1.0, 13.0)
    assert assign_cells(days, np.ones(12), 1, np.array([3.0, 6.0, 9.0])).tolist() == [0] * 6 + [1] * 6
    assert assign_cells(days[:4], np.ones(4), 64, np.array([2.0])).tolist() == [0] * 4
    tied = assign_cells(days, np.where(days == 2, 50.0, 1.0), 4, np.array([]))
    assert np.all(np.diff(tied) >= 0) and tied[0] == 0 and set(tied) == set(range(tied.max() + 1))


def test_no_event_times():
    assert assign_cells(np.empty(0), np.empty(0), 64, np.array([91.0])).tolist() == []


def test_moments_by_hand():
    """Rows a, b, c at risk from the start; a has the event on day 1, b on day 2, hazards 1/3 and 1/2; d comes late."""
    cause = CauseRows(
        time=np.array([1.0, 2.0]),
        stratum=np.zeros(2, dtype=int),
        n_tied=np.ones(2),
        increment=np.array([1 / 9, 1 / 9]),
        first=np.array([0, 0, 0, 1]),
        last=np.array([0, 1, 1, 1]),
        risk=np.ones(4),
        jump=np.array([1 / 3, 1 / 3, 0.0, 0.0]),
        variance=np.array([1 / 9, 1 / 9]),
        coef=np.empty((4, 0)),
    )
    # One cell, since there are fewer than 5 events: influences 2/9, 1/9, -2/9, -1/9.
    alone, families = (
        cell_moments([cause], np.zeros(4, dtype=int), np.array(target), horizon=730.0)[0]
        for target in ([0, 1, 2, 3], [0, 0, 1, 1])
    )
    np.testing.assert_allclose(alone["covariance"], [[10 / 81]])
    np.testing.assert_allclose(families["covariance"], [[18 / 81]])
    assert alone["cell_start"].tolist() == [0]
    np.testing.assert_allclose(alone["variance"], [[1 / 9, 1 / 9]])


def test_events_of_a_cluster_on_one_day_are_added_before_they_are_squared():
    found = event_variance(np.array([0, 0, 1]), np.array([0.5, 0.5, 0.2]), np.array([3, 3, 3]), 3)
    np.testing.assert_allclose(found, [1.0, 0.04, 0.0])
    np.testing.assert_allclose(event_variance(np.array([0, 0]), np.array([0.5, 0.5]), np.array([0, 1]), 1), [0.5])
