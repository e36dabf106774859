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

from ..numerics.threads import cached_rows
from .intervals import FAST, FROM_START, gather_few, gather_one
from .risk_set_sums import add, add_late, sum_backwards, sum_over_risk_sets
from .risk_sets import RiskSets
from .row_risks import LARGEST_ETA, RowRisks, predict_rows, risks_and_sums_at, risks_of
from .staying import NOBODY_STAYS, Staying, add_hazards_ahead, add_staying
from .weighted_gram import gram_and_product, weighted_gram


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
    return summed(risks, sum_over_risk_sets(x, risks.weighted, sets), sets, efron)


def risk_sums_at(x: np.ndarray, beta: np.ndarray, offset: np.ndarray, sets: RiskSets, efron: bool) -> RiskSums | None:
    """:func:`risk_sums` at ``eta = offset + x beta``, in one pass; None where that is beyond ``LARGEST_ETA``."""
    found = risks_and_sums_at(x, beta, offset, sets)
    return None if found is None else summed(*found, sets, efron)


def summed(risks: RowRisks, sums: tuple[np.ndarray, ...], sets: RiskSets, efron: bool) -> RiskSums:
    """What follows from the sums of :func:`.sum_over_risk_sets`."""
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
    if offset.size <= cached_rows(beta.size):
        return evaluate_few(x, beta, offset, sets, efron)
    sums = risk_sums_at(x, beta, offset, sets, efron)
    return None if sums is None else likelihood_of(x, sums, cumulative_hazards(sums, sets), sets)


def evaluate_few(
    x: np.ndarray,
    beta: np.ndarray,
    offset: np.ndarray,
    sets: RiskSets,
    efron: bool,
    staying: Staying = NOBODY_STAYS,
) -> Likelihood | None:
    """:func:`evaluate_at` in one kernel, for rows of one chunk: calls would cost more than the sums.

    With ``staying`` these rows stay at risk after they left.
    """
    rows = (sets.weight, sets.event_weight, sets.is_event, sets.row_end)
    intervals = (sets.first, sets.last, sets.levels, sets.late_rows, sets.level_end)
    times = (sets.start, sets.n_tied, sets.tied_weight)
    is_defined, derivatives, hazards, state = _one_pass(x, beta, offset, rows, intervals, times, tuple(staying), efron)
    if not is_defined:
        return None
    value, gradient, information, size = derivatives
    return Likelihood(value, gradient, information, size, RiskSums(*state), hazards)


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
    return _gram_of_times(sums.mean, sums.tied_mean, sums.moments, weight)


@njit(cache=True, nogil=True, fastmath=FAST)
def _one_pass(x, beta, offset, rows, intervals, times, staying, efron):
    """Whether the likelihood is defined; first fields of ``Likelihood``; the rows' hazards; fields of ``RiskSums``."""
    weight, event_weight, is_event, row_end = rows
    first, last, levels, late_rows, level_end = intervals
    start, n_tied, tied_weight = times
    n_rows, n_columns, n_times = offset.size, beta.size, start.size
    eta, relative, weighted = np.empty(n_rows), np.empty(n_rows), np.empty(n_rows)
    means, tied_means = np.zeros((n_times, n_columns)), np.zeros((n_times, n_columns))
    total, tied = np.zeros(n_times), np.zeros(n_times)
    is_defined = predict_rows(x, beta, offset, 0, n_rows, eta) <= LARGEST_ETA
    if not is_defined:
        eta[:] = 0.0
    for row in range(n_rows):
        relative[row] = np.exp(eta[row])
        weighted[row] = weight[row] * relative[row]
    for time in range(n_times):
        for row in range(row_end[time], row_end[time + 1]):
            risk = weighted[row]
            if levels[row] == FROM_START:
                total[time] += risk
                add(means[time], x[row], risk)
            if is_event[row]:
                tied[time] += risk
                add(tied_means[time], x[row], risk)
    sum_backwards(start, means, total)
    add_late(x, weighted, first, last, late_rows, level_end, means, total)
    add_staying(x, weighted, staying, means, total)
    moments, log_denominator = _tied_moments(total, tied, n_tied, tied_weight, efron)
    hazard, at_event = np.empty(n_times), np.empty(n_times)
    for time in range(n_times):
        for column in range(n_columns):
            means[time, column] /= total[time]
            tied_means[time, column] /= total[time]
        scale = tied_weight[time] / n_tied[time] / total[time]
        hazard[time] = scale * moments[time, 0]
        at_event[time] = -scale * moments[time, 1]
    value = -log_denominator
    hazards, mass, residual = np.zeros(n_rows), np.empty(n_rows), np.empty(n_rows)
    gather_few(hazard, at_event, first, last, levels, is_event, start, late_rows, level_end, hazards)
    add_hazards_ahead(hazard, staying, hazards)
    for row in range(n_rows):
        if is_event[row]:
            value += event_weight[row] * eta[row]
        mass[row] = weighted[row] * hazards[row]
        residual[row] = event_weight[row] - mass[row]
    gram, gradient = gram_and_product(x, mass, residual, 0, n_rows)
    size = np.diag(gram).copy()
    gram -= _gram_of_times(means, tied_means, moments, tied_weight / n_tied)
    state = (relative, weighted, total, tied, means, tied_means, moments, value)
    return is_defined, (value, gradient, gram, size), hazards, state


@njit(cache=True, nogil=True, fastmath=FAST)
def _gram_of_times(mean, tied_mean, moments, weight):
    """Sum over times and tied events of ``weight u^2 (mean - f tied_mean) (mean - f tied_mean)'``, shape (p, p).

    Over the events of one time that is a square about the mean of f, and the spread of f.
    """
    n_times, n_columns = mean.shape
    nothing, has_ties = np.zeros(n_times), False
    about, around = np.empty(n_times), np.zeros(n_times)
    for time in range(n_times):
        about[time] = weight[time] * moments[time, 2]
        if moments[time, 3] > 0.0:
            has_ties = True
    if not has_ties:
        return gram_and_product(mean, about, nothing, 0, n_times)[0]
    center = np.empty((n_times, n_columns))
    for time in range(n_times):
        f = moments[time, 3] / moments[time, 2]
        around[time] = weight[time] * max(moments[time, 4] - f * moments[time, 3], 0.0)
        for column in range(n_columns):
            center[time, column] = mean[time, column] - f * tied_mean[time, column]
    gram, _ = gram_and_product(center, about, nothing, 0, n_times)
    return gram + gram_and_product(tied_mean, around, nothing, 0, n_times)[0]


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
