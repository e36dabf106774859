"""Newton's method with step halving for a concave log likelihood."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...numerics.independent_columns import independent_columns
from ...risk_sets.partial_likelihood import Likelihood

MAX_ITERATIONS = 60
MAX_HALVINGS = 30
# Squared length of the last step in standard errors: the step is still taken, so the error left is of its square.
DECREMENT = 1e-16
# A gain that rounding could hide, relative to the log likelihood.
ROUNDING = 1e-13
# A column is collinear when less than this share of its sum of squares is left by the columns before it.
COLLINEAR = 1e-11
# The likelihood is flat along a step that moves the linear predictor by more than this while it gains less than
# FLAT_GAIN.
DIVERGING_STEP = 0.1
FLAT_GAIN = 1e-8
# A column that moves the linear predictor by so much separates the rows.
DIVERGED = 100.0


@dataclass(frozen=True)
class Maximum:
    """Where Newton's method ended.

    Attributes
    ----------
    beta : ndarray, shape (p,)
    likelihood : Likelihood
        At ``beta``.
    null : Likelihood or None
        At 0; None where the search began elsewhere.
    collinear, diverging : ndarray of bool, shape (p,)
        Columns held at 0 because others determine them; columns whose coefficient runs away (separation).
    n_iterations : int
    converged : bool
    last_step : ndarray, shape (p,), or None
        From where ``likelihood`` was evaluated to ``beta``, where that is known.
    """

    beta: np.ndarray
    likelihood: Likelihood
    null: Likelihood | None
    collinear: np.ndarray
    diverging: np.ndarray
    n_iterations: int
    converged: bool
    last_step: np.ndarray | None = None


def maximise(
    evaluate: Callable[[np.ndarray], Likelihood | None],
    usable: np.ndarray,
    spread: np.ndarray,
    *,
    unit: float = 1.0,
    start: np.ndarray | None = None,
    decrement: float = DECREMENT,
) -> Maximum:
    """Maximise ``value(beta)`` from ``beta = 0`` or ``start``.

    Parameters
    ----------
    evaluate : callable
        ``beta`` (p,) to its :class:`Likelihood`, or None where the linear predictor would overflow.
    usable : ndarray of bool, shape (p,)
        Columns that vary; the others are held at 0.
    spread : ndarray, shape (p,)
        Range of each column, to judge a step by how far it moves the linear predictor.
    unit : float
        Log likelihood is measured in this unit to judge gains: the mean weight of an event, so that multiplying all
        weights changes nothing.
    start : ndarray, shape (p,), optional
        Known to be near a clear maximum; else 0.
    decrement : float
        Squared length of the last step in standard errors.
    """
    beta = np.zeros(usable.size) if start is None else start
    current = evaluate(beta)
    if current is None:
        raise ValueError("the offset differs by more than 600 between rows; the relative risks overflow")
    null = replace(current, sums=None, hazards=None) if start is None else None
    kept = independent_columns(current.information, np.where(usable, COLLINEAR * current.size, np.inf))
    collinear = usable & ~kept
    diverging = np.zeros_like(kept)
    converged = not kept.any()
    iteration, last_step = 0, np.zeros_like(beta)
    while not converged and iteration < MAX_ITERATIONS:
        iteration += 1
        free = kept & ~diverging
        step = inverse(current.information, free) @ np.where(free, current.gradient, 0.0)
        length = float(step @ current.information @ step) / unit
        if length <= decrement or not free.any():
            beta, last_step, converged = beta + step, step, True
            break
        if length < FLAT_GAIN:
            runaway = free & (np.abs(step) * spread > DIVERGING_STEP)
            if runaway.any():
                diverging |= runaway
                continue
        trial = _improve(evaluate, beta, step, current, unit)
        if trial is None:
            # Relative risks as large as numbers allow, and still the likelihood grows.
            runaway = free & (np.abs(beta) * spread > DIVERGED)
            if runaway.any() and length >= FLAT_GAIN:
                diverging |= runaway
                continue
            converged = length < FLAT_GAIN or bool(diverging.any())
            break
        beta, current = trial
    return Maximum(beta, current, null, collinear, diverging, iteration, converged, last_step)


def inverse(matrix: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Inverse of the ``kept`` rows and columns of a positive definite matrix, 0 elsewhere; scaled for accuracy."""
    result = np.zeros_like(matrix)
    if not kept.any():
        return result
    part = matrix[np.ix_(kept, kept)]
    scale = 1.0 / np.sqrt(np.maximum(np.diag(part), np.finfo(float).tiny))
    scaled = part * np.outer(scale, scale)
    try:
        half = np.linalg.inv(np.linalg.cholesky(scaled))
        solution = half.T @ half
    except np.linalg.LinAlgError:
        # Not positive definite: only what rounding makes of a flat direction is not positive.
        values, vectors = np.linalg.eigh(scaled)
        positive = values > values.size * np.finfo(float).eps * max(values[-1], 0.0)
        solution = (vectors[:, positive] / values[positive]) @ vectors[:, positive].T
    result[np.ix_(kept, kept)] = solution * np.outer(scale, scale)
    return result


def _improve(
    evaluate: Callable[[np.ndarray], Likelihood | None],
    beta: np.ndarray,
    step: np.ndarray,
    current: Likelihood,
    unit: float,
) -> tuple[np.ndarray, Likelihood] | None:
    """The step, halved until it does not lower the log likelihood; None if no part of it does."""
    allowed = current.value - ROUNDING * max(unit, abs(current.value))
    for _ in range(MAX_HALVINGS):
        trial = beta + step
        likelihood = evaluate(trial)
        if likelihood is not None and likelihood.value >= allowed:
            return trial, likelihood
        step = 0.5 * step
    return None
