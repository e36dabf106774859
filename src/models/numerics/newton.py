r"""Newton's method with step halving: the one way in which the package climbs a likelihood.

The method knows nothing of likelihoods. An :class:`Objective` gives a value at a point and proposes a step from there,
by default Newton's :math:`I^{-1} U` with gradient U and information I. The search ends where the Newton decrement
:math:`U' I^{-1} U`, the squared length of the step in standard errors, is small. It is known to many digits where
differences of values, and steps on a parameter's own scale, have drowned in rounding.

Source: Boyd and Vandenberghe (2004), Convex Optimization, section 9.5.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from .information import solve

MAX_ITERATIONS = 60
MAX_HALVINGS = 30
# Newton decrement that ends the search. The last step is still taken: the error left is of its square.
DECREMENT = 1e-16
# A loss that rounding could make, relative to the value.
ROUNDING = 1e-13
# A decrement under which a step that does not gain says that the search is over, rather than that it is lost.
FLAT_GAIN = 1e-8

Point = TypeVar("Point")


class Objective(Generic[Point]):
    """A function to be maximised; ``evaluate`` must be given, the other methods where they differ.

    Points are what ``evaluate`` returns, with attributes ``value``, ``gradient`` (p,) and ``information`` (p, p) unless
    the methods that read them are overridden.
    """

    def evaluate(self, theta: np.ndarray) -> Point | None:
        """What there is to know at ``theta`` (p,); None where the function is not defined or overflows."""
        raise NotImplementedError

    def value(self, point: Point) -> float:
        """The function."""
        return float(point.value)  # type: ignore[attr-defined]

    def step(self, theta: np.ndarray, point: Point) -> tuple[np.ndarray, float]:
        """Step (p,) to where the maximum is expected, and its decrement."""
        step = solve(point.information, point.gradient)  # type: ignore[attr-defined]
        return step, float(point.gradient @ step)  # type: ignore[attr-defined]

    def longest(self, theta: np.ndarray, point: Point, step: np.ndarray) -> float:
        """The part of a step that may be taken, at most 1."""
        return 1.0

    def reconsider(self, theta: np.ndarray, step: np.ndarray, decrement: float, *, stuck: bool) -> bool:
        """Whether to propose another step from here, before one is tried or where no part of it gained (``stuck``)."""
        return False

    def moved(self, before: Point, after: Point, step: np.ndarray, decrement: float, part: float) -> bool:
        """Told of each step taken, of which ``part`` was allowed; True gives up the search."""
        return False


@dataclass(frozen=True)
class Maximum(Generic[Point]):
    """Where the search ended.

    Attributes
    ----------
    theta : ndarray, shape (p,)
    point : Point
        At ``theta``, or where ``last_step`` began.
    decrement : float
        Of the last step.
    n_iterations : int
    converged : bool
        The decrement is as small as was asked for, or nothing that shows is left to gain.
    diverged : bool
        The search was given up while there was much to gain: an estimate runs away.
    last_step : ndarray, shape (p,)
        From where ``point`` was evaluated to ``theta``.
    """

    theta: np.ndarray
    point: Point
    decrement: float
    n_iterations: int
    converged: bool
    diverged: bool
    last_step: np.ndarray


def maximise(
    objective: Objective[Point],
    theta: np.ndarray,
    start: Point,
    *,
    unit: float = 1.0,
    decrement: float = DECREMENT,
    rounding: float = ROUNDING,
    max_iterations: int = MAX_ITERATIONS,
    evaluate_last: bool = False,
) -> Maximum[Point]:
    """Maximise from ``theta``.

    Parameters
    ----------
    objective : Objective
    theta : ndarray, shape (p,)
    start : Point
        At ``theta``.
    unit : float
        Values are measured in this unit: with the mean weight of an event, multiplying all weights changes nothing.
    decrement : float
        Newton decrement, in ``unit``, at which the search stops.
    rounding : float
        What a step may lose, relative to the value or ``unit``.
    max_iterations : int
    evaluate_last : bool
        Evaluate the objective after the last step too, and take that step only as far as it does not lose.
    """
    point, size = start, np.inf
    none = np.zeros_like(theta)
    for iteration in range(1, max_iterations + 1):
        step, size = objective.step(theta, point)
        size /= unit
        is_last = size <= decrement
        if is_last and not evaluate_last:
            return Maximum(theta + step, point, size, iteration, True, False, step)
        if objective.reconsider(theta, step, size, stuck=False):
            continue
        part = objective.longest(theta, point, step)
        found = _improve(objective, theta, point, part * step, unit, rounding)
        if found is None:
            if objective.reconsider(theta, step, size, stuck=True):
                continue
            is_flat = size < max(FLAT_GAIN, decrement)
            return Maximum(theta, point, size, iteration, is_flat, not is_flat, none)
        taken, after = found
        theta = theta + taken
        given_up = objective.moved(point, after, taken, size, part)
        point = after
        if is_last or given_up:
            return Maximum(theta, point, size, iteration, is_last, not is_last, none)
    return Maximum(theta, point, size, max_iterations, False, False, none)


def _improve(
    objective: Objective[Point], theta: np.ndarray, point: Point, step: np.ndarray, unit: float, rounding: float
) -> tuple[np.ndarray, Point] | None:
    """As much of the step, halved time and again, as does not lower the value, and the point it leads to, or None."""
    value = objective.value(point)
    allowed = value - rounding * max(unit, abs(value))
    for _ in range(MAX_HALVINGS):
        after = objective.evaluate(theta + step)
        if after is not None and objective.value(after) >= allowed:
            return step, after
        step = 0.5 * step
    return None
