"""Who is at risk of the subdistribution, and with what weight: risk sets in which competing events stay."""

from dataclasses import dataclass

import numpy as np

from ...inputs.distinct_days import DistinctDays
from ...numerics.counting_sort import counting_sort
from ...numerics.run_starts import run_starts
from ...risk_sets.intervals import interval_levels
from ...risk_sets.risk_sets import RiskSets
from ...risk_sets.staying import Staying
from .finegray_intervals import kept_intervals
from .observation_weights import Observation, observe

# Level of a row that is at risk at no event time before it leaves.
NEVER = -2
INTEREST = 1


@dataclass(frozen=True)
class Subdistribution:
    """Risk sets of the event of interest; m rows sorted by the day until which they count fully, K times, C strata.

    Attributes
    ----------
    sets : RiskSets
        The risk sets without the rows that stay; rows that are at risk at no event time belong to it too.
    entry, duration, event : ndarray, shape (m,)
        In the order of ``sets.rows``; event 1 is the one of interest.
    stratum : ndarray of int, shape (m,)
        Stratum of the observation process.
    observation : tuple of Observation, length C
    staying : Staying
        The rows that had a competing event, and stay at risk after it.
    n_unseen_days : int
        Days on which somebody stayed whose weight the data do not tell; see :class:`.Observation`.
    """

    sets: RiskSets
    entry: np.ndarray
    duration: np.ndarray
    event: np.ndarray
    stratum: np.ndarray
    observation: tuple[Observation, ...]
    staying: Staying
    n_unseen_days: int


def build_subdistribution(
    entry: np.ndarray,
    duration: np.ndarray,
    event: np.ndarray,
    weight: np.ndarray,
    stratum: np.ndarray,
    *,
    convention: str,
) -> Subdistribution:
    """Sort once, and estimate the observation process.

    Parameters
    ----------
    entry, duration : ndarray, shape (n,)
        A row is under observation on ``(entry, duration]``.
    event : ndarray of int, shape (n,)
        0 censored, 1 the event of interest, 2 any other.
    weight : ndarray, shape (n,)
        Case weights; rows of weight 0 are left out.
    stratum : ndarray of int, shape (n,)
        Codes 0, 1, ... of the observation process.
    convention : {"crr", "finegray"}
        See :class:`..model.FineGray`.
    """
    n_strata = int(stratum.max(initial=0)) + 1
    is_finegray = convention == "finegray"
    # Only with strata is an interval without an event of the stratum one in which somebody has it.
    kept = kept_intervals(entry, duration, event, weight, stratum) if is_finegray and n_strata > 1 else None
    until = duration if kept is None else kept.until
    days = DistinctDays(until)
    rows, _ = counting_sort(days.place, days.distinct.size)
    if not weight.all():
        rows = rows[weight[rows] > 0]
    entry, duration, until, event, weight, stratum = (
        array[rows] for array in (entry, duration, until, event, weight, stratum)
    )
    sets = _risk_sets(rows, entry, until, event == INTEREST, weight)
    observed = np.ones_like(weight) if is_finegray else weight
    n_times = sets.n_times
    decay, end = np.ones((n_strata, n_times)), np.zeros((n_strata, n_times + 1), dtype=np.int64)
    staying, after, start, observation, n_unseen = [], [], [], [], 0
    n_before = 0
    for code in range(n_strata):
        own = np.flatnonzero(stratum == code) if n_strata > 1 else np.arange(rows.size)
        process = observe(entry[own], duration[own], event[own], observed[own], events_leave_first=is_finegray)
        stays = own[event[own] > INTEREST]
        first = np.searchsorted(sets.time, until[stays], side="right")
        stays, first = stays[first < n_times], first[first < n_times]
        level, zeros = process.level(sets.time)
        decay[code, 1:] = np.where(np.diff(zeros) == 0, np.exp(np.diff(level)), 0.0)
        own_level, own_zeros = process.level(duration[stays])
        start.append(np.where(zeros[first] == own_zeros, np.exp(level[first] - own_level), 0.0))
        end[code] = n_before + np.searchsorted(first, np.arange(n_times + 1), side="left")
        n_before += stays.size
        for day in process.unseen:
            following = int(np.searchsorted(sets.time, day, side="right"))
            if following < n_times:
                n_unseen += bool(np.any((duration[stays] <= day) & (own_zeros == zeros[following])))
        staying.append(stays)
        after.append(first)
        observation.append(process)
    stays_at_all = np.concatenate(staying)
    return Subdistribution(
        sets=sets,
        entry=entry,
        duration=duration,
        event=event,
        stratum=stratum,
        observation=tuple(observation),
        staying=Staying(
            rows=stays_at_all,
            stratum=stratum[stays_at_all],
            after=np.concatenate(after),
            start=np.concatenate(start),
            end=end,
            decay=decay,
            counted=np.ones_like(decay) if kept is None else kept.counted(sets.time),
        ),
        n_unseen_days=n_unseen,
    )


def _risk_sets(
    rows: np.ndarray, entry: np.ndarray, until: np.ndarray, is_event: np.ndarray, weight: np.ndarray
) -> RiskSets:
    """Risk sets of one stratum that hold all rows, sorted by ``until`` and so by the last event time."""
    # Sorted already: a new day begins where the day changes.
    begins = run_starts(until[is_event])
    days, tied = until[is_event][begins], np.diff(begins, append=int(is_event.sum()))
    first = np.searchsorted(days, entry, side="right")
    last = np.searchsorted(days, until, side="right") - 1
    start = np.zeros(days.size, dtype=np.int64)
    levels = np.full(rows.size, NEVER, dtype=np.int8)
    at_risk = last >= first
    levels[at_risk] = interval_levels(first[at_risk], last[at_risk], start)
    late = np.flatnonzero(levels >= 0)
    return RiskSets(
        rows=rows,
        first=first,
        last=last,
        is_event=is_event,
        weight=weight,
        stratum=np.zeros(rows.size, dtype=np.int64),
        row_end=np.searchsorted(last, np.arange(days.size + 1), side="left"),
        time=days,
        time_stratum=np.zeros(days.size, dtype=np.int64),
        start=start,
        n_tied=tied,
        tied_weight=np.bincount(last[is_event], weight[is_event], minlength=days.size),
        levels=levels,
        late_rows=late[np.argsort(levels[late], kind="stable")],
        level_end=np.cumsum(np.bincount(levels[late], minlength=1)),
    )
