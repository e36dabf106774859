"""Who is at risk and who is still free of events, day by day, of rows that may have delayed entry."""

from __future__ import annotations

import numpy as np

from ..inputs.distinct_days import DistinctDays
from ..inputs.outcome import Outcome

# A share of those at risk that is rounding: all of them had an event.
NOBODY_LEFT = 1e-12


def product_of(at_risk: np.ndarray, died: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weight at risk without an event on each day (n_days,), and the product of its shares (n_days + 1,), 1 first."""
    spared = at_risk - died
    spared[spared <= NOBODY_LEFT * at_risk] = 0.0
    staying = np.divide(spared, at_risk, out=np.ones(at_risk.size), where=at_risk > 0)
    return spared, np.concatenate(([1.0], np.cumprod(staying)))


class ProductLimit:
    r"""The product limit :math:`S(u)` of no event of any kind, and those at risk, of ``n`` rows.

    Parameters
    ----------
    outcome : Outcome, n rows
    weight : ndarray, shape (n,)
        Positive.

    Attributes
    ----------
    days : ndarray, shape (n_days,)
        Distinct days of the ends and of delayed entries, ascending.
    left : ndarray of int, shape (n,)
        The place of each row's last day among them.
    came : ndarray of int, shape (n,), or None
        That of its entry, -1 without delayed entry; None where no row has it.
    at_risk : ndarray, shape (n_days + 1,)
        Weight under observation on each day; one more day, on which nobody is, comes after the last.
    to_come : ndarray, shape (n_days,)
        Weight that enters on each day or later.
    died, spared : ndarray, shape (n_days,)
        Weight at risk with an event on each day, and without.
    free : ndarray, shape (n_days + 1,)
        :math:`S` before each day, and after the last.
    """

    def __init__(self, outcome: Outcome, weight: np.ndarray) -> None:
        late = np.flatnonzero(outcome.entry >= 0) if outcome.has_delayed_entry else np.empty(0, dtype=np.int64)
        days = DistinctDays(np.concatenate((outcome.duration, outcome.entry[late])))
        n_days, n_rows = days.distinct.size, len(outcome)
        self.days, self.left = days.distinct, days.place[:n_rows]
        # Rows without delayed entry come before the first day.
        self.came: np.ndarray | None = np.full(n_rows, -1) if late.size else None
        leaving = np.bincount(self.left, weights=weight, minlength=n_days)
        coming: np.ndarray = np.zeros(n_days)
        if self.came is not None:
            self.came[late] = days.place[n_rows:]
            coming = np.bincount(days.place[n_rows:], weights=weight[late], minlength=n_days)
        self.died = np.bincount(self.left, weights=weight * (outcome.event > 0), minlength=n_days)
        self.to_come = np.cumsum(coming[::-1])[::-1]
        # Summed from the end, so that nobody is at risk after the last day.
        self.at_risk = np.append(np.cumsum(leaving[::-1])[::-1] - self.to_come, 0.0)
        at_risk = self.at_risk[:-1]
        self.spared, self.free = product_of(at_risk, self.died)

    @property
    def lost_on(self) -> float | None:
        """The first day on which all under observation had an event while others come later, if there is one."""
        lost = np.flatnonzero((self.died > 0) & (self.spared == 0) & (self.to_come > 0))
        return float(self.days[lost[0]]) if lost.size else None

    def place(self, time: float) -> int:
        """How many of the days are not after ``time``."""
        return int(np.searchsorted(self.days, time, side="right"))
