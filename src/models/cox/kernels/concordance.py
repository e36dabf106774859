"""Concordance of a risk with the order of events among the rows at risk, in O(n log n), with what each row adds."""

from typing import NamedTuple

import numpy as np
from numba import njit

from ...risk_sets.risk_sets import RiskSets


class Pairs(NamedTuple):
    """Weight of the partners of each row, every array of shape (m,), in the pairs in which it is.

    ``concordant``: the row whose event came first had the higher risk; ``tied``: both had the same; ``all``: every
    pair. Multiplied by the rows' weights and added up, each pair counts twice.
    """

    concordant: np.ndarray
    tied: np.ndarray
    all: np.ndarray


def comparable_pairs(sets: RiskSets, rank: np.ndarray, n_ranks: int) -> Pairs:
    """Pairs of a row with an event and a row at risk then that lasts longer, within strata.

    A row that is censored on the day of an event lasts longer; two events on one day are no pair.

    Parameters
    ----------
    sets : RiskSets
    rank : ndarray of int, shape (m,)
        Place of the row's risk among all risks, 0 .. n_ranks - 1, in the order of ``sets.rows``.
    n_ranks : int
    """
    # A row outlasts the event times first .. until - 1: not the one at which it has an event of its own.
    until = np.where(sets.is_event, sets.last, sets.last + 1)
    by_until, by_first = np.argsort(until, kind="stable"), np.argsort(sets.first, kind="stable")
    counts = np.zeros((3, rank.size))
    _scan(sets.row_end, sets.is_event, sets.weight, sets.first, until, by_until, by_first, rank, n_ranks, counts)
    return Pairs(*counts)


@njit(cache=True, nogil=True)
def _add(tree, position, value):
    position += 1
    while position < tree.size:
        tree[position] += value
        position += position & -position


@njit(cache=True, nogil=True)
def _below(tree, position):
    """Sum of the values at positions before ``position``."""
    total = 0.0
    while position > 0:
        total += tree[position]
        position -= position & -position
    return total


@njit(cache=True, nogil=True)
def _count_events(events, rank, n_ranks, sign, row, counts):
    """What the events in the tree add to a row that outlasts them: higher ranks are concordant."""
    below, up_to, total = _below(events, rank), _below(events, rank + 1), _below(events, n_ranks)
    counts[0, row] += sign * (total - up_to)
    counts[1, row] += sign * (up_to - below)
    counts[2, row] += sign * total


@njit(cache=True, nogil=True)
def _scan(row_end, is_event, weight, first, until, by_until, by_first, rank, n_ranks, counts):
    """From the last event time to the first: rows at risk in one tree, events in another."""
    at_risk, events = np.zeros(n_ranks + 1), np.zeros(n_ranks + 1)
    to_add, to_remove = until.size - 1, until.size - 1
    for time in range(row_end.size - 2, -1, -1):
        # Rows that enter after this time leave the tree; those of later strata do so too.
        while to_remove >= 0 and first[by_first[to_remove]] > time:
            row = by_first[to_remove]
            to_remove -= 1
            if until[row] > first[row]:
                _add(at_risk, rank[row], -weight[row])
                _count_events(events, rank[row], n_ranks, 1.0, row, counts)
        while to_add >= 0 and until[by_until[to_add]] > time:
            row = by_until[to_add]
            to_add -= 1
            if until[row] > first[row]:
                _add(at_risk, rank[row], weight[row])
                _count_events(events, rank[row], n_ranks, -1.0, row, counts)
        for row in range(row_end[time], row_end[time + 1]):
            if is_event[row]:
                below, up_to = _below(at_risk, rank[row]), _below(at_risk, rank[row] + 1)
                counts[0, row] += below
                counts[1, row] += up_to - below
                counts[2, row] += _below(at_risk, n_ranks)
        for row in range(row_end[time], row_end[time + 1]):
            if is_event[row]:
                _add(events, rank[row], weight[row])
    while to_remove >= 0:
        row = by_first[to_remove]
        to_remove -= 1
        if until[row] > first[row]:
            _count_events(events, rank[row], n_ranks, 1.0, row, counts)
