"""Pointwise confidence intervals of probabilities and cumulative hazards, with the names that R's ``survfit`` uses."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from ...parameter_checks import require_choice

INTERVALS = ("plain", "log", "log-log")
# Stands for infinite degrees of freedom where SciPy's t distribution takes none; what it gives there is not used.
FINITE = 1e10
NO_SKEWNESS = 1e-6


def check_interval(level: float, interval: str) -> None:
    """Raise ValueError unless ``level`` lies between 0 and 1 and ``interval`` is a known scale."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    require_choice("interval", interval, INTERVALS)


def probability_bounds(
    estimate: np.ndarray, std_error: np.ndarray, level: float = 0.95, interval: str = "log"
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of a probability, between 0 and 1.

    Parameters
    ----------
    estimate, std_error : ndarray, any one shape
    level : float
        Coverage.
    interval : {"plain", "log", "log-log"}
        Scale on which the interval is symmetric: the probability p, log p, or log(-log p). Where the scale is not
        defined (p = 0, and for log-log p = 1) both bounds are the estimate; R gives NA there.
    """
    check_interval(level, interval)
    z = ndtri(0.5 + level / 2.0)
    if interval == "plain":
        return np.clip(estimate - z * std_error, 0.0, 1.0), np.clip(estimate + z * std_error, 0.0, 1.0)
    inside = estimate > 0 if interval == "log" else (estimate > 0) & (estimate < 1)
    p = np.where(inside, estimate, 0.5)
    error = np.where(inside, std_error, 0.0) / p
    if interval == "log":
        with np.errstate(over="ignore"):
            lower, upper = p * np.exp(-z * error), np.minimum(p * np.exp(z * error), 1.0)
    else:
        with np.errstate(over="ignore"):
            stretch = np.exp(z * error / -np.log(p))
        lower, upper = np.exp(np.log(p) * stretch), np.exp(np.log(p) / stretch)
    # Rounding must not put the estimate outside.
    lower, upper = np.minimum(lower, estimate), np.maximum(upper, estimate)
    return np.where(inside, lower, estimate), np.where(inside, upper, estimate)


def hazard_bounds(
    estimate: np.ndarray, std_error: np.ndarray, level: float = 0.95, interval: str = "log"
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of a cumulative hazard, not negative.

    ``plain`` is symmetric for the hazard, ``log`` for its logarithm; ``log-log`` is the same. An infinite hazard has no
    interval: both bounds are the estimate.
    """
    check_interval(level, interval)
    z = ndtri(0.5 + level / 2.0)
    std_error = np.where(np.isinf(estimate), 0.0, std_error)
    with np.errstate(over="ignore"):  # an infinite bound of a hazard is a probability of 0
        if interval == "plain":
            return np.maximum(estimate - z * std_error, 0.0), estimate + z * std_error
        ratio = np.divide(std_error, estimate, out=np.zeros_like(estimate), where=estimate > 0)
        stretch = np.exp(z * ratio)
        return estimate / stretch, estimate * stretch


def incidence_bounds(estimate: np.ndarray, std_error: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of a cumulative incidence F, symmetric on the scale log(-log(1 - F)), between 0 and 1.

    That is ``log-log`` for the probability 1 - F, right to the digits where F is small. Where F is 0 or 1 both bounds
    are the estimate.
    """
    inside = (estimate > 0) & (estimate < 1)
    incidence = np.where(inside, estimate, 0.5)
    hazard, error = -np.log1p(-incidence), std_error / (1.0 - incidence)
    lower, upper = (-np.expm1(-bound) for bound in hazard_bounds(hazard, error, level, "log-log"))
    # Rounding must not put the estimate outside.
    lower, upper = np.minimum(lower, estimate), np.maximum(upper, estimate)
    return np.where(inside, lower, estimate), np.where(inside, upper, estimate)


@dataclass(frozen=True)
class SumShape:
    r"""How far a sum of independent parts is from normal: its skewness, and how well its own error is known.

    Few large parts make an estimate that is too low have too small an error. With
    :math:`T = (\hat\theta - \theta) / se`, :math:`g(T) = T + \gamma T^2 / 3 + \gamma^2 T^3 / 27 + \gamma / 6` is nearer
    to symmetric than T (Hall 1992, JRSS B 54:221, for a mean), and has about the t distribution whose degrees of
    freedom follow from the spread of the squares (Pan and Wall 2002, Statistics in Medicine 21:1429).

    Attributes
    ----------
    skewness : ndarray, any one shape
        :math:`\gamma`: sum of the cubes of the parts over the cube of the standard error.
    freedom : ndarray
        Degrees of freedom: twice the squared sum of squares over the sum of fourth powers, and fewer than there are
        parts; infinite for a normal sum.
    """

    skewness: np.ndarray
    freedom: np.ndarray

    @classmethod
    def of(cls, parts: np.ndarray) -> Self:
        """Of sums over the last axis; normal where all parts are 0."""
        squares = np.square(parts)
        variance, cubes, fourth = squares.sum(axis=-1), (squares * parts).sum(axis=-1), np.square(squares).sum(axis=-1)
        known = fourth > 0
        skewness = np.divide(cubes, variance**1.5, out=np.zeros(variance.shape), where=known)
        freedom = np.divide(2.0 * variance**2, fourth, out=np.full(variance.shape, np.inf), where=known)
        return cls(skewness, np.minimum(freedom, max(parts.shape[-1] - 1, 1)))

    def bounds(self, estimate: np.ndarray, std_error: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bound of the truth with coverage ``level``; symmetric where there is no skewness."""
        p = 0.5 + level / 2.0
        t = np.where(np.isinf(self.freedom), ndtri(p), stdtrit(np.minimum(self.freedom, FINITE), p))
        by = np.where(np.abs(self.skewness) > NO_SKEWNESS, self.skewness, np.nan)
        most, least = (
            np.where(np.isnan(by), x, 3.0 * (np.cbrt(1.0 + by * (x - by / 6.0)) - 1.0) / by) for x in (t, -t)
        )
        # At a low level and much skewness the estimate could be outside.
        return estimate - np.maximum(most, 0.0) * std_error, estimate - np.minimum(least, 0.0) * std_error

    def p_value(self, estimate: np.ndarray, std_error: np.ndarray) -> np.ndarray:
        """Of the hypothesis that the truth is 0: below 0.05 where bounds of level 0.95 leave 0 out."""
        t, by = estimate / std_error, self.skewness
        transformed = np.where(by == 0, t, t + by * t**2 / 3.0 + by**2 * t**3 / 27.0 + by / 6.0)
        below = -np.abs(transformed)
        tail = np.where(np.isinf(self.freedom), ndtr(below), stdtr(np.minimum(self.freedom, FINITE), below))
        return np.asarray(2.0 * tail)
