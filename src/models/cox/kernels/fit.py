"""The whole Cox fit on arrays: scaling, risk sets, Newton, covariance, baseline hazard, martingale residuals."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from ...numerics.information import inverse
from ...numerics.newton import DECREMENT
from ...risk_sets.intervals import running_sums
from ...risk_sets.partial_likelihood import (
    RiskSums,
    cumulative_hazards,
    evaluate_at,
    hazard_increments,
    risk_sums,
)
from ...risk_sets.risk_sets import RiskSets, build_risk_sets
from ...risk_sets.row_risks import LARGEST_ETA
from ...risk_sets.sandwich import score_products
from ...risk_sets.scaled_rows import ScaledRows, scale_rows
from ...risk_sets.score_residuals import mean_increments
from .elastic_net import Rows, elastic_net, penalised_maximum, penalty_scale
from .firth import firth_maximum
from .maximum import CoxMaximum, cox_maximum
from .score_statistics import score_statistics
from .subsample_start import DECREMENT as NEAR_DECREMENT
from .subsample_start import STEPS, start_from_subsample

# Sums of as many numbers of this size as there are event times are finite.
LARGEST = 1e290
# A step that changes no relative risk by more than this, and most by far less, leaves their sums as they are.
SAME_RISKS = 1e-8


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
    score_statistics : tuple of float, or None
        Score test of ``coef = 0``, and the one with the products of the clusters' scores for its variance, NaN without
        clusters; None where the fit had no need of the scores at 0 (see :mod:`.score_statistics`).
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
        Steps of the search over all rows; events.
    converged : bool
    """

    coef: np.ndarray
    covariance: np.ndarray
    naive_covariance: np.ndarray
    log_likelihood: tuple[float, float]
    score_statistics: tuple[float, float] | None
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
    penalty_factor: np.ndarray | None = None,
    standardize: bool = True,
    firth: bool = False,
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
    penalty_factor : ndarray, shape (p,), optional
        Multiplies the penalty of each column, once scaled to mean 1; 0 unpenalised, infinite left out.
    standardize : bool
        False: b are the coefficients of the columns as they are.
    firth : bool
        Maximise the likelihood with Firth's penalty; the log likelihoods of the result contain it. Not with ``alpha``.

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
    scaled = scale_rows(design, sets, offset, penalty_scale(design, weight, standardize) if alpha > 0 else None)
    efron = ties == "efron"
    total_weight = float(weight.sum())
    del weight, stratum  # of the size of the data, and no longer needed
    penalty = elastic_net(total_weight * alpha, l1_ratio, penalty_factor, scaled.constant) if alpha > 0 else None
    log_penalty, n_steps = np.zeros(2), 0
    if firth:
        penalised = firth_maximum(scaled.x, scaled.offset, sets, efron, ~scaled.constant, LARGEST_ETA)
        found = penalised.maximum
        log_penalty = penalised.log_penalty + np.log(scaled.scale[~(scaled.constant | found.collinear)]).sum()
    elif penalty is not None:
        found = penalised_maximum(Rows(scaled.x, scaled.offset, sets, efron), penalty)
    else:
        found, n_steps = _unpenalised_maximum(scaled, sets, efron)
    sums, hazards = _state_of(found, scaled, sets, efron)
    estimated = ~(scaled.constant | found.collinear)
    information = found.likelihood.information
    if penalty is not None:
        estimated &= (penalty.lasso == 0) | (found.beta != 0)
        information = information + np.diag(np.where(estimated, penalty.ridge, 0.0))
    naive = inverse(information, estimated)
    covariance, null_products = naive, None
    if cluster is not None:
        own_cluster = cluster[sets.rows].astype(np.int32)
        states = [sums] if found.null is None else [sums, risk_sums(scaled.x, scaled.offset, sets, efron)]
        products, *at_null = score_products(scaled.x, states, sets, own_cluster)
        covariance = naive @ products @ naive
        null_products = at_null[0] if at_null else None
    if found.null is None:
        null_value, scores = risk_sums(np.empty((sets.rows.size, 0)), scaled.offset, sets, efron).log_likelihood, None
    else:
        null_value = found.null.value
        scores = score_statistics(found.null, ~(scaled.constant | found.collinear), null_products)
    values = (null_value + float(log_penalty[0]), sums.log_likelihood + float(log_penalty[1]))
    return _collect(found, scaled, sums, hazards, sets, naive, covariance, n_rows, scores, values, n_steps)


def _unpenalised_maximum(scaled: ScaledRows, sets: RiskSets, efron: bool) -> tuple[CoxMaximum, int]:
    """The maximum, and the steps over all rows that were taken before Newton's method began."""
    usable = ~scaled.constant
    start = start_from_subsample(scaled.x, scaled.offset, scaled.event_sum, sets, efron, usable)
    found = cox_maximum(
        partial(evaluate_at, scaled.x, offset=scaled.offset, sets=sets, efron=efron),
        usable,
        scaled.spread,
        unit=float(sets.tied_weight.sum() / sets.n_tied.sum()),
        start=start,
        decrement=DECREMENT if start is None else NEAR_DECREMENT,
    )
    return found, 0 if start is None else STEPS


def _state_of(found: CoxMaximum, scaled: ScaledRows, sets: RiskSets, efron: bool) -> tuple[RiskSums, np.ndarray]:
    """Sums over the risk sets and cumulative hazards (m,) at the maximum, of the last evaluation where they do."""
    sums, hazards, step = found.likelihood.sums, found.likelihood.hazards, found.last_step
    if sums is None or hazards is None or step is None or np.abs(step) @ scaled.spread > SAME_RISKS:
        sums = risk_sums(scaled.x, scaled.x @ found.beta + scaled.offset, sets, efron)
        hazards = cumulative_hazards(sums, sets)
    return sums, hazards


def _collect(
    found: CoxMaximum,
    scaled: ScaledRows,
    sums: RiskSums,
    hazards: np.ndarray,
    sets: RiskSets,
    naive: np.ndarray,
    covariance: np.ndarray,
    n_rows: int,
    scores: tuple[float, float] | None,
    log_likelihood: tuple[float, float],
    n_steps: int,
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
    mean = mean_increments(sums, sets) * scaled.scale - hazard[:, None] * shift[sets.time_stratum]
    columns = np.empty((hazard.size, 2 + coef.size))
    with np.errstate(over="ignore"):
        columns[:, 0], columns[:, 1], columns[:, 2:] = hazard * factor, variance * factor**2, mean * factor[:, None]
    if apart.size > 1:
        np.clip(columns, -LARGEST, LARGEST, out=columns)
    cumulative = running_sums(columns, sets.start)
    residuals = np.zeros(n_rows)
    residuals[sets.rows] = sets.is_event - sums.relative_risk * hazards
    return CoxFit(
        coef=coef,
        covariance=covariance * unscale,
        naive_covariance=naive * unscale,
        log_likelihood=log_likelihood,
        score_statistics=scores,
        center=center,
        offset_center=offset_center,
        time=sets.time,
        time_stratum=sets.time_stratum,
        cumulative_hazard=cumulative[:, 0],
        hazard_variance=cumulative[:, 1],
        cumulative_mean=cumulative[:, 2:],
        martingale_residuals=residuals,
        constant=scaled.constant | found.flat,
        collinear=found.collinear & ~found.flat,
        diverging=found.diverging,
        n_iterations=n_steps + found.n_iterations,
        n_events=int(sets.n_tied.sum()),
        converged=found.converged,
    )
