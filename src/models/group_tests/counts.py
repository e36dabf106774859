"""Counts of several groups on each distinct day of each stratum: what tests of equal curves are made of."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..inputs.distinct_days import DistinctDays
from ..inputs.outcome import Outcome


@dataclass(frozen=True)
class GroupCounts:
    """Weighted counts of G groups in C cells; a cell is a distinct day of one of S strata, in order of stratum and day.

    Attributes
    ----------
    n_at_risk : ndarray, shape (C, G)
        Just before the day.
    n_events, n_other : ndarray, shape (C, G)
        Events of the kind that is tested, and all others.
    begin : ndarray of int, shape (S + 1,)
        Where the cells of each stratum begin.
    first, last : ndarray of int, shape (n,)
        First and last cell in which each row is at risk.
    """

    n_at_risk: np.ndarray
    n_events: np.ndarray
    n_other: np.ndarray
    begin: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def accumulate(self, running: Callable[..., np.ndarray], values: np.ndarray) -> np.ndarray:
        """``np.cumsum`` or ``np.cumprod`` along the cells, begun anew in each stratum; shape of ``values``."""
        if self.begin.size == 2:
            return running(values, axis=0)
        parts = zip(self.begin[:-1], self.begin[1:], strict=True)
        return np.concatenate([running(values[begin:end], axis=0) for begin, end in parts])

    def just_before(self, values: np.ndarray, start: float) -> np.ndarray:
        """Values of the cell before, ``start`` in the first cell of a stratum; shape of ``values``."""
        shifted = np.concatenate([values[:1], values[:-1]])
        shifted[self.begin[:-1]] = start
        return shifted

    def event_free(self, n_at_risk: np.ndarray, n_events: np.ndarray) -> np.ndarray:
        """Kaplan-Meier estimate just before each cell; shape of the counts. 1 where nobody has been at risk yet."""
        leaving = np.divide(n_events, n_at_risk, out=np.zeros(n_events.shape), where=n_at_risk > 0)
        return self.just_before(self.accumulate(np.cumprod, np.maximum(1.0 - leaving, 0.0)), 1.0)


def count_groups(
    outcome: Outcome,
    weight: np.ndarray,
    group: np.ndarray,
    n_groups: int,
    stratum: np.ndarray,
    event: int | None,
) -> GroupCounts:
    """Count by stratum, day and group.

    Parameters
    ----------
    outcome : Outcome
        n rows.
    weight : ndarray, shape (n,)
        Positive.
    group, stratum : ndarray of int, shape (n,)
        Codes 0, 1, ...; every code of ``stratum`` occurs.
    n_groups : int
    event : int, optional
        Code of the event that is tested; any event by default.
    """
    days = DistinctDays(outcome.duration)
    n_days = days.distinct.size
    cells, last = np.unique(stratum * n_days + days.place, return_inverse=True)
    first = np.searchsorted(cells, stratum * n_days + days.next_place(outcome.entry))
    begin = np.searchsorted(cells, np.arange(int(stratum.max()) + 2) * n_days)

    def counted(cell: np.ndarray, rows: np.ndarray | slice, weight: np.ndarray) -> np.ndarray:
        key = cell[rows] * n_groups + group[rows]
        return np.bincount(key, weight[rows], minlength=cells.size * n_groups).reshape(cells.size, n_groups)

    def at_risk(weight: np.ndarray) -> np.ndarray:
        left = np.cumsum(counted(last, slice(None), weight), axis=0)
        before = np.concatenate([np.zeros((1, n_groups)), left[:-1]])
        return np.cumsum(counted(first, slice(None), weight), axis=0) - before

    everyone = at_risk(np.ones(len(outcome)))
    weighted = everyone if np.all(weight == 1.0) else at_risk(weight)
    tested = outcome.event > 0 if event is None else outcome.event == event
    return GroupCounts(
        # Whole numbers say whether anybody is left: sums of weights leave rounding.
        n_at_risk=np.where(everyone > 0, weighted, 0.0),
        n_events=counted(last, tested, weight),
        n_other=counted(last, (outcome.event > 0) & ~tested, weight),
        begin=begin,
        first=first,
        last=last,
    )
