"""Which row is at risk at which event time: found once by sorting, then used by every scan."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..inputs.distinct_days import DistinctDays
from ..numerics.counting_sort import counting_sort
from .intervals import interval_levels
from .pivots import Pivots, find_pivots


@dataclass(frozen=True)
class RiskSets:
    """Risk sets on ``(entry, duration]`` within strata.

    Event times are the distinct times of an event in each stratum, numbered 0 .. K - 1 in order of (stratum, time).
    Rows without weight, or at risk at no event time, carry no information and are left out; the m others are sorted by
    the last event time at which they are at risk.

    Attributes
    ----------
    rows : ndarray of int, shape (m,)
        Positions of the sorted rows in the data.
    first, last : ndarray of int, shape (m,)
        First and last event time at which the row is at risk. A row with the event has it at ``last``.
    is_event : ndarray of bool, shape (m,)
    weight : ndarray of float, shape (m,)
    stratum : ndarray of int, shape (m,)
    row_end : ndarray of int, shape (K + 1,)
        Rows ``row_end[k] : row_end[k + 1]`` have ``last == k``.
    time, time_stratum, start : ndarray, shape (K,)
        Day and stratum of each event time, and the number of the first event time of that stratum.
    n_tied, tied_weight : ndarray, shape (K,)
        Number and weight of the events at each event time.
    levels, late_rows, level_end
        Layout of the intervals (see :mod:`.intervals`): the rows with delayed entry, grouped by level.
    """

    rows: np.ndarray
    first: np.ndarray
    last: np.ndarray
    is_event: np.ndarray
    weight: np.ndarray
    stratum: np.ndarray
    row_end: np.ndarray
    time: np.ndarray
    time_stratum: np.ndarray
    start: np.ndarray
    n_tied: np.ndarray
    tied_weight: np.ndarray
    levels: np.ndarray
    late_rows: np.ndarray
    level_end: np.ndarray

    @cached_property
    def event_weight(self) -> np.ndarray:
        """Weight of the rows that have the event, 0 for the others, shape (m,)."""
        return np.where(self.is_event, self.weight, 0.0)

    @cached_property
    def has_unit_weights(self) -> bool:
        """Whether every row counts once."""
        return bool(self.weight.size and self.weight.min() == self.weight.max() == 1.0)

    @cached_property
    def pivots(self) -> Pivots:
        """Which rows with delayed entry are at risk across the pivot of their stratum."""
        return find_pivots(self.first, self.last, self.start, self.levels, self.late_rows, self.level_end)

    @property
    def n_times(self) -> int:
        """Number of event times, K."""
        return self.time.size


def build_risk_sets(
    entry: np.ndarray,
    duration: np.ndarray,
    is_event: np.ndarray,
    weight: np.ndarray,
    stratum: np.ndarray,
) -> RiskSets:
    """Sort once and find each row's interval of event times.

    Parameters
    ----------
    entry, duration : ndarray of float, shape (n,)
        A row is at risk on ``(entry, duration]``.
    is_event : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,)
    stratum : ndarray of int, shape (n,)
        Codes 0, 1, ...
    """
    weighted_event = is_event & (weight > 0)
    days = DistinctDays(duration[weighted_event]) if weighted_event.any() else None
    one_stratum = not stratum.any()
    n_days = 0 if days is None else days.distinct.size
    if days is None:
        key, tied = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    elif one_stratum:
        key, tied = np.arange(n_days), np.bincount(days.place)
    else:
        key, tied = np.unique(stratum[weighted_event] * np.int64(n_days + 1) + days.place, return_counts=True)
    time_stratum, time_day = key // (n_days + 1), key % (n_days + 1)
    start = np.searchsorted(time_stratum, time_stratum, side="left")

    first = _event_times_before(entry, days, stratum, key, one_stratum)
    last = _event_times_before(duration, days, stratum, key, one_stratum) - 1
    # Rows that are at risk at no event time sort behind all others.
    by_last, bounds = counting_sort(np.where((weight > 0) & (last >= first), last, key.size), key.size + 1)
    row_end = bounds[:-1]
    order = by_last[: row_end[-1]]
    first, last = first[order], last[order]
    is_event = is_event[order]
    weight = np.full(order.size, weight[0]) if weight.min() == weight.max() else weight[order]
    stratum = np.zeros(order.size, dtype=np.int32) if one_stratum else stratum[order].astype(np.int32)
    events = np.flatnonzero(is_event)
    tied_weight = np.bincount(last[events], weight[events], minlength=key.size)

    levels = interval_levels(first, last, start)
    late = np.flatnonzero(levels >= 0)
    by_level, level_bounds = counting_sort(levels[late].astype(np.int32), int(levels.max(initial=0)) + 1)
    late_rows = late[by_level]
    level_end = level_bounds[1:]
    return RiskSets(
        rows=order,
        first=first,
        last=last,
        is_event=is_event,
        weight=weight,
        stratum=stratum,
        row_end=row_end,
        time=np.empty(0) if days is None else days.distinct[time_day],
        time_stratum=time_stratum,
        start=start,
        n_tied=tied,
        tied_weight=tied_weight,
        levels=levels,
        late_rows=late_rows,
        level_end=level_end,
    )


def _event_times_before(
    time: np.ndarray, days: DistinctDays | None, stratum: np.ndarray, key: np.ndarray, one_stratum: bool
) -> np.ndarray:
    """Number of the first event time after ``time`` (not at it) in the row's own stratum, shape (n,)."""
    day = np.zeros(time.size, dtype=np.int32)
    if days is None:
        return day
    # Most rows have no delayed entry: there is nothing to look up.
    late = np.flatnonzero(time >= days.distinct[0])
    if late.size == time.size:
        day = days.next_place(time).astype(np.int32)
    else:
        day[late] = days.next_place(time[late])
    if one_stratum:
        return day
    return np.searchsorted(key, stratum * np.int64(days.distinct.size + 1) + day, side="left").astype(np.int32)
