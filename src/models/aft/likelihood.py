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

MAX_ITERATIONS = 60
MAX_HALVINGS = 40
# Longer steps are cut. A cut step that gains less than this means that the likelihood is flat: an estimate runs away.
LONGEST_MOVE = 4.0
FLAT_GAIN = 1e-7
# Squared length of the last step in standard errors: the step is still taken, so the error left is of its square.
DECREMENT = 1e-14
# Smallest curvature of the likelihood, relative to its largest, that counts in steps and in variances.
FLATTEST = 1e-12
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
class _Point:
    """The likelihood at ``theta``; ``by_location`` and ``by_scale``, shape (n,), are its slopes row by row."""

    theta: np.ndarray
    log_likelihood: float
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


def maximise(
    distribution: str,
    design: np.ndarray,
    entry: np.ndarray,
    duration: np.ndarray,
    is_event: np.ndarray,
    weight: np.ndarray,
    start: np.ndarray,
) -> AFTFit:
    """Newton's method with step halving.

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
    x = np.column_stack([design, np.ones(duration.size)])
    log_time = np.log(duration)
    late = np.flatnonzero(entry > 0)
    log_entry = np.log(entry[late])
    event = is_event.astype(float)
    hazard, slopes = HAZARDS[distribution], SLOPES[distribution]
    has_scale = distribution not in FIXED_SCALE

    @np.errstate(over="ignore", invalid="ignore")
    def evaluate(theta: np.ndarray) -> _Point | None:
        if not np.all(np.isfinite(theta)) or abs(theta[-1]) > 50:
            return None
        sigma = np.exp(theta[-1])
        location = x @ theta[:-1]
        z = (log_time - location) / sigma
        cumulative, rate = hazard(z)
        rate_slope, log_rate, log_rate_slope, log_rate_curvature = slopes(z, rate)
        value = event * (log_rate - theta[-1] - log_time) - cumulative
        first = event * log_rate_slope - rate
        second = event * log_rate_curvature - rate_slope
        score_scale = -event - first * z
        first_z, second_z, second_zz = first.copy(), second * z, second * z**2 + first * z
        if late.size:
            z_late = (log_entry - location[late]) / sigma
            cumulative, rate = hazard(z_late)
            rate_slope = slopes(z_late, rate)[0]
            value[late] += cumulative
            first_z[late] += rate
            second[late] += rate_slope
            second_z[late] += rate_slope * z_late
            second_zz[late] += rate_slope * z_late**2 + rate * z_late
            score_scale[late] -= rate * z_late
        log_likelihood = float(weight @ value)
        by_location, by_scale = -weight * first_z / sigma, weight * score_scale * has_scale
        gradient = np.r_[by_location @ x, by_scale.sum()]
        information = np.empty((theta.size, theta.size))
        information[:-1, :-1] = -(x.T * (weight * second / sigma**2)) @ x
        information[:-1, -1] = information[-1, :-1] = -x.T @ (weight * (first_z + second_z) / sigma)
        information[-1, -1] = -float(weight @ second_zz)
        if not has_scale:
            information[:-1, -1] = information[-1, :-1] = 0.0
            information[-1, -1] = 1.0
        if not (np.isfinite(log_likelihood) and np.all(np.isfinite(information)) and np.all(np.isfinite(gradient))):
            return None
        return _Point(theta, log_likelihood, gradient, information, by_location, by_scale)

    current = evaluate(start)
    if current is None:
        current = evaluate(np.r_[np.zeros(design.shape[1]), np.average(log_time, weights=weight), 0.0])
    if current is None:
        raise ValueError("the likelihood of the accelerated failure time model cannot be computed")
    converged = False
    for _ in range(MAX_ITERATIONS):
        step = positive_inverse(current.information) @ current.gradient
        length = _step_length(x @ step[:-1] / np.exp(current.theta[-1]), step[-1])
        limited, slack = length < 1.0, 1e-13 * abs(current.log_likelihood)
        proposal = evaluate(current.theta + length * step)
        for _ in range(MAX_HALVINGS):
            if proposal is not None and proposal.log_likelihood >= current.log_likelihood - slack:
                break
            length /= 2
            proposal = evaluate(current.theta + length * step)
        if proposal is None or proposal.log_likelihood < current.log_likelihood - slack:
            break
        gain = proposal.log_likelihood - current.log_likelihood
        converged = float(current.gradient @ step) < DECREMENT
        current = proposal
        if converged or (limited and gain < FLAT_GAIN):
            break
    scores = np.column_stack([x * current.by_location[:, None], current.by_scale])
    return AFTFit(current.theta, current.information, scores, current.log_likelihood, converged)


def _step_length(moves: np.ndarray, log_sigma: float) -> float:
    """Part of Newton's step that moves no row's z by more than LONGEST_MOVE through its location, nor sigma e-fold."""
    largest = max(np.abs(moves).max() / LONGEST_MOVE, abs(log_sigma))
    return 1.0 if largest <= 1.0 else 1.0 / largest


def positive_inverse(information: np.ndarray) -> np.ndarray:
    """Inverse of an information matrix; where the likelihood is flat, or bends the wrong way, a large variance."""
    curvature = np.abs(np.diag(information))
    scale = np.sqrt(np.maximum(curvature, max(1e-100, FLATTEST**2 * curvature.max())))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    root = vectors / np.sqrt(np.maximum(np.abs(values), FLATTEST)) / scale[:, None]
    return root @ root.T
