r"""Restricted cubic splines of log time: the basis of Royston and Parmar, and its orthogonal form for fitting.

With :math:`v = \log t`, knots :math:`k_{min} < k_1 < \dots < k_m < k_{max}` and
:math:`\lambda_j = (k_{max} - k_j)/(k_{max} - k_{min})` the basis is :math:`1, v, v_1, \dots, v_m`,

.. math:: v_j(v) = (v - k_j)_+^3 - \lambda_j (v - k_{min})_+^3 - (1 - \lambda_j)(v - k_{max})_+^3:

cubic between knots, linear outside of the outer ones. Its columns are nearly collinear; computations use linear
combinations of them that are uncorrelated, with mean 0 and variance 1, over the events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..inputs.case_weights import are_counts

# Variance left of a basis column by those before it, relative to its own, below which the events cannot tell it apart.
DEPENDENT = 1e-10


@dataclass(frozen=True)
class LogTimeSpline:
    """A restricted cubic spline of log time.

    Attributes
    ----------
    knots : ndarray, shape (df + 1,)
        Logarithms of days, ascending; the first and the last are the boundary. One number twice where all events fall
        on one day, and ``df`` is 1.
    transform : ndarray, shape (df + 1, df + 1)
        Upper triangular: from the Royston-Parmar basis of scaled log time to the orthogonal one.
    """

    knots: np.ndarray
    transform: np.ndarray

    @property
    def df(self) -> int:
        """Degrees of freedom: the number of basis columns beside the constant."""
        return len(self.transform) - 1

    @property
    def width(self) -> float:
        """Distance of the boundary knots; 1 where they coincide."""
        return float(self.knots[-1] - self.knots[0]) or 1.0

    def basis(self, log_time: np.ndarray) -> np.ndarray:
        """Orthogonal basis, shape ``(*log_time.shape, df + 1)``; the first column is 1."""
        return _scaled_basis((log_time - self.knots[0]) / self.width, self._scaled_knots) @ self.transform

    def derivative(self, log_time: np.ndarray) -> np.ndarray:
        """Derivative of :meth:`basis` by log time, of the same shape; the first column is 0."""
        u = (log_time - self.knots[0]) / self.width
        return _scaled_derivative(u, self._scaled_knots) @ (self.transform / self.width)

    def curve(self, log_time: np.ndarray, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The spline and its derivative, without making the basis.

        Parameters
        ----------
        log_time : ndarray, shape (m,) or (n, m)
        coefficients : ndarray, shape (df + 1,) or (n, df + 1)
            Of :meth:`basis`, the same for all rows or by row.

        Returns
        -------
        value, slope : ndarray, shape (m,) or (n, m)
        """
        raw = coefficients @ self.transform.T
        u = (log_time - self.knots[0]) / self.width
        constant, linear, *bends = (raw[..., column, None] for column in range(raw.shape[-1]))
        if raw.ndim == 1:
            constant, linear, *bends = (float(number[0]) for number in (constant, linear, *bends))
        value, slope = constant + linear * u, linear + 0.0 * u
        inner = self._scaled_knots
        if inner.size:
            first = -sum((1.0 - knot) * bend for knot, bend in zip(inner, bends, strict=True))
            last = -sum(knot * bend for knot, bend in zip(inner, bends, strict=True))
            for knot, bend in zip((0.0, *inner, 1.0), (first, *bends, last), strict=True):
                above = np.maximum(u - knot, 0.0)
                square = bend * above * above
                value += square * above
                slope += 3.0 * square
        return value, slope / self.width

    def to_royston_parmar(self) -> np.ndarray:
        """Matrix, shape (df + 1, df + 1), from coefficients of :meth:`basis` to those of 1, v, v_1, ..., v_m."""
        width = self.width
        matrix = self.transform / np.r_[1.0, width, np.full(self.df - 1, width**3)][:, None]
        matrix[0] -= self.knots[0] * matrix[1]
        return matrix

    @property
    def _scaled_knots(self) -> np.ndarray:
        return (self.knots[1:-1] - self.knots[0]) / self.width


def place_log_knots(log_time: np.ndarray, weight: np.ndarray, df: int) -> np.ndarray:
    """Boundary knots at the extreme event times and ``df - 1`` others at their equally spaced quantiles.

    Coinciding quantiles are taken once, so that there may be fewer. Whole weights count as repeated events, others
    are scaled to a mean of 1; quantiles are those of R's ``quantile`` (type 7).

    Parameters
    ----------
    log_time, weight : ndarray, shape (n_events,)
    df : int

    Returns
    -------
    ndarray
        Ascending, at most ``df + 1`` numbers; two equal ones where all events fall on one day.
    """
    order = np.argsort(log_time, kind="stable")
    values, weight = log_time[order], weight[order]
    if not are_counts(weight):
        weight = weight / weight.mean()
    # Repeated rows reach up to these positions.
    reach = np.cumsum(weight)
    position = np.linspace(0.0, 1.0, df + 1)[1:-1] * max(reach[-1] - 1.0, 0.0)
    below = np.searchsorted(reach, np.floor(position) + 1e-9).clip(max=values.size - 1)
    above = np.searchsorted(reach, np.floor(position) + 1.0 + 1e-9).clip(max=values.size - 1)
    inner = values[below] + (position - np.floor(position)) * (values[above] - values[below])
    inner = np.unique(inner)
    inner = inner[(inner > values[0]) & (inner < values[-1])]
    return np.r_[values[0], inner, values[-1]]


def given_log_knots(log_time: np.ndarray, days: Sequence[float]) -> np.ndarray:
    """Boundary knots at the extreme event times and the others on the ``days`` given.

    Raises
    ------
    ValueError
        A knot is not a positive number of days between the first and the last event.
    """
    inner = np.unique(np.asarray(days, dtype=float))
    n_bad = int((~(np.isfinite(inner) & (inner > 0))).sum())
    if n_bad:
        raise ValueError(f"knots must be days above 0; got {n_bad} of {inner.size} that are not")
    knots = np.r_[log_time.min(), np.log(inner), log_time.max()]
    if np.any(np.diff(knots) <= 0) and inner.size:
        first, last = np.exp(knots[[0, -1]])
        raise ValueError(
            f"knots must be between the first and the last event, day {first:g} and day {last:g}; got "
            f"{inner.min():g} to {inner.max():g}"
        )
    return knots


def orthogonal_spline(knots: np.ndarray, log_time: np.ndarray, weight: np.ndarray) -> LogTimeSpline:
    """The spline with these knots, its basis uncorrelated with mean 0 and variance 1 over the events.

    Knots that the events cannot tell apart from the others are left out, from the last to the first.
    """
    if knots[0] == knots[-1]:
        return LogTimeSpline(knots[[0, -1]], np.array([[1.0, -0.0], [0.0, 1.0]]))
    width = knots[-1] - knots[0]
    while True:
        raw = _scaled_basis((log_time - knots[0]) / width, (knots[1:-1] - knots[0]) / width)[:, 1:]
        share = weight / weight.sum()
        mean = share @ raw
        centred = (raw - mean) * np.sqrt(share)[:, None]
        # Positive on the diagonal, so that the basis does not depend on the library's choice of signs.
        triangle = np.linalg.qr(centred, mode="r")
        if len(triangle) == raw.shape[1]:
            left = np.abs(np.diag(triangle))
            if np.all(left > np.sqrt(DEPENDENT) * np.linalg.norm(triangle, axis=0)):
                break
        knots = np.delete(knots, -2)
    triangle = triangle * np.sign(np.diag(triangle))[:, None]
    scale = np.linalg.solve(triangle, np.eye(len(triangle)))
    transform = np.zeros((len(scale) + 1, len(scale) + 1))
    transform[0, 0], transform[0, 1:], transform[1:, 1:] = 1.0, -mean @ scale, np.triu(scale)
    return LogTimeSpline(knots, transform)


def _scaled_basis(u: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """1, u, v_1(u), ... with boundary knots at 0 and 1, along a new last axis."""
    basis = np.empty((*np.shape(u), inner.size + 2))
    basis[..., 0], basis[..., 1] = 1.0, u
    if inner.size:
        first, last = _cube_above(u, 0.0), _cube_above(u, 1.0)
        for column, knot in enumerate(inner, start=2):
            basis[..., column] = _cube_above(u, knot) - (1.0 - knot) * first - knot * last
    return basis


def _scaled_derivative(u: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Derivative of :func:`_scaled_basis` by u."""
    slope = np.empty((*np.shape(u), inner.size + 2))
    slope[..., 0], slope[..., 1] = 0.0, 1.0
    if inner.size:
        first, last = np.maximum(u, 0.0) ** 2, np.maximum(u - 1.0, 0.0) ** 2
        for column, knot in enumerate(inner, start=2):
            slope[..., column] = 3.0 * (np.maximum(u - knot, 0.0) ** 2 - (1.0 - knot) * first - knot * last)
    return slope


def _cube_above(u: np.ndarray, knot: float) -> np.ndarray:
    above = np.maximum(u - knot, 0.0)
    return above * above * above
