"""The whole Cox fit on arrays: scaling, risk sets, Newton, covariance, baseline hazard, martingale residuals."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from .intervals import FAST, running_sums
from .newton import Maximum, inverse, maximise
from .partial_likelihood import (
    Likelihood,
    RiskSums,
    cumulative_hazards,
    evaluate,
    hazard_increments,
    risk_sums,
)
from .risk_sets import RiskSets, build_risk_sets
from .score_residuals import mean_increments, score_residuals

# exp(2 x 300) is still far from overflow, so products of two relative risks are safe.
LARGEST_ETA = 300.0
# The square of a larger value is close to overflow.
LARGEST_VALUE = 1e100
# Spread of a column below which it counts as constant, relative to its largest value.
CONSTANT = 1e-13


@dataclass(frozen=True)
class CoxFit:
    """A fitted Cox model; p columns, K event times over all strata, n rows.

    Attributes
    ----------
    coef : ndarray, shape (p,)
    covariance, naive_covariance : ndarray, shape (p, p)
        Cluster-robust sandwich (equal to the naive one without clusters), and the inverse information.
    log_likelihood : tuple of float
        At 0 and at ``coef``.
    score_statistic : float
        Score test of ``coef = 0``.
    center : ndarray, shape (p,)
    offset_center : float
        Means of the columns and of the offset; the baseline below is at these.
    time, time_stratum : ndarray, shape (K,)
        Event times and their stratum, sorted by stratum and time.
    cumulative_hazard, hazard_variance : ndarray, shape (K,)
        At ``center``, and the variance of it that does not come from ``coef``.
    cumulative_mean : ndarray, shape (K, p)
        Running sum of hazard times (mean of x in the risk set - center).
    martingale_residuals : ndarray, shape (n,)
        In the order of the data.
    constant, collinear, diverging : ndarray of bool, shape (p,)
        Columns whose coefficient is 0 because they do not vary, or are determined by those before them; columns whose
        coefficient runs away.
    n_iterations, n_events : int
    converged : bool
    """

    coef: np.ndarray
    covariance: np.ndarray
    naive_covariance: np.ndarray
    log_likelihood: tuple[float, float]
    score_statistic: float
    center: np.ndarray
    offset_center: float
    time: np.ndarray
    time_stratum: np.ndarray
    cumulative_hazard: np.ndarray
    hazard_variance: np.ndarray
    cumulative_mean: np.ndarray
    martingale_residuals: np.ndarray
    constant: np.ndarray
    collinear: np.ndarray
    diverging: np.ndarray
    n_iterations: int
    n_events: int
    converged: bool


@dataclass(frozen=True)
class ScaledRows:
    """The rows that are at risk at some event time, sorted as ``sets.rows``, centred by stratum and scaled.

    Attributes
    ----------
    x : ndarray, shape (m, p)
    mean : ndarray, shape (n_strata, p)
    scale : ndarray, shape (p,)
        ``x = (design - mean[stratum]) / scale``; the partial likelihood does not change when a stratum is shifted.
    offset : ndarray, shape (m,)
    offset_mean : ndarray, shape (n_strata,)
    constant : ndarray of bool, shape (p,)
    """

    x: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    offset: np.ndarray
    offset_mean: np.ndarray
    constant: np.ndarray


def fit_cox(
    design: np.ndarray,
    entry: np.ndarray,
    duration: np.ndarray,
    is_event: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    stratum: np.ndarray | None = None,
    offset: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
    ties: str = "efron",
    alpha: float = 0.0,
    l1_ratio: float = 0.0,
) -> CoxFit:
    """Fit a Cox model to arrays.

    Parameters
    ----------
    design : ndarray, shape (n, p)
    entry, duration : ndarray of float, shape (n,)
        At risk on ``(entry, duration]``.
    is_event : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,), optional
        Case weights; rows of weight 0 are left out.
    stratum, cluster : ndarray of int, shape (n,), optional
        Codes 0, 1, ...
    offset : ndarray of float, shape (n,), optional
    ties : {"efron", "breslow"}
    alpha, l1_ratio : float
        Penalty ``alpha (l1_ratio |b|_1 + (1 - l1_ratio) |b|_2^2 / 2)`` on the log likelihood divided by the sum of
        weights, where b are the coefficients of the columns divided by their standard deviation (glmnet's convention).

    Returns
    -------
    CoxFit

    Raises
    ------
    ValueError
        No event, or values or offsets so large that they overflow.
    """
    n_rows = duration.size
    weight = np.ones(n_rows) if weight is None else weight
    stratum = np.zeros(n_rows, dtype=np.int64) if stratum is None else stratum
    sets = build_risk_sets(entry, duration, is_event, weight, stratum)
    if sets.n_times == 0:
        raise ValueError("no row with a positive weight has the event; a Cox model cannot be fitted")
    scaled = scale_rows(design, sets, offset, column_scale(design, weight) if alpha > 0 else None)
    efron = ties == "efron"
    total_weight = float(weight.sum())
    ridge, lasso = total_weight * alpha * (1.0 - l1_ratio), total_weight * alpha * l1_ratio

    def likelihood(beta: np.ndarray) -> Likelihood | None:
        eta = scaled.x @ beta + scaled.offset
        return evaluate(scaled.x, eta, sets, efron) if np.abs(eta).max() <= LARGEST_ETA else None

    spread = np.ptp(scaled.x, axis=0)
    unit = float(sets.tied_weight.sum() / sets.n_tied.sum())
    found = maximise(likelihood, ~scaled.constant, spread, ridge=ridge, lasso=lasso, unit=unit)
    sums = risk_sums(scaled.x, scaled.x @ found.beta + scaled.offset, sets, efron)
    estimated = ~(scaled.constant | found.collinear)
    if lasso > 0:
        estimated &= found.beta != 0
    naive = inverse(found.likelihood.information + ridge * np.eye(found.beta.size), estimated)
    covariance = naive if cluster is None else sandwich(naive, scaled.x, sums, sets, cluster[sets.rows])
    return _collect(found, scaled, sums, sets, naive, covariance, n_rows)


def sandwich(naive: np.ndarray, x: np.ndarray, sums: RiskSums, sets: RiskSets, cluster: np.ndarray) -> np.ndarray:
    """Cluster-robust ``V (sum_c u_c u_c') V`` (p, p), ``u_c`` the weighted score residuals of cluster c."""
    by_cluster = score_residuals(x, sums, sets, weight=sets.weight, target=cluster, n_targets=int(cluster.max()) + 1)
    return naive @ (by_cluster.T @ by_cluster) @ naive


def column_scale(design: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted standard deviation of each column over all rows, shape (p,)."""
    share = weight / weight.sum()
    centred = design - share @ design
    return np.sqrt(share @ centred**2)


def scale_rows(
    design: np.ndarray, sets: RiskSets, offset: np.ndarray | None, scale: np.ndarray | None = None
) -> ScaledRows:
    """Sort, centre by stratum and scale the rows of ``design`` that are at risk: the one copy of the data."""
    x = np.take(design, sets.rows, axis=0)
    n_strata = int(sets.stratum.max()) + 1
    largest = np.maximum(np.abs(x.max(axis=0)), np.abs(x.min(axis=0)))
    if np.any(largest > LARGEST_VALUE):
        raise ValueError(
            f"{int((largest > LARGEST_VALUE).sum())} columns hold values beyond {LARGEST_VALUE:g}; rescale them"
        )
    mass = np.bincount(sets.stratum, sets.weight, minlength=n_strata)
    mass[mass == 0] = 1.0
    mean = _stratum_sums(x, sets.weight, sets.stratum, n_strata) / mass[:, None]
    deviation = np.sqrt(_centre(x, mean, sets.weight, sets.stratum) / mass.sum())
    constant = deviation <= CONSTANT * largest
    scale = deviation if scale is None else scale
    scale = np.where(constant, 1.0, scale)
    _divide(x, scale, constant)
    if offset is None:
        own, own_mean = np.zeros(sets.rows.size), np.zeros(n_strata)
    else:
        own = offset[sets.rows]
        own_mean = np.bincount(sets.stratum, sets.weight * own, minlength=n_strata) / mass
        own = own - own_mean[sets.stratum]
    return ScaledRows(x, mean, scale, own, own_mean, constant)


def _collect(
    found: Maximum,
    scaled: ScaledRows,
    sums: RiskSums,
    sets: RiskSets,
    naive: np.ndarray,
    covariance: np.ndarray,
    n_rows: int,
) -> CoxFit:
    """Back to the columns' own scale, and the baseline from each stratum's mean to one common center."""
    coef = found.beta / scaled.scale
    unscale = np.outer(1.0 / scaled.scale, 1.0 / scaled.scale)
    mass = np.bincount(sets.stratum, sets.weight, minlength=scaled.mean.shape[0])
    center = mass @ scaled.mean / mass.sum()
    shift = center - scaled.mean
    offset_center = float(mass @ scaled.offset_mean / mass.sum())
    # Strata whose means lie further apart than this cannot be stated at one center without overflow.
    apart = np.clip(shift @ coef + offset_center - scaled.offset_mean, -LARGEST_ETA, LARGEST_ETA)
    factor = np.exp(apart)[sets.time_stratum]
    hazard, _ = hazard_increments(sums, sets)
    variance = sets.tied_weight / sets.n_tied * sums.moments[:, 2] / sums.total**2
    mean, _ = mean_increments(sums, sets)
    mean = mean * scaled.scale - hazard[:, None] * shift[sets.time_stratum]
    columns = np.column_stack([hazard * factor, variance * factor**2, mean * factor[:, None]])
    cumulative = running_sums(columns, sets.start)
    residuals = np.zeros(n_rows)
    residuals[sets.rows] = sets.is_event - sums.relative_risk * cumulative_hazards(sums, sets)
    null = found.null
    usable = ~(scaled.constant | found.collinear)
    return CoxFit(
        coef=coef,
        covariance=covariance * unscale,
        naive_covariance=naive * unscale,
        log_likelihood=(null.value, sums.log_likelihood),
        score_statistic=float(null.gradient @ inverse(null.information, usable) @ null.gradient),
        center=center,
        offset_center=offset_center,
        time=sets.time,
        time_stratum=sets.time_stratum,
        cumulative_hazard=cumulative[:, 0],
        hazard_variance=cumulative[:, 1],
        cumulative_mean=cumulative[:, 2:],
        martingale_residuals=residuals,
        constant=scaled.constant,
        collinear=found.collinear,
        diverging=found.diverging,
        n_iterations=found.n_iterations,
        n_events=int(sets.n_tied.sum()),
        converged=found.converged,
    )


@njit(cache=True, nogil=True, fastmath=FAST)
def _stratum_sums(x, weight, stratum, n_strata):
    sums = np.zeros((n_strata, x.shape[1]))
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            sums[stratum[row], column] += weight[row] * x[row, column]
    return sums


@njit(cache=True, nogil=True, fastmath=FAST)
def _centre(x, mean, weight, stratum):
    """Subtract the stratum's mean in place; return the weighted sum of squares of each column, shape (p,)."""
    squares = np.zeros(x.shape[1])
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            value = x[row, column] - mean[stratum[row], column]
            x[row, column] = value
            squares[column] += weight[row] * value * value
    return squares


@njit(cache=True, nogil=True)
def _divide(x, scale, constant):
    """Divide each column by its scale in place; a constant column becomes 0."""
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            x[row, column] = 0.0 if constant[column] else x[row, column] / scale[column]
