"""Calibration by regression on the predicted risk: intercept and slope."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..numerics.newton import Objective, maximise
from .calibration_estimate import CalibrationEstimate, from_influence, from_normal, unknown_estimate
from .calibration_response import Response, response_of
from .inputs import MetricInputs, check_metric_inputs, warn_metric
from .state_weights import Measured, followed_states

MAX_ITERATIONS = 200
# The last step but one is 1e-7 standard errors long, and Newton's steps double their digits.
DECREMENT = 1e-14
LARGEST_CONDITION = 1e12
# Curvature, relative to Fisher's information, below which Newton's step would be long or downhill.
LEAST_CURVATURE = 1e-3


def calibration_slope(
    y: Any,
    risk: Any,
    time: float,
    *,
    event: int = 1,
    cluster: Any = None,
    censoring: Any = None,
    sample_weight: Any = None,
) -> CalibrationEstimate:
    r"""How much of the predicted spread is real: 1 is right, below 1 the predictions are too extreme.

    The :math:`\beta` of

    .. math:: \log(-\log(1 - P(T \le t, \delta = k))) = \alpha + \beta \log(-\log(1 - r))

    estimated on jackknife pseudo-values with an independence working model and a sandwich variance, clustered where
    ``cluster`` is given. With delayed entry or ``censoring`` it is estimated on the states that are known, by their
    weights; the error then, and with ``sample_weight``, is that of :func:`~.risk_evaluation.evaluate_risks`.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry count from their entry on.
    risk : array, shape (n,)
        Predicted cumulative incidence by ``time``. Rows at exactly 0 or 1 have no complementary log-log and are left
        out, with a warning.
    time : float
        Days.
    event : int
    cluster : array, shape (n,), optional
        Rows that share a value are not independent.
    censoring, sample_weight
        As for :func:`~.brier.brier_score`.

    Returns
    -------
    CalibrationEstimate
        NaN where everybody has the same risk or nobody the event; NaN with a warning past the last follow-up or where
        the regression does not converge.

    References
    ----------
    van Geloven, Giardiello, Bonneville and others (2022), Validation of prediction models in the presence of competing
    risks: a guide through modern methods, BMJ 377:e069249. Gerds, Andersen and Kattan (2014), Calibration plots for
    risk prediction models in the presence of competing risks, Statistics in Medicine 33. Agrees with
    ``geepack::geese`` on ``prodlim::jackknife``.

    Examples
    --------
    >>> y = {"duration": [1.0] * 50 + [9.0] * 50, "event": [1] * 10 + [2] * 40 + [1] * 25 + [2] * 25}
    >>> round(calibration_slope(y, [0.2] * 50 + [0.5] * 50, 9).estimate, 3)
    1.0
    """
    given = check_metric_inputs(y, risk, [time], event=event, sample_weight=sample_weight, cluster=cluster)
    return _estimate(given, event, censoring, slope_value)


def calibration_intercept(
    y: Any,
    risk: Any,
    time: float,
    *,
    event: int = 1,
    cluster: Any = None,
    censoring: Any = None,
    sample_weight: Any = None,
) -> CalibrationEstimate:
    r"""Whether risks are right on average on the complementary log-log scale: 0 is right, above 0 they are too low.

    The :math:`\alpha` of the regression of :func:`calibration_slope` with :math:`\beta` fixed at 1.

    Parameters
    ----------
    y, risk, time, event, cluster, censoring, sample_weight
        As for :func:`calibration_slope`.

    Returns
    -------
    CalibrationEstimate

    References
    ----------
    As for :func:`calibration_slope`.

    Examples
    --------
    >>> y = {"duration": [1.0] * 50, "event": [1] * 10 + [2] * 40}
    >>> abs(round(calibration_intercept(y, [0.2] * 50, 1).estimate, 6))
    0.0
    """
    given = check_metric_inputs(y, risk, [time], event=event, sample_weight=sample_weight, cluster=cluster)
    return _estimate(given, event, censoring, intercept_value)


@dataclass(frozen=True)
class RegressionValue:
    """A coefficient of a calibration regression, and what its influence is made of.

    Attributes
    ----------
    value : float
    notes : tuple of str
        What a reader must be told.
    """

    value: float
    notes: tuple[str, ...]
    _response: Response
    _inside: np.ndarray
    _fit: _Fit
    _unit: float

    def influence(self) -> np.ndarray:
        r"""Influence of each row, :math:`w_j\,d\theta / dw_j`, shape (n,)."""
        fit = self._fit
        last = np.zeros(fit.design.shape[1])
        last[-1] = 1.0 / self._unit
        slope, residual = np.zeros((2, self._inside.size))
        slope[self._inside] = fit.weighted @ np.linalg.solve(fit.curvature, last)
        residual[self._inside] = fit.residual
        return self._response.score_influence(slope, residual)


@dataclass(frozen=True)
class _Unknown:
    """No estimate, for ``n`` rows."""

    n: int
    notes: tuple[str, ...] = ()
    value: float = float("nan")

    def influence(self) -> np.ndarray:
        return np.full(self.n, np.nan)


def slope_value(response: Response, risk: np.ndarray) -> Measured:
    """The calibration slope of ``risk`` (n,); see :func:`calibration_slope`."""
    x, inside, notes = _log_log(response, risk)
    if x.size == 0 or np.ptp(x) < 1e-12:
        return _Unknown(risk.size, notes)
    # Centred and scaled, so that risks nearly alike, or near 0, cost no digits.
    center, spread = float(x.mean()), float(x.std())
    design = np.column_stack((np.ones_like(x), (x - center) / spread))
    return _regress(response, inside, notes, design, np.zeros_like(x), np.array([center, spread]), spread)


def intercept_value(response: Response, risk: np.ndarray) -> Measured:
    """The calibration intercept of ``risk`` (n,); see :func:`calibration_intercept`."""
    x, inside, notes = _log_log(response, risk)
    if x.size == 0:
        return _Unknown(risk.size, notes)
    return _regress(response, inside, notes, np.ones((x.size, 1)), x, np.zeros(1), 1.0)


def _log_log(response: Response, risk: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Complementary log-log of the risks (m,) of the rows ``inside`` (n,) that have one, and what must be said of it.

    There are none without an event.
    """
    inside = (risk > 0) & (risk < 1)
    notes: tuple[str, ...] = ()
    if not inside.all():
        n_out = int((~inside).sum())
        notes = (
            f"{n_out} of {inside.size} rows have a predicted risk of exactly 0 or 1 and are left out of the "
            "calibration regression",
        )
    inside &= response.weight > 0
    if not np.any(response.value[inside] > 0):
        return np.empty(0), inside, notes
    return np.log(-np.log1p(-risk[inside])), inside, notes


def _estimate(given: MetricInputs, event: int, censoring: Any, value: Any) -> CalibrationEstimate:
    """A coefficient with its error: of jackknife values by the sandwich that takes them as data."""
    states = followed_states(given, censoring, event)[0]
    if states is None or not states.had.any():
        return unknown_estimate()
    response = response_of(states, event)
    found = value(response, given.risk[:, 0])
    for note in found.notes:
        warn_metric(note)
    if not isinstance(found, RegressionValue):
        return unknown_estimate()
    if not response.is_jackknife:
        return from_influence(found, given, "identity")
    variance = _sandwich(found._fit.weighted, found._fit.residual, given.cluster[found._inside])[-1, -1]
    return from_normal(found.value, float(np.sqrt(variance)) / found._unit)


def _regress(
    response: Response,
    inside: np.ndarray,
    notes: tuple[str, ...],
    design: np.ndarray,
    offset: np.ndarray,
    start: np.ndarray,
    unit: float,
) -> Measured:
    """The last coefficient, in ``unit``, of the complementary log-log regression of the rows ``inside`` (n,).

    It is on ``design`` (m, p) and ``offset`` (m,), and the search begins at ``start`` (p,).
    Least squares by Newton's method with step halving (the estimating equation of an independence GEE with constant
    variance, as ``geese(family = gaussian, mean.link = "cloglog")``).
    """
    objective = _LeastSquares(response.value[inside], response.weight[inside], design, offset)
    first = objective.evaluate(start)
    found = maximise(objective, start, first, decrement=DECREMENT, max_iterations=MAX_ITERATIONS, evaluate_last=True)
    if found.converged and np.linalg.cond(found.point.fisher) < LARGEST_CONDITION:
        return RegressionValue(float(found.theta[-1]) / unit, notes, response, inside, found.point, unit)
    lost = "the calibration regression did not converge (few events, or risks nearly alike): the result is NaN"
    return _Unknown(inside.size, (*notes, lost))


@dataclass(frozen=True)
class _Fit:
    """Least squares as a normal likelihood whose variance is the mean square, so that a perfect fit has no maximum.

    ``weight``, ``residual`` and ``hazard`` (n,); ``design`` (n, p), and ``weighted`` (n, p), the design times the slope
    of the mean.
    """

    weight: np.ndarray
    residual: np.ndarray
    hazard: np.ndarray
    design: np.ndarray
    weighted: np.ndarray

    @cached_property
    def variance(self) -> float:
        return max(float(self.weight @ self.residual**2 / self.weight.sum()), np.finfo(float).tiny)

    @property
    def value(self) -> float:
        return -0.5 * self.residual.size * float(np.log(self.variance))

    @cached_property
    def gradient(self) -> np.ndarray:
        return self._scale * (self.weighted.T @ (self.weight * self.residual))

    @cached_property
    def information(self) -> np.ndarray:
        """Newton's where it points uphill, which few events need, and Fisher's elsewhere."""
        newton, fisher = (self._scale * part for part in (self.curvature, self.fisher))
        least = np.linalg.eigvalsh(newton)[0]
        return newton if least > LEAST_CURVATURE * np.trace(fisher) else fisher

    @cached_property
    def fisher(self) -> np.ndarray:
        """The curvature but for the second derivative of the mean, (p, p)."""
        return self.weighted.T @ (self.weight[:, None] * self.weighted)

    @cached_property
    def curvature(self) -> np.ndarray:
        """How the weighted score falls with the coefficients, (p, p): with the second derivative of the mean."""
        bend = self.weight * self.residual * (1.0 - self.hazard)
        return self.fisher - self.weighted.T @ (bend[:, None] * self.design)

    @property
    def _scale(self) -> float:
        return self.residual.size / (self.weight.sum() * self.variance)


class _LeastSquares(Objective[_Fit]):
    """The complementary log-log regression, for Fisher scoring."""

    def __init__(self, value: np.ndarray, weight: np.ndarray, design: np.ndarray, offset: np.ndarray) -> None:
        self._value, self._weight, self._design, self._offset = value, weight, design, offset

    def evaluate(self, theta: np.ndarray) -> _Fit:
        eta = np.minimum(self._design @ theta + self._offset, 5.0)  # beyond it the mean is 1 to machine precision
        hazard = np.exp(eta)
        less_mean = np.expm1(-hazard)
        weighted = self._design * (hazard * (1.0 + less_mean))[:, None]
        return _Fit(self._weight, self._value + less_mean, hazard, self._design, weighted)


def _sandwich(weighted: np.ndarray, residual: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Covariance (p, p) from ``weighted`` (n, p), the design times the slope of the mean, and residuals (n,)."""
    scores = weighted * residual[:, None]
    scores = np.column_stack([np.bincount(groups, weights=column) for column in scores.T])
    bread = np.linalg.inv(weighted.T @ weighted)
    return bread @ (scores.T @ scores) @ bread
