"""Weighted totals of rows by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array


@dataclass(frozen=True)
class RowTotals:
    """How n rows are added up in groups.

    Attributes
    ----------
    group : ndarray of int, shape (n,)
        Position of each row's group.
    weight : ndarray, shape (n,)
        What the row counts in it.
    n_groups : int
    """

    group: np.ndarray
    weight: np.ndarray
    n_groups: int

    def of(self, values: np.ndarray, rows: slice = slice(None)) -> np.ndarray:
        """Totals (n_groups, ...) of the values (n', ...) of some of the rows."""
        group, weight = self.group[rows], self.weight[rows]
        adds = csr_array((weight, (group, np.arange(group.size))), shape=(self.n_groups, group.size))
        totals: np.ndarray = adds @ values.reshape(group.size, -1)
        return totals.reshape(self.n_groups, *values.shape[1:])
