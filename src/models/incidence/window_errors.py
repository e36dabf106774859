r"""Standard errors of the incidences of very many rows over windows of their own.

The derivatives of :mod:`.influence_error` are, up to :math:`\rho_l = e_l / S(s_0-)`,
:math:`y_l(s) - F_k(t)` with :math:`y_k(s) = S(s-) + F_k(s)` and :math:`y_l(s) = F_k(s)` of the other causes. The values
of y and of its square at few event times give those at all others (see ``numerics/interpolative_decomposition.py``),
so that every sum over a window that the variance of :class:`.hazard_moments.CellMoments` takes,

.. math:: \sum_{a \le s < e} y_l(s) \left( v_l(s),\ d\Lambda_l(s),\ dG_l(s) \right),

is a product of these few values with the difference of two tables by event time, which rows with the same window
share. Of the covariance of cells a row takes the part for the range of cells in
which its window lies. A row's digits do not depend on the rows beside it.
"""

from collections.abc import Iterator
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
TOLERANCE = 3e-6
# Rows that are sorted by where their windows begin, those whose numbers stay in a processor's cache, and those of a
# block that share a table's matrix.
ROWS_SORTED = 8192
ROWS_PER_BLOCK = 2048
ROWS_OF_A_WINDOW = 8
# Parts into which event times are cut: a row takes the cells of those in which its window lies.
N_PARTS = 12
# What is summed from one window needs no more digits; differences of sums until two times do.
SINGLE = np.float32


@dataclass(frozen=True)
class Range:
    """Cells of a run of parts, D in all: of the asked cause, then of the others.

    Attributes
    ----------
    own, others : ndarray, shape (g + 1, D_own), (g + 1, D_others)
        Means by cell of what gives y.
    begin, end : ndarray of int, shape (D,)
        Bounds of each cell.
    cause : ndarray of int, shape (D,)
        By place in the order of causes.
    first_cell : ndarray of int, shape (K,)
        What to take off a cell's number in its cause for its place here.
    form : ndarray, shape (D + K p, D + K p)
        Covariance of the increments of these cells, cause after cause, and of all coefficients, less the variance of
        each cell, which goes with what varies within it.
    """

    own: np.ndarray
    others: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    cause: np.ndarray
    first_cell: np.ndarray
    form: np.ndarray


@dataclass(frozen=True)
class Windows:
    """Windows of rows.

    Attributes
    ----------
    features : ndarray, shape (n, p)
    rate : ndarray, shape (n, K)
        Relative risks given no event before the window.
    y : ndarray, shape (2, n, g + 1)
        Of the asked cause and of the others, last what is taken off.
    first, end : ndarray of int, shape (n,)
        Event times.
    squares : ndarray, shape (n, K)
        Sums of y squared times the variance, before anything is taken off.
    """

    features: np.ndarray
    rate: np.ndarray
    y: np.ndarray
    first: np.ndarray
    end: np.ndarray
    squares: np.ndarray


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
        self._incidence = sums.tables[sums.cause].astype(SINGLE)
        self._curve = np.ascontiguousarray(sums.tables[sums.cause][times + 1].T)
        # The other causes have the same y: one product serves them, and the asked one comes first.
        n_causes, n_features = center.shape
        self._order = [sums.cause, *(cause for cause in range(n_causes) if cause != sums.cause)]
        self._bounds = [np.append(hazards.moments.cell_start[cause], n_times) for cause in self._order]
        for bounds in self._bounds:
            bounds[:-1][:1] = 0  # without an event there is no variance either
        self._grid = _spread(np.concatenate(self._bounds))
        self._covariance = _ordered(hazards.moments, self._order, n_features)
        # One more value than those of y: of the level that is taken off.
        weights = np.vstack([weights, np.ones(n_times)])
        from_first, until_end, self._means, self._whole, self._squares = [], [], [], [], []
        for cause, bounds in zip(self._order, self._bounds, strict=True):
            variance, hazard = hazards.moments.variance[cause], hazards.jumps.hazard[cause]
            means = hazards.mean[cause] + hazard[:, None] * center[cause]
            table = _running(weights.T[:, :, None] * np.column_stack([variance, hazard, means])[:, None])
            until = np.ascontiguousarray(table[:, :, 0])
            whole = np.diff(until[bounds, -1])
            # The last is of no cell: a cause may have no event in the stratum.
            inverse = np.append(1.0 / np.where(whole > 0, whole, np.inf), 0.0)
            of_first, of_end = _cells_of(bounds, "right"), _cells_of(bounds, "left")
            before = (until - until[bounds[of_first]]) * inverse[of_first, None]
            after = (until[bounds[of_end + 1]] - until) * inverse[of_end, None]
            none = np.zeros_like(before)
            from_first.append(np.concatenate([np.stack([-before, none], axis=2), table], axis=2))
            until_end.append(np.concatenate([np.stack([none, after], axis=2), table], axis=2))
            self._means.append((np.diff(until[bounds], axis=0).T * inverse[:-1]).astype(SINGLE))
            self._whole.append(whole)
            self._squares.append(until[:, :-1])
        self._at_risk = np.stack([table[:, -1, 2] for table in until_end], axis=1)
        self._from_first, self._until_end = np.concatenate(from_first, axis=2), np.concatenate(until_end, axis=2)
        # Causes that have cells, and in which of these a window begins and ends.
        self._with_cells = np.flatnonzero([whole.size > 0 for whole in self._whole])
        with_cells = [self._bounds[cause] for cause in self._with_cells]
        self._cell_of_first = np.stack([_cells_of(own, "right") for own in with_cells], axis=1)
        self._cell_of_end = np.stack([_cells_of(own, "left") for own in with_cells], axis=1)

    def error(self, features: np.ndarray, relative_risk: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Standard errors (n, m) over windows from ``first`` (n,) to before ``last`` (n, m), which does not fall.

        NaN where the sums do not hold.

        Parameters
        ----------
        features : ndarray, shape (n, p)
        relative_risk : ndarray, shape (n, K)
        first, last : ndarray of int
        """
        variance, counts = np.zeros(last.shape), self._sums.n_events
        low, high = np.searchsorted(self._grid, first, side="right") - 1, np.searchsorted(self._grid, last)
        is_same = np.diff(last, axis=1, prepend=-1) == 0
        # Where the cause has no hazard there is no error either; differences of sums would leave rounding.
        is_left_out = is_same | (counts[last] <= counts[first][:, None])
        key = np.where(is_left_out, -1, low[:, None] * self._grid.size + high)
        order = np.argsort(first, kind="stable")
        for begin in range(0, order.size, ROWS_SORTED):
            rows = order[begin : begin + ROWS_SORTED]
            variance[rows] = self._variance(features[rows], relative_risk[rows], first[rows], last[rows], key[rows])
        for column in range(1, last.shape[1]):
            same = np.flatnonzero(is_same[:, column])
            variance[same, column] = variance[same, column - 1]
        return np.sqrt(np.maximum(variance, 0.0))

    def _variance(
        self, features: np.ndarray, relative_risk: np.ndarray, first: np.ndarray, last: np.ndarray, key: np.ndarray
    ) -> np.ndarray:
        """Of windows that have a key."""
        sums, result = self._sums, np.zeros(last.size)
        rows = sums.rows(relative_risk, first)
        own, table, rate = relative_risk[:, sums.cause], self._incidence, relative_risk / rows.free[:, None]
        curve = own[:, None] * row_products(rows.nodes, self._curve)
        y = np.stack([curve + row_products(rows.nodes, self._free), curve])
        squares = y**2
        before = self._squares_until(squares, first)
        within = np.stack([self._squares_until(squares, end) - before for end in last.T], axis=1)
        nodes = rows.nodes.astype(SINGLE)
        level = np.stack([own * np.einsum("nr,nr->n", nodes, table[end]) for end in last.T], axis=1)
        y, features = y.astype(SINGLE), features.astype(SINGLE)
        rate, level = rate[:, self._order].astype(SINGLE), level.astype(SINGLE)
        for some in _runs(key.ravel()):
            row, column = np.divmod(some, last.shape[1])
            taken = np.broadcast_to(-level[row, column, None], (2, some.size, 1))
            windows = Windows(
                features[row],
                rate[row],
                np.concatenate([y.take(row, axis=1), taken], axis=2),
                first[row],
                last[row, column],
                within[row, column],
            )
            result[some] = self._of_windows(windows, self._range(int(key.ravel()[some[0]])))
        return np.where(rows.are_held(self._least_free)[:, None], result.reshape(last.shape), np.nan)

    def _of_windows(self, windows: Windows, cells: Range) -> np.ndarray:
        """The variance (n,) of windows with the same range of cells."""
        sums, level = self._window_sums(windows), -windows.y[0, :, -1:]
        squares = windows.squares - level * (
            2.0 * sums[:, :, 2] + level * (self._at_risk[windows.end] - self._at_risk[windows.first])
        )
        first, end, rate = windows.first.astype(np.int32)[:, None], windows.end.astype(np.int32)[:, None], windows.rate
        n_own, n_cells, row = cells.own.shape[1], cells.cause.size, np.arange(len(first))[:, None]
        direction = np.empty((len(first), len(cells.form)), SINGLE)
        direction[:, :n_own] = row_products(windows.y[0], cells.own)
        direction[:, n_own:n_cells] = row_products(windows.y[1], cells.others)
        shift = cells.first_cell[self._with_cells]
        direction[row, self._cell_of_first[windows.first] - shift] -= sums[:, self._with_cells, 0]
        direction[row, self._cell_of_end[windows.end] - shift] -= sums[:, self._with_cells, 1]
        direction[:, :n_cells] *= (cells.end > first) & (cells.begin < end)
        direction[:, :n_cells] *= rate.take(cells.cause, axis=1)
        by_coef = direction[:, n_cells:].reshape(sums[:, :, 4:].shape)
        np.multiply(sums[:, :, 3:4], windows.features[:, None], out=by_coef)
        by_coef -= sums[:, :, 4:]
        by_coef *= rate[:, :, None]
        between = np.einsum("nd,nd->n", row_products(direction, cells.form), direction)
        return np.einsum("nk,nk,nk->n", rate, rate, squares) + between

    def _window_sums(self, windows: Windows) -> np.ndarray:
        """What of the first and of the last cell of each cause is outside, and y times variance, hazard and means.

        Sums over the windows, shape (n, K, p + 4); windows that are the same share a matrix.
        """
        n_times, n_values, width = self._until_end.shape
        n_own = width // len(self._order)
        groups = GroupedRows(windows.first * n_times + windows.end, ROWS_OF_A_WINDOW)
        own, others = (groups.blocks(part) for part in windows.y)
        found, matrix = np.empty((*own.shape[:2], width), SINGLE), np.empty((n_values, width), SINGLE)
        for window, begin, stop in groups.runs:
            low, high = divmod(window, n_times)
            np.subtract(self._until_end[high], self._from_first[low], out=matrix, casting="same_kind")
            np.matmul(own[begin:stop], matrix[:, :n_own], out=found[begin:stop, :, :n_own])
            np.matmul(others[begin:stop], matrix[:, n_own:], out=found[begin:stop, :, n_own:])
        return groups.rows(found).reshape(len(windows.first), -1, n_own)

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
            sizes = [own.size for own in kept]
            means = [own[:, part] for own, part in zip(self._means, cells, strict=True)]
            bounds = [own[part.start : part.stop + 1] for own, part in zip(self._bounds, cells, strict=True)]
            self._ranges[key] = Range(
                means[0],
                np.concatenate([means[0][:, :0], *means[1:]], axis=1),
                np.concatenate([own[:-1] for own in bounds]).astype(np.int32),
                np.concatenate([own[1:] for own in bounds]).astype(np.int32),
                np.repeat(np.arange(len(sizes)), sizes),
                np.array([own.start for own in cells]) - np.cumsum([0, *sizes[:-1]]),
                form.astype(SINGLE),
            )
        return self._ranges[key]


def _runs(key: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of the same key, those below 0 left out, so many at a time."""
    order = np.argsort(key, kind="stable")
    order = order[np.searchsorted(key[order], 0) :]
    for run in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
        for begin in range(0, run.size, ROWS_PER_BLOCK):
            yield run[begin : begin + ROWS_PER_BLOCK]


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
