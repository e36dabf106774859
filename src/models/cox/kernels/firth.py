r"""Cox's partial likelihood with Firth's penalty, :math:`l(\beta) + \frac12 \log |I(\beta)|`: finite under separation.

The gradient of the penalty is half the trace of :math:`I^{-1} \partial I / \partial \beta_r`. With
:math:`q_i = x_i' I^{-1} x_i`, and m the mean of x in a risk set (each of Efron's ties being one of its own),

.. math:: \mathrm{tr}\, I^{-1} \frac{\partial I}{\partial \beta_r} = \sum_k \left\{ E_k[q x_r] - m_{kr} E_k[q]
    - 2 E_k[x_r\, x' I^{-1} m_k] + 2 m_{kr}\, m_k' I^{-1} m_k \right\},

which are sums of the kind that the likelihood needs: linear in the number of rows.

Source: Heinze and Schemper (2001), Biometrics 57:114; Firth (1993), Biometrika 80:27.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit

from ...numerics.independent_columns import independent_columns
from ...numerics.information import inverse
from ...numerics.newton import Objective, maximise
from ...risk_sets.intervals import gather
from ...risk_sets.partial_likelihood import Likelihood, RiskSums, cumulative_hazards, evaluate, risk_sums, time_gram
from ...risk_sets.risk_sets import RiskSets
from ...risk_sets.score_residuals import mean_increments, own_mean_increments
from .maximum import COLLINEAR, CoxMaximum

MAX_ITERATIONS = 200
# Newton decrement that ends the search.
DECREMENT = 1e-18
# Curvature of a guess that is trusted, relative to that of the information.
LEAST_CURVATURE = 0.1
# A loss that rounding could make, relative to the log likelihood.
ROUNDING = 1e-12


@dataclass(frozen=True)
class FirthMaximum:
    """The maximum, and the logarithm of the penalty at 0 and there, shape (2,)."""

    maximum: CoxMaximum
    log_penalty: np.ndarray


@dataclass(frozen=True)
class Climb:
    """Where a search ended: coefficients (p,), the likelihood there, the logarithm of its penalty, and how."""

    beta: np.ndarray
    likelihood: Likelihood
    log_penalty: float
    n_iterations: int
    converged: bool

    @property
    def value(self) -> float:
        """Logarithm of the likelihood times its penalty."""
        return self.likelihood.value + self.log_penalty


@dataclass(frozen=True)
class PenalisedRows:
    """Rows whose likelihood is to be maximised, with Firth's penalty where ``firth``.

    Attributes
    ----------
    x, offset : ndarray, shape (m, p), (m,)
        In the order of ``sets.rows``.
    sets : RiskSets
    efron, firth : bool
    kept : ndarray of bool, shape (p,)
        Columns with a coefficient of their own, those that the penalty is made of.
    largest_eta : float
        Steps that move a linear predictor beyond this are halved.
    """

    x: np.ndarray
    offset: np.ndarray
    sets: RiskSets
    efron: bool
    firth: bool
    kept: np.ndarray
    largest_eta: float

    def eta(self, beta: np.ndarray) -> np.ndarray:
        """Linear predictor, shape (m,)."""
        return self.offset + self.x @ beta

    def log_penalty(self, current: Likelihood) -> float:
        """0 without a penalty."""
        return log_penalty(current.information, self.kept) if self.firth else 0.0

    def slope(self, eta: np.ndarray, current: Likelihood) -> np.ndarray:
        """Gradient of the penalty, shape (p,)."""
        if not self.firth:
            return np.zeros(self.kept.size)
        return _penalty_slope(self.x, eta, self.sets, self.efron, current, self.kept)


@dataclass(frozen=True)
class _FirthPoint:
    """The likelihood and the logarithm of its penalty at one linear predictor ``eta`` (m,)."""

    rows: PenalisedRows
    eta: np.ndarray
    likelihood: Likelihood
    log_penalty: float

    @property
    def value(self) -> float:
        """Logarithm of the likelihood times its penalty."""
        return self.likelihood.value + self.log_penalty

    @cached_property
    def slope(self) -> np.ndarray:
        """Gradient of the penalty, shape (p,); wanted only where the search goes on from here."""
        return self.rows.slope(self.eta, self.likelihood)


def firth_maximum(
    x: np.ndarray, offset: np.ndarray, sets: RiskSets, efron: bool, usable: np.ndarray, largest_eta: float
) -> FirthMaximum:
    """Maximise the penalised likelihood from 0.

    Parameters
    ----------
    x, offset : ndarray, shape (m, p), (m,)
        In the order of ``sets.rows``.
    usable : ndarray of bool, shape (p,)
        Columns that vary; the others are held at 0.
    largest_eta : float
        Steps that move a linear predictor beyond this are halved.
    """
    null = evaluate(x, offset, sets, efron)
    kept = independent_columns(null.information, np.where(usable, COLLINEAR * null.size, np.inf))
    found = climb(PenalisedRows(x, offset, sets, efron, True, kept, largest_eta), np.zeros(x.shape[1]), kept)
    collinear = usable & ~kept
    ended = (found.n_iterations, found.converged)
    maximum = CoxMaximum(found.beta, found.likelihood, null, collinear, np.zeros_like(kept), *ended)
    return FirthMaximum(maximum, np.array([log_penalty(null.information, kept), found.log_penalty]))


class _Climber(Objective[_FirthPoint]):
    """The penalised likelihood over the ``free`` columns; its curvature is the information plus what the changes of the
    penalty's slope say of its own."""

    def __init__(self, rows: PenalisedRows, free: np.ndarray) -> None:
        self._rows, self._free = rows, free
        self._bend = np.zeros((free.size, free.size))

    def evaluate(self, theta: np.ndarray) -> _FirthPoint | None:
        eta = self._rows.eta(theta)
        return _point(self._rows, eta) if np.abs(eta).max() <= self._rows.largest_eta else None

    def step(self, theta: np.ndarray, point: _FirthPoint) -> tuple[np.ndarray, float]:
        gradient = np.where(self._free, point.likelihood.gradient + point.slope, 0.0)
        step = _step(point.likelihood, self._bend, gradient, self._free)
        return step, float(step @ point.likelihood.information @ step)

    def moved(self, before: _FirthPoint, after: _FirthPoint, step: np.ndarray, decrement: float, part: float) -> bool:
        self._bend = _symmetric_rank_one(self._bend, step, before.slope - after.slope)
        return False


def climb(rows: PenalisedRows, beta: np.ndarray, free: np.ndarray) -> Climb:
    """Maximise over the ``free`` columns (p,) from ``beta``."""
    start = _point(rows, rows.eta(beta))
    if not free.any():
        return Climb(beta, start.likelihood, start.log_penalty, 0, True)
    found = maximise(
        _Climber(rows, free),
        beta,
        start,
        unit=float(rows.sets.tied_weight.sum() / rows.sets.n_tied.sum()),
        decrement=DECREMENT,
        rounding=ROUNDING,
        max_iterations=MAX_ITERATIONS,
    )
    return Climb(found.theta, found.point.likelihood, found.point.log_penalty, found.n_iterations, found.converged)


def _point(rows: PenalisedRows, eta: np.ndarray) -> _FirthPoint:
    likelihood = evaluate(rows.x, eta, rows.sets, rows.efron)
    return _FirthPoint(rows, eta, likelihood, rows.log_penalty(likelihood))


def _penalty_slope(
    x: np.ndarray, eta: np.ndarray, sets: RiskSets, efron: bool, current: Likelihood, kept: np.ndarray
) -> np.ndarray:
    """Gradient of the penalty, 0 for columns that are not ``kept``."""
    trace = penalty_gradient(x, eta, sets, efron, inverse(current.information, kept))
    return np.where(kept, 0.5 * trace, 0.0)


def _step(current: Likelihood, bend: np.ndarray, gradient: np.ndarray, kept: np.ndarray) -> np.ndarray:
    curvature = current.information + bend
    part = curvature[np.ix_(kept, kept)]
    # Where the guess of the penalty's curvature does not leave a maximum, the information alone does.
    if np.linalg.eigvalsh(part)[0] <= LEAST_CURVATURE * np.linalg.eigvalsh(current.information[np.ix_(kept, kept)])[0]:
        curvature = current.information
    return inverse(curvature, kept) @ gradient


def _symmetric_rank_one(bend: np.ndarray, step: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The matrix nearest to ``bend`` in one direction that takes ``step`` to ``change``."""
    missing = change - bend @ step
    scale = missing @ step
    if abs(scale) <= 1e-8 * np.linalg.norm(missing) * np.linalg.norm(step):
        return bend
    return bend + np.outer(missing, missing) / scale


def log_penalty(information: np.ndarray, kept: np.ndarray) -> float:
    """``log |I| / 2`` over the ``kept`` columns; minus infinity where it is not positive definite."""
    sign, value = np.linalg.slogdet(information[np.ix_(kept, kept)])
    return 0.5 * float(value) if sign > 0 else -np.inf


def penalty_gradient(x: np.ndarray, eta: np.ndarray, sets: RiskSets, efron: bool, inverted: np.ndarray) -> np.ndarray:
    """Trace of ``inverted`` times the derivative of the information by each coefficient, shape (p,)."""
    n_columns = x.shape[1]
    projected = x @ inverted
    length = np.einsum("ij,ij->i", projected, x)
    sums = risk_sums(np.column_stack([x, length]), eta, sets, efron)
    risk = sets.weight * sums.relative_risk
    at_risk, own = mean_increments(sums, sets), own_mean_increments(sums, sets)
    at_risk, own = at_risk[:, :n_columns], own[:, :n_columns]
    events = sets.is_event
    means = gather(
        np.ascontiguousarray(at_risk), sets.first, sets.last, sets.levels, sets.start, sets.late_rows, sets.level_end
    )
    means[events] += (own - at_risk)[sets.last[events]]
    weight = risk * (cumulative_hazards(sums, sets) * length - 2.0 * np.einsum("ij,ij->i", projected, means))
    of_rows = x.T @ weight
    return of_rows - time_gram(sums, sets)[:n_columns, n_columns] + 2.0 * _cubes(sums, sets, efron, inverted)


def _cubes(sums: RiskSums, sets: RiskSets, efron: bool, inverted: np.ndarray) -> np.ndarray:
    n_columns = inverted.shape[0]
    values, vectors = np.linalg.eigh(inverted)
    half = vectors * np.sqrt(np.maximum(values, 0.0))
    mean, tied_mean = sums.mean[:, :n_columns], sums.tied_mean[:, :n_columns]
    share = sums.tied / sums.total
    return _sum_cubes(mean, tied_mean, mean @ half, tied_mean @ half, share, sets.n_tied, sets.tied_weight, efron)


@njit(cache=True, nogil=True)
def _sum_cubes(mean, tied_mean, mean_half, tied_half, share, n_tied, tied_weight, efron):
    """Sum over event times and their ties of ``m |half' m|^2``, shape (p,)."""
    n_times, n_columns = mean.shape
    result = np.zeros(n_columns)
    for time in range(n_times):
        for event in range(n_tied[time]):
            f = event / n_tied[time] if efron else 0.0
            u = 1.0 / (1.0 - f * share[time])
            square = 0.0
            for column in range(n_columns):
                square += (u * (mean_half[time, column] - f * tied_half[time, column])) ** 2
            square *= u * tied_weight[time] / n_tied[time]
            for column in range(n_columns):
                result[column] += square * (mean[time, column] - f * tied_mean[time, column])
    return result
