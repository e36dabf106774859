r"""How likely it is to stay under observation: Kaplan-Meier of censoring, and of entry in reversed time, by stratum.

After a competing event at T a row stays at risk in the subdistribution with the weight

.. math:: \omega(t) = \prod_{T \le u < t} \left(1 - \frac{c(u)}{Y(u)}\right)
    \prod_{T \le s < t} \left(1 - \frac{e(s)}{Y_e(s)}\right)^{-1}

with c censored and e entering on a day, Y at risk of being censored, and :math:`Y_e` under observation just after the
day. That is the ratio of :math:`G(t-) H(t-)` to :math:`G(T-) H(T-)`.

Source: Fine and Gray (1999), JASA 94:496; Geskus (2011), Biometrics 67:39, section 3.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...inputs.distinct_days import DistinctDays

# What rounding leaves of a difference of sums of weights that should be 0, relative to the first of them.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Changes:
    """Days on which the weights of one stratum change: by censoring, or by entries.

    Attributes
    ----------
    days : ndarray, shape (m,)
        Ascending.
    at_risk, count : ndarray, shape (m,)
        Weight of the rows that could be censored (or have entered), and of those that were (did).
    factor : ndarray, shape (m,)
        By what the weights are multiplied after the day.
    """

    days: np.ndarray
    at_risk: np.ndarray
    count: np.ndarray
    factor: np.ndarray


@dataclass(frozen=True)
class Observation:
    """The observation process of one stratum.

    Attributes
    ----------
    censoring, entries : Changes
    last_day : float
        Nobody is seen after it, and nobody stays at risk after it: all weights are 0 from then on, as in R.
    unseen : ndarray, shape (m,)
        Days of entry before which nobody was left under observation although somebody had been: the factor, which the
        data do not tell, is taken as 1.
    """

    censoring: Changes
    entries: Changes
    last_day: float
    unseen: np.ndarray

    def level(self, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logarithm of the product of all factors above 0 before each day, and the number of factors of 0."""
        logarithm, zeros = np.zeros(days.shape), (days > self.last_day).astype(np.int64)
        for changes in (self.censoring, self.entries):
            if changes.days.size == 0:
                continue
            positive = changes.factor > 0
            logs = np.log(np.where(positive, changes.factor, 1.0))
            position = np.searchsorted(changes.days, days, side="left")
            logarithm += np.concatenate([[0.0], np.cumsum(logs)])[position]
            zeros += np.concatenate([[0], np.cumsum(~positive)])[position]
        return logarithm, zeros


def observe(
    entry: np.ndarray, duration: np.ndarray, event: np.ndarray, weight: np.ndarray, *, events_leave_first: bool
) -> Observation:
    """The observation process of the rows of one stratum.

    Parameters
    ----------
    entry, duration : ndarray, shape (n,)
        A row is under observation on ``(entry, duration]``.
    event : ndarray of int, shape (n,)
        0 is censoring.
    weight : ndarray, shape (n,)
    events_leave_first : bool
        Whether rows with an event no longer count as at risk of being censored on that day.
    """
    left = _Tally(duration, weight)
    # Who enters before anybody leaves changes no weight.
    is_late = entry.size and entry.max() >= left.days[0]
    entered = _Tally(entry, weight) if is_late else _Tally(entry[:0], weight[:0])
    is_censored = event == 0
    here = np.flatnonzero(left.count(is_censored))
    days, censored = left.days[here], left.sum(np.where(is_censored, weight, 0.0))[here]
    # At risk on (entry, duration]: not left before the day, not entered on it or later.
    later = left.tail[here + 1]
    if not events_leave_first:
        later = later + left.sum(np.where(is_censored, 0.0, weight))[here]
    remaining = _difference(later, entered.since(days))
    at_risk = remaining + censored
    censoring = Changes(days, at_risk, censored, remaining / at_risk)

    # Just after the day: left later, entered on it or before.
    earlier = _difference(left.after(entered.days), entered.since(entered.days))
    inside = earlier + entered.sums
    is_unseen = (earlier == 0) & (entered.days > duration.min(initial=np.inf))
    factor = np.divide(inside, earlier, out=np.ones_like(inside), where=earlier > 0)
    entries = Changes(entered.days, inside, entered.sums, factor)
    return Observation(censoring, entries, float(duration.max(initial=-np.inf)), entered.days[is_unseen])


class _Tally:
    """Sums of weights by day: ``sums`` on each of ``days`` (T,), and ``tail`` (T + 1,) on each and later."""

    def __init__(self, of_row: np.ndarray, weight: np.ndarray) -> None:
        distinct = DistinctDays(of_row) if of_row.size else None
        self.days = np.empty(0) if distinct is None else distinct.distinct
        self._place = np.empty(0, dtype=np.int64) if distinct is None else distinct.place
        self.sums = self.sum(weight)
        # From the end, so that without delayed entry nothing is subtracted.
        self.tail = np.append(np.cumsum(self.sums[::-1])[::-1], 0.0)

    def count(self, chosen: np.ndarray) -> np.ndarray:
        """Number of the ``chosen`` rows (n,) on each day."""
        return self.sum(chosen.astype(float))

    def sum(self, weight: np.ndarray) -> np.ndarray:
        """Sum of other weights (n,) on each day."""
        return np.bincount(self._place, weight, minlength=self.days.size)

    def since(self, days: np.ndarray) -> Any:
        """Sum on each of ``days`` and later."""
        return self.tail[np.searchsorted(self.days, days, side="left")]

    def after(self, days: np.ndarray) -> Any:
        """Sum later than each of ``days``."""
        return self.tail[np.searchsorted(self.days, days, side="right")]


def _difference(whole: np.ndarray, part: np.ndarray) -> np.ndarray:
    """``whole - part``, exactly 0 where only rounding is left of it."""
    difference = whole - part
    return np.where(difference > ROUNDING * whole, difference, 0.0)
