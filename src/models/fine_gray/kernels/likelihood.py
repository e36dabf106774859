r"""The weighted partial likelihood of the subdistribution hazard, without copies of rows.

Rows that had a competing event stay at risk with a weight that is a product over event times. Their part of the sums
over risk sets is one scan forward, their cumulative hazard one scan backward:

.. math:: E_k = \text{decay}_k E_{k-1} + \sum_{i: \text{stays from } k} r_i a_i x_i, \qquad
    B_k = h_k + \text{decay}_{k+1} B_{k+1}, \quad H_i = \ldots + a_i B_{k(i)}

with a the weight at the first event time after the competing event. The rest is Cox's partial likelihood.

Source: Fine and Gray (1999), JASA 94:496, section 3.
"""

import numpy as np
from numba import njit

from ...risk_sets.intervals import FAST
from ...risk_sets.partial_likelihood import (
    Likelihood,
    RiskSums,
    cumulative_hazards,
    hazard_increments,
    likelihood_of,
    summed,
)
from ...risk_sets.risk_set_sums import sum_over_risk_sets
from ...risk_sets.row_risks import RowRisks, risks_and_sums_at, risks_of
from .subdistribution import NEVER, Subdistribution


def subdistribution_sums(x: np.ndarray, eta: np.ndarray, sub: Subdistribution, efron: bool) -> RiskSums:
    """Sums over each risk set; ``x`` (m, p) and ``eta`` (m,) are in the order of ``sub.sets.rows``."""
    risks = risks_of(eta, sub.sets.weight)
    return _with_staying(x, risks, sum_over_risk_sets(x, risks.weighted, sub.sets), sub, efron)


def subdistribution_sums_at(x: np.ndarray, beta: np.ndarray, sub: Subdistribution, efron: bool) -> RiskSums | None:
    """:func:`subdistribution_sums` at ``eta = x beta``, in one pass; None where that is beyond ``LARGEST_ETA``."""
    found = risks_and_sums_at(x, beta, np.zeros(len(x)), sub.sets)
    return None if found is None else _with_staying(x, *found, sub, efron)


def _with_staying(
    x: np.ndarray, risks: RowRisks, set_sums: tuple[np.ndarray, ...], sub: Subdistribution, efron: bool
) -> RiskSums:
    """Add the rows that stay at risk to the sums of the others, in place."""
    sums, total, _, _ = set_sums
    if sub.staying.size:
        risk = risks.weighted[sub.staying] * sub.staying_start
        _add_staying(x, risk, sub.staying, sub.staying_end, sub.decay, sub.counted, sums, total)
    return summed(risks, set_sums, sub.sets, efron)


def weighted_hazards(sums: RiskSums, sub: Subdistribution) -> np.ndarray:
    """Baseline hazard of each sorted row, weighted by how far the row is at risk, shape (m,)."""
    hazard, _ = hazard_increments(sums, sub.sets)
    total = cumulative_hazards(sums, sub.sets)
    never = sub.sets.levels == NEVER
    total[never] = 0.0
    if sub.staying.size:
        ahead = hazards_ahead(hazard[:, None], sub.decay, sub.counted)[..., 0]
        total[sub.staying] += sub.staying_start * ahead[sub.stratum[sub.staying], sub.staying_after]
    return total


def hazards_ahead(values: np.ndarray, decay: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Sum of ``values`` (K, q) from each event time on, by the weight that is left, shape (C, K + 1, q)."""
    ahead = np.zeros((decay.shape[0], values.shape[0] + 1, values.shape[1]))
    _look_ahead(values, decay, counted, ahead)
    return ahead


def evaluate_subdistribution(x: np.ndarray, beta: np.ndarray, sub: Subdistribution, efron: bool) -> Likelihood | None:
    """Log likelihood, gradient and information at ``beta``; None where a linear predictor is beyond ``LARGEST_ETA``."""
    sums = subdistribution_sums_at(x, beta, sub, efron)
    return None if sums is None else likelihood_of(x, sums, weighted_hazards(sums, sub), sub.sets)


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_staying(x, risk, rows, end, decay, counted, sums, total):
    n_times, n_columns = sums.shape
    running = np.zeros(n_columns)
    for stratum in range(decay.shape[0]):
        running[:] = 0.0
        running_risk = 0.0
        for time in range(n_times):
            running_risk *= decay[stratum, time]
            for column in range(n_columns):
                running[column] *= decay[stratum, time]
            for position in range(end[stratum, time], end[stratum, time + 1]):
                row = rows[position]
                running_risk += risk[position]
                for column in range(n_columns):
                    running[column] += risk[position] * x[row, column]
            total[time] += counted[stratum, time] * running_risk
            for column in range(n_columns):
                sums[time, column] += counted[stratum, time] * running[column]


@njit(cache=True, nogil=True, fastmath=FAST)
def _look_ahead(values, decay, counted, ahead):
    n_times, n_columns = values.shape
    for stratum in range(decay.shape[0]):
        for time in range(n_times - 1, -1, -1):
            factor = decay[stratum, time + 1] if time + 1 < n_times else 0.0
            for column in range(n_columns):
                ahead[stratum, time, column] = (
                    counted[stratum, time] * values[time, column] + factor * ahead[stratum, time + 1, column]
                )
