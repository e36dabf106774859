"""Distributions of one time, fitted by lifelines; only numbers leave this file, as its objects carry the rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ..inputs.case_weights import are_counts
from ..inputs.outcome import Outcome
from .model import ZERO_DURATION_DAYS

THREE_PARAMETERS = "generalised gamma"
SHAPES = {
    "exponential": "ExponentialFitter",
    "weibull": "WeibullFitter",
    "lognormal": "LogNormalFitter",
    "loglogistic": "LogLogisticFitter",
    THREE_PARAMETERS: "GeneralizedGammaFitter",
}
"""Names of the shapes, and of lifelines' fitters."""

YARDSTICK = "piecewise exponential"
PIECES = 8
# A third parameter, or a piece of the yardstick, takes this many distinct days of an event: fewer it fits exactly.
FEWEST_TIMES = 3
# Step of finite differences in parameters of order 1: the cube root of the precision of a float.
STEP = float(np.cbrt(np.finfo(float).eps))


@dataclass(frozen=True)
class UnivariateTimes:
    """Distinct rows (m of them) with their weights; one event, all others censored.

    Attributes
    ----------
    entry, duration : ndarray, shape (m,)
        Days; 0 without delayed entry, and half a day where the duration is 0.
    is_event : ndarray of bool, shape (m,)
    weight, square : ndarray, shape (m,)
        Sums over the rows that are alike, of weights and of what their squared scores count in a sandwich.
    is_robust : bool
        Whether errors are those of the sandwich (see :mod:`..inputs.case_weights`).
    """

    entry: np.ndarray
    duration: np.ndarray
    is_event: np.ndarray
    weight: np.ndarray
    square: np.ndarray
    is_robust: bool

    @classmethod
    def of(cls, outcome: Outcome, weight: np.ndarray) -> UnivariateTimes:
        """The rows of an outcome whose event of interest is 1, with positive weights of shape (n,)."""
        duration = np.where(outcome.duration == 0, ZERO_DURATION_DAYS, outcome.duration)
        rows = np.column_stack([np.maximum(outcome.entry, 0.0), duration, outcome.event])
        distinct, place = np.unique(rows, axis=0, return_inverse=True)
        summed, square = (np.bincount(place.ravel(), values) for values in (weight, weight**2))
        return cls(
            distinct[:, 0], distinct[:, 1], distinct[:, 2] == 1, summed, square, is_robust=not are_counts(weight)
        )

    @property
    def event_times(self) -> np.ndarray:
        """Distinct days of an event, ascending."""
        return np.unique(self.duration[self.is_event])

    @property
    def suffice_for_three_parameters(self) -> bool:
        """Whether there are more distinct days of an event than parameters."""
        return self.event_times.size > FEWEST_TIMES

    @property
    def days_per_event(self) -> float:
        """Days at risk over events."""
        return float(self.weight @ (self.duration - self.entry) / (self.weight @ self.is_event))

    def in_units_of(self, days: float) -> UnivariateTimes:
        """The same rows with another unit of time."""
        return replace(self, entry=self.entry / days, duration=self.duration / days)


@dataclass(frozen=True)
class UnivariateFit:
    """One fitted distribution.

    Attributes
    ----------
    log_likelihood : float
        Of the days.
    parameters : DataFrame
        Indexed by lifelines' names, times in days: estimate, std_error, lower, upper.
    hazard, error : ndarray, shape (k,)
        Cumulative hazard at the days that were asked for, and its standard error; NaN where the likelihood is flat.
    """

    log_likelihood: float
    parameters: pd.DataFrame
    hazard: np.ndarray
    error: np.ndarray

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2.0 * len(self.parameters) - 2.0 * self.log_likelihood


def fit_shapes(times: UnivariateTimes, begin: float, days: np.ndarray, level: float) -> dict[str, UnivariateFit]:
    """Fit all shapes and, where there are events enough, the yardstick.

    Parameters
    ----------
    times : UnivariateTimes
        With events on two days, or one before the last.
    begin : float
        Day from which cumulative hazards are counted.
    days : ndarray, shape (k,)
    level : float
        Coverage of the intervals of parameters.

    Returns
    -------
    dict of str to UnivariateFit
        By name, without what takes more events than there are, and without what failed.

    Raises
    ------
    ModuleNotFoundError
        lifelines is not installed.
    """
    try:
        import lifelines
    except ModuleNotFoundError as error:
        needed = "compare_distributions needs lifelines: pip install 'secondplan[lifelines]'"
        raise ModuleNotFoundError(needed, name=error.name) from None

    # Near 1 the search of lifelines works: it stops by absolute changes.
    unit = times.days_per_event
    scaled = times.in_units_of(unit)
    found: dict[str, _Maximum | None] = {}
    for name, fitter in SHAPES.items():
        if name == THREE_PARAMETERS and not times.suffice_for_three_parameters:
            continue
        starts: list[np.ndarray | None] = [None]
        if name == THREE_PARAMETERS:
            starts = _special_cases(found)
        found[name] = _searched(getattr(lifelines, fitter)(), scaled, starts)
    breaks = _breaks(scaled)
    if breaks.size:
        found[YARDSTICK] = _piecewise(lifelines.PiecewiseExponentialFitter(breaks), scaled, breaks)
    grid, start, z = days / unit, begin / unit, ndtri(0.5 + level / 2.0)
    # The density of days is that of units over the unit.
    shift = float(scaled.weight @ scaled.is_event) * np.log(unit)
    return {
        name: _numbers(_with_sandwich(maximum, scaled), name, grid, start, unit, shift, z)
        for name, maximum in found.items()
        if maximum is not None
    }


@dataclass(frozen=True)
class _Maximum:
    """Where a likelihood is highest, in units of time: q parameters.

    ``hazard(parameters, times)`` is cumulative, ``log_hazard(parameters, times)`` is not.
    """

    names: list[str]
    theta: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    hazard: Callable[[np.ndarray, np.ndarray], np.ndarray]
    log_hazard: Callable[[np.ndarray, np.ndarray], np.ndarray]


def _searched(fitter: Any, times: UnivariateTimes, starts: list[np.ndarray | None]) -> _Maximum | None:
    """What lifelines finds from the first start (None: its own) from which its search ends well, if any."""
    from lifelines.exceptions import ConvergenceError

    late = times.entry if np.any(times.entry > 0) else None
    options = {"entry": late, "weights": times.weight, "timeline": times.duration[:1]}
    for start in starts:
        # lifelines warns of flat likelihoods, which are told by the errors, and of its own trials on the way.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                model = fitter.fit(times.duration, times.is_event, initial_point=start, **options)
            except (ConvergenceError, ValueError, ArithmeticError, np.linalg.LinAlgError):
                continue
        if np.isfinite(model.log_likelihood_):
            names = [parameter.removesuffix("_") for parameter in model.params_.index]
            theta, covariance = model.params_.to_numpy(dtype=float), model.variance_matrix_.to_numpy()
            functions = model._cumulative_hazard, model._log_hazard
            return _Maximum(names, theta, covariance, float(model.log_likelihood_), *functions)
    return None


def _special_cases(found: dict[str, _Maximum | None]) -> list[np.ndarray | None]:
    """Location, log scale and shape of the generalised gammas that are Weibull (shape 1) and near lognormal (0)."""
    starts: list[tuple[float, np.ndarray]] = []
    if (weibull := found["weibull"]) is not None:
        scale, power = weibull.theta
        starts.append((weibull.log_likelihood, np.array([np.log(scale), -np.log(power), 1.0])))
    if (lognormal := found["lognormal"]) is not None:
        location, scale = lognormal.theta
        starts.append((lognormal.log_likelihood, np.array([location, np.log(scale), 0.1])))
    best_first = sorted(starts, key=lambda start: -start[0])
    return [start for _, start in best_first] or [None]


def _breaks(times: UnivariateTimes) -> np.ndarray:
    """Breaks between the pieces of the yardstick: quantiles of the times of events; none where events are few."""
    at, weight = times.duration[times.is_event], times.weight[times.is_event]
    days = times.event_times
    if days.size < PIECES * FEWEST_TIMES:
        return np.empty(0)
    order = np.argsort(at, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    breaks = np.unique(at[order][np.searchsorted(reached, np.arange(1, PIECES) / PIECES)])
    return breaks[breaks < days[-1]]


def _piecewise(fitter: Any, times: UnivariateTimes, breaks: np.ndarray) -> _Maximum:
    """The yardstick in closed form, which lifelines' search takes a second for: time at risk per event by piece."""
    edges = np.r_[0.0, breaks, np.inf]
    at_risk = np.array(
        [
            times.weight @ (np.clip(times.duration, low, high) - np.clip(times.entry, low, high))
            for low, high in pairwise(edges)
        ]
    )
    piece = np.searchsorted(breaks, times.duration[times.is_event])
    n_events = np.bincount(piece, times.weight[times.is_event], minlength=breaks.size + 1)
    theta = at_risk / n_events
    names = [f"lambda_{number}" for number in range(theta.size)]
    log_likelihood = float(-n_events @ np.log(theta) - n_events.sum())
    functions = fitter._cumulative_hazard, fitter._log_hazard
    return _Maximum(names, theta, np.diag(theta**2 / n_events), log_likelihood, *functions)


@np.errstate(all="ignore")
def _with_sandwich(found: _Maximum, times: UnivariateTimes) -> _Maximum:
    """The maximum with the robust covariance over rows, where their weights do not count rows."""
    if not times.is_robust:
        return found
    late = times.entry > 0

    def log_likelihoods(parameters: np.ndarray) -> np.ndarray:
        of_row = -np.asarray(found.hazard(parameters, times.duration), dtype=float)
        of_row[late] += found.hazard(parameters, times.entry[late])
        of_row[times.is_event] += found.log_hazard(parameters, times.duration[times.is_event])
        return of_row

    scores = _slopes(log_likelihoods, found.theta)
    return replace(found, covariance=found.covariance @ (scores * times.square) @ scores.T @ found.covariance)


def _slopes(function: Callable[[np.ndarray], np.ndarray], theta: np.ndarray) -> np.ndarray:
    """Derivatives of k numbers by q parameters of order 1, shape (q, k), from finite differences."""
    steps = STEP * np.diag(np.maximum(np.abs(theta), 1.0))
    return np.array([(function(theta + step) - function(theta - step)) / (2.0 * step.sum()) for step in steps])


# Times and errors may be beyond all numbers, which the result then says.
@np.errstate(all="ignore")
def _numbers(
    found: _Maximum, name: str, grid: np.ndarray, start: float, unit: float, shift: float, z: float
) -> UnivariateFit:
    """What is kept of a fit in units of time, with times in days."""
    theta, covariance, names = found.theta, found.covariance, found.names

    def hazard(parameters: np.ndarray) -> np.ndarray:
        since = found.hazard(parameters, np.array([start])) if start > 0 else 0.0
        return np.asarray(found.hazard(parameters, grid) - since, dtype=float)

    slopes = _slopes(hazard, theta)
    variances = np.diag(covariance)
    if not (np.all(np.isfinite(covariance)) and np.all(variances > 0)):
        covariance = np.full_like(covariance, np.nan)
    errors = np.sqrt(np.diag(covariance))
    of_hazard = np.sqrt(np.einsum("ik,ij,jk->k", slopes, covariance, slopes))
    is_gamma, is_mu = name == THREE_PARAMETERS, np.array([parameter == "mu" for parameter in names])
    is_time = [parameter.startswith(("lambda", "alpha")) and not is_gamma for parameter in names]
    factor = np.where(is_time, unit, 1.0)
    estimate, errors = theta * factor + np.where(is_mu, np.log(unit), 0.0), errors * factor
    lower, upper = estimate - z * errors, estimate + z * errors
    is_positive = ~is_mu & (not is_gamma)
    lower[is_positive], upper[is_positive] = (
        estimate[is_positive] * np.exp(sign * z * errors[is_positive] / estimate[is_positive]) for sign in (-1.0, 1.0)
    )
    parameters = pd.DataFrame({"estimate": estimate, "std_error": errors, "lower": lower, "upper": upper}, index=names)
    return UnivariateFit(found.log_likelihood - shift, parameters, hazard(theta), of_hazard)
