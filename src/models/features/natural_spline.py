"""Natural cubic splines of one number: linear beyond the outer knots, the basis of R's ``splines::ns``."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline

DEGREE = 3


@dataclass(frozen=True)
class NaturalSpline:
    """Where a natural cubic spline bends.

    Attributes
    ----------
    knots : tuple of float
        Interior knots, ascending; the spline has one degree of freedom more than it has interior knots.
    lower, upper : float
        Boundary knots; the spline is linear outside.
    """

    knots: tuple[float, ...]
    lower: float
    upper: float

    @property
    def df(self) -> int:
        """Degrees of freedom: the number of basis columns."""
        return len(self.knots) + 1


def place_knots(values: np.ndarray, df: int) -> NaturalSpline:
    """Interior knots at equally spaced quantiles of ``values``, boundary knots at their range.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Finite.
    df : int
        Degrees of freedom, at least 1.

    Raises
    ------
    ValueError
        The quantiles coincide with one another or with the range, so that the basis would not have ``df`` columns.
    """
    if isinstance(df, bool) or df != int(df) or df < 1:
        raise ValueError("a spline needs a whole number of degrees of freedom, at least 1")
    quantiles = np.quantile(values, np.linspace(0.0, 1.0, int(df) + 1))
    if np.any(np.diff(quantiles) <= 0):
        raise ValueError(f"the quantiles that would be knots coincide at {df} degrees of freedom; ask for fewer")
    lower, *knots, upper = quantiles.tolist()
    return NaturalSpline(tuple(knots), lower, upper)


def spline_basis(values: np.ndarray, spline: NaturalSpline) -> np.ndarray:
    """Basis of the natural spline, without intercept: equal to ``ns(values, knots=, Boundary.knots=)`` of R.

    The cubic B-splines but the first are rotated so that the two directions with curvature at the boundary knots are
    the first two, which are left out (R's ``ns``; Hastie 1992, section 7.6.2).

    Parameters
    ----------
    values : ndarray, shape (n,)
    spline : NaturalSpline

    Returns
    -------
    ndarray, shape (n, spline.df)
    """
    boundary = np.array([spline.lower, spline.upper])
    knots = np.concatenate([np.repeat(spline.lower, DEGREE + 1), spline.knots, np.repeat(spline.upper, DEGREE + 1)])
    n_cubic = knots.size - DEGREE - 1
    curvature = BSpline(knots, np.eye(n_cubic), DEGREE).derivative(2)(boundary)[:, 1:]
    rotation = np.linalg.qr(curvature.T, mode="complete")[0][:, 2:]
    natural = BSpline(knots, np.vstack([np.zeros(spline.df), rotation]), DEGREE)
    inside = np.clip(values, spline.lower, spline.upper)
    basis = natural(inside)
    outside = np.flatnonzero(values != inside)
    if outside.size:
        slope = natural.derivative()(inside[outside])
        basis[outside] += slope * (values[outside] - inside[outside])[:, None]
    return basis
