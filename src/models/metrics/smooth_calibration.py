"""Smoothed observed risk by predicted risk, and how far the two lie apart (ICI, E50, E90)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .calibration_response import Response, response_of
from .inputs import check_metric_inputs
from .state_weights import followed_states

KNOT_QUANTILES = (0.05, 0.275, 0.5, 0.725, 0.95)  # Harrell (2015), Regression Modeling Strategies, table 2.3


@dataclass(frozen=True)
class CalibrationErrors:
    """Distances between predicted and smoothed observed risk, on the scale of risk; 0 is right.

    Attributes
    ----------
    ici : float
        Integrated calibration index: their mean.
    e50, e90 : float
        Their median and 90 % quantile.
    """

    ici: float
    e50: float
    e90: float


def calibration_errors(
    y: Any, risk: Any, time: float, *, event: int = 1, censoring: Any = None, sample_weight: Any = None
) -> CalibrationErrors:
    """Mean, median and 90 % quantile of the distance between predicted and smoothed observed risk.

    Parameters
    ----------
    y, risk, time, event, censoring, sample_weight
        As for :func:`integrated_calibration_index`.

    Returns
    -------
    CalibrationErrors
        NaN, with a warning, past the last follow-up.

    References
    ----------
    As for :func:`integrated_calibration_index`.

    Examples
    --------
    >>> y = {"duration": [1.0] * 50, "event": [1] * 10 + [2] * 40}
    >>> round(calibration_errors(y, [0.3] * 50, 1).e90, 6)
    0.1
    """
    given = check_metric_inputs(y, risk, [time], event=event, sample_weight=sample_weight)
    states = followed_states(given, censoring, event)[0]
    if states is None:
        return CalibrationErrors(*[float("nan")] * 3)
    return errors_of(response_of(states, event), given.risk[:, 0])


def smooth_calibration_curve(
    y: Any,
    risk: Any,
    time: float,
    *,
    event: int = 1,
    n_points: int = 101,
    censoring: Any = None,
    sample_weight: Any = None,
) -> pd.DataFrame:
    """Smoothed observed risk by predicted risk, the curve from which the calibration errors are read.

    Parameters
    ----------
    y, risk, time, event, censoring, sample_weight
        As for :func:`integrated_calibration_index`.
    n_points : int
        Points of the curve, at equally spaced quantiles of the predicted risk.

    Returns
    -------
    DataFrame
        ``predicted, observed``, a row for each different point, ascending; ``observed`` is NaN, with a warning, past
        the last follow-up.

    References
    ----------
    As for :func:`integrated_calibration_index`.

    Examples
    --------
    >>> y = {"duration": [1.0] * 100, "event": [1] * 10 + [2] * 40 + [1] * 25 + [2] * 25}
    >>> smooth_calibration_curve(y, [0.2] * 50 + [0.5] * 50, 1).round(6)
       predicted  observed
    0        0.2       0.2
    1        0.5       0.5
    """
    if n_points < 2:
        raise ValueError(f"n_points must be at least 2, got {n_points}")
    given = check_metric_inputs(y, risk, [time], event=event, sample_weight=sample_weight)
    points = np.unique(np.quantile(given.risk[:, 0], np.linspace(0, 1, n_points), method="inverted_cdf"))
    states = followed_states(given, censoring, event)[0]
    observed = np.full(points.size, np.nan)
    if states is not None:
        observed = _smooth(given.risk[:, 0], response_of(states, event), points)
    return pd.DataFrame({"predicted": points, "observed": observed})


def errors_of(response: Response, risk: np.ndarray) -> CalibrationErrors:
    """:func:`calibration_errors` of ``risk`` (n,)."""
    distance, weight = np.abs(_smooth(risk, response) - risk), response.population
    if np.ptp(weight) == 0:
        middle, high = np.quantile(distance, (0.5, 0.9))
        return CalibrationErrors(float(distance.mean()), float(middle), float(high))
    middle, high = np.quantile(distance, (0.5, 0.9), weights=weight, method="inverted_cdf")
    return CalibrationErrors(float(weight @ distance / weight.sum()), float(middle), float(high))


def integrated_calibration_index(
    y: Any, risk: Any, time: float, *, event: int = 1, censoring: Any = None, sample_weight: Any = None
) -> float:
    r"""Mean absolute distance between the predicted and the smoothed observed risk; 0 is right.

    .. math:: \frac{1}{n} \sum_i |\hat o(r_i) - r_i|

    :math:`\hat o` is the least-squares regression of the jackknife pseudo-values (of the known states by their weights
    with delayed entry or ``censoring``, and the mean is by those weights with delayed entry) on a natural cubic spline
    of the predicted risk (5 knots at Harrell's quantiles), held within 0 and 1. Right predictions are a straight line
    in that basis, so the smoother itself adds no miscalibration; chance does: in small samples the index is above 0 for
    a perfect model.

    Parameters
    ----------
    y, risk, time, event, censoring, sample_weight
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
    return calibration_errors(y, risk, time, event=event, censoring=censoring, sample_weight=sample_weight).ici


def _smooth(x: np.ndarray, response: Response, at: np.ndarray | None = None) -> np.ndarray:
    """Weighted fit of the response on a natural cubic spline of ``x`` (n,), at ``x`` or ``at`` (m,), within 0 and 1."""
    knots = np.unique(np.quantile(x, KNOT_QUANTILES))
    basis, value = _basis(x, x, knots), response.value
    if np.ptp(response.weight) == 0:
        coef = np.linalg.lstsq(basis, value, rcond=None)[0]
    else:
        root = np.sqrt(response.weight)
        coef = np.linalg.lstsq(basis * root[:, None], value * root, rcond=None)[0]
    return np.clip((basis if at is None else _basis(at, x, knots)) @ coef, 0.0, 1.0)


def _basis(at: np.ndarray, x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Columns of the natural cubic spline at ``at`` (m,), scaled by ``x`` (n,)."""
    columns = [np.ones_like(at)]
    if np.ptp(x) > 0:
        columns.append((at - x.mean()) / x.std())
    if knots.size >= 3:
        columns += list(_natural_cubic_terms(at, knots).T)
    return np.column_stack(columns)


def _natural_cubic_terms(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Non-linear columns of the natural cubic spline, shape (n, n_knots - 2); linear outside the outer knots."""
    scale = knots[-1] - knots[0]

    def cubed(knot: float) -> np.ndarray:
        beyond = np.maximum((x - knot) / scale, 0.0)
        return beyond * beyond * beyond  # a general power takes ten times as long

    end, previous = knots[-1], knots[-2]
    width = end - previous
    terms = [
        cubed(knot) - cubed(previous) * (end - knot) / width + cubed(end) * (previous - knot) / width
        for knot in knots[:-2]
    ]
    return np.column_stack(terms)
