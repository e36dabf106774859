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
from typing import Any, Protocol

import numpy as np

from ..inputs.outcome import Outcome
from .censoring import CensoringDistribution, censoring_of, learnt_elsewhere
from .inputs import MetricInputs, followed_to, warn_metric, warn_past_follow_up
from .product_limit import ProductLimit


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
        self._limit = limit = ProductLimit(outcome, weight)
        self.lost_on = limit.lost_on
        if limit.came is None:
            # The same numbers as by the reverse Kaplan-Meier, to the last bit.
            self._censoring = censoring_of(outcome, weight)
            self._total = weight.sum()
            self.at_event = 1.0 / (self._total * self._censoring.before(outcome.duration))
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                self.at_event = (limit.free[:-1] / limit.at_risk[:-1])[limit.left]

    def after(self, time: float) -> float:
        """See :class:`StateWeights`."""
        limit = self._limit
        if limit.came is None:
            known = self._censoring.before(time) if time == self.last_day else self._censoring.at(time)
            return float("inf") if known == 0 else float(1.0 / (self._total * known))
        place = limit.place(time)
        free = float(limit.free[place])
        remaining = (
            float(self.weight[self.observed_after(time)].sum()) if time == self.last_day else limit.at_risk[place]
        )
        return float("inf") if remaining == 0 else free / float(remaining)

    def after_own_day(self) -> np.ndarray:
        """See :class:`StateWeights`."""
        limit = self._limit
        with np.errstate(divide="ignore", invalid="ignore"):
            if limit.came is None:
                return 1.0 / (self._total * self._censoring.at(self.outcome.duration))
            later = limit.at_risk[1:]
            return np.where(later > 0, limit.free[1:] / later, np.inf)[limit.left]

    def gradient(
        self,
        events: np.ndarray,
        later: np.ndarray | None = None,
        time: float = np.inf,
        own_day: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`StateWeights`."""
        limit = self._limit
        left, n_days = limit.left, limit.died.size
        # Coefficients by day: of S(u-) / Y(u), and of S(u) / Y(u+).
        before = np.bincount(left, weights=events, minlength=n_days)
        after = np.zeros(n_days) if own_day is None else np.bincount(left, weights=own_day, minlength=n_days)
        total = 0.0 if later is None else float(later.sum())
        place = limit.place(time)
        free_after = after.copy()
        if total and place:
            free_after[place - 1] += total
        # What is multiplied by the survival of each day: all that comes after it.
        following = np.cumsum((before + free_after)[::-1])[::-1] - before
        lost = np.divide(following, limit.spared, out=np.zeros(n_days), where=limit.spared > 0)
        at_risk = limit.at_risk[:-1]
        seen = np.divide(1.0, at_risk, out=np.zeros(n_days), where=at_risk > 0)
        through_risk = np.concatenate(([0.0], np.cumsum((lost * limit.died - before) * seen)))
        remaining = np.divide(after, limit.at_risk[1:], out=np.zeros(n_days), where=limit.at_risk[1:] > 0)
        through_later = np.concatenate(([0.0], np.cumsum(remaining)))
        # A row is at risk on the days after its entry to its last, and remains after the days from its entry to the
        # one before its last.
        end = through_risk[1:] - through_later[:-1]
        moved = end[left] - np.where(self.outcome.event > 0, lost[left], 0.0)
        if limit.came is not None:
            begin = np.concatenate(([0.0], through_risk[1:] - through_later[:-1]))
            moved -= begin[limit.came + 1]
        if total:
            known = self.observed_after(time)
            moved -= np.where(known, total / float(self.weight[known].sum()), 0.0)
        return self.weight * moved


def weights_of(outcome: Outcome, weight: np.ndarray, censoring: Any) -> StateWeights:
    """Weights by the rows themselves, or by what was learnt elsewhere (:func:`~.censoring.learnt_elsewhere`)."""
    if censoring is None:
        return ProductLimitWeights(outcome, weight)
    return KnownWeights(outcome, weight, learnt_elsewhere(censoring))


def warn_of_lost_day(weights: StateWeights) -> None:
    """Warn where the product limit ends before those who are seen late have entered."""
    if isinstance(weights, ProductLimitWeights) and weights.lost_on is not None:
        warn_metric(
            f"everybody under observation on day {weights.lost_on:g} had an event, while others enter later: all "
            "estimates after it rest on those few; evaluate from a landmark at which more are observed"
        )


def followed_states(given: MetricInputs, censoring: Any, event: int) -> list[States | None]:
    """States at each time; None, with a warning, where the risk cannot be estimated."""
    supported = followed_to(given.outcome, given.times)
    warn_past_follow_up(given.outcome, given.times, supported)
    weights = weights_of(given.outcome, given.weight, censoring)
    warn_of_lost_day(weights)
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
