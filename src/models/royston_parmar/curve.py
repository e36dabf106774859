r"""The log cumulative hazard of one cause as a function of log time and features.

With :math:`v = \log t`,

.. math:: \eta(v \mid x) = \log H = b(v)'\gamma + x'\beta + \sum_j x_j\, b_j(v)'\delta_j,

so that the hazard is :math:`h = H \eta'(v) / t`. Parameters come in the order gamma, beta, delta (group after group,
feature after feature).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .spline import LogTimeSpline

# exp of more than this is no number any more; a hazard as high means that nobody is left.
LARGEST_ETA = 600.0


@dataclass(frozen=True)
class VaryingEffects:
    """Features whose effects change with time along splines of the same knots.

    Attributes
    ----------
    spline : LogTimeSpline
    columns : ndarray of int, shape (n_varying,)
        Positions in the design.
    delta : ndarray, shape (n_varying, spline.df)
    """

    spline: LogTimeSpline
    columns: np.ndarray
    delta: np.ndarray


@dataclass(frozen=True)
class CauseCurve:
    """Spline and coefficients of one cause.

    Attributes
    ----------
    spline : LogTimeSpline
    gamma : ndarray, shape (spline.df + 1,)
    beta : ndarray, shape (p,)
    varying : tuple of VaryingEffects
    """

    spline: LogTimeSpline
    gamma: np.ndarray
    beta: np.ndarray
    varying: tuple[VaryingEffects, ...]

    @property
    def n_parameters(self) -> int:
        """Number of parameters, those held at 0 included."""
        return self.gamma.size + self.beta.size + sum(group.delta.size for group in self.varying)

    @property
    def breaks(self) -> np.ndarray:
        """All knots of its splines, ascending: between them the slope of eta is quadratic."""
        return np.unique(np.concatenate([self.spline.knots, *(group.spline.knots for group in self.varying)]))


@dataclass(frozen=True)
class RowCurves:
    """A cause's curves for some rows: their own levels, and coefficients of the splines that vary.

    Attributes
    ----------
    curve : CauseCurve
    level : ndarray, shape (n,)
        Linear predictors.
    slopes : tuple of ndarray, shape (n, df)
        By group of varying effects, :math:`\\sum_j x_j \\delta_j`.
    """

    curve: CauseCurve
    level: np.ndarray
    slopes: tuple[np.ndarray, ...]

    def take(self, rows: np.ndarray | slice) -> RowCurves:
        """The curves of ``rows``."""
        return RowCurves(self.curve, self.level[rows], tuple(slope[rows] for slope in self.slopes))

    def eta(self, log_time: np.ndarray) -> np.ndarray:
        """Log cumulative hazard; ``log_time`` of shape (m,) for all rows or (n, m), the result of shape (n, m)."""
        return self.eta_and_slope(log_time)[0]

    def eta_slope(self, log_time: np.ndarray) -> np.ndarray:
        """Derivative of eta by log time; of shape (1, m) where it is the same for all rows, else (n, m)."""
        return self.eta_and_slope(log_time)[1]

    def eta_and_slope(self, log_time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """:meth:`eta` and :meth:`eta_slope` at once."""
        value, slope = self.curve.spline.curve(log_time, self.curve.gamma)
        value, slope = self.level[:, None] + value, np.atleast_2d(slope)
        for group, own in zip(self.curve.varying, self.slopes, strict=True):
            if log_time.ndim == 1:
                value += own @ group.spline.basis(log_time)[:, 1:].T
                slope = slope + own @ group.spline.derivative(log_time)[:, 1:].T
            else:
                added = group.spline.curve(log_time, np.column_stack([np.zeros(len(own)), own]))
                value, slope = value + added[0], slope + added[1]
        return np.minimum(value, LARGEST_ETA, out=value), slope

    def smallest_slope(self) -> np.ndarray:
        """Least derivative of eta over all times, exactly; shape (1,) where it is the same for all rows, else (n,)."""
        breaks = self.curve.breaks
        slope = self.eta_slope(np.r_[breaks, (breaks[1:] + breaks[:-1]) / 2.0])
        ends, middle = slope[:, : breaks.size], slope[:, breaks.size :]
        left, right = ends[:, :-1], ends[:, 1:]
        # The quadratic through the three points of each piece, a z^2 + b z + left on (0, 1).
        a, b = 2.0 * (left + right) - 4.0 * middle, 4.0 * middle - 3.0 * left - right
        bends = (a > 0) & (b < 0) & (b > -2.0 * a)
        vertex = np.where(bends, left - b**2 / np.where(bends, 4.0 * a, 1.0), np.inf)
        return np.minimum(ends.min(axis=1), vertex.min(axis=1, initial=np.inf))


def row_curves(curve: CauseCurve, design: np.ndarray) -> RowCurves:
    """The curves of the rows of a design, shape (n, p)."""
    return RowCurves(curve, design @ curve.beta, tuple(design[:, g.columns] @ g.delta for g in curve.varying))


def by_parameter(curve: CauseCurve, design: np.ndarray, base: np.ndarray, varying: list[np.ndarray]) -> np.ndarray:
    """A linear functional of eta as a row vector of its parameters.

    Parameters
    ----------
    curve : CauseCurve
    design : ndarray, shape (n, p)
    base : ndarray, shape (n, m, df + 1)
        The functional of the basis of gamma; its first column, that of the constant, multiplies the features too.
    varying : list of ndarray, shape (n, m, df)
        Of the basis of each group of varying effects, without the constant.

    Returns
    -------
    ndarray, shape (n, m, n_parameters)
    """
    result = np.empty((*base.shape[:2], curve.n_parameters))
    begin, end = base.shape[2], base.shape[2] + design.shape[1]
    result[..., :begin] = base
    np.multiply(base[..., :1], design[:, None, :], out=result[..., begin:end])
    for group, own in zip(curve.varying, varying, strict=True):
        begin, end = end, end + group.delta.size
        terms = design[:, None, group.columns, None] * own[:, :, None, :]
        result[..., begin:end] = terms.reshape(*base.shape[:2], group.delta.size)
    return result


def curve_state(curve: CauseCurve) -> dict[str, Any]:
    """A curve as plain data."""
    return {
        "knots": curve.spline.knots,
        "transform": curve.spline.transform,
        "gamma": curve.gamma,
        "beta": curve.beta,
        "varying": [
            {
                "knots": group.spline.knots,
                "transform": group.spline.transform,
                "columns": group.columns,
                "delta": group.delta,
            }
            for group in curve.varying
        ],
    }


def curve_from_state(state: dict[str, Any]) -> CauseCurve:
    """The curve that :func:`curve_state` described."""
    groups: Sequence[dict[str, Any]] = state["varying"]
    return CauseCurve(
        LogTimeSpline(state["knots"], state["transform"]),
        state["gamma"],
        state["beta"],
        tuple(
            VaryingEffects(LogTimeSpline(group["knots"], group["transform"]), group["columns"], group["delta"])
            for group in groups
        ),
    )
