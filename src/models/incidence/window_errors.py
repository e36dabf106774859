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
from typing import Literal

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
    """Cells of a run of parts; those of the i-th cause, the asked one first, are ``cells[i]``.

    Attributes
    ----------
    cells : list of slice
    place : list of slice
        Where they are in a direction.
    n_cells : int
        In all.
    form : ndarray, shape (D, D)
        Covariance of the increments of these cells, cause after cause, and of all coefficients, less the variance of
        each cell, which goes with what varies within it.
    """

    cells: list[slice]
    place: list[slice]
    n_cells: int
    form: np.ndarray


class WindowErrors:
    """Standard errors of the incidence of one cause over windows.

    Parameters
    ----------
    hazards : UncertainHazards
        With the moments of a saved model.
    sums : WindowSums
        Of the same hazards.
    center : ndarray, shape (K, p)
        Of each cause, from which the moments count features.
    least_free : float
        As :meth:`.windows.WindowRows.are_held` takes it.
    """

    def __init__(self, hazards: UncertainHazards, sums: WindowSums, center: np.ndarray, least_free: float):
        assert isinstance(hazards.moments, CellMoments)
        self._sums, self._least_free, self._ranges = sums, least_free, dict[int, Range]()
        times, weights = self._chosen_times()
        quadrature, n_times = sums.quadrature, weights.shape[1]
        self._free = np.ascontiguousarray(quadrature.weights[:, times])
        self._curve = np.ascontiguousarray(sums.tables[sums.cause][times + 1].T)
        # The other causes have the same y: one product serves them, and the asked one comes first.
        n_causes, self._n_features = center.shape
        self._order = [sums.cause, *(cause for cause in range(n_causes) if cause != sums.cause)]
        self._bounds = [np.append(hazards.moments.cell_start[cause], n_times) for cause in self._order]
        for bounds in self._bounds:
            bounds[:-1][:1] = 0  # without an event there is no variance either
        self._grid = _spread(np.concatenate(self._bounds))
        self._covariance = _ordered(hazards.moments, self._order, self._n_features)
        # One more value than those of y: of the level that is taken off.
        weights, tables = np.vstack([weights, np.ones(n_times)]), []
        self._means, self._whole, self._squares = [], [], []
        self._cell_of_first, self._cell_of_end = [], []
        for cause, bounds in zip(self._order, self._bounds, strict=True):
            variance, hazard = hazards.moments.variance[cause], hazards.jumps.hazard[cause]
            means = hazards.mean[cause] + hazard[:, None] * center[cause]
            table = _running(weights.T[:, :, None] * np.column_stack([variance, hazard, means])[:, None])
            until, whole = table[:, :, 0], np.diff(table[bounds, -1, 0])
            # The last is of no cell: a cause may have no event in the stratum.
            inverse = np.append(1.0 / np.where(whole > 0, whole, np.inf), 0.0)
            of_first, of_end = _cells_of(bounds, "right"), _cells_of(bounds, "left")
            before = (until - until[bounds[of_first]]) * inverse[of_first, None]
            after = (until[bounds[of_end + 1]] - until) * inverse[of_end, None]
            self._cell_of_first.append(of_first)
            self._cell_of_end.append(of_end)
            tables.append(np.concatenate([table, before[..., None], after[..., None]], axis=2))
            self._means.append(np.diff(until[bounds, :-1], axis=0).T * inverse[:-1])
            self._whole.append(whole)
            self._squares.append(np.ascontiguousarray(until[:, :-1]))
        self._tables = tables[0], np.concatenate([tables[0][..., :0], *tables[1:]], axis=2)
        self._one = np.stack([table[:, -1] for table in tables], axis=1)

    def error(self, features: np.ndarray, relative_risk: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Standard errors (n, m) over windows from ``first`` (n,) to before ``last`` (n, m), which does not fall.

        NaN where the sums do not hold.

        Parameters
        ----------
        features : ndarray, shape (n, p)
        relative_risk : ndarray, shape (n, K)
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
                variance[rows] = self._variance(features[rows], relative_risk[rows], first[rows], last[rows], key[rows])
        return np.sqrt(np.maximum(variance, 0.0))

    def _variance(
        self, features: np.ndarray, relative_risk: np.ndarray, first: np.ndarray, last: np.ndarray, key: np.ndarray
    ) -> np.ndarray:
        """Of rows whose longest windows have the same range of cells."""
        sums, result = self._sums, np.zeros(last.shape)
        rows = sums.rows(relative_risk, first)
        own, table = relative_risk[:, sums.cause], sums.tables[sums.cause]
        y = np.zeros((2, len(first), self._free.shape[1] + 1))
        np.multiply(own[:, None], row_products(rows.nodes, self._curve), out=y[1, :, :-1])
        np.add(y[1, :, :-1], row_products(rows.nodes, self._free), out=y[0, :, :-1])
        rate = (relative_risk / rows.free[:, None])[:, self._order]
        widest, squares = self._range(int(key[0, -1])), y[:, :, :-1] ** 2
        means = [
            row_products(y[min(place, 1), :, :-1], own_means[:, cells])
            for place, (own_means, cells) in enumerate(zip(self._means, widest.cells, strict=True))
        ]
        begin, begin_squares, begin_one = self._until(y, first), self._squares_until(squares, first), self._one[first]
        for column, end in enumerate(last.T):
            level = own * np.einsum("nr,nr->n", rows.nodes, table[end])
            y[:, :, -1] = -level
            start, until = begin - level[:, None, None] * begin_one, self._until(y, end)
            window = until[..., :-2] - start[..., :-2]
            n_at_risk = self._one[end, :, 0] - begin_one[..., 0]
            squared = self._squares_until(squares, end) - begin_squares
            squared -= level[:, None] * (2.0 * window[..., 0] + level[:, None] * n_at_risk)
            by_coef = window[..., 1:2] * features[:, None]
            by_coef -= window[..., 2:]
            by_coef *= rate[..., None]
            found = np.einsum("nk,nk->n", rate**2, squared)
            for one in np.unique(key[:, column]):
                if one < 0:
                    continue
                some = slice(None) if np.all(key[:, column] == one) else np.flatnonzero(key[:, column] == one)
                chosen = self._range(int(one))
                direction = np.empty((len(level[some]), len(chosen.form)))
                direction[:, chosen.n_cells :] = by_coef[some].reshape(len(direction), -1)
                for place, cells in enumerate(chosen.cells):
                    if cells.start == cells.stop:
                        continue
                    shift = widest.cells[place].start
                    part = direction[:, chosen.place[place]]
                    np.subtract(
                        means[place][some, cells.start - shift : cells.stop - shift], level[some, None], out=part
                    )
                    at_first, at_end = (first[some], start[some, place, -2]), (end[some], until[some, place, -1])
                    self._cut(part, place, cells, at_first, at_end)
                    part *= rate[some, place, None]
                result[some, column] = found[some]
                result[some, column] += np.einsum("nd,nd->n", row_products(direction, chosen.form), direction)
        result[~rows.are_held(self._least_free)] = np.nan
        return result

    def _cut(
        self,
        by_cell: np.ndarray,
        place: int,
        cells: slice,
        first: tuple[np.ndarray, np.ndarray],
        end: tuple[np.ndarray, np.ndarray],
    ) -> None:
        """Take off means by cell (n, G), in place, what is not in the window.

        ``first`` and ``end`` are event times (n,), and what of the first and of the last cell is outside (n,).
        """
        number, rows = np.arange(cells.start, cells.stop), np.arange(len(by_cell))
        low, high = self._cell_of_first[place][first[0]], self._cell_of_end[place][end[0]]
        by_cell[rows, low - cells.start] -= first[1]
        by_cell[rows, high - cells.start] -= end[1]
        by_cell *= (number >= low[:, None]) & (number <= high[:, None])

    def _until(self, y: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Sums of y until each row's event time, and what is outside the window of the cell with it, (n, K, 4 + p)."""
        groups = GroupedRows(position, ROWS_OF_A_TIME)
        parts = [groups.products(own, table) for own, table in zip(y, self._tables, strict=True)]
        return np.concatenate(parts, axis=1).reshape(len(position), len(self._order), -1)

    def _squares_until(self, squares: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Sums of y squared times the variance until each row's event time, (n, K)."""
        parts = [
            np.einsum("ng,ng->n", squares[min(place, 1)], table[position]) for place, table in enumerate(self._squares)
        ]
        return np.stack(parts, axis=1)

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
            whole = np.concatenate([own[part] for own, part in zip(self._whole, cells, strict=True)])
            index = np.concatenate([*kept, np.arange(ends[-1], len(self._covariance))])
            form = self._covariance[np.ix_(index, index)]
            form[np.diag_indices(whole.size)] -= whole
            stops = np.cumsum([own.size for own in kept])
            place = [slice(int(stop) - own.size, int(stop)) for stop, own in zip(stops, kept, strict=True)]
            self._ranges[key] = Range(cells, place, whole.size, form)
        return self._ranges[key]


def _cells_of(bounds: np.ndarray, side: Literal["left", "right"]) -> np.ndarray:
    """The cell of each number of event times from 0 on; of a bound, that which begins there, or (left) ends."""
    n_times = int(bounds[-1])
    cell = np.searchsorted(bounds, np.arange(n_times + 1), side=side) - 1
    return np.clip(cell, 0, bounds.size - 2)


def _ordered(moments: CellMoments, order: list[int], n_features: int) -> np.ndarray:
    """The covariance, causes in an order."""
    sizes = [starts.size for starts in moments.cell_start]
    ends = np.cumsum([*sizes, *[n_features] * len(sizes)])
    parts = np.split(np.arange(ends[-1]), ends[:-1])
    index = np.concatenate([parts[cause] for cause in order] + [parts[len(sizes) + cause] for cause in order])
    return moments.covariance[np.ix_(index, index)]


def _running(parts: np.ndarray) -> np.ndarray:
    """Running sums over the event times, the first axis, from 0 on."""
    return np.concatenate([np.zeros_like(parts[:1]), np.cumsum(parts, axis=0)])


def _spread(bounds: np.ndarray) -> np.ndarray:
    """Some of the cells' bounds, spread evenly, with the first and the last."""
    ordered = np.unique(bounds)
    return ordered[np.unique(np.linspace(0, ordered.size - 1, N_PARTS + 1).astype(np.int64))]
