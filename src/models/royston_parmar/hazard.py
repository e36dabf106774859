r"""Hazards of rows under the curves of one cause, with intervals by the delta method.

With :math:`v = \log t`, the log hazard is :math:`\eta(v) - v + \log \eta'(v)`; where :math:`\eta'` is not positive the
hazard counts as 0.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from ..numerics.quadratic import quadratic_forms
from .curve import CauseCurve, by_parameter, row_curves


def hazard(curve: CauseCurve, design: np.ndarray, log_time: np.ndarray) -> np.ndarray:
    """Hazards, shape (n, m), of the rows of a design, shape (n, p), at the log times, shape (m,)."""
    eta, slope = row_curves(curve, design).eta_and_slope(log_time)
    return np.exp(eta - log_time) * np.maximum(slope, 0.0)


def hazard_bounds(
    curve: CauseCurve, design: np.ndarray, log_time: np.ndarray, covariance: np.ndarray, level: float
) -> np.ndarray:
    """Interval of :func:`hazard`, symmetric for its logarithm, shape (n, m, 2); both bounds 0 where the hazard is."""
    values = hazard(curve, design, log_time)
    half = half_width(log_hazard_gradient(curve, design, log_time), covariance, level)
    with np.errstate(over="ignore"):
        stretch = np.where(values > 0, np.exp(half), 1.0)
    return np.stack([values / stretch, values * stretch], axis=-1)


def log_hazard(curve: CauseCurve, design: np.ndarray, log_time: np.ndarray) -> np.ndarray | None:
    """Log hazards up to the log time itself, shape (n, m); None where a hazard is not above 0."""
    eta, slope = row_curves(curve, design).eta_and_slope(log_time)
    return eta + np.log(slope) if np.all(slope > 0) else None


def log_hazard_gradient(curve: CauseCurve, design: np.ndarray, log_time: np.ndarray) -> np.ndarray:
    """Derivatives of the log hazard by the cause's parameters, shape (n, m, q); 0 where the hazard is not positive."""
    slope = row_curves(curve, design).eta_slope(log_time)
    slope = np.broadcast_to(slope, (len(design), log_time.size))[..., None]
    parts = [
        np.where(slope > 0, spline.basis(log_time) + spline.derivative(log_time) / np.where(slope > 0, slope, 1.0), 0.0)
        for spline in (curve.spline, *(group.spline for group in curve.varying))
    ]
    return by_parameter(curve, design, parts[0], [part[..., 1:] for part in parts[1:]])


def half_width(gradient: np.ndarray, covariance: np.ndarray, level: float) -> np.ndarray:
    """Half the width of normal intervals, shape (n, m), from gradients of shape (n, m, q)."""
    error = np.sqrt(np.maximum(quadratic_forms(gradient, covariance), 0.0))
    return float(ndtri(0.5 + level / 2.0)) * error
