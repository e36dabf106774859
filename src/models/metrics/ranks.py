"""Predicted risks in order, for all that depends on their ranks only."""

from __future__ import annotations

import numpy as np


class Ranks:
    """The order of ``n`` risks, of which ``m`` are distinct.

    Parameters
    ----------
    risk : ndarray, shape (n,)

    Attributes
    ----------
    order : ndarray of int, shape (n,)
        Rows from the lowest risk to the highest.
    starts : ndarray of int, shape (m,)
        Where in ``order`` each distinct risk begins.
    rank : ndarray of int, shape (n,)
        0 for the lowest risk; equal risks share one.
    """

    def __init__(self, risk: np.ndarray) -> None:
        self.order = np.argsort(risk)
        ranked = risk[self.order]
        first = np.concatenate(([True], ranked[1:] != ranked[:-1]))
        self.starts = np.flatnonzero(first)
        self.rank = np.empty(risk.size, dtype=np.int64)
        self.rank[self.order] = np.cumsum(first) - 1

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of ``values`` (n,) over the rows of each distinct risk, shape (m,)."""
        return np.add.reduceat(values[self.order], self.starts)
