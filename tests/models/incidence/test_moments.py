import numpy as np

from secondplan.models.incidence.moments import (
    CauseRows,
    are_kept,
    assign_cells,
    cell_moments,
    event_variance,
    run_ends,
)


def test_cells_hold_about_equally_many_events_and_end_at_cuts():
    days = np.arange(1.0, 41.0)
    cells = assign_cells(days, np.ones(40), 4, np.array([13.0, 500.0]))
    assert cells.tolist() == [0] * 13 + [1] * 13 + [2] * 14
    assert assign_cells(days, np.ones(40), 8, np.array([13.0])).max() == 5
    assert np.bincount(assign_cells(days, np.ones(40), 1000, np.array([]))).min() == 6


def test_no_cell_holds_fewer_events_than_tables_show():
    rng = np.random.default_rng(0)
    for n_times in (5, 20, 80, 300):
        n_events = rng.choice([1, 1, 1, 2, 9], n_times)
        days = np.sort(rng.choice(1000, n_times, replace=False)).astype(float)
        for n_cells in (1, 8, 64, 10**6):
            cells = assign_cells(days, n_events, n_cells, np.array([91.0, 182.0, 365.0, 730.0]))
            assert np.bincount(cells, n_events).min() >= min(6, n_events.sum())
            assert np.all(np.isin(np.diff(cells), [0, 1]))


def test_runs_end_where_enough_children_tell_them_apart():
    days = np.arange(1.0, 9.0)
    assert run_ends(days, np.array([6, 1, 5, 3, 3, 9, 2, 1]), 730.0).tolist() == [0, 2, 4, 7]
    assert run_ends(days[:3], np.array([2, 2, 1]), 730.0).tolist() == []


def test_strata_of_few_children_or_few_events_of_a_cause_are_not_kept():
    def cause(n_tied):
        stratum, unused = np.arange(4), np.empty(0)
        tied = np.array(n_tied)
        return CauseRows(np.ones(4), stratum, tied, *[unused] * 7)

    causes = [cause([6, 6, 0, 9]), cause([0, 5, 8, 9])]
    assert are_kept(causes, np.array([200, 400, 200, 199])).tolist() == [True, False, True, False]


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
    # One cell, since there are fewer than 6 events: influences 2/9, 1/9, -2/9, -1/9.
    alone, families = (
        cell_moments([cause], np.zeros(4, dtype=int), np.array(target), horizon=730.0)[0]
        for target in ([0, 1, 2, 3], [0, 0, 1, 1])
    )
    np.testing.assert_allclose(alone["covariance"], [[10 / 81]])
    np.testing.assert_allclose(families["covariance"], [[18 / 81]])
    assert [starts.tolist() for starts in alone["cell_start"]] == [[0]]
    np.testing.assert_allclose(alone["variance"], [[1 / 9, 1 / 9]])


def test_events_of_a_cluster_on_one_day_are_added_before_they_are_squared():
    found = event_variance(np.array([0, 0, 1]), np.array([0.5, 0.5, 0.2]), np.array([3, 3, 3]), 3)
    np.testing.assert_allclose(found, [1.0, 0.04, 0.0])
    np.testing.assert_allclose(event_variance(np.array([0, 0]), np.array([0.5, 0.5]), np.array([0, 1]), 1), [0.5])
