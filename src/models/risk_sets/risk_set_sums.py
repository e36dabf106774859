"""For each event time, the sum of a row quantity over the rows at risk then: the risk-set sums of Cox.

Nothing is subtracted; see :mod:`.intervals`.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from ..numerics.threads import CACHED_NUMBERS, cached_rows, row_chunks, run_all
from .intervals import FAST, FROM_START, sum_from_middles
from .pivots import no_pivots

if TYPE_CHECKING:
    from .risk_sets import RiskSets


def sum_over_risk_sets(
    x: np.ndarray, risk: np.ndarray, sets: "RiskSets", fill: Callable[[slice], None] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sums of ``risk * x`` (K, p) and of ``risk`` (K,) over the rows at risk, then the same two over those whose event
    it is; ``x`` (m, p) and ``risk`` (m,) are in the order of ``sets.rows``.

    Rows at risk from the start of their stratum are added to their last time, in chunks side by side, and the times
    summed backwards. Those with delayed entry are added at the same time where they cross a pivot (:mod:`.pivots`), the
    others after it by levels. ``fill`` is called with each chunk of rows before ``risk`` of these rows is read.
    """
    n_times, n_columns = sets.n_times, x.shape[1]
    pivots = sets.pivots
    if pivots.n_slots * (n_columns + 1) > CACHED_NUMBERS:
        # A table for every chunk would cost more than it spares.
        pivots = no_pivots(risk.size, n_times, sets.late_rows, sets.level_end)
    sums, tied, across = (np.zeros((n_times, n_columns)) for _ in range(3))
    total, tied_total, across_total = (np.zeros(n_times) for _ in range(3))
    rows = (sets.is_event, sets.levels, pivots.crosses, sets.first, pivots.slot, sets.row_end)
    result = (sums, total, tied, tied_total, across, across_total)

    def scatter(begin: int, end: int) -> np.ndarray:
        if fill is not None:
            # Rows before those of the first time are at risk at no time, but have a risk all the same.
            fill(slice(int(sets.row_end[begin]) if begin else 0, int(sets.row_end[end])))
        before = np.zeros((pivots.n_slots, n_columns + 1))
        _scatter(x, risk, *rows, begin, end, *result, before)
        return before

    starts = [rows.start for rows in row_chunks(risk.size, cached_rows(n_columns))]
    cuts = np.unique(np.searchsorted(sets.row_end, starts).clip(max=n_times)).tolist() if len(starts) > 1 else [0]
    before = sum(run_all([partial(scatter, begin, end) for begin, end in pairwise([*cuts, n_times])]))
    sum_backwards(sets.start, sums, total)
    if pivots.n_slots:
        _add_across(sets.start, pivots.slot, across, across_total, before, sums, total)
    if pivots.rest.size:
        add_late(x, risk, sets.first, sets.last, pivots.rest, pivots.rest_end, sums, total)
    return sums, total, tied, tied_total


@njit(cache=True, nogil=True, fastmath=FAST)
def _scatter(
    x,
    risk,
    is_event,
    levels,
    crosses,
    first,
    slot,
    row_end,
    begin,
    end,
    sums,
    total,
    tied,
    tied_total,
    across,
    across_total,
    before,
):
    """Add the rows whose last time is from ``begin`` to ``end``: no other chunk writes to these times."""
    n_columns = x.shape[1]
    for time in range(begin, end):
        for row in range(row_end[time], row_end[time + 1]):
            if levels[row] == FROM_START:
                total[time] += risk[row]
                for column in range(n_columns):
                    sums[time, column] += risk[row] * x[row, column]
            elif crosses[row]:
                own = slot[first[row]]
                across_total[time] += risk[row]
                before[own, n_columns] += risk[row]
                for column in range(n_columns):
                    across[time, column] += risk[row] * x[row, column]
                for column in range(n_columns):
                    before[own, column] += risk[row] * x[row, column]
            if is_event[row]:
                tied_total[time] += risk[row]
                for column in range(n_columns):
                    tied[time, column] += risk[row] * x[row, column]


@njit(cache=True, nogil=True, fastmath=FAST)
def add(to, own, risk):
    """``to += risk * own``."""
    for column in range(to.size):
        to[column] += risk * own[column]


@njit(cache=True, nogil=True, fastmath=FAST)
def sum_backwards(start, sums, total):
    """Add to the sums (K, p) and totals (K,) of each event time those of the later ones of its stratum, in place."""
    for time in range(total.size - 2, -1, -1):
        if start[time + 1] == start[time]:
            total[time] += total[time + 1]
            add(sums[time], sums[time + 1], 1.0)


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_across(start, slot, across, across_total, before, sums, total):
    """Sum what crosses the pivots backwards down to them and forwards up to them, and add it."""
    n_times, n_columns = sums.shape
    for time in range(n_times - 1, -1, -1):
        if slot[time] < 0:
            if time + 1 < n_times and start[time + 1] == start[time]:
                across_total[time] += across_total[time + 1]
                add(across[time], across[time + 1], 1.0)
            total[time] += across_total[time]
            add(sums[time], across[time], 1.0)
    for time in range(n_times):
        if slot[time] >= 0:
            if start[time] != time:
                add(before[slot[time]], before[slot[time] - 1], 1.0)
            total[time] += before[slot[time], n_columns]
            add(sums[time], before[slot[time], :n_columns], 1.0)


@njit(cache=True, nogil=True, fastmath=FAST)
def add_late(x, risk, first, last, rows, level_end, sums, total):
    """Add rows with delayed entry to the sums (K, p) and totals (K,) of the times at which they are at risk, in place.

    ``rows`` are their positions by level, level l ending at ``level_end[l]``.
    """
    n_times, n_columns = sums.shape
    for position in range(level_end[0]):
        row = rows[position]
        total[last[row]] += risk[row]
        add(sums[last[row]], x[row], risk[row])
    buffer = np.empty((n_times if rows.size else 0, n_columns + 1))
    for level in range(1, level_end.size):
        if level_end[level] == level_end[level - 1]:
            continue
        buffer[:] = 0.0
        for position in range(level_end[level - 1], level_end[level]):
            row = rows[position]
            for time in (first[row], last[row]):
                buffer[time, n_columns] += risk[row]
                for column in range(n_columns):
                    buffer[time, column] += risk[row] * x[row, column]
        sum_from_middles(buffer, level - 1)
        for time in range(n_times):
            total[time] += buffer[time, n_columns]
            add(sums[time], buffer[time, :n_columns], 1.0)
