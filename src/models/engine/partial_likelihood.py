r"""Cox's partial likelihood, its gradient and information, by one weighted Gram matrix.

With :math:`r_i = w_i e^{\eta_i}` and hazard increments :math:`h_k` at the event times,

.. math:: I = \sum_i r_i H_i x_i x_i' - \sum_k d_k \bar x_k \bar x_k', \qquad H_i = \sum_{k: i \text{ at risk}} h_k,

so no p x p matrix is carried along the risk sets: the work is one pass for the sums of each risk set and one Gram
matrix. Efron's ties give the tied rows a smaller :math:`H_i` and the second term a rank of two per event time.

Source: Therneau and Grambsch (2000), Modeling Survival Data, sections 3.1 and 3.3.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numba import njit

from .intervals import FAST, gather_one, spread
from .risk_sets import RiskSets
from .threads import row_chunks, run_all


@dataclass(frozen=True)
class RiskSums:
    """State of the risk sets at one ``beta``.

    Attributes
    ----------
    relative_risk : ndarray, shape (m,)
        ``exp(eta)`` of the sorted rows, without weight.
    total, tied : ndarray, shape (K,)
        Sum of ``weight * exp(eta)`` over the rows at risk, and over the rows with the event.
    mean, tied_mean : ndarray, shape (K, p)
        The same sums of ``weight * exp(eta) * x``, divided by ``total``.
    moments : ndarray, shape (K, 5)
        Sums over a time's tied events of ``u, u f, u^2, u^2 f, u^2 f^2``, where ``f`` is the share of the tied rows
        that Efron takes out (0 for Breslow) and ``u = 1 / (1 - f tied / total)``.
    log_likelihood : float
    """

    relative_risk: np.ndarray
    total: np.ndarray
    tied: np.ndarray
    mean: np.ndarray
    tied_mean: np.ndarray
    moments: np.ndarray
    log_likelihood: float


@dataclass(frozen=True)
class Likelihood:
    """Log partial likelihood, gradient (p,), information (p, p), and the diagonal of its first term ``size`` (p,)."""

    value: float
    gradient: np.ndarray
    information: np.ndarray
    size: np.ndarray


def risk_sums(x: np.ndarray, eta: np.ndarray, sets: RiskSets, efron: bool) -> RiskSums:
    """Sums over each risk set; ``x`` (m, p) and ``eta`` (m,) are in the order of ``sets.rows``."""
    relative_risk = np.exp(eta)
    risk = sets.weight * relative_risk
    sums, total, tied_sums, tied = spread(x, risk, sets)
    moments, log_denominator = _tied_moments(total, tied, sets.n_tied, sets.tied_weight, efron)
    value = float(sets.event_weight @ eta - log_denominator)
    return RiskSums(relative_risk, total, tied, sums / total[:, None], tied_sums / total[:, None], moments, value)


def hazard_increments(sums: RiskSums, sets: RiskSets) -> tuple[np.ndarray, np.ndarray]:
    """Baseline hazard at each event time (K,): for the rows at risk, and for the rows with the event."""
    mean_weight = sets.tied_weight / sets.n_tied
    scale = mean_weight / sums.total
    return scale * sums.moments[:, 0], scale * (sums.moments[:, 0] - sums.moments[:, 1])


def cumulative_hazards(sums: RiskSums, sets: RiskSets, weights_of_time: np.ndarray | None = None) -> np.ndarray:
    """Baseline hazard summed over the times at which each sorted row is at risk, shape (m,).

    ``weights_of_time`` (K,) multiplies each increment.
    """
    hazard, own = hazard_increments(sums, sets)
    if weights_of_time is not None:
        hazard, own = hazard * weights_of_time, own * weights_of_time
    intervals = (sets.first, sets.last, sets.levels, sets.is_event, sets.start, sets.late_rows, sets.level_end)
    return gather_one(hazard, own - hazard, *intervals)


def evaluate(x: np.ndarray, eta: np.ndarray, sets: RiskSets, efron: bool) -> Likelihood:
    """Log likelihood, gradient and information at ``eta = offset + x beta``."""
    sums = risk_sums(x, eta, sets, efron)
    mass = sets.weight * sums.relative_risk * cumulative_hazards(sums, sets)
    gram, gradient = weighted_gram(x, mass, sets.event_weight - mass)
    information = gram - time_gram(sums, sets)
    return Likelihood(sums.log_likelihood, gradient, information, np.diag(gram).copy())


def time_gram(sums: RiskSums, sets: RiskSets, weights_of_time: np.ndarray | None = None) -> np.ndarray:
    """Sum over event times and tied events of ``mean mean'``, shape (p, p)."""
    weight = sets.tied_weight / sets.n_tied
    if weights_of_time is not None:
        weight = weight * weights_of_time
    _, _, square, square_f, square_ff = (weight * sums.moments.T)[:, :, None]
    cross = (sums.mean * square_f).T @ sums.tied_mean
    gram = (sums.mean * square).T @ sums.mean
    return gram - cross - cross.T + (sums.tied_mean * square_ff).T @ sums.tied_mean


def weighted_gram(x: np.ndarray, mass: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``x' diag(mass) x`` (p, p) and ``x' residual`` (p,), in one pass over the rows."""
    n_columns = x.shape[1]

    def of_chunk(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        gram, product = np.zeros((n_columns, n_columns)), np.zeros(n_columns)
        _lower_gram(x[rows], mass[rows], residual[rows], gram, product)
        return gram, product

    gram, product = np.zeros((n_columns, n_columns)), np.zeros(n_columns)
    for part, part_product in run_all([partial(of_chunk, rows) for rows in row_chunks(len(x))]):
        gram += part
        product += part_product
    upper = np.triu_indices(x.shape[1], 1)
    gram[upper] = gram.T[upper]
    return gram, product


@njit(cache=True, nogil=True, fastmath=FAST)
def _lower_gram(x, mass, residual, gram, product):
    """Four rows at a time, so that a sum is loaded and stored once for four products: faster than BLAS for tall x."""
    n_rows, n_columns = x.shape
    in_fours = n_rows - n_rows % 4
    for row in range(0, in_fours, 4):
        x0, x1, x2, x3 = x[row], x[row + 1], x[row + 2], x[row + 3]
        r0, r1, r2, r3 = residual[row], residual[row + 1], residual[row + 2], residual[row + 3]
        for i in range(n_columns):
            product[i] += r0 * x0[i] + r1 * x1[i] + r2 * x2[i] + r3 * x3[i]
            s0, s1, s2, s3 = mass[row] * x0[i], mass[row + 1] * x1[i], mass[row + 2] * x2[i], mass[row + 3] * x3[i]
            for j in range(i + 1):
                gram[i, j] += s0 * x0[j] + s1 * x1[j] + s2 * x2[j] + s3 * x3[j]
    for row in range(in_fours, n_rows):
        for i in range(n_columns):
            product[i] += residual[row] * x[row, i]
            for j in range(i + 1):
                gram[i, j] += mass[row] * x[row, i] * x[row, j]


@njit(cache=True, nogil=True)
def _tied_moments(total, tied, n_tied, tied_weight, efron):
    moments = np.zeros((total.size, 5))
    log_denominator = 0.0
    for time in range(total.size):
        count = n_tied[time]
        share = tied[time] / total[time]
        mean_weight = tied_weight[time] / count
        for event in range(count):
            f = event / count if efron else 0.0
            left = 1.0 - f * share
            u = 1.0 / left
            moments[time, 0] += u
            moments[time, 1] += u * f
            moments[time, 2] += u * u
            moments[time, 3] += u * u * f
            moments[time, 4] += u * u * f * f
            log_denominator += mean_weight * np.log(left)
        log_denominator += tied_weight[time] * np.log(total[time])
    return moments, log_denominator
