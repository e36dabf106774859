"""The maximum of a likelihood of relative risks, where columns may be collinear or coefficients run away."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...numerics.independent_columns import independent_columns
from ...numerics.information import solve
from ...numerics.newton import DECREMENT, FLAT_GAIN, Objective, maximise
from ...risk_sets.partial_likelihood import Likelihood

# A column is collinear when less than this share of its sum of squares is left by the columns before it.
COLLINEAR = 1e-11
# The likelihood is flat along a step that moves the linear predictor by more than this while it gains less than
# FLAT_GAIN.
DIVERGING_STEP = 0.1
# A column that moves the linear predictor by so much separates the rows.
DIVERGED = 100.0


@dataclass(frozen=True)
class CoxMaximum:
    """Where the search ended.

    Attributes
    ----------
    beta : ndarray, shape (p,)
    likelihood : Likelihood
        At ``beta``, or where the last step began.
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

    @property
    def flat(self) -> np.ndarray:
        """Collinear columns that no other determines: they vary in no risk set, shape (p,)."""
        own = np.diag(self.likelihood.information)
        return self.collinear & np.asarray(own <= COLLINEAR * self.likelihood.size)


class _Coefficients(Objective[Likelihood]):
    """The likelihood as a function of the coefficients that do not run away."""

    def __init__(
        self, evaluate: Callable[[np.ndarray], Likelihood | None], kept: np.ndarray, spread: np.ndarray
    ) -> None:
        self._evaluate, self._kept, self._spread = evaluate, kept, spread
        self.diverging = np.zeros_like(kept)

    def evaluate(self, theta: np.ndarray) -> Likelihood | None:
        return self._evaluate(theta)

    def step(self, theta: np.ndarray, point: Likelihood) -> tuple[np.ndarray, float]:
        step = solve(point.information, point.gradient, self._kept & ~self.diverging)
        return step, float(step @ point.information @ step)

    def reconsider(self, theta: np.ndarray, step: np.ndarray, decrement: float, *, stuck: bool) -> bool:
        """Let go of columns along which the likelihood is flat, or grows although risks are as large as numbers go."""
        if stuck == (decrement < FLAT_GAIN):
            return False
        moves = np.abs(theta if stuck else step) * self._spread
        runaway = self._kept & ~self.diverging & (moves > (DIVERGED if stuck else DIVERGING_STEP))
        self.diverging |= runaway
        return bool(runaway.any())


def cox_maximum(
    evaluate: Callable[[np.ndarray], Likelihood | None],
    usable: np.ndarray,
    spread: np.ndarray,
    *,
    unit: float = 1.0,
    start: np.ndarray | None = None,
    decrement: float = DECREMENT,
) -> CoxMaximum:
    """Maximise a likelihood from ``beta = 0`` or ``start``.

    Parameters
    ----------
    evaluate : callable
        ``beta`` (p,) to its :class:`Likelihood`, or None where the linear predictor would overflow.
    usable : ndarray of bool, shape (p,)
        Columns that vary; the others are held at 0.
    spread : ndarray, shape (p,)
        Range of each column, to judge a step by how far it moves the linear predictor.
    unit, decrement : float
        See :func:`...numerics.newton.maximise`; ``unit`` is the mean weight of an event.
    start : ndarray, shape (p,), optional
        Known to be near a clear maximum; else 0.

    Raises
    ------
    ValueError
        Relative risks overflow where the search begins.
    """
    beta = np.zeros(usable.size) if start is None else start
    first = evaluate(beta)
    if first is None:
        raise ValueError("the offset differs by more than 600 between rows; the relative risks overflow")
    null = replace(first, sums=None, hazards=None) if start is None else None
    kept = independent_columns(first.information, np.where(usable, COLLINEAR * first.size, np.inf))
    collinear = usable & ~kept
    if not kept.any():
        return CoxMaximum(beta, first, null, collinear, np.zeros_like(kept), 0, True, np.zeros_like(beta))
    objective = _Coefficients(evaluate, kept, spread)
    found = maximise(objective, beta, first, unit=unit, decrement=decrement)
    diverging = objective.diverging
    converged = found.converged or (found.diverged and bool(diverging.any()))
    ended = (found.n_iterations, converged, found.last_step)
    return CoxMaximum(found.theta, found.point, null, collinear, diverging, *ended)
