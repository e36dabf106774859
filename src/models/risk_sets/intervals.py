"""Sums over intervals of event times, without subtraction.

Rows are at risk at the event times ``first .. last`` (positions in one sorted list). Two sums are wanted:

- ``sum_over_risk_sets``: for each event time, the sum of a row quantity over the rows at risk then (the risk-set sums
  of Cox);
- ``gather``: for each row, the sum of an event-time quantity over the times at which it is at risk (cumulative
  hazards).

The usual way subtracts the rows that have not entered yet, or the hazard before entry; where those are far larger than
what remains, the difference is rounding error. Here every interval is cut once, at the midpoint of the smallest dyadic
block that holds it (a disjoint sparse table): it is a suffix of the left half and a prefix of the right half, and only
positive terms are added. Cost: O(n + K log K) for n rows and K event times.
"""

from functools import partial

import numpy as np
from numba import njit

from ..numerics.threads import row_chunks, run_all

FAST = {"reassoc", "contract", "nsz"}
FROM_START = -1
SINGLE = 0


@njit(cache=True, nogil=True)
def interval_levels(first: np.ndarray, last: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Level of each row's interval, shape (n,): ``FROM_START``, ``SINGLE`` or the size (as a power of 2) of its block.

    ``start`` (K,) is the position of the first event time in the stratum of each event time.
    """
    levels = np.empty(first.size, np.int8)
    for row in range(first.size):
        if first[row] == start[last[row]]:
            levels[row] = FROM_START
            continue
        difference = first[row] ^ last[row]
        level = 0
        while difference:
            difference >>= 1
            level += 1
        levels[row] = level
    return levels


@njit(cache=True, nogil=True, fastmath=FAST)
def sum_from_middles(values, half):
    """Sum ``values`` (K, q) in place from the middle of each block of ``2 ** (half + 1)`` times outwards.

    Towards the end of the block backwards, towards its beginning forwards: what each time holds then is of all rows
    whose interval reaches from the middle to it or beyond.
    """
    n_times, n_columns = values.shape
    for time in range(1, n_times):
        if (time >> half) & 1 == 0 and (time - 1) >> half == time >> half:
            for column in range(n_columns):
                values[time, column] += values[time - 1, column]
    for time in range(n_times - 2, -1, -1):
        if (time >> half) & 1 == 1 and (time + 1) >> half == time >> half:
            for column in range(n_columns):
                values[time, column] += values[time + 1, column]


@njit(cache=True, nogil=True, fastmath=FAST)
def running_sums(values, start):
    """Sum of ``values`` (K, q) from the start of the stratum up to each event time, shape (K, q)."""
    sums = values.copy()
    for time in range(1, values.shape[0]):
        if start[time] == start[time - 1]:
            for column in range(values.shape[1]):
                sums[time, column] += sums[time - 1, column]
    return sums


@njit(cache=True, nogil=True, fastmath=FAST)
def half_block_sums(values, level):
    """Sums of ``values`` (K, q) from each event time to the midpoint of its block of ``2 ** level``, shape (K, q)."""
    n_times, n_columns = values.shape
    sums = values.copy()
    half = level - 1
    for time in range(1, n_times):
        if (time >> half) & 1 == 1 and (time - 1) >> half == time >> half:
            for column in range(n_columns):
                sums[time, column] += sums[time - 1, column]
    for time in range(n_times - 2, -1, -1):
        if (time >> half) & 1 == 0 and (time + 1) >> half == time >> half:
            for column in range(n_columns):
                sums[time, column] += sums[time + 1, column]
    return sums


@njit(cache=True, nogil=True, fastmath=FAST)
def gather(values, first, last, levels, start, rows, level_end):
    """Sum of ``values`` (K, q) over the event times at which each row is at risk, shape (n, q)."""
    n_columns = values.shape[1]
    sums = np.empty((first.size, n_columns))
    from_start = running_sums(values, start)
    for row in range(first.size):
        if levels[row] == FROM_START:
            for column in range(n_columns):
                sums[row, column] = from_start[last[row], column]
        elif levels[row] == SINGLE:
            for column in range(n_columns):
                sums[row, column] = values[last[row], column]
    for level in range(1, level_end.size):
        if level_end[level] == level_end[level - 1]:
            continue
        table = half_block_sums(values, level)
        for position in range(level_end[level - 1], level_end[level]):
            row = rows[position]
            for column in range(n_columns):
                sums[row, column] = table[first[row], column] + table[last[row], column]
    return sums


def gather_one(values, at_event, first, last, levels, is_event, start, rows, level_end):
    """Sum of ``values`` (K,) over the event times at which each row is at risk, shape (n,); see :func:`gather`.

    Rows with the event get ``at_event`` (K,) at its time besides; rows that are at risk at no event time get 0.
    """
    sums = np.zeros(last.size)
    table = np.ascontiguousarray(values)[:, None]
    given = (values, running_sums(table, start)[:, 0], at_event, last, levels, is_event)
    run_all([partial(_gather_plain, *given, chunk.start, chunk.stop, sums) for chunk in row_chunks(last.size)])
    bounds = [(level, *level_end[level - 1 : level + 1]) for level in range(1, level_end.size)]
    run_all([partial(_gather_halved, table, level, first, last, rows[begin:end], sums) for level, begin, end in bounds])
    return sums


@njit(cache=True, nogil=True, fastmath=FAST)
def gather_few(values, at_event, first, last, levels, is_event, start, rows, level_end, sums):
    """:func:`gather_one` for few rows, in this thread; adds to ``sums`` (n,)."""
    table = values.reshape(-1, 1)
    from_start = running_sums(table, start).reshape(-1)
    _gather_plain(values, from_start, at_event, last, levels, is_event, 0, last.size, sums)
    for level in range(1, level_end.size):
        _gather_halved(table, level, first, last, rows[level_end[level - 1] : level_end[level]], sums)


@njit(cache=True, nogil=True, fastmath=FAST)
def _gather_plain(values, from_start, at_event, last, levels, is_event, begin, end, sums):
    for row in range(begin, end):
        if levels[row] == FROM_START:
            sums[row] = from_start[last[row]]
        elif levels[row] == SINGLE:
            sums[row] = values[last[row]]
        if is_event[row]:
            sums[row] += at_event[last[row]]


@njit(cache=True, nogil=True, fastmath=FAST)
def _gather_halved(values, level, first, last, rows, sums):
    if rows.size == 0:
        return
    table = half_block_sums(values, level)
    for row in rows:
        sums[row] += table[first[row], 0] + table[last[row], 0]
