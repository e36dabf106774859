"""The elastic-net path of a Cox model on arrays: strengths from the largest down, each from the optimum before it."""

from dataclasses import dataclass

import numpy as np

from ...risk_sets.partial_likelihood import risk_sums
from ...risk_sets.risk_sets import RiskSets, build_risk_sets
from ...risk_sets.scaled_rows import scale_rows
from .elastic_net import (
    Penalty,
    Point,
    Rows,
    approach,
    elastic_net,
    maximise_penalised,
    null_point,
    penalty_scale,
    scaled_factors,
)

# A ridge path has no largest strength: it starts as if a thousandth of the penalty were lasso.
LEAST_L1_RATIO = 1e-3
# The path stops, as glmnet's, where the deviance ratio is larger than this, or has grown by less than a share over five
# strengths.
STOP_OVER = 5
LARGEST_RATIO = 0.99
LEAST_GAIN = 1e-3


@dataclass(frozen=True)
class PathOptions:
    """What a path is of.

    Attributes
    ----------
    l1_ratio : float
        Share of the penalty that is lasso.
    penalty_factor : ndarray, shape (p,)
        Multiplies the penalty of each column; 0 unpenalised, infinite left out. Scaled so that the finite ones have
        mean 1.
    lambdas : ndarray, shape (L,), or None
        Given strengths, from the largest down; None: found from the data.
    n_lambdas : int
    min_ratio : float, or None
        Least strength over largest, where they are found; None: 1e-4, or 1e-2 with fewer rows than columns.
    standardize : bool
        Penalise coefficients of the columns divided by their standard deviation.
    efron : bool
    """

    l1_ratio: float
    penalty_factor: np.ndarray
    lambdas: np.ndarray | None
    n_lambdas: int
    min_ratio: float | None
    standardize: bool
    efron: bool


@dataclass(frozen=True)
class PathRows:
    """Rows of a path: those at risk, scaled; ``scale`` (p,) of the columns, those that vary (``usable``, (p,)), and
    ``n_rows`` and ``total_weight`` of all rows."""

    rows: Rows
    scale: np.ndarray
    usable: np.ndarray
    n_rows: int
    total_weight: float


@dataclass(frozen=True)
class CoxPath:
    """A path of L strengths over p columns.

    Attributes
    ----------
    lambdas : ndarray, shape (L,)
    coef : ndarray, shape (L, p)
        On the columns' own scale.
    deviance_ratio : ndarray, shape (L,)
        Share of the null deviance that is explained.
    null_deviance : float
    converged : ndarray of bool, shape (L,)
    """

    lambdas: np.ndarray
    coef: np.ndarray
    deviance_ratio: np.ndarray
    null_deviance: float
    converged: np.ndarray


def path_rows(
    design: np.ndarray,
    entry: np.ndarray,
    duration: np.ndarray,
    is_event: np.ndarray,
    weight: np.ndarray,
    stratum: np.ndarray,
    offset: np.ndarray | None,
    *,
    efron: bool,
    standardize: bool,
) -> PathRows:
    """Sort and scale rows; arrays of n rows, ``design`` (n, p), ``stratum`` codes 0, 1, ..."""
    sets = build_risk_sets(entry, duration, is_event, weight, stratum)
    scaled = scale_rows(design, sets, offset, penalty_scale(design, weight, standardize))
    rows = Rows(scaled.x, scaled.offset, sets, efron)
    return PathRows(rows, scaled.scale, ~scaled.constant, duration.size, float(weight.sum()))


def cox_path(data: PathRows, options: PathOptions) -> CoxPath:
    """Fit the path; where the strengths are found from the data, it ends early once little is left to explain."""
    rows = data.rows
    factor = np.where(data.usable, scaled_factors(options.penalty_factor), np.inf)

    def penalty(strength: float) -> Penalty:
        return elastic_net(data.total_weight * strength, options.l1_ratio, options.penalty_factor, ~data.usable)

    null = null_point(rows)
    saturated = saturated_log_likelihood(rows.sets, rows.efron)
    optimum = maximise_penalised(rows, null, penalty(np.inf), factor == 0)
    given = options.lambdas is not None
    lambdas = _grid(data, options, factor, optimum.point) if options.lambdas is None else options.lambdas
    coefs, ratios, settled = [], [], []
    for place, strength in enumerate(lambdas):
        if place > 0:
            likely = _likely(data, options, factor, optimum.point, strength, lambdas[place - 1])
            optimum = maximise_penalised(rows, optimum.point, penalty(strength), likely, optimum.information)
        elif given:
            optimum = approach(rows, optimum, penalty(strength))
        value = optimum.point.value
        coefs.append(optimum.point.beta / data.scale)
        ratios.append((value - null.value) / (saturated - null.value) if saturated > null.value else 0.0)
        settled.append(optimum.converged)
        if not given and _is_enough(ratios, min(STOP_OVER, len(lambdas))):
            break
    n_done = len(coefs)
    return CoxPath(
        lambdas=np.asarray(lambdas[:n_done]),
        coef=np.array(coefs),
        deviance_ratio=np.array(ratios),
        null_deviance=2.0 * (saturated - null.value),
        converged=np.array(settled),
    )


def deviance(data: PathRows, coef: np.ndarray) -> float:
    """Partial-likelihood deviance of the rows at coefficients (p,) that come from elsewhere."""
    rows = data.rows
    eta = rows.x @ (coef * data.scale) + rows.offset
    # Rows that far from the others say nothing more; a held-out row may lie anywhere.
    value = risk_sums(rows.x[:, :0], np.clip(eta, -250.0, 250.0), rows.sets, rows.efron).log_likelihood
    return 2.0 * (saturated_log_likelihood(rows.sets, rows.efron) - value)


def saturated_log_likelihood(sets: RiskSets, efron: bool) -> float:
    """Log likelihood of the saturated model, the largest there can be: all relative risk on the rows with the event."""
    used = sets.tied_weight > 0
    weight, count = sets.tied_weight[used], sets.n_tied[used]
    value = -float(np.sum(weight * np.log(weight)))
    if efron:
        for n_tied in np.unique(count[count > 1]):
            left = np.log1p(-np.arange(n_tied) / n_tied).sum()
            value -= float(weight[count == n_tied].sum()) / n_tied * left
    return value


def _grid(data: PathRows, options: PathOptions, factor: np.ndarray, point: Point) -> np.ndarray:
    """Strengths that fall geometrically from the least at which every penalised coefficient is 0."""
    penalised = np.isfinite(factor) & (factor > 0)
    if not penalised.any():
        raise ValueError("no column that varies is penalised; a path needs one")
    pull = np.abs(point.gradient[penalised]) / factor[penalised] / data.total_weight
    largest = pull.max() / max(options.l1_ratio, LEAST_L1_RATIO)
    if largest <= 0:
        raise ValueError("no column is associated with the event at all; there is no path to follow")
    ratio = options.min_ratio
    if ratio is None:
        ratio = 1e-2 if data.n_rows < factor.size else 1e-4
    return np.geomspace(largest, largest * ratio, options.n_lambdas)


def _likely(
    data: PathRows, options: PathOptions, factor: np.ndarray, point: Point, strength: float, before: float
) -> np.ndarray:
    """Columns that the sequential strong rule keeps (Tibshirani and others, 2012)."""
    limit = data.total_weight * options.l1_ratio * np.where(np.isinf(factor), 0.0, factor)
    return np.abs(point.gradient) >= limit * (2.0 * strength - before)


def _is_enough(ratios: list[float], over: int) -> bool:
    """Whether little is left to explain, or the last ``over`` strengths explained little (as glmnet)."""
    if len(ratios) < over:
        return False
    return ratios[-1] > LARGEST_RATIO or ratios[-1] - ratios[-over] < LEAST_GAIN * ratios[-1]
