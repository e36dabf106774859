r"""Maximum of Cox's partial likelihood less an elastic-net penalty, from a start near it.

.. math:: \ell(\beta) - \sum_j \left( a_j |\beta_j| + r_j \beta_j^2 / 2 \right)

A proximal Newton method that works on few columns and seldom forms their information matrix: a value and a gradient
cost one pass over the rows, so the matrix of an earlier point is kept, corrected by what each step shows of it (BFGS),
for as long as steps with it still shrink fast.

Source: Lee, Sun and Saunders (2014), Proximal Newton-type methods; Simon, Friedman, Hastie and Tibshirani (2011),
Regularization paths for Cox's proportional hazards model via coordinate descent.
"""

from dataclasses import dataclass

import numpy as np

from ...numerics.newton import Objective, maximise
from ...numerics.penalised_quadratic import quadratic_maximum
from ...risk_sets.partial_likelihood import cumulative_hazards, evaluate, risk_sums, time_gram
from ...risk_sets.risk_sets import RiskSets
from ...risk_sets.row_risks import LARGEST_ETA
from ...risk_sets.scaled_rows import column_scale
from .maximum import CoxMaximum
from .subsample_start import corrected

MAX_ITERATIONS = 200
# Newton decrement that ends the search; the last step is still taken.
DECREMENT = 1e-15
# A step with an old information matrix must be this much shorter, squared, than the one before.
SHRINKS = 0.04
# A shorter step, squared, shows rounding rather than the information.
SHOWS = 1e-12
SMALL = 64
# Many columns are followed from penalty to penalty, each at most so many times the next.
LARGEST_FALL = 4.0


@dataclass(frozen=True)
class Rows:
    """The rows at risk, sorted as ``sets.rows``: ``x`` (m, p), ``offset`` (m,), their risk sets and way of ties."""

    x: np.ndarray
    offset: np.ndarray
    sets: RiskSets
    efron: bool

    @property
    def unit(self) -> float:
        """Mean weight of an event: log likelihoods are judged in this unit, so that the scale of weights is free."""
        return float(self.sets.tied_weight.sum() / self.sets.n_tied.sum())


@dataclass(frozen=True)
class Point:
    """Log likelihood ``value`` at ``beta`` (p,) and its ``gradient`` (p,); by row (m,), linear predictor ``eta`` and
    the expected number of events ``mass``."""

    beta: np.ndarray
    value: float
    gradient: np.ndarray
    eta: np.ndarray
    mass: np.ndarray


@dataclass(frozen=True)
class Penalty:
    """Of each column: ``lasso`` (p,) times its absolute value and ``ridge`` (p,) times half its square.

    A column with an infinite penalty is left out.
    """

    lasso: np.ndarray
    ridge: np.ndarray

    def of(self, beta: np.ndarray) -> float:
        """The penalty at ``beta``."""
        used = beta != 0
        return float(self.lasso[used] @ np.abs(beta[used]) + 0.5 * self.ridge[used] @ beta[used] ** 2)


@dataclass(frozen=True)
class Information:
    """Information matrix ``matrix`` (q, q) of some ``columns`` (q,) at some earlier point."""

    columns: np.ndarray
    matrix: np.ndarray


@dataclass(frozen=True)
class Optimum:
    """Where the search ended; ``information`` serves the next search, ``n_passes`` counts passes over the rows."""

    point: Point
    information: Information | None
    n_passes: int
    converged: bool


def penalty_scale(design: np.ndarray, weight: np.ndarray, standardize: bool) -> np.ndarray:
    """By what the columns are divided before they are penalised, shape (p,): their standard deviation, or 1."""
    return column_scale(design, weight) if standardize else np.ones(design.shape[1])


def scaled_factors(factor: np.ndarray) -> np.ndarray:
    """Penalty factors (p,) that sum to the number of columns, those left out (infinite) counting as 1."""
    if factor.size == 0:
        return factor
    left_out = np.isinf(factor)
    counted = np.where(left_out, 1.0, factor)
    return np.where(left_out, np.inf, counted * (counted.size / counted.sum()))


def elastic_net(strength: float, l1_ratio: float, factor: np.ndarray | None, left_out: np.ndarray) -> Penalty:
    """Penalty of each column, on the scale of the log likelihood.

    Parameters
    ----------
    strength : float
        Sum of the weights times lambda; infinite leaves out every column with a penalty.
    l1_ratio : float
    factor : ndarray, shape (p,), optional
        Scaled here; see :func:`scaled_factors`.
    left_out : ndarray of bool, shape (p,)
    """
    factor = np.ones(left_out.size) if factor is None else scaled_factors(factor)
    left_out = left_out | np.isinf(factor) | ((factor > 0) & np.isinf(strength))
    size = np.where(left_out, 0.0, factor) * (strength if np.isfinite(strength) else 0.0)
    lasso, ridge = (np.where(left_out, np.inf, size * share) for share in (l1_ratio, 1.0 - l1_ratio))
    return Penalty(lasso, ridge)


def point_at(rows: Rows, beta: np.ndarray) -> Point | None:
    """Value and gradient at ``beta``, or None where the linear predictor would overflow."""
    used = np.flatnonzero(beta)
    x = rows.x if 2 * used.size > beta.size else rows.x[:, used]
    eta = x @ (beta if x is rows.x else beta[used]) + rows.offset
    if eta.size and np.abs(eta).max() > LARGEST_ETA:
        return None
    sets = rows.sets
    sums = risk_sums(rows.x[:, :0], eta, sets, rows.efron)
    mass = sets.weight * sums.relative_risk * cumulative_hazards(sums, sets)
    gradient = (sets.weight * sets.is_event - mass) @ rows.x
    return Point(beta, sums.log_likelihood, gradient, eta, mass)


def information_at(rows: Rows, point: Point, columns: np.ndarray) -> Information:
    """Information matrix of some columns at a point."""
    x = rows.x if columns.size == rows.x.shape[1] else np.ascontiguousarray(rows.x[:, columns])
    sums = risk_sums(x, point.eta, rows.sets, rows.efron)
    gram = (x * point.mass[:, None]).T @ x
    return Information(columns, gram - time_gram(sums, rows.sets))


def null_point(rows: Rows) -> Point:
    """The point at ``beta = 0``."""
    null = point_at(rows, np.zeros(rows.x.shape[1]))
    if null is None:
        raise ValueError("the offset differs by more than 600 between rows; the relative risks overflow")
    return null


def penalised_maximum(rows: Rows, penalty: Penalty) -> CoxMaximum:
    """The maximum from ``beta = 0``, as :func:`.maximum.cox_maximum` gives it."""
    null = null_point(rows)
    found = approach(rows, Optimum(null, None, 0, True), penalty)
    none = np.zeros(null.beta.size, dtype=bool)
    return CoxMaximum(
        beta=found.point.beta,
        likelihood=evaluate(rows.x, found.point.eta, rows.sets, rows.efron),
        null=evaluate(rows.x, null.eta, rows.sets, rows.efron),
        collinear=none,
        diverging=none,
        n_iterations=found.n_passes,
        converged=found.converged,
        last_step=np.zeros_like(null.beta),
    )


def approach(rows: Rows, start: Optimum, penalty: Penalty) -> Optimum:
    """Maximise from a start where no penalised coefficient is needed, by way of stronger penalties.

    Far from its start a search over many columns takes up and drops most of them; over few columns it costs little more
    than its passes over the rows, and goes straight.
    """
    penalised = np.isfinite(penalty.lasso) & (penalty.lasso > 0)
    pull = np.abs(start.point.gradient[penalised]) / penalty.lasso[penalised]
    n_steps = 1
    if penalised.sum() > SMALL:
        n_steps = max(1, int(np.ceil(np.log(pull.max(initial=1.0)) / np.log(LARGEST_FALL))))
    found, passes = start, 0
    for times in np.geomspace(pull.max(initial=1.0), 1.0, n_steps + 1)[1:]:
        own = Penalty(penalty.lasso * times, penalty.ridge * times)
        working = np.abs(found.point.gradient) >= own.lasso
        found = maximise_penalised(rows, found.point, own, working, found.information)
        passes += found.n_passes
    return Optimum(found.point, found.information, passes, found.converged)


def maximise_penalised(
    rows: Rows, start: Point, penalty: Penalty, working: np.ndarray, information: Information | None = None
) -> Optimum:
    """Maximise from ``start`` over the columns in ``working``, and over those that turn out to be needed.

    Parameters
    ----------
    rows : Rows
    start : Point
        At a ``beta`` that is 0 where the penalty is infinite.
    penalty : Penalty
    working : ndarray of bool, shape (p,)
        Columns that may well be other than 0. The others are checked at the end, so a bad guess costs time only.
    information : Information, optional
        Of a search nearby.
    """
    allowed = np.isfinite(penalty.lasso) & np.isfinite(penalty.ridge)
    working = allowed & (working | (start.beta != 0))
    point, passes = start, 0
    while True:
        found = _maximise_over(rows, point, penalty, np.flatnonzero(working), np.flatnonzero(allowed), information)
        point, information, passes = found.point, found.information, passes + found.n_passes
        wanted = allowed & ~working & (np.abs(point.gradient) > penalty.lasso * (1.0 + 1e-9))
        if not wanted.any() or not found.converged:
            return Optimum(point, information, passes, found.converged)
        working |= wanted


def _maximise_over(
    rows: Rows,
    point: Point,
    penalty: Penalty,
    columns: np.ndarray,
    allowed: np.ndarray,
    information: Information | None,
) -> Optimum:
    if columns.size == 0:
        return Optimum(point, information, 0, True)
    # A small matrix serves all later searches when it holds every column.
    objective = _Penalised(rows, penalty, columns, allowed if allowed.size <= SMALL else columns, information)
    found = maximise(
        objective,
        point.beta,
        point,
        unit=rows.unit,
        decrement=DECREMENT,
        max_iterations=MAX_ITERATIONS,
        evaluate_last=True,
    )
    return Optimum(found.point, objective.information, found.n_iterations, found.converged)


class _Penalised(Objective[Point]):
    """The penalised likelihood as a function of some ``columns``.

    The information matrix, of the columns ``of``, is that of an earlier point as long as steps with it shrink fast.
    """

    def __init__(
        self, rows: Rows, penalty: Penalty, columns: np.ndarray, of: np.ndarray, information: Information | None
    ) -> None:
        self._rows, self._penalty, self._columns, self._of = rows, penalty, columns, of
        is_known = information is not None and bool(np.isin(columns, information.columns).all())
        self.information = information if is_known else None
        self._is_fresh, self._before = False, np.inf

    def evaluate(self, theta: np.ndarray) -> Point | None:
        return point_at(self._rows, theta)

    def value(self, point: Point) -> float:
        return point.value - self._penalty.of(point.beta)

    def step(self, theta: np.ndarray, point: Point) -> tuple[np.ndarray, float]:
        unit = self._rows.unit
        if self.information is not None:
            step, decrement = _step(point, self._penalty, self._columns, self.information, unit)
            if self._is_fresh or decrement <= max(SHRINKS * self._before, DECREMENT):
                return step, decrement * unit
        self.information, self._is_fresh, self._before = information_at(self._rows, point, self._of), True, np.inf
        step, decrement = _step(point, self._penalty, self._columns, self.information, unit)
        return step, decrement * unit

    def reconsider(self, theta: np.ndarray, step: np.ndarray, decrement: float, *, stuck: bool) -> bool:
        """Where no part of a step gains, one with a matrix of this point may."""
        if not stuck or self._is_fresh:
            return False
        self.information = None
        return True

    def moved(self, before: Point, after: Point, step: np.ndarray, decrement: float, part: float) -> bool:
        if decrement > SHOWS and self.information is not None:
            self.information = _corrected(self.information, after.beta - before.beta, before.gradient - after.gradient)
        self._is_fresh, self._before = False, decrement
        return False


def _corrected(information: Information, step: np.ndarray, fall: np.ndarray) -> Information:
    """BFGS update of the information by a step and the fall of the gradient along it, both (p,)."""
    own = information.columns
    return Information(own, corrected(information.matrix, step[own], fall[own]))


def _step(
    point: Point, penalty: Penalty, columns: np.ndarray, information: Information, unit: float
) -> tuple[np.ndarray, float]:
    """The step to the maximum of the quadratic model, shape (p,), and the Newton decrement."""
    place = np.searchsorted(information.columns, columns)
    matrix = information.matrix
    if columns.size < information.columns.size:
        matrix = np.ascontiguousarray(matrix[np.ix_(place, place)])
    lasso, ridge = penalty.lasso[columns], penalty.ridge[columns]
    tolerance = 1e-4 * DECREMENT * unit
    change = quadratic_maximum(point.beta[columns], point.gradient[columns], matrix, lasso, ridge, tolerance)
    step = np.zeros_like(point.beta)
    step[columns] = change
    return step, float(change @ matrix @ change + ridge @ change**2) / unit
