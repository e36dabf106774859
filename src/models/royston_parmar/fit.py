"""Fitting Royston-Parmar models: one cause by Newton's method, and the joint covariance of several causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import block_diag

from ..aft.likelihood import COLLINEAR
from ..numerics.independent_columns import independent_columns
from ..numerics.information import positive_inverse
from ..numerics.newton import FLAT_GAIN, Maximum, Objective, maximise
from .curve import CauseCurve, VaryingEffects
from .likelihood import ROWS_PER_BLOCK, CauseRows, Likelihood, Point, start_values
from .spline import LogTimeSpline

# The last step is evaluated as well, so the error left is far smaller.
DECREMENT = 1e-14
# A step goes at most this part of the way to where the hazard of an event would be 0.
TO_THE_EDGE = 0.9
# The likelihood is flat along a step that moves the linear predictor by more than this while it gains less than
# FLAT_GAIN.
DIVERGING_STEP = 0.1
# A log hazard as steep as this in log time is that of features which fit the times exactly.
STEEPEST = 1e4
# A cumulative hazard at the first entry under which nobody would have come to enter.
NOBODY_ENTERS = 30.0
# Numbers whose products with one another vanish; a column of them is constant.
SMALLEST = 1e-100
# Squared spread, relative to the mean square, below which a column is constant.
CONSTANT = 1e-24


class ExactFitError(ValueError):
    """Features fit the times of the events exactly: the likelihood has no maximum."""


@dataclass(frozen=True)
class CauseFit:
    """A fitted cause; p columns of the design, q parameters of the curve (held ones included), r estimated ones.

    Attributes
    ----------
    curve : CauseCurve
        On the scale of the design.
    covariance : ndarray, shape (q, q)
        Inverse information.
    log_likelihood : float
        Of the durations.
    constant, collinear, diverging : ndarray of bool, shape (p,)
    n_estimated, n_iterations : int
    converged : bool
    likelihood : Likelihood
        Of standardised features; None in what is kept.
    theta : ndarray, shape (r,)
    projection : ndarray, shape (r, q)
        From a score of the standardised likelihood to its influence on the parameters of ``curve``.
    """

    curve: CauseCurve
    covariance: np.ndarray
    log_likelihood: float
    constant: np.ndarray
    collinear: np.ndarray
    diverging: np.ndarray
    n_estimated: int
    n_iterations: int
    converged: bool
    likelihood: Likelihood
    theta: np.ndarray
    projection: np.ndarray


@dataclass(frozen=True)
class ColumnMoments:
    """Means and standard deviations, shape (p,), and which columns are constant or determined by those before them."""

    center: np.ndarray
    spread: np.ndarray
    constant: np.ndarray
    collinear: np.ndarray


def fit_cause(
    design: np.ndarray,
    moments: ColumnMoments,
    log_time: np.ndarray,
    log_entry: np.ndarray,
    is_event: np.ndarray,
    weight: np.ndarray,
    spline: LogTimeSpline,
    varying: Sequence[tuple[LogTimeSpline, np.ndarray]],
) -> CauseFit:
    """Maximise the likelihood of one cause.

    Parameters
    ----------
    design : ndarray, shape (n, p)
    moments : ColumnMoments
        Of the design.
    log_time, log_entry : ndarray, shape (n,)
        Entry is minus infinity where it is not delayed.
    is_event : ndarray of bool, shape (n,)
    weight : ndarray, shape (n,)
        Above 0.
    spline : LogTimeSpline
    varying : sequence of (LogTimeSpline, ndarray of int)
        Groups of features whose effects vary, with the spline along which they do.

    Raises
    ------
    ValueError
        Features fit the times of the events exactly, or nobody is at risk from the beginning and no level of the
        cumulative hazard fits best; the likelihood has no maximum.
    """
    kept = ~(moments.constant | moments.collinear)
    position = np.cumsum(kept) - 1
    unit = float(weight[is_event].mean())
    rows = CauseRows(
        design if kept.all() else design[:, kept],
        moments.center[kept],
        moments.spread[kept],
        log_time,
        log_entry,
        is_event,
        weight / unit,
        spline,
        tuple((own, position[columns[kept[columns]]]) for own, columns in varying),
    )
    likelihood = Likelihood(rows)
    feature, reach = _features_of_parameters(rows)
    found, runs_away = maximum(likelihood, _without_features(rows), feature, reach)
    if np.median(found.point.slope) > STEEPEST:
        raise ExactFitError("too few events for these features, which fit their times exactly")
    if _log_hazard_at_entry(rows, found.point.theta) > np.log(NOBODY_ENTERS):
        raise ValueError(
            "every row enters late, and the hazard before the first entry grows without bound; count time from the "
            "earliest entry, or give another df"
        )
    back = _to_design_scale(rows, kept, varying)
    inverse = positive_inverse(found.point.information)
    diverging = np.zeros(kept.size, dtype=bool)
    diverging[np.flatnonzero(kept)] = runs_away
    return CauseFit(
        _curve(back @ found.point.theta, spline, kept.size, varying),
        back @ inverse @ back.T / unit,
        found.point.value * unit,
        moments.constant,
        moments.collinear,
        diverging,
        found.point.theta.size,
        found.n_iterations,
        found.converged,
        likelihood,
        found.point.theta,
        inverse @ back.T,
    )


def _log_hazard_at_entry(rows: CauseRows, theta: np.ndarray) -> float:
    """Log cumulative hazard of an average row at the first entry; minus infinity if any row is seen from time 0."""
    first = rows.log_entry.min()
    if not np.isfinite(first):
        return -np.inf
    return float(rows.spline.basis(np.array([first]))[0] @ theta[: rows.spline.df + 1])


def joint_covariance(fits: Sequence[CauseFit], cluster: np.ndarray | None) -> np.ndarray:
    """Covariance of the parameters of all causes together, cause after cause, shape (sum q, sum q).

    Without clusters that of each cause, and 0 between causes; with clusters (labels 0, 1, ..., shape (n,)) the sandwich
    over their summed scores, computed for some of them at a time.
    """
    if cluster is None:
        return block_diag(*(fit.covariance for fit in fits))
    order = np.argsort(cluster, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(cluster[order]) != 0])
    n_parameters = sum(fit.projection.shape[1] for fit in fits)
    covariance = np.zeros((n_parameters, n_parameters))
    first = 0
    while first < starts.size:
        last = max(int(np.searchsorted(starts, starts[first] + ROWS_PER_BLOCK)), first + 1)
        end = starts[last] if last < starts.size else order.size
        rows = order[starts[first] : end]
        offsets = starts[first:last] - starts[first]
        influence = np.hstack(
            [np.add.reduceat(fit.likelihood.scores(fit.theta, rows), offsets, axis=0) @ fit.projection for fit in fits]
        )
        covariance += influence.T @ influence
        first = last
    return covariance


def column_moments(design: np.ndarray, weight: np.ndarray) -> ColumnMoments:
    """Weighted moments of the columns of a design, shape (n, p), by blocks of rows."""
    n_rows, n_columns = design.shape
    share = weight / weight.max()
    share = share / share.sum()
    peak = np.zeros(n_columns)
    blocks = [slice(begin, begin + ROWS_PER_BLOCK) for begin in range(0, n_rows, ROWS_PER_BLOCK)]
    for block in blocks:
        np.maximum(peak, np.abs(design[block]).max(axis=0, initial=0.0), out=peak)
    peak = np.where(peak > 0, peak, 1.0)
    mean = sum((share[block] @ (design[block] / peak) for block in blocks), np.zeros(n_columns))
    gram = np.zeros((n_columns, n_columns))
    for block in blocks:
        centred = design[block] / peak - mean
        gram += centred.T @ (centred * share[block, None])
    variance = np.diag(gram)
    constant = (variance <= CONSTANT * (variance + mean**2)) | (peak < SMALLEST)
    floor = np.where(constant, np.inf, COLLINEAR * variance)
    collinear = ~independent_columns(gram, floor) & ~constant
    return ColumnMoments(mean * peak, np.where(constant, 1.0, np.sqrt(variance)) * peak, constant, collinear)


class _Parameters(Objective[Point]):
    """The likelihood as a function of the parameters of features that do not run away."""

    def __init__(self, likelihood: Likelihood, feature: np.ndarray, reach: np.ndarray) -> None:
        self._likelihood, self._feature, self._reach = likelihood, feature, reach
        self.diverging = np.zeros(int(feature.max(initial=-1)) + 1, dtype=bool)

    def evaluate(self, theta: np.ndarray) -> Point | None:
        return self._likelihood.evaluate(theta)

    def step(self, theta: np.ndarray, point: Point) -> tuple[np.ndarray, float]:
        free = np.flatnonzero(~np.r_[self.diverging, False][self._feature])
        step = np.zeros_like(theta)
        step[free] = positive_inverse(point.information[np.ix_(free, free)]) @ point.gradient[free]
        return step, float(point.gradient @ step)

    def longest(self, theta: np.ndarray, point: Point, step: np.ndarray) -> float:
        """Not to where the hazard of an event is 0."""
        change = self._likelihood.slope_terms @ step[self._likelihood.slope_columns]
        steepest = float(np.max(-change / point.slope, initial=0.0))
        return min(1.0, TO_THE_EDGE / steepest) if steepest > 0 else 1.0

    def reconsider(self, theta: np.ndarray, step: np.ndarray, decrement: float, *, stuck: bool) -> bool:
        """Let go of features along which the likelihood is flat."""
        if stuck or decrement >= FLAT_GAIN:
            return False
        runaway = (np.abs(step) * self._reach > DIVERGING_STEP) & (self._feature >= 0)
        self.diverging[self._feature[runaway]] = True
        return bool(runaway.any())

    def moved(self, before: Point, after: Point, step: np.ndarray, decrement: float, part: float) -> bool:
        return bool(np.median(after.slope) > STEEPEST)


def maximum(
    likelihood: Likelihood, theta: np.ndarray, feature: np.ndarray, reach: np.ndarray
) -> tuple[Maximum[Point], np.ndarray]:
    """Maximise a likelihood; where the search ended, and which features' parameters run away.

    Parameters
    ----------
    likelihood : Likelihood
        Of weights whose mean over events is 1.
    theta : ndarray, shape (q,)
        Where to begin; the likelihood must be defined there.
    feature : ndarray of int, shape (q,)
        The feature that a parameter belongs to, -1 for none.
    reach : ndarray, shape (q,)
        How far the linear predictor moves by a unit of the parameter.
    """
    start = likelihood.evaluate(theta)
    if start is None:
        raise ValueError("the likelihood of the Royston-Parmar model cannot be computed")
    objective = _Parameters(likelihood, feature, reach)
    return maximise(objective, theta, start, decrement=DECREMENT, evaluate_last=True), objective.diverging


def _without_features(rows: CauseRows) -> np.ndarray:
    """The maximum without features, where Newton's method begins."""
    start = start_values(rows)
    none = np.zeros(0)
    alone = replace(rows, design=rows.design[:, :0], center=none, spread=none, varying=())
    n_spline = alone.n_parameters
    found, _ = maximum(Likelihood(alone), start[:n_spline], np.full(n_spline, -1), np.zeros(n_spline))
    start[:n_spline] = found.point.theta
    return start


def _features_of_parameters(rows: CauseRows) -> tuple[np.ndarray, np.ndarray]:
    """The feature of each parameter (-1 for none), and how far a unit of it moves the linear predictor."""
    n_features = rows.design.shape[1]
    lowest, highest = np.zeros(n_features), np.zeros(n_features)
    if n_features:
        lowest, highest = rows.design.min(axis=0), rows.design.max(axis=0)
    span = highest / rows.spread - lowest / rows.spread
    feature = [np.full(rows.spline.df + 1, -1), np.arange(n_features)]
    reach = [np.zeros(rows.spline.df + 1), span]
    for spline, columns in rows.varying:
        feature.append(np.repeat(columns, spline.df))
        reach.append(np.repeat(span[columns], spline.df))
    return np.concatenate(feature), np.concatenate(reach)


def _to_design_scale(
    rows: CauseRows, kept: np.ndarray, varying: Sequence[tuple[LogTimeSpline, np.ndarray]]
) -> np.ndarray:
    """Matrix (q, r) from parameters of standardised kept columns to those of all columns as they are."""
    n_spline, n_kept = rows.spline.df + 1, rows.design.shape[1]
    n_all = n_spline + kept.size + sum(own.df * columns.size for own, columns in varying)
    matrix = np.zeros((n_all, rows.n_parameters))
    matrix[np.arange(n_spline), np.arange(n_spline)] = 1.0
    used = n_spline + np.arange(n_kept)
    matrix[0, used] = -rows.center / rows.spread
    matrix[n_spline + np.flatnonzero(kept), used] = 1.0 / rows.spread
    place, source = n_spline + kept.size, n_spline + n_kept
    scale = np.ones(kept.size)
    scale[kept] = rows.spread
    for own, columns in varying:
        for column in columns:
            if kept[column]:
                matrix[place + np.arange(own.df), source + np.arange(own.df)] = 1.0 / scale[column]
                source += own.df
            place += own.df
    return matrix


def _curve(
    theta: np.ndarray, spline: LogTimeSpline, n_features: int, varying: Sequence[tuple[LogTimeSpline, np.ndarray]]
) -> CauseCurve:
    """The curve with these parameters."""
    end = spline.df + 1 + n_features
    groups = []
    for own, columns in varying:
        begin, end = end, end + own.df * columns.size
        groups.append(VaryingEffects(own, columns, theta[begin:end].reshape(columns.size, own.df)))
    n_spline = spline.df + 1
    return CauseCurve(spline, theta[:n_spline], theta[n_spline : n_spline + n_features], tuple(groups))
