r"""Cox's partial likelihood, its gradient and information, by one weighted Gram matrix.

With :math:`r_i = w_i e^{\eta_i}` and hazard increments :math:`h_k` at the event times,

.. math:: I = \sum_i r_i H_i x_i x_i' - \sum_k d_k \bar x_k \bar x_k', \qquad H_i = \sum_{k: i \text{ at risk}} h_k,

so no p x p matrix is carried along the risk sets: the work is one pass for the sums of each risk set and one Gram
matrix. Efron's ties give the tied rows a smaller :math:`H_i` and the second term a rank of two per event time.

Source: Therneau and Grambsch (2000), Modeling Survival Data, sections 3.1 and 3.3.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from .intervals import gather_one
from .risk_sets import RiskSets
from .row_risks import RowRisks, risks_of, spread_at
from .spread import spread
from .weighted_gram import weighted_gram


@dataclass(frozen=True)
class RiskSums:
    """State of the risk sets at one ``beta``.

    Attributes
    ----------
    relative_risk, weighted_risk : ndarray, shape (m,)
        ``exp(eta)`` of the sorted rows, without and with their weight.
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
    weighted_risk: np.ndarray
    total: np.ndarray
    tied: np.ndarray
    mean: np.ndarray
    tied_mean: np.ndarray
    moments: np.ndarray
    log_likelihood: float


@dataclass(frozen=True)
class Likelihood:
    """Log partial likelihood, gradient (p,), information (p, p), and the diagonal of its first term ``size`` (p,).

    ``sums`` and each row's cumulative hazard ``hazards`` (m,) are what they were computed from, where still wanted.
    """

    value: float
    gradient: np.ndarray
    information: np.ndarray
    size: np.ndarray
    sums: RiskSums | None = None
    hazards: np.ndarray | None = None


def risk_sums(x: np.ndarray, eta: np.ndarray, sets: RiskSets, efron: bool) -> RiskSums:
    """Sums over each risk set; ``x`` (m, p) and ``eta`` (m,) are in the order of ``sets.rows``."""
    risks = risks_of(eta, sets.weight)
    return summed(risks, spread(x, risks.weighted, sets), sets, efron)


def risk_sums_at(x: np.ndarray, beta: np.ndarray, offset: np.ndarray, sets: RiskSets, efron: bool) -> RiskSums | None:
    """:func:`risk_sums` at ``eta = offset + x beta``, in one pass; None where that is beyond ``LARGEST_ETA``."""
    found = spread_at(x, beta, offset, sets)
    return None if found is None else summed(*found, sets, efron)


def summed(risks: RowRisks, sums: tuple[np.ndarray, ...], sets: RiskSets, efron: bool) -> RiskSums:
    """What follows from the sums of :func:`.intervals.spread`."""
    of_x, total, tied_of_x, tied = sums
    moments, log_denominator = _tied_moments(total, tied, sets.n_tied, sets.tied_weight, efron)
    value = float(sets.event_weight @ risks.eta - log_denominator)
    means, tied_means = of_x / total[:, None], tied_of_x / total[:, None]
    return RiskSums(risks.relative, risks.weighted, total, tied, means, tied_means, moments, value)


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
    return likelihood_of(x, sums, cumulative_hazards(sums, sets), sets)


def evaluate_at(x: np.ndarray, beta: np.ndarray, offset: np.ndarray, sets: RiskSets, efron: bool) -> Likelihood | None:
    """:func:`evaluate` at ``eta = offset + x beta``; None where that is beyond ``LARGEST_ETA``."""
    sums = risk_sums_at(x, beta, offset, sets, efron)
    return None if sums is None else likelihood_of(x, sums, cumulative_hazards(sums, sets), sets)


def likelihood_of(x: np.ndarray, sums: RiskSums, hazards: np.ndarray, sets: RiskSets) -> Likelihood:
    """Log likelihood and derivatives, from the sums and each row's cumulative hazard (m,)."""
    mass = sums.weighted_risk * hazards
    gram, gradient = weighted_gram(x, mass, sets.event_weight - mass)
    return Likelihood(sums.log_likelihood, gradient, gram - time_gram(sums, sets), np.diag(gram).copy(), sums, hazards)


def time_gram(sums: RiskSums, sets: RiskSets, weights_of_time: np.ndarray | None = None) -> np.ndarray:
    """Sum over event times and tied events of ``mean mean'``, shape (p, p)."""
    weight = sets.tied_weight / sets.n_tied
    if weights_of_time is not None:
        weight = weight * weights_of_time
    _, _, square, square_f, square_ff = (weight * sums.moments.T)[:, :, None]
    cross = (sums.mean * square_f).T @ sums.tied_mean
    gram = (sums.mean * square).T @ sums.mean
    return gram - cross - cross.T + (sums.tied_mean * square_ff).T @ sums.tied_mean


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
