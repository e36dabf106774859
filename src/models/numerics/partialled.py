r"""Least squares of one regressor with others partialled out, by cluster; and intervals of a ratio of two slopes.

By Frisch, Waugh and Lovell the slope is that of the whole regression. The interval of a ratio :math:`a / b` is the set
of ratios r at which :math:`a - r b` is no further from 0 than chance (Fieller 1954; for instruments Anderson and Rubin
1949): it holds however near b is to 0, and may then have no end.
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit


class PartialledRegressor:
    """A regressor with everything adjusted for taken out; slopes on it, and what each cluster adds to their error.

    Parameters
    ----------
    regressor : ndarray, shape (n,)
    features : ndarray, shape (n, p)
        What is adjusted for, beside an intercept.
    cluster : ndarray of int, shape (n,)
        0, 1, ...
    """

    def __init__(self, regressor: np.ndarray, features: np.ndarray, cluster: np.ndarray) -> None:
        design = np.column_stack([np.ones(len(regressor)), features])
        self._basis = np.linalg.qr(design)[0]
        self._z = regressor - self._basis @ (self._basis.T @ regressor)
        self._square = float(self._z @ self._z)
        self._cluster = cluster
        self.variance = self._square / len(regressor)

    def slope(self, outcome: np.ndarray) -> tuple[float, np.ndarray]:
        """Slope of ``outcome``, and each cluster's influence on it (n_clusters,)."""
        rest = outcome - self._basis @ (self._basis.T @ outcome)
        value = float(self._z @ rest) / self._square
        moved = self._z * (rest - value * self._z) / self._square
        sums = np.bincount(self._cluster, weights=moved)
        n = sums.size
        return value, sums * np.sqrt(n / (n - 1.0))


def ratio_interval(a: float, b: float, of_a: np.ndarray, of_b: np.ndarray, level: float) -> tuple[float, float]:
    """Interval of a / b: all ratios r at which a - r b is no further from 0 than chance."""
    t2 = float(stdtrit(of_a.size - 1, 0.5 + level / 2.0)) ** 2
    square, cross, other = b * b - t2 * (of_b @ of_b), a * b - t2 * (of_a @ of_b), a * a - t2 * (of_a @ of_a)
    root = cross * cross - square * other
    if square > 0:
        return (cross - np.sqrt(root)) / square, (cross + np.sqrt(root)) / square
    # A weak instrument: all ratios, or all but those between two bounds.
    return (-np.inf, np.inf) if root <= 0 else (np.nan, np.nan)
