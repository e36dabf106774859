"""Calibration by regression of pseudo-values on the predicted risk: intercept, slope, integrated calibration index."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..inputs.labels import refuse_other_order
from ..numerics.newton import Objective, maximise
from .calibration_estimate import CalibrationEstimate, from_normal, group_codes, unknown_estimate
from .inputs import check_metric_inputs, warn_metric
from .pseudo_observations import pseudo_values

MAX_ITERATIONS = 200
# Fisher scoring gains digits step by step, not twice as many each time: the last step is 1e-10 standard errors long.
DECREMENT = 1e-20
LARGEST_CONDITION = 1e12
N_KNOTS = 5
KNOT_QUANTILES = (0.05, 0.275, 0.5, 0.725, 0.95)  # Harrell (2015), Regression Modeling Strategies, table 2.3


def calibration_slope(y: Any, risk: Any, time: float, *, event: int = 1, cluster: Any = None) -> CalibrationEstimate:
    r"""How much of the predicted spread is real: 1 is right, below 1 the predictions are too extreme.

    The :math:`\beta` of

    .. math:: \log(-\log(1 - P(T \le t, \delta = k))) = \alpha + \beta \log(-\log(1 - r))

    estimated on jackknife pseudo-values with an independence working model and a sandwich variance, clustered where
    ``cluster`` is given.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry are left out, with a warning that counts them.
    risk : array, shape (n,)
        Predicted cumulative incidence by ``time``. Rows at exactly 0 or 1 have no complementary log-log and are left
        out, with a warning.
    time : float
        Days.
    event : int
    cluster : array, shape (n,), optional
        Rows that share a value are not independent.

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
    theta, x, groups = _regression_rows(y, risk, time, event, cluster)
    if theta.size == 0 or np.ptp(x) < 1e-12:
        return unknown_estimate()
    # Centred and scaled, so that risks nearly alike, or near 0, cost no digits.
    center, spread = float(x.mean()), float(x.std())
    design = np.column_stack((np.ones_like(x), (x - center) / spread))
    return _fit(theta, design, np.zeros_like(x), np.array([center, spread]), groups, spread)


def calibration_intercept(
    y: Any, risk: Any, time: float, *, event: int = 1, cluster: Any = None
) -> CalibrationEstimate:
    r"""Whether risks are right on average on the complementary log-log scale: 0 is right, above 0 they are too low.

    The :math:`\alpha` of the regression of :func:`calibration_slope` with :math:`\beta` fixed at 1.

    Parameters
    ----------
    y, risk, time, event, cluster
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
    theta, x, groups = _regression_rows(y, risk, time, event, cluster)
    if theta.size == 0:
        return unknown_estimate()
    return _fit(theta, np.ones((x.size, 1)), x, np.zeros(1), groups, 1.0)


def integrated_calibration_index(y: Any, risk: Any, time: float, *, event: int = 1) -> float:
    r"""Mean absolute distance between the predicted and the smoothed observed risk; 0 is right.

    .. math:: \frac{1}{n} \sum_i |\hat o(r_i) - r_i|

    :math:`\hat o` is the least-squares regression of the jackknife pseudo-values on a natural cubic spline of the
    predicted risk (5 knots at Harrell's quantiles), held within 0 and 1. Right predictions are a straight line in that
    basis, so the smoother itself adds no miscalibration; chance does: in small samples the index is above 0 for a
    perfect model.

    Parameters
    ----------
    y, risk, time, event
        As for :func:`calibration_slope`; risks of 0 and 1 are kept.

    Returns
    -------
    float
        On the scale of risk. Where everybody has the same risk, its distance from the Aalen-Johansen incidence.
        NaN, with a warning, past the last follow-up.

    References
    ----------
    Austin and Steyerberg (2019), The Integrated Calibration Index (ICI) and related metrics for quantifying the
    calibration of logistic regression models, Statistics in Medicine 38. Austin, Putter, Giardiello and van Klaveren
    (2022), Graphical calibration curves and the integrated calibration index (ICI) for competing risk models,
    Diagnostic and Prognostic Research 6 (who smooth by a Fine-Gray model; pseudo-values ask no proportionality).

    Examples
    --------
    >>> y = {"duration": [1.0] * 50, "event": [1] * 10 + [2] * 40}
    >>> round(integrated_calibration_index(y, [0.3] * 50, 1), 6)
    0.1
    """
    given = check_metric_inputs(y, risk, [time])
    theta = pseudo_values(given.outcome, given.times, event=event)[:, 0]
    if np.isnan(theta).any():
        return float("nan")
    predicted = given.risk[:, 0]
    return float(np.mean(np.abs(_smooth(predicted, theta) - predicted)))


def _smooth(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Fitted values of ``theta`` (n,) on a natural cubic spline of ``x`` (n,), within 0 and 1."""
    knots = np.unique(np.quantile(x, KNOT_QUANTILES))
    columns = [np.ones_like(x)]
    if np.ptp(x) > 0:
        columns.append((x - x.mean()) / x.std())
    if knots.size >= 3:
        columns += list(_natural_cubic_terms(x, knots).T)
    basis = np.column_stack(columns)
    return np.clip(basis @ np.linalg.lstsq(basis, theta, rcond=None)[0], 0.0, 1.0)


def _natural_cubic_terms(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Non-linear columns of the natural cubic spline, shape (n, n_knots - 2); linear outside the outer knots."""
    scale = knots[-1] - knots[0]

    def cubed(knot: float) -> np.ndarray:
        return np.maximum((x - knot) / scale, 0.0) ** 3

    end, previous = knots[-1], knots[-2]
    width = end - previous
    terms = [
        cubed(knot) - cubed(previous) * (end - knot) / width + cubed(end) * (previous - knot) / width
        for knot in knots[:-2]
    ]
    return np.column_stack(terms)


def _regression_rows(
    y: Any, risk: Any, time: float, event: int, cluster: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Pseudo-values, complementary log-log of the risks, and clusters; empty where nothing can be estimated."""
    refuse_other_order(y=y, risk=risk, cluster=cluster)
    given = check_metric_inputs(y, risk, [time])
    theta = pseudo_values(given.outcome, given.times, event=event)[:, 0]
    predicted = given.risk[:, 0]
    nobody = not np.any((given.outcome.event == event) & (given.outcome.duration <= time))
    if nobody or np.isnan(theta).any():
        return np.empty(0), np.empty(0), None
    inside = (predicted > 0) & (predicted < 1)
    if not inside.all():
        warn_metric(
            f"{int((~inside).sum())} of {inside.size} rows have a predicted risk of exactly 0 or 1 and are left out of "
            "the calibration regression"
        )
    groups = None if cluster is None else group_codes(cluster, given.n_given)[given.rows][inside]
    return theta[inside], np.log(-np.log1p(-predicted[inside])), groups


def _fit(
    theta: np.ndarray, design: np.ndarray, offset: np.ndarray, start: np.ndarray, groups: np.ndarray | None, unit: float
) -> CalibrationEstimate:
    """The last coefficient, in ``unit``, of the complementary log-log regression of ``theta`` (n,).

    It is on ``design`` (n, p) and ``offset`` (n,), and the search begins at ``start`` (p,).
    Least squares with Fisher scoring and step halving (the estimating equation of an independence GEE with constant
    variance, as ``geese(family = gaussian, mean.link = "cloglog")``), and a sandwich variance.
    """
    objective = _LeastSquares(theta, design, offset)
    first = objective.evaluate(start)
    found = maximise(objective, start, first, decrement=DECREMENT, max_iterations=MAX_ITERATIONS, evaluate_last=True)
    if found.converged and np.linalg.cond(found.point.information) < LARGEST_CONDITION:
        variance = _sandwich(found.point.weighted, found.point.residual, groups)[-1, -1]
        return from_normal(float(found.theta[-1]) / unit, float(np.sqrt(variance)) / unit)
    warn_metric("the calibration regression did not converge (few events, or risks nearly alike): the result is NaN")
    return unknown_estimate()


@dataclass(frozen=True)
class _Fit:
    """Least squares as a normal likelihood whose variance is the mean square, so that a perfect fit has no maximum.

    ``residual`` (n,), and ``weighted`` (n, p), the design times the slope of the mean.
    """

    residual: np.ndarray
    weighted: np.ndarray

    @cached_property
    def variance(self) -> float:
        return max(float(np.mean(self.residual**2)), np.finfo(float).tiny)

    @property
    def value(self) -> float:
        return -0.5 * self.residual.size * float(np.log(self.variance))

    @cached_property
    def gradient(self) -> np.ndarray:
        return self.weighted.T @ self.residual / self.variance

    @cached_property
    def information(self) -> np.ndarray:
        return self.weighted.T @ self.weighted / self.variance


class _LeastSquares(Objective[_Fit]):
    """The complementary log-log regression, for Fisher scoring."""

    def __init__(self, theta: np.ndarray, design: np.ndarray, offset: np.ndarray) -> None:
        self._theta, self._design, self._offset = theta, design, offset

    def evaluate(self, theta: np.ndarray) -> _Fit:
        eta = np.minimum(self._design @ theta + self._offset, 5.0)  # beyond it the mean is 1 to machine precision
        hazard = np.exp(eta)
        return _Fit(self._theta + np.expm1(-hazard), self._design * (hazard * np.exp(-hazard))[:, None])


def _sandwich(weighted: np.ndarray, residual: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Covariance (p, p) from ``weighted`` (n, p), the design times the slope of the mean, and residuals (n,)."""
    scores = weighted * residual[:, None]
    if groups is not None:
        scores = np.column_stack([np.bincount(groups, weights=column) for column in scores.T])
    bread = np.linalg.inv(weighted.T @ weighted)
    return bread @ (scores.T @ scores) @ bread
