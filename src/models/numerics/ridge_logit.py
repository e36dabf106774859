r"""Logistic regression with a small ridge and one factor of many levels, for many fits of the same rows.

For rows :math:`i` of weight :math:`w_i`, with features :math:`x_i` and the level :math:`g(i)` of a factor,

.. math::
    \ell = \sum_i w_i \{y_i \eta_i - \log(1 + e^{\eta_i})\} - \tfrac12 \sum_j \lambda_j \beta_j^2
           - \tfrac12 \lambda_g \sum_g \gamma_g^2, \qquad \eta_i = x_i' \beta + \gamma_{g(i)}.

The block of the factor in the information is diagonal, so that its levels cost a sum over rows each and no column of
the design (a Schur complement). The ridge keeps estimates finite where a level has no event or nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.special import expit

from .information import solve
from .newton import Objective, maximise
from .threads import cached_rows, row_chunks

# Estimates are to be exact in their influence functions, not only in their intervals.
SMALL_DECREMENT = 1e-12


@dataclass(frozen=True)
class RidgeLogit:
    """Rows whose weights may change from fit to fit.

    Attributes
    ----------
    design : ndarray, shape (n, p)
        The first column is of ones; rows sorted by ``level``.
    outcome : ndarray, shape (n,)
        0 or 1.
    ridge : ndarray, shape (p,)
        Penalty of each coefficient, 0 for the intercept.
    first : ndarray of int, shape (n_levels,)
        First row of each level of the factor; one level, of which nothing is estimated, where there is no factor.
    level_ridge : float
        Penalty of the levels' coefficients, above 0.
    """

    design: np.ndarray
    outcome: np.ndarray
    ridge: np.ndarray
    first: np.ndarray
    level_ridge: float

    @property
    def n_levels(self) -> int:
        """Levels of the factor that have a coefficient."""
        return self.first.size if self.first.size > 1 else 0

    def linear_predictor(self, theta: np.ndarray) -> np.ndarray:
        """Log odds of each row, shape (n,), at ``theta`` (p + n_levels,)."""
        p = self.design.shape[1]
        eta = self.design @ theta[:p]
        if self.n_levels:
            eta += np.repeat(theta[p:], np.diff(self.first, append=eta.size))
        return cast("np.ndarray", eta)

    def sums(self, rows: np.ndarray) -> np.ndarray:
        """Sum over rows of ``rows`` (n,) times the features, shape (p + n_levels,)."""
        own = self.design.T @ rows
        return np.concatenate([own, np.add.reduceat(rows, self.first)]) if self.n_levels else own

    def products(self, vector: np.ndarray) -> np.ndarray:
        """The features of each row times a ``vector`` (p + n_levels,), shape (n,)."""
        return self.linear_predictor(vector)


@dataclass(frozen=True)
class LogitInformation:
    """Information of the penalised likelihood, in parts.

    Attributes
    ----------
    own : ndarray, shape (p, p)
    shared : ndarray, shape (p, n_levels)
    levels : ndarray, shape (n_levels,)
    """

    own: np.ndarray
    shared: np.ndarray
    levels: np.ndarray

    def solve(self, vector: np.ndarray) -> np.ndarray:
        """The inverse times ``vector``, shape (p + n_levels,)."""
        p = self.own.shape[0]
        own, levels = vector[:p], vector[p:]
        if not levels.size:
            return solve(self.own, own)
        scaled = self.shared / self.levels
        first = solve(self.own - scaled @ self.shared.T, own - scaled @ levels)
        return np.concatenate([first, (levels - self.shared.T @ first) / self.levels])


@dataclass(frozen=True)
class _Point:
    value: float
    gradient: np.ndarray
    probability: np.ndarray


class _Likelihood(Objective[_Point]):
    def __init__(self, rows: RidgeLogit, weight: np.ndarray) -> None:
        self.rows, self.weight = rows, weight
        self.penalty = np.append(rows.ridge, np.full(rows.n_levels, rows.level_ridge))

    def evaluate(self, theta: np.ndarray) -> _Point:
        eta = self.rows.linear_predictor(theta)
        probability = expit(eta)
        log_total = np.logaddexp(0.0, eta)
        value = self.weight @ (self.rows.outcome * eta - log_total) - 0.5 * self.penalty @ theta**2
        gradient = self.rows.sums(self.weight * (self.rows.outcome - probability)) - self.penalty * theta
        return _Point(float(value), gradient, probability)

    def step(self, theta: np.ndarray, point: _Point) -> tuple[np.ndarray, float]:
        step = information(self.rows, self.weight, point.probability).solve(point.gradient)
        return step, float(point.gradient @ step)


def information(rows: RidgeLogit, weight: np.ndarray, probability: np.ndarray) -> LogitInformation:
    """Information at fitted probabilities (n,)."""
    spread = weight * probability * (1.0 - probability)
    own, root = np.diag(rows.ridge), np.sqrt(spread)
    for chunk in row_chunks(spread.size, cached_rows(rows.ridge.size)):
        weighted = rows.design[chunk] * root[chunk, None]
        own += weighted.T @ weighted
    if not rows.n_levels:
        return LogitInformation(own, np.zeros((own.shape[0], 0)), np.zeros(0))
    last = np.append(rows.first[1:], spread.size)
    shared = np.empty((own.shape[0], rows.n_levels))
    for level, (begin, end) in enumerate(zip(rows.first, last, strict=True)):
        shared[:, level] = spread[begin:end] @ rows.design[begin:end]
    return LogitInformation(own, shared, np.add.reduceat(spread, rows.first) + rows.level_ridge)


def fit_ridge_logit(
    rows: RidgeLogit, weight: np.ndarray, start: np.ndarray | None = None, decrement: float = SMALL_DECREMENT
) -> tuple[np.ndarray, bool]:
    """The penalised estimate.

    Parameters
    ----------
    rows : RidgeLogit
    weight : ndarray, shape (n,)
        Case weights; 0 leaves a row out.
    start : ndarray, shape (p + n_levels,), optional
        Where to begin, as the estimate with other weights.
    decrement : float
        Newton decrement at which the search ends.

    Returns
    -------
    theta : ndarray, shape (p + n_levels,)
    converged : bool
    """
    likelihood = _Likelihood(rows, weight)
    theta = start
    if theta is None:
        theta = np.zeros(likelihood.penalty.size)
        share = np.clip(weight @ rows.outcome / max(weight.sum(), 1e-300), 1e-6, 1.0 - 1e-6)
        theta[0] = np.log(share / (1.0 - share))
    found = maximise(likelihood, theta, likelihood.evaluate(theta), decrement=decrement)
    return found.theta, found.converged
