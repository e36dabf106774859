r"""Weights of rows whose state on a day is known, and how each row's case weight moves them.

A metric under censoring is a function of the masses :math:`m_i(t)` by which rows whose state on day ``t`` is known
stand for all. With case weights :math:`w_i` and the product limit of all rows they are

.. math:: m_i(t) = w_i \frac{S(T_i-)}{Y(T_i)} \text{ (an event by } t), \qquad
          m_i(t) = w_i \frac{S(t)}{Y(t+)} \text{ (still observed after } t),

where :math:`Y(u) = \sum_j w_j 1\{L_j < u \le T_j\}` are at risk and :math:`S` is the probability of no event of any
kind, so a row counts from its entry :math:`L_i` on. Without delayed entry :math:`S(u-) / Y(u) = 1 / (n G(u-))` with the
reverse Kaplan-Meier :math:`G`, so these are the usual inverse probability of censoring weights of
``riskRegression::Score`` divided by their sum. The masses sum to 1, and those of the rows with an event to its
Aalen-Johansen incidence.

The influence of row ``j`` on a metric is :math:`w_j\,d\theta / dw_j`, in which the masses move too: nothing is taken as
known that was estimated from the same rows. ``gradient`` is the part of it that goes through the masses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..inputs.distinct_days import DistinctDays
from ..inputs.outcome import Outcome
from .censoring import CensoringDistribution, censoring_of
from .inputs import MetricInputs, followed_to, warn_metric, warn_past_follow_up

# A share of those at risk that is rounding: all of them had an event.
NOBODY_LEFT = 1e-12


class StateWeights(ABC):
    """What a metric needs of the weights for censoring and entry.

    Attributes
    ----------
    outcome : Outcome, n rows
    weight : ndarray, shape (n,)
        Case weights.
    at_event : ndarray, shape (n,)
        Mass, per unit of case weight, of a row that has an event on its day.
    """

    outcome: Outcome
    weight: np.ndarray
    at_event: np.ndarray
    # Whether the weight of a pair is a product of one of each row: not where it depends on the covariates of both.
    weighs_pairs = True

    @abstractmethod
    def after(self, time: float) -> np.ndarray | float:
        """Mass, per unit of case weight, of a row still observed after ``time``: one number, or shape (n,)."""

    @abstractmethod
    def after_own_day(self) -> np.ndarray:
        """:meth:`after` on each row's own day, shape (n,); infinite where nobody remains."""

    @abstractmethod
    def gradient(
        self,
        events: np.ndarray,
        later: np.ndarray | None = None,
        time: float = np.inf,
        own_day: np.ndarray | None = None,
    ) -> np.ndarray:
        r"""How case weights move a metric through the masses, :math:`w_j \sum_i c_i\,d \log m_i / dw_j`, shape (n,).

        Parameters
        ----------
        events : ndarray, shape (n,)
            Coefficients :math:`c_i` of the masses of rows with an event, 0 elsewhere.
        later : ndarray, shape (n,), optional
            Coefficients of the masses of rows still observed after ``time``, 0 elsewhere.
        own_day : ndarray, shape (n,), optional
            Coefficients of :meth:`after_own_day`.
        """

    def observed_after(self, time: float) -> np.ndarray:
        """Rows known to be free of events after ``time``, boolean, shape (n,).

        Where nobody remains after ``time``, those censored on that day count as still free of events; without them a
        cohort in which all follow-up stops at the horizon would have no rows without the event.
        """
        outcome = self.outcome
        known = outcome.duration > time
        if outcome.has_delayed_entry:
            known &= outcome.entry <= time
        if time == self.last_day:
            known |= (outcome.duration == time) & (outcome.event == 0)
        return known

    @property
    def last_day(self) -> float:
        """The last day on which anybody is observed."""
        return float(self.outcome.duration.max())

    def states(self, time: float, event: int) -> States:
        """What is known of the rows on day ``time``."""
        outcome = self.outcome
        by_then = (outcome.event > 0) & (outcome.duration <= time)
        later = self.observed_after(time)
        mass = np.where(by_then, self.at_event, 0.0)
        if later.any():
            mass = np.where(later, self.after(time), mass)
        return States(self, time, by_then & (outcome.event == event), by_then, later, self.weight * mass)


@dataclass(frozen=True)
class States:
    """The states of ``n`` rows on one day.

    Attributes
    ----------
    weights : StateWeights
    time : float
    had : ndarray of bool, shape (n,)
        The event of interest has happened.
    had_any : ndarray of bool, shape (n,)
        Some event has happened.
    later : ndarray of bool, shape (n,)
        Known to be free of events.
    mass : ndarray, shape (n,)
        0 where the state is not known; infinite or NaN where the weights cannot be estimated.
    """

    weights: StateWeights
    time: float
    had: np.ndarray
    had_any: np.ndarray
    later: np.ndarray
    mass: np.ndarray

    def influence(self, slope: np.ndarray) -> np.ndarray:
        r"""Influence of rows on a metric :math:`\theta` of the masses, shape (n,).

        ``slope`` (n,) is :math:`d\theta / dm_i`. What depends on case weights otherwise than through masses is added
        by the metric.
        """
        return self.through_weights(slope * self.mass)

    def through_weights(self, part: np.ndarray) -> np.ndarray:
        """``part`` (n,), how a metric moves with the log of each mass, with what of it goes through the weights."""
        events, later = np.where(self.had_any, part, 0.0), np.where(self.later, part, 0.0)
        return part + self.weights.gradient(events, later, self.time)


class Measured(Protocol):
    """A metric of ``n`` rows: its ``value``, and the influence of each row on it."""

    @property
    def value(self) -> float:
        """The estimate; NaN where there is none."""

    def influence(self) -> np.ndarray:
        r"""Influence of each row, :math:`w_j\,d\theta / dw_j`, shape (n,)."""


@dataclass(frozen=True)
class MetricValue:
    """A metric of ``n`` rows on one day, and what its influence is made of.

    Attributes
    ----------
    value : float
    states : States
    slope : ndarray, shape (n,)
        How the value moves with the mass of each row.
    direct : ndarray, shape (n,), optional
        Influence of rows otherwise than through their masses.
    """

    value: float
    states: States
    slope: np.ndarray
    direct: np.ndarray | None = None

    def influence(self) -> np.ndarray:
        r"""Influence of each row, :math:`w_j\,d\theta / dw_j`, shape (n,); NaN where the value is not finite."""
        if not np.isfinite(self.value):
            return np.full(self.slope.size, np.nan)
        through = self.states.influence(self.slope)
        return through if self.direct is None else through + self.direct


class KnownWeights(StateWeights):
    """Weights from a censoring distribution learnt elsewhere; masses are divided by the sum of the case weights."""

    def __init__(self, outcome: Outcome, weight: np.ndarray, censoring: CensoringDistribution) -> None:
        self.outcome, self.weight, self._censoring = outcome, weight, censoring
        self._total = weight.sum()
        with np.errstate(divide="ignore"):
            self.at_event = 1.0 / (self._total * censoring.before(outcome.duration))

    def after(self, time: float) -> float:
        """See :class:`StateWeights`."""
        censoring = self._censoring
        known = censoring.before(time) if time == self.last_day else censoring.at(time)
        return float("inf") if known == 0 else float(1.0 / (self._total * known))

    def after_own_day(self) -> np.ndarray:
        """See :class:`StateWeights`."""
        with np.errstate(divide="ignore"):
            return 1.0 / (self._total * self._censoring.at(self.outcome.duration))

    def gradient(
        self,
        events: np.ndarray,
        later: np.ndarray | None = None,
        time: float = np.inf,
        own_day: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`StateWeights`: only the sum of the case weights moves."""
        total = sum(float(part.sum()) for part in (events, later, own_day) if part is not None)
        return -self.weight * (total / self._total)


class ProductLimitWeights(StateWeights):
    """Weights by the product limit of the rows themselves, which may have delayed entry.

    Parameters
    ----------
    outcome : Outcome, n rows
    weight : ndarray, shape (n,)
        Positive.

    Attributes
    ----------
    lost_on : float or None
        A day on which all rows under observation had an event while others come later: from then on the product limit
        is 0, and rests on the few that were seen early.
    """

    def __init__(self, outcome: Outcome, weight: np.ndarray) -> None:
        self.outcome, self.weight = outcome, weight
        late = np.flatnonzero(outcome.entry >= 0) if outcome.has_delayed_entry else np.empty(0, dtype=np.int64)
        days = DistinctDays(np.concatenate((outcome.duration, outcome.entry[late])))
        n_days, n_rows = days.distinct.size, len(outcome)
        self._days = days
        self._left = days.place[:n_rows]
        # Rows without delayed entry come before the first day.
        self._came: np.ndarray | None = np.full(n_rows, -1) if late.size else None
        leaving = np.bincount(self._left, weights=weight, minlength=n_days)
        coming: np.ndarray = np.zeros(n_days)
        if self._came is not None:
            self._came[late] = days.place[n_rows:]
            coming = np.bincount(days.place[n_rows:], weights=weight[late], minlength=n_days)
        died = np.bincount(self._left, weights=weight * (outcome.event > 0), minlength=n_days)
        # Summed from the end, so that nobody is at risk after the last day; one more day stands for that.
        self._at_risk = np.append(np.cumsum(leaving[::-1])[::-1] - np.cumsum(coming[::-1])[::-1], 0.0)
        at_risk = self._at_risk[:-1]
        spared = at_risk - died
        spared[spared <= NOBODY_LEFT * at_risk] = 0.0
        self._died, self._spared = died, spared
        to_come = np.cumsum(coming[::-1])[::-1]
        lost = np.flatnonzero((died > 0) & (spared == 0) & (to_come > 0))
        self.lost_on = float(days.distinct[lost[0]]) if lost.size else None
        staying = np.divide(spared, at_risk, out=np.ones(n_days), where=at_risk > 0)
        self._free = np.concatenate(([1.0], np.cumprod(staying)))
        if self._came is None:
            # The same numbers as by the reverse Kaplan-Meier, to the last bit.
            self._censoring = censoring_of(outcome, weight)
            self._total = weight.sum()
            self.at_event = 1.0 / (self._total * self._censoring.before(outcome.duration))
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                self.at_event = (self._free[:-1] / at_risk)[self._left]

    def after(self, time: float) -> float:
        """See :class:`StateWeights`."""
        if self._came is None:
            known = self._censoring.before(time) if time == self.last_day else self._censoring.at(time)
            return float("inf") if known == 0 else float(1.0 / (self._total * known))
        place = self._place(time)
        free = float(self._free[place])
        remaining = (
            float(self.weight[self.observed_after(time)].sum()) if time == self.last_day else self._at_risk[place]
        )
        return float("inf") if remaining == 0 else free / float(remaining)

    def after_own_day(self) -> np.ndarray:
        """See :class:`StateWeights`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self._came is None:
                return 1.0 / (self._total * self._censoring.at(self.outcome.duration))
            return np.where(self._at_risk[1:] > 0, self._free[1:] / self._at_risk[1:], np.inf)[self._left]

    def gradient(
        self,
        events: np.ndarray,
        later: np.ndarray | None = None,
        time: float = np.inf,
        own_day: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`StateWeights`."""
        n_days = self._died.size
        # Coefficients by day: of S(u-) / Y(u), and of S(u) / Y(u+).
        before = np.bincount(self._left, weights=events, minlength=n_days)
        after = np.zeros(n_days) if own_day is None else np.bincount(self._left, weights=own_day, minlength=n_days)
        total = 0.0 if later is None else float(later.sum())
        place = self._place(time)
        free_after = after.copy()
        if total and place:
            free_after[place - 1] += total
        # What is multiplied by the survival of each day: all that comes after it.
        following = np.cumsum((before + free_after)[::-1])[::-1] - before
        lost = np.divide(following, self._spared, out=np.zeros(n_days), where=self._spared > 0)
        at_risk = self._at_risk[:-1]
        seen = np.divide(1.0, at_risk, out=np.zeros(n_days), where=at_risk > 0)
        through_risk = np.concatenate(([0.0], np.cumsum((lost * self._died - before) * seen)))
        remaining = np.divide(after, self._at_risk[1:], out=np.zeros(n_days), where=self._at_risk[1:] > 0)
        through_later = np.concatenate(([0.0], np.cumsum(remaining)))
        # A row is at risk on the days after its entry to its last, and remains after the days from its entry to the
        # one before its last.
        end = through_risk[1:] - through_later[:-1]
        moved = end[self._left] - np.where(self.outcome.event > 0, lost[self._left], 0.0)
        if self._came is not None:
            begin = np.concatenate(([0.0], through_risk[1:] - through_later[:-1]))
            moved -= begin[self._came + 1]
        if total:
            known = self.observed_after(time)
            moved -= np.where(known, total / float(self.weight[known].sum()), 0.0)
        return self.weight * moved

    def _place(self, time: float) -> int:
        return int(np.searchsorted(self._days.distinct, time, side="right"))


def weights_of(outcome: Outcome, weight: np.ndarray, censoring: CensoringDistribution | None) -> StateWeights:
    """Weights by the rows themselves, or by a censoring distribution learnt elsewhere."""
    return ProductLimitWeights(outcome, weight) if censoring is None else KnownWeights(outcome, weight, censoring)


def followed_states(given: MetricInputs, censoring: CensoringDistribution | None, event: int) -> list[States | None]:
    """States at each time; None, with a warning, where the risk cannot be estimated."""
    supported = followed_to(given.outcome, given.times)
    warn_past_follow_up(given.outcome, given.times, supported)
    weights = weights_of(given.outcome, given.weight, censoring)
    found = [
        weights.states(float(time), event) if known else None
        for time, known in zip(given.times, supported, strict=True)
    ]
    known = np.array([states is None or bool(np.isfinite(states.mass).all()) for states in found])
    if not known.all():
        days = ", ".join(f"{time:g}" for time in given.times[~known])
        reason = (
            "nobody is under observation on" if censoring is None else "the given censoring distribution ends before"
        )
        warn_metric(f"{reason} day {days}: the result there is NaN")
    return [states if ok else None for states, ok in zip(found, known, strict=True)]
