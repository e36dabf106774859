r"""Accelerated failure time models on arrays: likelihood and Newton's method.

For one cause, :math:`\log T = x^\top\beta + \sigma\varepsilon`. With :math:`z = (\log t - x^\top\beta)/\sigma` the
cumulative hazard is a fixed function :math:`H(z)`; :math:`r = dH/dz`, so that the hazard of T is
:math:`r(z) / (\sigma t)`. Rows are right-censored and may enter late (left truncation).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_ndtr

from ..numerics.independent_columns import independent_columns
from ..numerics.information import positive_inverse
from ..numerics.newton import Objective, maximise

# Longer steps are cut. A cut step that gains less than this means that the likelihood is flat: an estimate runs away.
LONGEST_MOVE = 4.0
FLAT_GAIN = 1e-7
# The last step is evaluated as well, so the error left is far smaller.
DECREMENT = 1e-14
# Steps are short where features fit the times exactly, and sigma must have fallen far before that is plain.
MAX_ITERATIONS = 200
# A column is collinear when less than this share of its variance is left by the columns before it.
COLLINEAR = 1e-10
LOG_ROOT_2_PI = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True)
class AFTFit:
    """Maximum of the likelihood; p columns of the design, the last two parameters are the intercept and log sigma.

    Attributes
    ----------
    theta : ndarray, shape (p + 2,)
        Coefficients, intercept, log sigma.
    information : ndarray, shape (p + 2, p + 2)
        Minus the second derivatives of the log likelihood.
    scores : ndarray, shape (n, p + 2)
        Weighted score of each row.
    log_likelihood : float
    converged : bool
    """

    theta: np.ndarray
    information: np.ndarray
    scores: np.ndarray
    log_likelihood: float
    converged: bool


@dataclass(frozen=True)
class AFTPoint:
    """The log likelihood somewhere; ``by_location`` and ``by_scale``, shape (n,), are its slopes row by row."""

    value: float
    gradient: np.ndarray
    information: np.ndarray
    by_location: np.ndarray
    by_scale: np.ndarray


def _weibull(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rate = np.exp(np.minimum(z, 700.0))
    return rate, rate


def _weibull_slopes(z: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, ...]:
    return rate, z, np.ones_like(z), np.zeros_like(z)


def _loglogistic(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.logaddexp(0.0, z), expit(z)


def _loglogistic_slopes(z: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, ...]:
    slope = rate * (1.0 - rate)
    return slope, -np.logaddexp(0.0, -z), 1.0 - rate, -slope


def _lognormal(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    log_survival = log_ndtr(-z)
    return -log_survival, np.exp(-0.5 * z**2 - LOG_ROOT_2_PI - log_survival)  # the inverse Mills ratio


def _lognormal_slopes(z: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, ...]:
    slope = rate * (rate - z)
    return slope, -0.5 * z**2 - LOG_ROOT_2_PI - log_ndtr(-z), rate - z, slope - 1.0


HAZARDS: dict[str, Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "weibull": _weibull,
    "exponential": _weibull,
    "lognormal": _lognormal,
    "loglogistic": _loglogistic,
}
"""H and r at z, for extreme-value, normal and logistic errors."""

SLOPES: dict[str, Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, ...]]] = {
    "weibull": _weibull_slopes,
    "exponential": _weibull_slopes,
    "lognormal": _lognormal_slopes,
    "loglogistic": _loglogistic_slopes,
}
"""r', log r and its first and second derivative, at z and r."""

# Distributions whose sigma is 1, and no parameter.
FIXED_SCALE = ("exponential",)


def collinear_columns(design: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Which columns the intercept and the columns before them determine, shape (p,) of bool; constants do not vary."""
    share = weight / weight.sum()
    centred = design - share @ design
    gram = centred.T @ (centred * share[:, None])
    variance = np.diag(gram)
    scale = share @ design**2
    floor = np.where(variance > 1e-24 * scale, COLLINEAR * variance, np.inf)
    return ~independent_columns(gram, floor)


class AFTLikelihood(Objective[AFTPoint]):
    """The likelihood of some rows as a function of ``theta``; parameters are those of :func:`fit_aft`."""

    def __init__(
        self,
        distribution: str,
        design: np.ndarray,
        entry: np.ndarray,
        duration: np.ndarray,
        is_event: np.ndarray,
        weight: np.ndarray,
    ) -> None:
        self.x = np.column_stack([design, np.ones(duration.size)])
        self.log_time = np.log(duration)
        self._late = np.flatnonzero(entry > 0)
        self._log_entry = np.log(entry[self._late])
        self._event, self._weight = is_event.astype(float), weight
        self._hazard, self._slopes = HAZARDS[distribution], SLOPES[distribution]
        self._has_scale = distribution not in FIXED_SCALE

    @np.errstate(over="ignore", invalid="ignore")
    def evaluate(self, theta: np.ndarray) -> AFTPoint | None:
        """The likelihood and its derivatives; None where they overflow."""
        if not np.all(np.isfinite(theta)) or abs(theta[-1]) > 50:
            return None
        sigma = np.exp(theta[-1])
        location = self.x @ theta[:-1]
        z = (self.log_time - location) / sigma
        cumulative, rate = self._hazard(z)
        rate_slope, log_rate, log_rate_slope, log_rate_curvature = self._slopes(z, rate)
        value = self._event * (log_rate - theta[-1] - self.log_time) - cumulative
        first = self._event * log_rate_slope - rate
        second = self._event * log_rate_curvature - rate_slope
        score_scale = -self._event - first * z
        first_z, second_z, second_zz = first.copy(), second * z, second * z**2 + first * z
        if self._late.size:
            z_late = (self._log_entry - location[self._late]) / sigma
            cumulative, rate = self._hazard(z_late)
            rate_slope = self._slopes(z_late, rate)[0]
            value[self._late] += cumulative
            first_z[self._late] += rate
            second[self._late] += rate_slope
            second_z[self._late] += rate_slope * z_late
            second_zz[self._late] += rate_slope * z_late**2 + rate * z_late
            score_scale[self._late] -= rate * z_late
        log_likelihood = float(self._weight @ value)
        by_location, by_scale = -self._weight * first_z / sigma, self._weight * score_scale * self._has_scale
        gradient = np.r_[by_location @ self.x, by_scale.sum()]
        information = np.empty((theta.size, theta.size))
        information[:-1, :-1] = -(self.x.T * (self._weight * second / sigma**2)) @ self.x
        information[:-1, -1] = information[-1, :-1] = -self.x.T @ (self._weight * (first_z + second_z) / sigma)
        information[-1, -1] = -float(self._weight @ second_zz)
        if not self._has_scale:
            information[:-1, -1] = information[-1, :-1] = 0.0
            information[-1, -1] = 1.0
        if not (np.isfinite(log_likelihood) and np.all(np.isfinite(information)) and np.all(np.isfinite(gradient))):
            return None
        return AFTPoint(log_likelihood, gradient, information, by_location, by_scale)

    def step(self, theta: np.ndarray, point: AFTPoint) -> tuple[np.ndarray, float]:
        """Newton's step, with a large variance where the likelihood is flat."""
        step = positive_inverse(point.information) @ point.gradient
        return step, float(point.gradient @ step)

    def longest(self, theta: np.ndarray, point: AFTPoint, step: np.ndarray) -> float:
        """Part of the step that moves no row's z by more than LONGEST_MOVE through its location, nor sigma e-fold."""
        moves = self.x @ step[:-1] / np.exp(theta[-1])
        largest = max(np.abs(moves).max() / LONGEST_MOVE, abs(step[-1]))
        return 1.0 if largest <= 1.0 else 1.0 / largest

    def moved(self, before: AFTPoint, after: AFTPoint, step: np.ndarray, decrement: float, part: float) -> bool:
        """A step that had to be cut and gains next to nothing: an estimate runs away."""
        return part < 1.0 and after.value - before.value < FLAT_GAIN


def fit_aft(
    distribution: str,
    design: np.ndarray,
    entry: np.ndarray,
    duration: np.ndarray,
    is_event: np.ndarray,
    weight: np.ndarray,
    start: np.ndarray,
) -> AFTFit:
    """Maximise the likelihood.

    Parameters
    ----------
    distribution : {"weibull", "exponential", "lognormal", "loglogistic"}
    design : ndarray, shape (n, p)
        Columns of like scale.
    entry : ndarray, shape (n,)
        0 without delayed entry.
    duration : ndarray, shape (n,)
        Positive.
    is_event : ndarray of bool, shape (n,)
    weight : ndarray, shape (n,)
    start : ndarray, shape (p + 2,)
        Coefficients, intercept, log sigma.
    """
    rows = AFTLikelihood(distribution, design, entry, duration, is_event, weight)
    first = rows.evaluate(start)
    if first is None:
        start = np.r_[np.zeros(design.shape[1]), np.average(rows.log_time, weights=weight), 0.0]
        first = rows.evaluate(start)
    if first is None:
        raise ValueError("the likelihood of the accelerated failure time model cannot be computed")
    found = maximise(rows, start, first, decrement=DECREMENT, max_iterations=MAX_ITERATIONS, evaluate_last=True)
    point = found.point
    scores = np.column_stack([rows.x * point.by_location[:, None], point.by_scale])
    return AFTFit(found.theta, point.information, scores, point.value, found.converged)
