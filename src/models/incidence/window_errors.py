r"""Standard errors of the incidences of very many rows over windows of their own.

The derivatives of :mod:`.influence_error` are, up to :math:`\rho_l = e_l / S(s_0-)`,
:math:`y_l(s) - F_k(t)` with :math:`y_k(s) = S(s-) + F_k(s)` and :math:`y_l(s) = F_k(s)` of the other causes. The values
of y and of its square at few event times give those at all others (see ``numerics/interpolative_decomposition.py``),
so that every sum over a window that the variance of :class:`.hazard_moments.CellMoments` takes,

.. math:: \sum_{a \le s < e} y_l(s) \left( v_l(s),\ d\Lambda_l(s),\ dG_l(s) \right),

is the difference of two products of these few values with tables by event time. Rows whose windows begin or end at
the same event time share the table's matrix. Of the covariance of cells a row takes the part for the range of cells in
which its window lies. A row's digits do not depend on the rows beside it.
"""

from dataclasses import dataclass

import numpy as np

from ..numerics.fixed_blocks import GroupedRows, row_products
from ..numerics.interpolative_decomposition import choose_columns, column_weights
from .hazard_moments import CellMoments
from .influence_error import UncertainHazards
from .quadrature import MOST_TIMES
from .windows import WindowSums

# Of y and its square, at most so far from what few event times give.
TOLERANCE = 1e-5
# Rows whose numbers are held at once, and rows of a block that share a table's matrix.
ROWS_PER_BLOCK = 1024
ROWS_OF_A_TIME = 8
# Parts into which event times are cut: a row takes the cells of those in which its window lies.
N_PARTS = 12


@dataclass(frozen=True)
class Range:
    """Cells of a run of parts; those of cause l are ``cells[l]``.

    Attributes
    ----------
    cells : list of slice
    inverse : list of ndarray
        1 / the variance of each cell.
    covariance : ndarray, shape (D, D)
        Of the increments of these cells, cause after cause, and of all coefficients.
    """

    cells: list[slice]
    inverse: list[np.ndarray]
    covariance: np.ndarray


class WindowErrors:
    """Standard errors of the incidence of one cause over windows.

    Parameters
    ----------
    hazards : UncertainHazards
        With the moments of a saved model.
    sums : WindowSums
        Of the same hazards.
    """

    def __init__(self, hazards: UncertainHazards, sums: WindowSums):
        assert isinstance(hazards.moments, CellMoments)
        self._moments, self._sums, self._ranges = hazards.moments, sums, dict[int, Range]()
        times, weights = self._chosen_times()
        quadrature, n_times = sums.quadrature, weights.shape[1]
        self._free = np.ascontiguousarray(quadrature.weights[:, times])
        self._curve = np.ascontiguousarray(sums.tables[sums.cause][times + 1].T)
        parts = np.concatenate(
            [self._moments.variance[..., None], hazards.jumps.hazard[..., None], hazards.mean], axis=2
        )
        # One more value than those of y: of the level that is taken off.
        weights = np.vstack([weights, np.ones(n_times)])
        tables = _running(weights.T[None, :, :, None] * parts[:, :, None, :])
        self._one = np.ascontiguousarray(tables[:, :, -1])
        self._squares = np.ascontiguousarray(tables[:, :, :-1, 0])
        self._bounds = [np.append(starts, n_times) for starts in self._moments.cell_start]
        self._whole = [np.diff(self._one[cause, own, 0]) for cause, own in enumerate(self._bounds)]
        self._grid = _spread(np.concatenate(self._bounds))
        self._at_bounds = [np.ascontiguousarray(tables[cause, own, :, 0].T) for cause, own in enumerate(self._bounds)]
        # The other causes have the same y: one product serves them.
        self._others = [cause for cause in range(len(tables)) if cause != sums.cause]
        self._own_table = np.ascontiguousarray(tables[sums.cause])
        self._other_tables = np.concatenate([tables[cause] for cause in self._others] or [tables[0, :, :, :0]], axis=2)

    def error(self, distance: np.ndarray, relative_risk: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Standard errors (n, m) over windows from ``first`` (n,) to before ``last`` (n, m), which does not fall.

        Parameters
        ----------
        distance : ndarray, shape (K, n, p)
            Features less the center of each cause.
        relative_risk : ndarray, shape (n, K)
            Where the quadrature holds.
        first, last : ndarray of int
        """
        variance = np.zeros(last.shape)
        low, high = np.searchsorted(self._grid, first, side="right") - 1, np.searchsorted(self._grid, last)
        key = low[:, None] * self._grid.size + high
        counts = self._sums.n_events
        # Where the cause has no hazard there is no error either; differences of sums would leave rounding.
        key[counts[last] <= counts[first][:, None]] = -1
        order = np.lexsort((first, key[:, -1]))
        order = order[np.searchsorted(key[order, -1], 0) :]
        for run in np.split(order, np.flatnonzero(np.diff(key[order, -1])) + 1):
            for begin in range(0, run.size, ROWS_PER_BLOCK):
                rows = run[begin : begin + ROWS_PER_BLOCK]
                variance[rows] = self._variance(
                    distance[:, rows], relative_risk[rows], first[rows], last[rows], key[rows]
                )
        return np.sqrt(np.maximum(variance, 0.0))

    def _variance(
        self, distance: np.ndarray, relative_risk: np.ndarray, first: np.ndarray, last: np.ndarray, key: np.ndarray
    ) -> np.ndarray:
        """Of rows whose longest windows have the same range of cells."""
        sums, widest = self._sums, self._range(int(key[0, -1]))
        own, table = relative_risk[:, sums.cause], sums.tables[sums.cause]
        nodes = sums.quadrature.free_before_nodes(relative_risk)
        other_y = np.zeros((len(first), self._own_table.shape[1]))
        other_y[:, :-1] = own[:, None] * row_products(nodes, self._curve)
        own_y = other_y.copy()
        own_y[:, :-1] += row_products(nodes, self._free)
        scale = relative_risk / sums.free(relative_risk, first)[:, None]
        at_bounds = [
            row_products(own_y if cause == sums.cause else other_y, table[:, cells.start : cells.stop + 1])
            for cause, (table, cells) in enumerate(zip(self._at_bounds, widest.cells, strict=True))
        ]
        squares = own_y[:, :-1] ** 2, other_y[:, :-1] ** 2
        begin, begin_squares = self._until(own_y, other_y, first), self._squares_until(*squares, first)
        begin_one = self._one[:, first]
        result = np.zeros(last.shape)
        for column, end in enumerate(last.T):
            level = own * np.einsum("nr,nr->n", nodes, table[end])
            own_y[:, -1] = other_y[:, -1] = -level
            until, until_squares = self._until(own_y, other_y, end), self._squares_until(*squares, end)
            for one in np.unique(key[:, column]):
                if one < 0:
                    continue
                part = slice(None) if np.all(key[:, column] == one) else np.flatnonzero(key[:, column] == one)
                chosen = self._range(int(one))
                direction = np.empty((len(level[part]), len(chosen.covariance)))
                place, coef_place = 0, sum(inverse.size for inverse in chosen.inverse)
                off, found = level[part, None], np.zeros(len(direction))
                for cause, (cells, inverse) in enumerate(zip(chosen.cells, chosen.inverse, strict=True)):
                    start = begin[cause][part] - off * begin_one[cause, part]
                    window = until[cause][part] - start
                    bounds = slice(cells.start - widest.cells[cause].start, cells.stop + 1 - widest.cells[cause].start)
                    by_cell = self._by_cell(
                        cause,
                        cells,
                        at_bounds[cause][part, bounds],
                        off,
                        (first[part, None], start[:, :1]),
                        (end[part, None], until[cause][part, :1]),
                    )
                    rate = scale[part, cause, None]
                    means = direction[:, place : place + inverse.size]
                    np.multiply(by_cell, inverse, out=means)
                    one_sums = self._one[cause, end[part], 0] - begin_one[cause, part, 0]
                    squared = until_squares[cause][part] - begin_squares[cause][part]
                    squared -= off[:, 0] * (2.0 * window[:, 0] + off[:, 0] * one_sums)
                    found += rate[:, 0] ** 2 * (squared - np.einsum("ng,ng->n", by_cell, means))
                    means *= rate
                    by_coef = direction[:, coef_place : coef_place + distance.shape[2]]
                    np.multiply(distance[cause, part], window[:, 1:2], out=by_coef)
                    by_coef -= window[:, 2:]
                    by_coef *= rate
                    place, coef_place = place + inverse.size, coef_place + distance.shape[2]
                found += np.einsum("nd,nd->n", row_products(direction, chosen.covariance), direction)
                result[part, column] = found
        return result

    def _until(self, own_y: np.ndarray, other_y: np.ndarray, position: np.ndarray) -> list[np.ndarray]:
        """Sums of y until each row's event time, (n, 2 + p) by cause."""
        groups = GroupedRows(position, ROWS_OF_A_TIME)
        found = (
            np.split(groups.products(other_y, self._other_tables), len(self._others), axis=1) if self._others else []
        )
        found.insert(self._sums.cause, groups.products(own_y, self._own_table))
        return found

    def _squares_until(self, own: np.ndarray, other: np.ndarray, position: np.ndarray) -> list[np.ndarray]:
        """Sums of y squared times the variance until each row's event time, (n,) by cause."""
        return [
            np.einsum("ng,ng->n", own if cause == self._sums.cause else other, table[position])
            for cause, table in enumerate(self._squares)
        ]

    def _chosen_times(self) -> tuple[np.ndarray, np.ndarray]:
        """Event times whose values give those at all, (g,), and how, (g, J)."""
        sums, quadrature = self._sums, self._sums.quadrature
        points = quadrature.points()
        nodes = quadrature.free_before_nodes(points)
        free = nodes @ quadrature.weights
        curve = points[:, [sums.cause]] * (nodes @ sums.tables[sums.cause][1:].T)
        parts = np.vstack([free, curve, (free + curve) ** 2, curve**2])
        candidates = quadrature.candidates
        times = candidates[choose_columns(parts[:, candidates], TOLERANCE, MOST_TIMES)]
        return times, column_weights(parts[:, times], parts)

    def _by_cell(
        self,
        cause: int,
        cells: slice,
        at_bounds: np.ndarray,
        level: np.ndarray,
        first: tuple[np.ndarray, np.ndarray],
        end: tuple[np.ndarray, np.ndarray],
    ) -> np.ndarray:
        """Sums of y - level, times the variance, over the part of each cell that is in the window, (n, G).

        ``first`` and ``end`` are event times (n, 1) and the running sums (n, 1) at them.
        """
        bounds = self._bounds[cause][cells.start : cells.stop + 1]
        running = at_bounds - level * self._one[cause, bounds, 0]
        np.copyto(running, first[1], where=bounds < first[0])
        np.copyto(running, end[1], where=bounds > end[0])
        return np.diff(running, axis=1)

    def _range(self, key: int) -> Range:
        if key not in self._ranges:
            low, high = divmod(key, self._grid.size)
            cells = [
                slice(
                    max(int(np.searchsorted(bounds, self._grid[low], side="right")) - 1, 0),
                    int(np.searchsorted(bounds, self._grid[high])),
                )
                for bounds in self._bounds
            ]
            ends = np.cumsum([0, *(whole.size for whole in self._whole)])
            kept = [np.arange(end + own.start, end + own.stop) for end, own in zip(ends[:-1], cells, strict=True)]
            kept.append(np.arange(ends[-1], len(self._moments.covariance)))
            place = np.concatenate(kept)
            whole = [np.where(own > 0, own, np.inf) for own in self._whole]
            inverse = [1.0 / own[part] for own, part in zip(whole, cells, strict=True)]
            self._ranges[key] = Range(cells, inverse, self._moments.covariance[np.ix_(place, place)])
        return self._ranges[key]


def _running(parts: np.ndarray) -> np.ndarray:
    """Running sums over the event times, the second axis, from 0 on."""
    return np.concatenate([np.zeros_like(parts[:, :1]), np.cumsum(parts, axis=1)], axis=1)


def _spread(bounds: np.ndarray) -> np.ndarray:
    """Some of the cells' bounds, spread evenly, with the first and the last."""
    ordered = np.unique(bounds)
    return ordered[np.unique(np.linspace(0, ordered.size - 1, N_PARTS + 1).astype(np.int64))]
