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
TOLERANCE = 3e-6
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
        self._moments, self._sums, self._ranges = hazards.moments, sums, dict[tuple[int, int], Range]()
        times, weights = self._chosen_times()
        quadrature, n_times = sums.quadrature, weights.shape[1]
        self._free = np.ascontiguousarray(quadrature.weights[:, times])
        self._curve = np.ascontiguousarray(sums.tables[sums.cause][times + 1].T)
        parts = np.concatenate(
            [self._moments.variance[..., None], hazards.jumps.hazard[..., None], hazards.mean], axis=2
        )
        # One more value than those of y: of the level that is taken off.
        weights = np.vstack([weights, np.ones(n_times)])
        self._tables = _running(weights.T[None, :, :, None] * parts[:, :, None, :])
        self._one = np.ascontiguousarray(self._tables[:, :, -1])
        self._squares = np.ascontiguousarray(self._tables[:, :, :-1, 0])
        self._bounds = [np.append(starts, n_times) for starts in self._moments.cell_start]
        self._whole = [np.diff(self._one[cause, own, 0]) for cause, own in enumerate(self._bounds)]
        self._grid = _spread(np.concatenate(self._bounds))

    def error(self, distance: np.ndarray, relative_risk: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Standard errors (n, m) over windows from ``first`` (n,) to before ``last`` (n, m).

        Parameters
        ----------
        distance : ndarray, shape (K, n, p)
            Features less the center of each cause.
        relative_risk : ndarray, shape (n, K)
            Where the quadrature holds.
        first, last : ndarray of int
        """
        variance = np.zeros(last.shape)
        order = np.argsort(first, kind="stable")
        for begin in range(0, order.size, ROWS_PER_BLOCK):
            rows = order[begin : begin + ROWS_PER_BLOCK]
            variance[rows] = self._variance(distance[:, rows], relative_risk[rows], first[rows], last[rows])
        return np.sqrt(np.maximum(variance, 0.0))

    def _variance(
        self, distance: np.ndarray, relative_risk: np.ndarray, first: np.ndarray, last: np.ndarray
    ) -> np.ndarray:
        sums, n_causes = self._sums, len(self._bounds)
        own, table = relative_risk[:, sums.cause], sums.tables[sums.cause]
        nodes = sums.quadrature.free_before_nodes(relative_risk)
        y = np.zeros((n_causes, len(first), self._tables.shape[2]))
        y[:, :, :-1] = own[:, None] * row_products(nodes, self._curve)
        y[sums.cause, :, :-1] += row_products(nodes, self._free)
        scale = (relative_risk / sums.free(relative_risk, first)[:, None]).T
        squares = y[:, :, :-1] ** 2
        at_bounds = [
            row_products(by_cause, self._tables[cause, bounds, :, 0].T)
            for cause, (by_cause, bounds) in enumerate(zip(y, self._bounds, strict=True))
        ]
        begin, begin_squares = self._until(y, squares, first)
        begin_one = self._one[:, first]
        result = np.zeros(last.shape)
        for column, end in enumerate(last.T):
            level = own * np.einsum("nr,nr->n", nodes, table[end])
            y[:, :, -1] = -level
            until, until_squares = self._until(y, squares, end)
            begin_here = begin - level[:, None] * begin_one
            low, high = np.searchsorted(self._grid, first, side="right") - 1, np.searchsorted(self._grid, end)
            key = np.where(sums.n_events[end] > sums.n_events[first], low * self._grid.size + high, -1)
            for one in np.unique(key[key >= 0]):
                part = slice(None) if np.all(key == one) else np.flatnonzero(key == one)
                chosen = self._range(*divmod(int(one), self._grid.size))
                y_sums = until[:, part] - begin_here[:, part]
                by_cell = self._by_cell(
                    chosen,
                    [values[part] for values in at_bounds],
                    level[part],
                    (first[part], begin_here[:, part, 0]),
                    (end[part], until[:, part, 0]),
                )
                by_coef = distance[:, part] * y_sums[..., 1, None] - y_sums[..., 2:]
                squared = until_squares[:, part] - begin_squares[:, part]
                one_sums = self._one[:, end[part], 0] - begin_one[:, part, 0]
                squared -= level[part] * (2.0 * y_sums[..., 0] + level[part] * one_sums)
                result[part, column] = self._quadratic(chosen, by_cell, by_coef, squared, scale[:, part])
        return result

    def _until(self, y: np.ndarray, squares: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of y (K, n, 2 + p) and of its square times the variance (K, n) until each row's event time."""
        groups = GroupedRows(position, ROWS_OF_A_TIME)
        found = [groups.products(own, table) for own, table in zip(y, self._tables, strict=True)]
        of_squares = [
            np.einsum("ng,ng->n", own, table[position]) for own, table in zip(squares, self._squares, strict=True)
        ]
        return np.stack(found), np.stack(of_squares)

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
        chosen: Range,
        at_bounds: list[np.ndarray],
        level: np.ndarray,
        first: tuple[np.ndarray, np.ndarray],
        end: tuple[np.ndarray, np.ndarray],
    ) -> list[np.ndarray]:
        """Sums of y - level, times the variance, over the part of each cell that is in the window: (n, G) by cause.

        ``first`` and ``end`` are event times (n,) and the running sums (K, n) at them.
        """
        found = []
        for cause, cells in enumerate(chosen.cells):
            own = slice(cells.start, cells.stop + 1)
            bounds = self._bounds[cause][own]
            running = at_bounds[cause][:, own] - level[:, None] * self._one[cause, bounds, 0]
            np.copyto(running, first[1][cause, :, None], where=bounds < first[0][:, None])
            np.copyto(running, end[1][cause, :, None], where=bounds > end[0][:, None])
            found.append(np.diff(running, axis=1))
        return found

    def _quadratic(
        self, chosen: Range, by_cell: list[np.ndarray], by_coef: np.ndarray, squared: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """The variance of n rows, shape (n,)."""
        n_causes, n_rows, n_features = by_coef.shape
        direction = np.empty((n_rows, len(chosen.covariance)))
        result, place = np.zeros(n_rows), 0
        for cause, sums in enumerate(by_cell):
            means = direction[:, place : place + sums.shape[1]]
            np.multiply(sums, chosen.inverse[cause], out=means)
            result += scale[cause] ** 2 * (squared[cause] - np.einsum("ng,ng->n", sums, means))
            means *= scale[cause, :, None]
            place += sums.shape[1]
        for cause in range(n_causes):
            np.multiply(by_coef[cause], scale[cause, :, None], out=direction[:, place : place + n_features])
            place += n_features
        return result + np.einsum("nd,nd->n", row_products(direction, chosen.covariance), direction)

    def _range(self, low: int, high: int) -> Range:
        if (low, high) not in self._ranges:
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
            self._ranges[low, high] = Range(cells, inverse, self._moments.covariance[np.ix_(place, place)])
        return self._ranges[low, high]


def _running(parts: np.ndarray) -> np.ndarray:
    """Running sums over the event times, the second axis, from 0 on."""
    return np.concatenate([np.zeros_like(parts[:, :1]), np.cumsum(parts, axis=1)], axis=1)


def _spread(bounds: np.ndarray) -> np.ndarray:
    """Some of the cells' bounds, spread evenly, with the first and the last."""
    ordered = np.unique(bounds)
    return ordered[np.unique(np.linspace(0, ordered.size - 1, N_PARTS + 1).astype(np.int64))]
