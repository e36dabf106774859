r"""Incidences of very many rows over windows of event times of their own, by a quadrature.

Given no event before the window that begins with the a-th event time and ends before the e-th,

.. math:: F_k = \frac{\theta_k}{S_\theta(t_a-)} \sum_r S_\theta(t_{j_r}-) (A_r(e) - A_r(a)), \qquad
    A_r(e) = \sum_{j < e} C_{rj}\, dH_{0k}(t_j),

with the notation of :mod:`.quadrature`: the sums A are tables by event time that all rows share. A row's digits do not
depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..numerics.fixed_blocks import column_sum, row_products
from .exact_sums import event_positions
from .quadrature import Quadrature

# Event times up to this day are looked up by day, without a search; later ones are no days of a child's life.
LAST_DAY = 100_000


class WindowSums:
    """Incidences of one cause over windows of event times.

    Parameters
    ----------
    quadrature : Quadrature
        Over all event times.
    cause : int
        Position of the cause.
    """

    def __init__(self, quadrature: Quadrature, cause: int):
        hazard = quadrature.jumps.hazard
        self.quadrature = quadrature
        self.cause = cause
        self.tables = [_from_zero(quadrature.weights * own) for own in hazard]
        self.cumulative = _from_zero(hazard)
        self.n_events = _from_zero((hazard[[cause]] > 0).astype(np.int64))[:, 0]
        self._until_day = _by_day(quadrature.jumps.time)

    def positions(self, times: np.ndarray) -> np.ndarray:
        """Number of event times until each of ``times``, days from 0 on, in their shape."""
        if self._until_day is None:
            return event_positions(self.quadrature.jumps, times)
        return self._until_day[np.minimum(times, self._until_day.size - 1).astype(np.int64)]

    def rows(self, relative_risk: np.ndarray, first: np.ndarray) -> WindowRows:
        """What sums over windows from ``first`` (n,) take of rows with relative risks (n, K)."""
        nodes = self.quadrature.free_before_nodes(relative_risk)
        return WindowRows(self, relative_risk, nodes, self._free(relative_risk, nodes, first))

    def _free(self, relative_risk: np.ndarray, nodes: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Probability of no event before each row's window, shape (n,)."""
        if self.quadrature.form == "product_limit":
            parts = [np.einsum("nr,nr->n", nodes, table[first]) for table in self.tables]
            return 1.0 - sum(relative_risk[:, cause] * part for cause, part in enumerate(parts))
        return np.exp(-column_sum(self.hazard(relative_risk, 0, first).T))

    def hazard(self, relative_risk: np.ndarray, first: np.ndarray | int, last: np.ndarray) -> np.ndarray:
        """Cumulative hazards of each cause over windows from ``first`` to before ``last`` (n,), shape (n, K)."""
        return relative_risk * (self.cumulative[np.maximum(first, last)] - self.cumulative[first])

    def grown(self, first: np.ndarray, last: np.ndarray) -> Iterator[np.ndarray]:
        """What S at the chosen times is multiplied by, for windows from ``first`` (n,) to before ``last`` (n, m).

        One array (n, r) for each of the m, which the next one takes the place of.
        """
        table = self.tables[self.cause]
        before = table.take(first, axis=0)
        grown = np.empty_like(before)
        for ends in last.T:
            table.take(np.maximum(first, ends), axis=0, out=grown, mode="clip")  # "raise" would copy
            yield np.subtract(grown, before, out=grown)


@dataclass(frozen=True)
class WindowRows:
    """Rows of which windows are asked; indexing takes some of them.

    Attributes
    ----------
    sums : WindowSums
    relative_risk : ndarray, shape (n, K)
    nodes : ndarray, shape (n, r)
        Probability of no event before each chosen time of the quadrature.
    free : ndarray, shape (n,)
        And before each row's window.
    """

    sums: WindowSums
    relative_risk: np.ndarray
    nodes: np.ndarray
    free: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> WindowRows:
        return WindowRows(self.sums, self.relative_risk[rows], self.nodes[rows], self.free[rows])

    def are_held(self, least_free: float) -> np.ndarray:
        """Whether sums over the windows hold for each row, shape (n,).

        Not outside the quadrature's region, where an incidence would go beyond 1 and stops there instead, and where
        hardly anybody is free of events before the window, as what follows is divided by that probability.
        """
        cause, own = self.sums.cause, self.relative_risk[:, self.sums.cause]
        # A cumulative hazard below 1 is enough.
        is_below_1 = own * self.sums.cumulative[-1, cause] < 1.0
        rest = np.flatnonzero(~is_below_1)
        is_below_1[rest] = own[rest] * row_products(self.nodes[rest], self.sums.tables[cause][-1:].T)[:, 0] < 1.0
        return self.sums.quadrature.covers(self.relative_risk) & is_below_1 & (self.free >= least_free)

    def incidence(self, windows: Iterable[np.ndarray]) -> np.ndarray:
        """Incidence over windows, of which :meth:`WindowSums.grown` said what they are, (n, m).

        0 where the window is empty, or the cause has no hazard in it.
        """
        scale = self.relative_risk[:, self.sums.cause] / self.free
        found = np.stack([scale * np.einsum("nr,nr->n", self.nodes, grown) for grown in windows], axis=1)
        return np.clip(found, 0.0, 1.0, out=found)


def _by_day(times: np.ndarray) -> np.ndarray | None:
    """Number of event times until each whole day, if events are on whole days only; None if they are not."""
    if not times.size or times[-1] > LAST_DAY or np.any(times != np.floor(times)):
        return None
    return np.searchsorted(times, np.arange(times[-1] + 1.0), side="right")


def _from_zero(by_time: np.ndarray) -> np.ndarray:
    """Running sums (J + 1, r) over the J event times, of numbers (r, J)."""
    return np.concatenate([np.zeros((1, len(by_time)), by_time.dtype), np.cumsum(by_time.T, axis=0)])
