"""The cluster-robust covariance of the coefficients, without a table of all score residuals.

Source: Lin and Wei (1989), JASA 84:1074; for clusters Therneau and Grambsch (2000), Modeling Survival Data, chapter 8.
"""

from functools import partial

import numpy as np
from numba import njit

from .counting_sort import counting_sort
from .intervals import FAST, half_block_sums, running_sums
from .partial_likelihood import RiskSums, cumulative_hazards
from .risk_sets import RiskSets
from .score_residuals import mean_increments, tied_means
from .threads import row_chunks, run_all

# Their scores stay in the processor's cache.
CLUSTERS_PER_CHUNK = 8_192


def score_products(x: np.ndarray, states: list[RiskSums], sets: RiskSets, cluster: np.ndarray) -> np.ndarray:
    """``sum_c u_c u_c'``, ``u_c`` the sum of the weighted score residuals of cluster c, shape (n_states, p, p).

    The sandwich is ``V (sum_c u_c u_c') V`` with V the inverse information.

    Parameters
    ----------
    x : ndarray, shape (m, p)
    states : list of RiskSums
        Values of ``beta`` at which the products are wanted; the rows are passed over once for all of them.
    sets : RiskSets
    cluster : ndarray of int, shape (m,)
        Codes 0, 1, ... of the rows in the order of ``sets.rows``.
    """
    place = np.full(sets.rows.size, -1, dtype=np.int32)
    place[sets.late_rows] = np.arange(sets.late_rows.size)
    n_states, n_columns = len(states), x.shape[1]
    risk, mass = (np.empty((n_states, sets.rows.size)) for _ in range(2))
    means, less_if_own, from_start = (np.empty((n_states, sets.n_times, n_columns)) for _ in range(3))
    late = np.empty((n_states, sets.late_rows.size, n_columns))
    tables = zip(risk, mass, means, less_if_own, from_start, late, strict=True)
    run_all([partial(_fill, sums, sets, *parts) for sums, parts in zip(states, tables, strict=True)])
    order, bounds = counting_sort(cluster, int(cluster.max()) + 1)
    of_rows = (x, sets.weight, sets.last, sets.is_event, place, risk, mass)

    def of_clusters(chosen: slice) -> np.ndarray:
        scores = np.zeros((n_states, chosen.stop - chosen.start, n_columns))
        own = bounds[chosen.start : chosen.stop + 1]
        _cluster_scores(*of_rows, means, less_if_own, from_start, late, order, own, scores)
        return np.matmul(scores.transpose(0, 2, 1), scores)

    return np.asarray(
        sum(run_all([partial(of_clusters, chosen) for chosen in row_chunks(bounds.size - 1, CLUSTERS_PER_CHUNK)]))
    )


def _fill(
    sums: RiskSums,
    sets: RiskSets,
    risk: np.ndarray,
    mass: np.ndarray,
    means: np.ndarray,
    less_if_own: np.ndarray,
    from_start: np.ndarray,
    late: np.ndarray,
) -> None:
    """Write what the scores at one ``beta`` are made of.

    By row ``risk`` and ``mass`` (m,); by event time, (K, p) each, what an event takes off, what its own risk gives, and
    the running sums of the mean increments; by late row its own sum of the mean increments (n_late, p).
    """
    at_risk, own = mean_increments(sums, sets)
    np.multiply(sets.weight, sums.relative_risk, out=risk)
    np.multiply(risk, cumulative_hazards(sums, sets), out=mass)
    means[:], less_if_own[:] = tied_means(sums, sets), own - at_risk
    from_start[:] = running_sums(at_risk, sets.start)
    for level in range(sets.level_end.size if sets.late_rows.size else 0):
        begin, end = sets.level_end[level - 1] if level else 0, sets.level_end[level]
        if end > begin:
            table = half_block_sums(at_risk, level) if level else at_risk
            _late_sums(table, level > 0, sets.first, sets.last, sets.late_rows[begin:end], late[begin:end])


@njit(cache=True, nogil=True, fastmath=FAST)
def _late_sums(table, is_halved, first, last, rows, sums):
    """Sum of the mean increments over the times at which each late row is at risk, shape (n_late, p), in place."""
    for position in range(rows.size):
        row = rows[position]
        for column in range(table.shape[1]):
            value = table[last[row], column]
            if is_halved:
                value += table[first[row], column]
            sums[position, column] = value


@njit(cache=True, nogil=True, fastmath=FAST)
def _cluster_scores(
    x, weight, last, is_event, place, risk, mass, means, less_if_own, from_start, late, order, bounds, scores
):
    """Sum of the weighted score residuals over the rows ``order[bounds[c] : bounds[c + 1]]``, added to ``scores``."""
    n_states, n_clusters, n_columns = scores.shape
    for cluster in range(n_clusters):
        for position in range(bounds[cluster], bounds[cluster + 1]):
            row = order[position]
            time = last[row]
            own_x = x[row]
            for state in range(n_states):
                own_risk, to = risk[state, row], scores[state, cluster]
                of_x = weight[row] - mass[state, row] if is_event[row] else -mass[state, row]
                increments = from_start[state, time] if place[row] < 0 else late[state, place[row]]
                for column in range(n_columns):
                    to[column] += own_risk * increments[column] + of_x * own_x[column]
                if is_event[row]:
                    less, gone = less_if_own[state, time], means[state, time]
                    for column in range(n_columns):
                        to[column] += own_risk * less[column] - weight[row] * gone[column]
