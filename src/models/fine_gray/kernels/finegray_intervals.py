"""Which weights R's ``finegray`` keeps where it has strata: not those of intervals without an event of the stratum.

``finegray`` cuts the time after a competing event where the weight of the row's stratum changes. It drops the intervals
in which no row of the stratum has the event of interest; the first one, in which the row's own event falls, it keeps.
``coxph`` without these strata then misses the rows at the event times of other strata.
"""

from dataclasses import dataclass

import numpy as np

from .observation_weights import observe

INTEREST = 1


@dataclass(frozen=True)
class KeptIntervals:
    """Intervals of constant weight.

    Attributes
    ----------
    until : ndarray, shape (n,)
        Day until which a row is at risk with weight 1: the end of its first interval where it had a competing event.
    cuts : list of ndarray, one per stratum
        Days at which intervals end, ascending; the intervals do not hold their left end.
    kept : list of ndarray of int, one per stratum
        Numbers of the intervals that are kept: that after so many cuts.
    """

    until: np.ndarray
    cuts: list[np.ndarray]
    kept: list[np.ndarray]

    def counted(self, times: np.ndarray) -> np.ndarray:
        """1 where a stratum's weights count, else 0, shape (C, K), for event times (K,)."""
        pairs = zip(self.cuts, self.kept, strict=True)
        return np.array([np.isin(np.searchsorted(cuts, times), kept) for cuts, kept in pairs], dtype=float)


def kept_intervals(
    entry: np.ndarray, duration: np.ndarray, event: np.ndarray, weight: np.ndarray, stratum: np.ndarray
) -> KeptIntervals:
    """The intervals of each stratum; parameters are those of :func:`.subdistribution.build_subdistribution`."""
    until, cuts, kept = duration.copy(), [], []
    used = weight > 0
    has_late_entry = bool(np.any(entry[used] > duration[used].min(initial=np.inf)))
    for code in range(int(stratum.max(initial=0)) + 1):
        own = np.flatnonzero(used & (stratum == code))
        process = observe(entry[own], duration[own], event[own], np.ones(own.size), events_leave_first=True)
        entered = process.entries.days if has_late_entry else np.empty(0)
        ends = np.unique(np.concatenate([process.censoring.days, entered, [process.last_day]]))
        competing = own[event[own] > INTEREST]
        until[competing] = ends[np.searchsorted(ends, duration[competing])]
        cuts.append(ends)
        kept.append(np.unique(np.searchsorted(ends, duration[own[event[own] == INTEREST]])))
    return KeptIntervals(until, cuts, kept)
