r"""Cumulative incidence of competing causes with Royston-Parmar hazards, and its gradient.

.. math:: F_k(t \mid x) = \int_{-\infty}^{\log t} H_k(v) \eta_k'(v) \exp\Bigl(-\sum_j H_j(v)\Bigr) dv

by Gauss-Legendre quadrature on pieces of log time within which no log cumulative hazard has a knot or moves by more
than ``LARGEST_MOVE``. Before the first piece the splines are linear and the hazards so small that the integral is a
short series. The pieces end on the times asked for where these are few; otherwise what is left of the last piece is
integrated by row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .curve import CauseCurve, RowCurves, by_parameter, row_curves
from .spline import LogTimeSpline

_X, _W = np.polynomial.legendre.leggauss(10)
# On (0, 1). Exact to about thirteen digits for pieces as short as LARGEST_MOVE makes them.
NODES, WEIGHTS = (_X + 1.0) / 2.0, _W / 2.0
LARGEST_MOVE = 1.5
# The series of the tail leaves out the third power of this.
TAIL_HAZARD = 1e-5
MAX_PIECES = 400
# With more distinct times than this, pieces do not end on them.
MAX_COMMON_TIMES = 24
# Numbers of one array while integrating: few enough to stay in the processor's cache.
BLOCK = 200_000
# A probability as small as this is 0, so that what is divided by it does not overflow.
NOBODY = 1e-300
# Points of log time at which a curve whose hazard is negative somewhere is followed.
CLIPPED_POINTS = 400


@dataclass(frozen=True)
class Pieces:
    """Where the integrals are cut, and the points at which the hazards are evaluated.

    Attributes
    ----------
    breaks : ndarray, shape (n_pieces + 1,)
        Log times, ascending.
    nodes : ndarray, shape (n_pieces * n_nodes,)
    weights : ndarray, shape (n_pieces * n_nodes,)
    """

    breaks: np.ndarray
    nodes: np.ndarray
    weights: np.ndarray

    def until(self, columns: np.ndarray) -> np.ndarray:
        """Weights of the nodes up to some breaks, shape (n_nodes, n_columns)."""
        piece = np.arange(self.nodes.size) // NODES.size
        return self.weights[:, None] * (piece[:, None] < columns)


def incidence(curves: list[CauseCurve], design: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Cumulative incidence of each of K causes.

    Parameters
    ----------
    curves : list of CauseCurve
    design : ndarray, shape (n, p)
    times : ndarray, shape (n, m)
        Days, by row.

    Returns
    -------
    ndarray, shape (K, n, m)
        Adds up to 1 minus the event-free probability exactly. Where a hazard is negative it counts as 0.
    """
    result = np.zeros((len(curves), *times.shape))
    if not times.size:
        return result
    rows = [row_curves(curve, design) for curve in curves]
    log_time = log_days(times)
    clipped = is_negative_somewhere(rows)
    for chosen, method in ((np.flatnonzero(~clipped), _integrate), (np.flatnonzero(clipped), _follow)):
        if chosen.size:
            result[:, chosen] = method([row.take(chosen) for row in rows], log_time[chosen])
    return result


def event_free(curves: list[CauseCurve], design: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Probability of no event, shape (n, m); what :func:`incidence` leaves."""
    rows = [row_curves(curve, design) for curve in curves]
    log_time = log_days(times)
    free = np.exp(-sum(_hazard(row, log_time) for row in rows))
    chosen = np.flatnonzero(is_negative_somewhere(rows))
    if chosen.size:
        free[chosen] = 1.0 - _follow([row.take(chosen) for row in rows], log_time[chosen]).sum(axis=0)
    return np.where(free > NOBODY, free, 0.0)


def incidence_gradient(curves: list[CauseCurve], design: np.ndarray, times: np.ndarray, cause: int) -> np.ndarray:
    """Derivatives of the incidence of one cause (a position) by the parameters of all, shape (n, m, Q)."""
    rows = [row_curves(curve, design) for curve in curves]
    log_time = log_days(times)
    # Rows with a negative hazard, of which there is a warning, do not decide how fine the pieces are.
    usual = np.flatnonzero(~is_negative_somewhere(rows))
    deciding = usual if usual.size else slice(None)
    pieces = _cut([row.take(deciding) for row in rows], log_time)
    where, rest = _locate(pieces, log_time)
    needed, column = np.unique(where, return_inverse=True)
    weights = pieces.until(needed)
    column = column.reshape(where.shape)
    begin = np.minimum(log_time, pieces.breaks[0])
    own_tail = np.where(np.isfinite(begin), _hazard(rows[cause], begin), 0.0)
    parts = []
    for other, row in enumerate(rows):
        by_eta, by_slope = _integrands(rows, cause, other, pieces.nodes)
        base = _sum_basis(row.curve.spline, by_eta, by_slope, pieces.nodes, weights)
        varying = [_sum_basis(g.spline, by_eta, by_slope, pieces.nodes, weights)[..., 1:] for g in row.curve.varying]
        gathered = [np.take_along_axis(part, column[:, :, None], axis=1) for part in (base, *varying)]
        if rest.any():
            r, c = np.nonzero(rest)
            at, short = _nodes_after(pieces.breaks[where[r, c]], log_time[r, c])
            chosen = [each.take(r) for each in rows]
            by_eta, by_slope = (part * short for part in _integrands(chosen, cause, other, at))
            for part, spline in zip(gathered, _splines(row.curve), strict=True):
                added = np.einsum("im,imb->ib", by_eta, spline.basis(at))
                added += np.einsum("im,imb->ib", by_slope, spline.derivative(at))
                part[r, c] += added[:, -part.shape[2] :]
        if other == cause:
            finite = np.where(np.isfinite(begin), begin, 0.0)
            for part, spline in zip(gathered, _splines(row.curve), strict=True):
                part += own_tail[:, :, None] * spline.basis(finite)[..., -part.shape[2] :]
        parts.append(by_parameter(row.curve, design, gathered[0], gathered[1:]))
    return np.concatenate(parts, axis=2)


def event_free_gradient(curves: list[CauseCurve], design: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Derivatives of the event-free probability by the parameters of all causes, shape (n, m, Q)."""
    rows = [row_curves(curve, design) for curve in curves]
    log_time = log_days(times)
    hazards = [_hazard(row, log_time) for row in rows]
    free = np.exp(-sum(hazards))
    finite = np.where(np.isfinite(log_time), log_time, 0.0)
    parts = []
    for curve, hazard in zip(curves, hazards, strict=True):
        slope = -(hazard * free)[:, :, None]
        base, *varying = (slope * spline.basis(finite) for spline in _splines(curve))
        parts.append(by_parameter(curve, design, base, [part[..., 1:] for part in varying]))
    return np.concatenate(parts, axis=2)


def log_days(times: np.ndarray) -> np.ndarray:
    """Logarithm of days, minus infinity for 0."""
    with np.errstate(divide="ignore"):
        return np.log(times)


def is_negative_somewhere(rows: list[RowCurves]) -> np.ndarray:
    """Which rows have a cause with a negative hazard at some time, of bool, shape (n,)."""
    result = np.zeros(rows[0].level.size, dtype=bool)
    for row in rows:
        result |= ~(row.smallest_slope() > 0)
    return result


def _hazard(row: RowCurves, log_time: np.ndarray) -> np.ndarray:
    """Cumulative hazard, shape (n, m), 0 at minus infinity."""
    finite = np.isfinite(log_time)
    hazard = np.exp(row.eta(np.where(finite, log_time, 0.0)))
    return np.where(finite, hazard, 0.0)


def _splines(curve: CauseCurve) -> list[LogTimeSpline]:
    return [curve.spline, *(group.spline for group in curve.varying)]


def _integrate(rows: list[RowCurves], log_time: np.ndarray) -> np.ndarray:
    """Incidences by quadrature, shape (K, n, m)."""
    pieces = _cut(rows, log_time)
    where, rest = _locate(pieces, log_time)
    needed, column = np.unique(where, return_inverse=True)
    weights = pieces.until(needed)
    column = column.reshape(where.shape)
    begin = np.minimum(log_time, pieces.breaks[0])
    result = _tail(rows, begin)
    n_block = max(1, BLOCK // max(pieces.nodes.size, 1))
    for start in range(0, len(log_time), n_block):
        block = slice(start, start + n_block)
        part = [row.take(block) for row in rows]
        for cause, density in enumerate(_densities(part, pieces.nodes)):
            result[cause, block] += np.take_along_axis(density @ weights, column[block], axis=1)
    r, c = np.nonzero(rest)
    n_block = max(1, BLOCK // NODES.size)
    for start in range(0, r.size, n_block):
        i, j = r[start : start + n_block], c[start : start + n_block]
        at, short = _nodes_after(pieces.breaks[where[i, j]], log_time[i, j])
        for cause, density in enumerate(_densities([row.take(i) for row in rows], at)):
            result[cause, i, j] += np.einsum("im,im->i", density, short)
    some_event = -np.expm1(-sum(_hazard(row, log_time) for row in rows))
    total = result.sum(axis=0)
    return result * np.divide(some_event, total, out=np.zeros_like(total), where=total > 0)


def _densities(rows: list[RowCurves], log_time: np.ndarray) -> list[np.ndarray]:
    """Density of each cause's event in log time, shape (n, m)."""
    hazards, slopes = zip(*(row.eta_and_slope(log_time) for row in rows), strict=True)
    for hazard in hazards:
        np.exp(hazard, out=hazard)
    free = np.exp(-sum(hazards))
    for hazard, slope in zip(hazards, slopes, strict=True):
        hazard *= free
        hazard *= slope
    return list(hazards)


def _integrands(rows: list[RowCurves], cause: int, other: int, log_time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of the density of ``cause`` by eta and by eta' of ``other``, shape (n, m)."""
    hazards = [np.exp(row.eta(log_time)) for row in rows]
    free = np.exp(-sum(hazards))
    own = hazards[cause] * free
    density = own * rows[cause].eta_slope(log_time)
    by_eta = -density * hazards[other]
    if other == cause:
        return by_eta + density, own
    return by_eta, np.zeros_like(own)


def _sum_basis(
    spline: LogTimeSpline, by_eta: np.ndarray, by_slope: np.ndarray, nodes: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Integrals of the integrands with a spline's basis up to some breaks, shape (n, n_breaks, df + 1)."""
    basis, slope = spline.basis(nodes), spline.derivative(nodes)
    n_breaks, n_basis = weights.shape[1], basis.shape[1]
    total = by_eta @ (weights[:, :, None] * basis[:, None, :]).reshape(nodes.size, n_breaks * n_basis)
    total += by_slope @ (weights[:, :, None] * slope[:, None, :]).reshape(nodes.size, n_breaks * n_basis)
    return total.reshape(len(by_eta), n_breaks, n_basis)


def _tail(rows: list[RowCurves], log_time: np.ndarray) -> np.ndarray:
    """Incidences before the first piece, where hazards are powers of time and small; shape (K, n, m)."""
    hazards = np.stack([_hazard(row, log_time) for row in rows])
    early = np.array([min(row.curve.breaks[0] for row in rows)])
    powers = np.stack([np.broadcast_to(row.eta_slope(early), (len(log_time), 1)) for row in rows])
    result = hazards.copy()
    for cause, (hazard, power) in enumerate(zip(hazards, powers, strict=True)):
        result[cause] -= hazard * np.sum(hazards * (power / (powers + power)), axis=0)
    return result


def _cut(rows: list[RowCurves], log_time: np.ndarray) -> Pieces:
    """Pieces for these rows, up to the last of their times."""
    knots = np.unique(np.concatenate([row.curve.breaks for row in rows]))
    finite = log_time[np.isfinite(log_time)]
    last = float(finite.max()) if finite.size else knots[0]
    begin = _tail_end(rows, knots[0])
    marks = np.unique(np.r_[begin, knots])
    times = np.unique(finite)
    if times.size <= MAX_COMMON_TIMES:
        marks = np.union1d(marks, times[times > begin])
    marks = marks[marks <= last]
    if not marks.size or marks[-1] < last:
        marks = np.r_[marks, last]
    # Slopes are quadratic within a piece: three points tell their size.
    middle = (marks[1:] + marks[:-1]) / 2.0
    steep = np.zeros(middle.size)
    for row in rows:
        for points in (marks[:-1], middle, marks[1:]):
            if points.size:
                np.maximum(steep, np.abs(row.eta_slope(points)).max(axis=0), out=steep)
    n_parts = np.ceil(steep * np.diff(marks) / LARGEST_MOVE)
    n_parts *= min(1.0, MAX_PIECES / max(float(n_parts.sum()), 1.0))
    n_parts = np.maximum(n_parts, 1).astype(int)
    parts = [np.linspace(a, b, n + 1)[:-1] for a, b, n in zip(marks[:-1], marks[1:], n_parts, strict=True)]
    breaks = np.concatenate([*parts, marks[-1:]])
    width = np.diff(breaks)
    nodes = breaks[:-1, None] + width[:, None] * NODES
    return Pieces(breaks, nodes.ravel(), (width[:, None] * WEIGHTS).ravel())


def _tail_end(rows: list[RowCurves], first: float) -> float:
    """A log time, not after the first knot, up to which the hazards of all rows add up to at most TAIL_HAZARD."""
    at = np.array([first])
    back = 0.0
    for row in rows:
        excess = row.eta(at)[:, 0] + np.log(len(rows) / TAIL_HAZARD)
        slope = np.maximum(row.eta_slope(at)[:, 0], 1e-3)
        back = max(back, float(np.max(excess / slope)))
    return first - back


def _locate(pieces: Pieces, log_time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last break not after each time (the first one for times before it), and whether the time is later."""
    where = np.searchsorted(pieces.breaks, log_time, side="right") - 1
    where = np.maximum(where, 0)
    return where, log_time > pieces.breaks[where]


def _nodes_after(begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of the integrals from begin to end, shape (n, n_nodes)."""
    width = (end - begin)[:, None]
    return begin[:, None] + width * NODES, width * WEIGHTS


def _follow(rows: list[RowCurves], log_time: np.ndarray) -> np.ndarray:
    """Incidences where a negative hazard counts as 0, shape (K, n, m): hazards in proportion between close points."""
    n_rows, n_times = log_time.shape
    finite = np.isfinite(log_time)
    result = np.zeros((len(rows), n_rows, n_times))
    if not finite.any():
        return result
    knots = np.concatenate([row.curve.breaks for row in rows])
    first, last = knots.min(), max(knots.max(), log_time[finite].max())
    grid = np.r_[first - np.geomspace(40.0, 0.01, CLIPPED_POINTS // 4), np.linspace(first, last, CLIPPED_POINTS)]
    n_block = max(1, BLOCK // (grid.size + n_times))
    for start in range(0, n_rows, n_block):
        block = slice(start, start + n_block)
        own = np.where(finite[block], log_time[block], grid[0])
        points = np.concatenate([np.broadcast_to(grid, (len(own), grid.size)), own], axis=1)
        order = np.argsort(points, axis=1, kind="stable")
        points = np.take_along_axis(points, order, axis=1)
        growth = []
        for row in (row.take(block) for row in rows):
            hazard = np.exp(row.eta(points))
            before = np.where(row.eta_slope(grid[:1])[:, :1] > 0, hazard[:, :1], 0.0)
            growth.append(np.concatenate([before, np.maximum(np.diff(hazard, axis=1), 0.0)], axis=1))
        total = np.sum(growth, axis=0)
        free = np.exp(-np.cumsum(total, axis=1))
        events = np.concatenate([np.ones((len(own), 1)), free[:, :-1]], axis=1) * -np.expm1(-total)
        share = np.divide(events, total, out=np.zeros_like(total), where=total > 0)
        place = np.argsort(order, axis=1, kind="stable")[:, grid.size :]
        for cause, part in enumerate(growth):
            curve = np.cumsum(part * share, axis=1)
            result[cause, block] = np.where(finite[block], np.take_along_axis(curve, place, axis=1), 0.0)
    return result
