"""An event time in each stratum that most rows with delayed entry are at risk across.

Such a row is added to its last time, and to its first: sums from the pivot on run backwards from the last times, sums
before it forwards from the first, so that both come with one pass over the rows in their order. The few rows on one
side of the pivot are left to the levels of :mod:`.intervals`.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

# Fewer rows with delayed entry are added as fast without.
FEWEST_ROWS = 10_000


@dataclass(frozen=True)
class Pivots:
    """Which rows are at risk both at the pivot of their stratum and just before it; m rows, K event times.

    Attributes
    ----------
    crosses : ndarray of bool, shape (m,)
    slot : ndarray of int, shape (K,)
        Numbers 0, 1, ... of the event times before the pivots, -1 for the others.
    n_slots : int
    rest, rest_end : ndarray of int
        The other rows with delayed entry, grouped by level as ``late_rows`` and ``level_end`` of the risk sets.
    """

    crosses: np.ndarray
    slot: np.ndarray
    n_slots: int
    rest: np.ndarray
    rest_end: np.ndarray


def no_pivots(n_rows: int, n_times: int, late_rows: np.ndarray, level_end: np.ndarray) -> Pivots:
    """No row crosses anything."""
    return Pivots(np.zeros(n_rows, dtype=bool), np.full(n_times, -1), 0, late_rows, level_end)


def find_pivots(
    first: np.ndarray,
    last: np.ndarray,
    start: np.ndarray,
    levels: np.ndarray,
    late_rows: np.ndarray,
    level_end: np.ndarray,
) -> Pivots:
    """The pivots that most rows cross; parameters are those of :class:`.risk_sets.RiskSets`."""
    n_times = start.size
    if late_rows.size < FEWEST_ROWS:
        return no_pivots(first.size, n_times, late_rows, level_end)
    enters, leaves = first[late_rows], last[late_rows]
    n_across = np.cumsum(
        np.bincount(enters + 1, minlength=n_times + 1) - np.bincount(leaves + 1, minlength=n_times + 1)
    )
    bounds = np.append(np.flatnonzero(np.diff(start, prepend=-1)), n_times)
    chosen = [begin + int(np.argmax(n_across[begin:end])) for begin, end in pairwise(bounds)]
    pivot = np.repeat(chosen, np.diff(bounds))
    is_before = np.arange(n_times) < pivot
    across = (enters < pivot[leaves]) & (leaves >= pivot[leaves])
    crosses = np.zeros(first.size, dtype=bool)
    crosses[late_rows[across]] = True
    rest = late_rows[~across]
    rest_end = np.cumsum(np.bincount(levels[rest], minlength=level_end.size))
    return Pivots(crosses, np.where(is_before, np.cumsum(is_before) - 1, -1), int(is_before.sum()), rest, rest_end)
