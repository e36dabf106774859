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


def sandwich(naive: np.ndarray, x: np.ndarray, sums: RiskSums, sets: RiskSets, cluster: np.ndarray) -> np.ndarray:
    """``V (sum_c u_c u_c') V`` (p, p), ``u_c`` the sum of the weighted score residuals of cluster c.

    Parameters
    ----------
    naive : ndarray, shape (p, p)
        V, the inverse information.
    x : ndarray, shape (m, p)
    cluster : ndarray of int, shape (m,)
        Codes 0, 1, ... of the rows in the order of ``sets.rows``.
    """
    return naive @ score_products(x, sums, sets, cluster) @ naive


def score_products(x: np.ndarray, sums: RiskSums, sets: RiskSets, cluster: np.ndarray) -> np.ndarray:
    """``sum_c u_c u_c'``, shape (p, p); see :func:`sandwich`."""
    hazard = cumulative_hazards(sums, sets)
    at_risk, own = mean_increments(sums, sets)
    risk = sets.weight * sums.relative_risk
    means, less_if_own = tied_means(sums, sets), own - at_risk
    from_start = running_sums(at_risk, sets.start)
    late = np.zeros((sets.late_rows.size, x.shape[1]))
    place = np.full(sets.rows.size, -1, dtype=np.int32)
    place[sets.late_rows] = np.arange(sets.late_rows.size)
    for level in range(sets.level_end.size if sets.late_rows.size else 0):
        begin, end = sets.level_end[level - 1] if level else 0, sets.level_end[level]
        if end > begin:
            table = half_block_sums(at_risk, level) if level else at_risk
            _late_sums(table, level > 0, sets.first, sets.last, sets.late_rows[begin:end], late[begin:end])
    order, bounds = counting_sort(cluster, int(cluster.max()) + 1)
    given = (x, sets.weight, risk, hazard, sets.last, sets.is_event, means, less_if_own, from_start, late, place)

    def of_clusters(chosen: slice) -> np.ndarray:
        scores = np.zeros((chosen.stop - chosen.start, x.shape[1]))
        _cluster_scores(*given, order, bounds[chosen.start : chosen.stop + 1], scores)
        return scores.T @ scores

    return np.asarray(
        sum(run_all([partial(of_clusters, chosen) for chosen in row_chunks(bounds.size - 1, CLUSTERS_PER_CHUNK)]))
    )


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
    x, weight, risk, hazard, last, is_event, means, less_if_own, from_start, late, place, order, bounds, scores
):
    """Sum of the weighted score residuals over the rows ``order[bounds[c] : bounds[c + 1]]``, added to ``scores``."""
    n_columns = x.shape[1]
    for cluster in range(scores.shape[0]):
        for position in range(bounds[cluster], bounds[cluster + 1]):
            row = order[position]
            time = last[row]
            mass = risk[row] * hazard[row]
            if place[row] < 0:
                for column in range(n_columns):
                    scores[cluster, column] += risk[row] * from_start[time, column] - mass * x[row, column]
            else:
                for column in range(n_columns):
                    scores[cluster, column] += risk[row] * late[place[row], column] - mass * x[row, column]
            if is_event[row]:
                for column in range(n_columns):
                    scores[cluster, column] += weight[row] * (x[row, column] - means[time, column])
                    scores[cluster, column] += risk[row] * less_if_own[time, column]
