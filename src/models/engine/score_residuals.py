r"""Score residuals of the Cox model: what each row adds to the gradient, and their sums by cluster.

.. math:: U_i = \delta_i (x_i - \bar x(t_i)) - e^{\eta_i} \sum_k h_k (x_i - \bar x_k)

over the event times at which row i is at risk, with Efron's smaller weights for tied rows; as in R's
``residuals.coxph``.

Source: Therneau and Grambsch (2000), Modeling Survival Data, section 7.1; Lin and Wei (1989) for the sandwich.
"""

import numpy as np
from numba import njit

from .intervals import FAST, FROM_START, half_block_sums, running_sums
from .partial_likelihood import RiskSums, cumulative_hazards
from .risk_sets import RiskSets


def tied_means(sums: RiskSums, sets: RiskSets) -> np.ndarray:
    """Risk-weighted mean of ``x`` at each event time, averaged over the tied events, shape (K, p)."""
    once, once_f = sums.moments[:, 0] / sets.n_tied, sums.moments[:, 1] / sets.n_tied
    return once[:, None] * sums.mean - once_f[:, None] * sums.tied_mean


def mean_increments(sums: RiskSums, sets: RiskSets) -> tuple[np.ndarray, np.ndarray]:
    """Hazard times mean ``x`` at each event time (K, p): for the rows at risk, and for those whose event it is."""
    scale = sets.tied_weight / (sets.n_tied * sums.total)
    _, _, square, square_f, square_ff = scale * sums.moments.T
    at_risk = square[:, None] * sums.mean - square_f[:, None] * sums.tied_mean
    own = (square - square_f)[:, None] * sums.mean - (square_f - square_ff)[:, None] * sums.tied_mean
    return at_risk, own


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
    hazard = cumulative_hazards(sums, sets)
    at_risk, own = mean_increments(sums, sets)
    risk = weight * sums.relative_risk
    _own_terms(x, weight, risk, hazard, sets.last, sets.is_event, tied_means(sums, sets), own - at_risk, target, result)
    _add_from_start(running_sums(at_risk, sets.start), risk, sets.last, sets.levels, target, result)
    for level in range(sets.level_end.size if sets.late_rows.size else 0):
        rows = sets.late_rows[sets.level_end[level - 1] if level else 0 : sets.level_end[level]]
        if rows.size:
            table = half_block_sums(at_risk, level) if level else at_risk
            _add_late(table, level > 0, risk, sets.first, sets.last, rows, target, result)
    return result


@njit(cache=True, nogil=True, fastmath=FAST)
def _own_terms(x, weight, risk, hazard, last, is_event, means, own_less_at_risk, target, result):
    for row in range(weight.size):
        to = target[row]
        if is_event[row]:
            time = last[row]
            for column in range(x.shape[1]):
                result[to, column] += (
                    weight[row] * (x[row, column] - means[time, column])
                    - risk[row] * hazard[row] * x[row, column]
                    + risk[row] * own_less_at_risk[time, column]
                )
        else:
            factor = risk[row] * hazard[row]
            for column in range(x.shape[1]):
                result[to, column] -= factor * x[row, column]


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_from_start(table, risk, last, levels, target, result):
    for row in range(risk.size):
        if levels[row] == FROM_START:
            for column in range(table.shape[1]):
                result[target[row], column] += risk[row] * table[last[row], column]


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_late(table, is_halved, risk, first, last, rows, target, result):
    for row in rows:
        for column in range(table.shape[1]):
            value = table[last[row], column]
            if is_halved:
                value += table[first[row], column]
            result[target[row], column] += risk[row] * value
