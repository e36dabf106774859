r"""Standard errors of the incidences of very many rows over windows of their own.

The derivatives of :mod:`.influence_error` are, up to :math:`\rho_l = e_l / S(s_0-)`,
:math:`y_l(s) - F_k(t)` with :math:`y_k(s) = S(s-) + F_k(s)` and :math:`y_l(s) = F_k(s)` of the other causes. The values
of y and of its square at few event times give those at all others (see ``numerics/interpolative_decomposition.py``),
and so do those of :math:`z_l(s) = \rho_l (y_l(s) - F_k(t))`, as a constant is among what they give. So every sum over a
window that the variance of :class:`.hazard_moments.CellMoments` takes,

.. math:: \sum_{a \le s < e} z_l(s) \left( d\Lambda_l(s),\ dG_l(s) \right), \qquad
    \sum_{a \le s < e} z_l(s)^2 v_l(s),

is a product of these few values with the difference of two tables by event time, which rows with the same window
share. Of the covariance of cells a row takes the part for the range of cells in
which its window lies. A row's digits do not depend on the rows beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
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
# Rows that are sorted by where their windows begin; blocks whose numbers stay in a processor's cache, and windows of a
# block, which share a table's matrix.
ROWS_SORTED = 8192
BLOCKS_AT_ONCE = 256
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
    means : list of ndarray, shape (g, D_k)
        By cause, means by cell of what gives z.
    begin, end : ndarray of int, shape (D,)
        Bounds of each cell.
    first_cell : ndarray of int, shape (K,)
        What to take off a cell's number in its cause for its place here.
    form : ndarray, shape (D + K p, D + K p)
        Covariance of the increments of these cells, cause after cause, and of all coefficients, less the variance of
        each cell, which goes with what varies within it.
    """

    means: list[np.ndarray]
    begin: np.ndarray
    end: np.ndarray
    first_cell: np.ndarray
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
        self._incidence = sums.tables[sums.cause].astype(SINGLE)
        self._curve = np.ascontiguousarray(sums.tables[sums.cause][times + 1].T)
        # The asked cause comes first; the others have the same y.
        n_causes, n_features = center.shape
        self._order = [sums.cause, *(cause for cause in range(n_causes) if cause != sums.cause)]
        self._bounds = [np.append(hazards.moments.cell_start[cause], n_times) for cause in self._order]
        for bounds in self._bounds:
            bounds[:-1][:1] = 0  # without an event there is no variance either
        self._grid = _spread(np.concatenate(self._bounds))
        self._covariance = _ordered(hazards.moments, self._order, n_features)
        from_first, until_end, self._means, self._whole, squares = [], [], [], [], []
        for cause, bounds in zip(self._order, self._bounds, strict=True):
            variance, hazard = hazards.moments.variance[cause], hazards.jumps.hazard[cause]
            means = hazards.mean[cause] + hazard[:, None] * center[cause]
            table = _running(weights.T[:, :, None] * np.column_stack([variance, hazard, means])[:, None])
            until, table = np.ascontiguousarray(table[:, :, 0]), table[:, :, 1:]
            whole = np.diff(_running(variance)[bounds])
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
            squares.append(until)
        self._from_first, self._until_end = np.stack(from_first, axis=1), np.stack(until_end, axis=1)
        self._squares = np.stack(squares, axis=1)
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
        """Of windows that have a key, which says in which range of cells they lie; 0 of the others."""
        sums, result, n_times = self._sums, np.zeros(last.size), len(self._until_end)
        rows = sums.rows(relative_risk, first)
        own, rate = relative_risk[:, sums.cause], (relative_risk / rows.free[:, None])[:, self._order]
        curve = own[:, None] * row_products(rows.nodes, self._curve)
        # Before the level, the incidence at the window's end, is taken off.
        y = np.empty((rate.shape[1], *curve.shape), SINGLE)
        y[0] = (curve + row_products(rows.nodes, self._free)) * rate[:, :1]
        for cause in range(1, len(y)):
            np.multiply(curve, rate[:, cause, None], out=y[cause], casting="same_kind")
        nodes, features = rows.nodes.astype(SINGLE), features.astype(SINGLE)
        level = np.stack([own * np.einsum("nr,nr->n", nodes, self._incidence[end]) for end in last.T], axis=1)
        level = (rate.T[:, :, None] * level).astype(SINGLE)
        asked = np.flatnonzero(key.ravel() >= 0)
        row, column = np.divmod(asked, last.shape[1])
        # One number says the range of cells, the first event time and the end of a window, in this order.
        windows = GroupedRows((key[row, column] * n_times + first[row]) * n_times + last[row, column], ROWS_OF_A_WINDOW)
        found = np.empty(windows.members.shape)
        for runs in _of_one_key(windows.runs, n_times**2):
            blocks = slice(runs[0][1], runs[-1][2])
            members = windows.members[blocks].ravel()
            z = y.take(row[members], axis=1)
            z -= level[:, row[members], column[members], None]
            found[blocks] = self._of_windows(z, features.take(row[members], axis=0), runs)
        result[asked] = windows.rows(found)
        return np.where(rows.are_held(self._least_free)[:, None], result.reshape(last.shape), np.nan)

    def _of_windows(self, z: np.ndarray, features: np.ndarray, runs: list[tuple[int, int, int]]) -> np.ndarray:
        """The variance (n_blocks, block) of windows in blocks, ``z`` (K, n, g), with the same range of cells."""
        n_times = len(self._until_end)
        blocks = z.reshape(len(z), -1, ROWS_OF_A_WINDOW, z.shape[2])
        window = np.repeat([run[0] for run in runs], [stop - begin for _, begin, stop in runs])
        key, window = divmod(window, n_times**2)
        first, end = divmod(window, n_times)
        cells, sums = self._range(int(key[0])), self._window_sums(blocks, runs)
        squares = np.matmul(
            blocks**2, (self._squares[end] - self._squares[first]).astype(SINGLE).swapaxes(0, 1)[..., None]
        )
        direction = np.empty((z.shape[1], len(cells.form)), SINGLE)
        ends = np.cumsum([0, *(means.shape[1] for means in cells.means)])
        for values, means, begin, stop in zip(z, cells.means, ends[:-1], ends[1:], strict=True):
            direction[:, begin:stop] = row_products(values, means)
        by_block, block = direction.reshape(*blocks.shape[1:3], -1), np.arange(len(first))[:, None]
        shift = cells.first_cell[self._with_cells]
        outside = sums[self._with_cells].swapaxes(0, 1)
        by_block[block, :, self._cell_of_first[first] - shift] -= outside[..., 0]
        by_block[block, :, self._cell_of_end[end] - shift] -= outside[..., 1]
        is_met = (cells.end > first[:, None]) & (cells.begin < end[:, None])
        by_block[:, :, : ends[-1]] *= is_met[:, None]
        by_coef = np.split(direction[:, ends[-1] :], len(z), axis=1)
        for part, own in zip(by_coef, sums.reshape(len(z), z.shape[1], -1), strict=True):
            np.multiply(own[:, 2, None], features, out=part)
            part -= own[:, 3:]
        between = np.einsum("nd,nd->n", row_products(direction, cells.form), direction)
        return squares[..., 0].sum(axis=0) + between.reshape(blocks.shape[1:3])

    def _window_sums(self, blocks: np.ndarray, runs: list[tuple[int, int, int]]) -> np.ndarray:
        """What of the first and of the last cell of each cause is outside, and z times hazard and means.

        Sums over the windows, shape (K, n_blocks, block, p + 3); windows that are the same share a matrix.
        """
        (n_times, n_causes, n_values, width), n_before = self._until_end.shape, runs[0][1]
        matrix = np.empty((n_causes, n_values, width), SINGLE)
        found = np.empty((*blocks.shape[:3], width), SINGLE)
        for window, begin, stop in runs:
            low, high = divmod(window % n_times**2, n_times)
            np.subtract(self._until_end[high], self._from_first[low], out=matrix, casting="same_kind")
            own = slice(begin - n_before, stop - n_before)
            np.matmul(blocks[:, own], matrix[:, None], out=found[:, own])
        return found

    def _chosen_times(self) -> tuple[np.ndarray, np.ndarray]:
        """Event times whose values give those at all, (g,), and how, (g, J)."""
        sums, quadrature = self._sums, self._sums.quadrature
        points = quadrature.points()
        nodes = quadrature.free_before_nodes(points)
        free = nodes @ quadrature.weights
        curve = points[:, [sums.cause]] * (nodes @ sums.tables[sums.cause][1:].T)
        parts = np.vstack([free, curve, (free + curve) ** 2, curve**2, np.ones(free.shape[1])])
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
            bounds = [own[part.start : part.stop + 1] for own, part in zip(self._bounds, cells, strict=True)]
            self._ranges[key] = Range(
                [own[:, part] for own, part in zip(self._means, cells, strict=True)],
                np.concatenate([own[:-1] for own in bounds]).astype(np.int32),
                np.concatenate([own[1:] for own in bounds]).astype(np.int32),
                np.array([own.start for own in cells]) - np.cumsum([0, *sizes[:-1]]),
                form.astype(SINGLE),
            )
        return self._ranges[key]


def _of_one_key(runs: list[tuple[int, int, int]], n_windows: int) -> Iterator[list[tuple[int, int, int]]]:
    """Runs of blocks whose windows have the same key, so many blocks at a time."""
    for _, same in groupby(runs, lambda run: (run[0] // n_windows, run[1] // BLOCKS_AT_ONCE)):
        yield list(same)


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
