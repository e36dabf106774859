r"""Score residuals of the Cox model: what each row adds to the gradient, and their sums by cluster.

.. math:: U_i = \delta_i (x_i - \bar x(t_i)) - e^{\eta_i} \sum_k h_k (x_i - \bar x_k)

over the event times at which row i is at risk, with Efron's smaller weights for tied rows; as in R's
``residuals.coxph``.

Source: Therneau and Grambsch (2000), Modeling Survival Data, section 7.1; Lin and Wei (1989) for the sandwich.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from numba import njit

from ..numerics.counting_sort import counting_sort
from ..numerics.threads import row_chunks, run_all
from .intervals import FAST, half_block_sums, running_sums
from .partial_likelihood import RiskSums, cumulative_hazards
from .risk_sets import RiskSets

Result = TypeVar("Result")

# Their scores stay in the processor's cache.
CLUSTERS_PER_CHUNK = 8_192


def tied_means(sums: RiskSums, sets: RiskSets) -> np.ndarray:
    """Risk-weighted mean of ``x`` at each event time, averaged over the tied events, shape (K, p)."""
    once, once_f = sums.moments[:, 0] / sets.n_tied, sums.moments[:, 1] / sets.n_tied
    return once[:, None] * sums.mean - once_f[:, None] * sums.tied_mean


def mean_increments(sums: RiskSums, sets: RiskSets) -> np.ndarray:
    """Hazard times mean ``x`` of the rows at risk at each event time, shape (K, p)."""
    square, square_f, _ = _squares(sums, sets)
    return square * sums.mean - square_f * sums.tied_mean


def own_mean_increments(sums: RiskSums, sets: RiskSets) -> np.ndarray:
    """The same of the rows whose event it is."""
    square, square_f, square_ff = _squares(sums, sets)
    return (square - square_f) * sums.mean - (square_f - square_ff) * sums.tied_mean


def _squares(sums: RiskSums, sets: RiskSets) -> np.ndarray:
    scale = sets.tied_weight / (sets.n_tied * sums.total)
    return (scale * sums.moments[:, 2:].T)[:, :, None]


def score_residuals(
    x: np.ndarray, sums: RiskSums, sets: RiskSets, *, weight: np.ndarray, target: np.ndarray, n_targets: int
) -> np.ndarray:
    """Sum of ``weight * U`` by target, shape (n_targets, p).

    Parameters
    ----------
    x : ndarray, shape (m, p)
        In the order of ``sets.rows``, like ``weight`` (m,) and ``target`` (m,), the cluster or the row of each row.
    """
    result = np.zeros((n_targets, x.shape[1]))

    def keep(clusters: slice, scores: np.ndarray) -> None:
        result[clusters] = scores[0]

    over_clusters(x, [sums], sets, weight, target, keep)
    return result


def over_clusters(
    x: np.ndarray,
    states: list[RiskSums],
    sets: RiskSets,
    weight: np.ndarray,
    cluster: np.ndarray,
    take: Callable[[slice, np.ndarray], Result],
) -> list[Result]:
    """What ``take`` makes of the sums of ``weight * U`` over the rows of each of some clusters, all clusters in turn.

    Parameters
    ----------
    x : ndarray, shape (m, p)
    states : list of RiskSums
        Values of ``beta`` at which the sums are wanted; the rows are passed over once for all of them.
    sets : RiskSets
    weight : ndarray, shape (m,)
    cluster : ndarray of int, shape (m,)
        Codes 0, 1, ... of the rows in the order of ``sets.rows``.
    take : callable
        Gets the codes of the clusters and their sums, shape (n_states, n_clusters, p).
    """
    place = np.full(sets.rows.size, -1, dtype=np.int32)
    place[sets.late_rows] = np.arange(sets.late_rows.size)
    n_states, n_columns = len(states), x.shape[1]
    risk, mass = (np.empty((n_states, sets.rows.size)) for _ in range(2))
    means, less_if_own, from_start = (np.empty((n_states, sets.n_times, n_columns)) for _ in range(3))
    late = np.empty((n_states, sets.late_rows.size, n_columns))
    tables = zip(risk, mass, means, less_if_own, from_start, late, strict=True)
    run_all([partial(_fill, sums, sets, weight, *parts) for sums, parts in zip(states, tables, strict=True)])
    order, bounds = counting_sort(cluster, int(cluster.max(initial=-1)) + 1)
    of_rows = (x, weight, sets.last, sets.is_event, place, risk, mass)

    def of_clusters(chosen: slice) -> Result:
        scores = np.zeros((n_states, chosen.stop - chosen.start, n_columns))
        own = bounds[chosen.start : chosen.stop + 1]
        _cluster_scores(*of_rows, means, less_if_own, from_start, late, order, own, scores)
        return take(chosen, scores)

    return run_all([partial(of_clusters, chosen) for chosen in row_chunks(bounds.size - 1, CLUSTERS_PER_CHUNK)])


def _fill(
    sums: RiskSums,
    sets: RiskSets,
    weight: np.ndarray,
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
    at_risk, own = mean_increments(sums, sets), own_mean_increments(sums, sets)
    np.multiply(weight, sums.relative_risk, out=risk)
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
