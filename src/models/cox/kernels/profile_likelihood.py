r"""Profile likelihood of single coefficients: intervals and tests that need no normal estimates.

The profile of coefficient j at b is the largest log likelihood (with Firth's penalty, if any, of the information of all
coefficients) with :math:`\beta_j = b`. The interval holds all b whose profile is within half a quantile of chi-squared
of the maximum.

Source: Heinze and Schemper (2001), Biometrics 57:114, section 3; Venzon and Moolgavkar (1988), Appl. Statist. 37:87.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from .firth import Climb, PenalisedRows, climb

# How often a first guess of a limit is doubled before there is taken to be none.
MAX_DOUBLINGS = 12
# Limits are exact to this share of a standard error.
PRECISION = 1e-10


@dataclass(frozen=True)
class Profiles:
    """Intervals and tests of p coefficients; columns that were not estimated have limits 0 and statistic 0.

    Attributes
    ----------
    lower, upper : ndarray, shape (p,)
        Infinite where the profile does not fall far enough.
    statistic : ndarray, shape (p,)
        Twice the loss of log likelihood by a coefficient of 0.
    converged : bool
    """

    lower: np.ndarray
    upper: np.ndarray
    statistic: np.ndarray
    converged: bool


class _Profile:
    """The profile of one coefficient, each maximum searched from the last one."""

    def __init__(self, rows: PenalisedRows, best: Climb, column: int) -> None:
        self._rows, self._column = rows, column
        self._free = rows.kept & (np.arange(rows.kept.size) != column)
        self._last = best.beta
        self.converged = True

    def is_too_far(self, value: float) -> bool:
        """Whether relative risks would overflow, as they do only where the likelihood is flat."""
        return bool(np.abs(self._rows.eta(self._at(value))).max() > self._rows.largest_eta)

    def __call__(self, value: float) -> float:
        found = climb(self._rows, self._at(value), self._free)
        self._last = found.beta
        self.converged &= found.converged
        return found.value

    def _at(self, value: float) -> np.ndarray:
        beta = self._last.copy()
        beta[self._column] = value
        return beta


def profiles(rows: PenalisedRows, beta: np.ndarray, error: np.ndarray, quantile: float) -> Profiles:
    """Profile every coefficient.

    Parameters
    ----------
    rows : PenalisedRows
    beta : ndarray, shape (p,)
        Where the likelihood is largest.
    error : ndarray, shape (p,)
        Standard errors, for the first guess of the limits.
    quantile : float
        Of chi-squared with 1 degree of freedom, such as 3.84.
    """
    best = climb(rows, beta, rows.kept)
    lower, upper, statistic = np.zeros(beta.size), np.zeros(beta.size), np.zeros(beta.size)
    converged = best.converged
    for column in np.flatnonzero(rows.kept).tolist():
        at_zero = _Profile(rows, best, column)
        statistic[column] = 2.0 * (best.value - at_zero(0.0))
        converged &= at_zero.converged
        for limit, side in ((lower, -1.0), (upper, 1.0)):
            profile = _Profile(rows, best, column)
            limit[column] = _limit(profile, best, column, side * error[column], quantile)
            converged &= profile.converged
    return Profiles(lower, upper, statistic, bool(converged))


def _limit(profile: _Profile, best: Climb, column: int, step: float, quantile: float) -> float:
    """Where the profile has lost half the ``quantile``, on the side to which ``step`` points."""
    center, target = float(best.beta[column]), best.value - 0.5 * quantile
    inner, outer = center, center + np.sqrt(quantile) * step
    for _ in range(MAX_DOUBLINGS):  # the standard error of a coefficient that runs away is far too large a step
        if not profile.is_too_far(outer):
            break
        outer = center + 0.5 * (outer - center)
    for _ in range(MAX_DOUBLINGS):
        if profile.is_too_far(outer):
            break
        if profile(outer) < target:
            return float(brentq(lambda value: profile(value) - target, inner, outer, xtol=PRECISION * abs(step)))
        inner, outer = outer, center + 2.0 * (outer - center)
    return float(np.copysign(np.inf, step))
