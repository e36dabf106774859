"""Everybody's average risk in training: what a risk is high or low against."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from ...small_counts import SMALLEST_SHOWN
from ..curves.state_counts import StateCounts, count_states, incidence
from ..inputs.outcome import Outcome

# Events between two days of the curve that is kept: more than a table shows of a group.
EVENTS_BETWEEN = 2 * SMALLEST_SHOWN


class TrainingAverages:
    """The part of :class:`.base.IncidenceModel` that keeps the averages, computed when first asked for."""

    _averages: Callable[[], tuple[float, np.ndarray]]

    @cached_property
    def average_risk_(self) -> float:
        """Incidence of event 1 at the horizon in training: what a risk is high or low against.

        NaN where training was not followed to the horizon.
        """
        return self._take_averages()[0]

    @cached_property
    def average_curve_(self) -> np.ndarray:
        """Days, incidence of event 1 and probability of no event by then in training, shape (3, n_days).

        Days lie so far apart that the curve tells of nobody; none where the model is a part of another.
        """
        return self._take_averages()[1]

    def _take_averages(self) -> tuple[float, np.ndarray]:
        risk, curve = self._averages()
        del self._averages
        self.__dict__.update(average_risk_=risk, average_curve_=curve)
        return risk, curve


def averages_of(outcome: Outcome, weight: np.ndarray | None, horizon: float) -> tuple[float, np.ndarray]:
    """Aalen-Johansen estimates of the incidence of event 1 at the horizon, and at some days.

    Returns
    -------
    risk : float
        NaN where nobody was followed to the horizon.
    curve : ndarray, shape (3, n_days)
        Days, incidence of event 1 and probability of no event. Between two days lie ``EVENTS_BETWEEN`` events or more,
        so that the curve tells of nobody; it begins on day 0 and ends on the last day that was followed.
    """
    outcome, weight = outcome.of_weight(weight), np.ones(len(outcome)) if weight is None else weight[weight > 0]
    counts = count_states(outcome, weight, outcome.events)
    by_event = incidence(counts)
    first = by_event[:, counts.events.index(1)] if 1 in counts.events else np.zeros(counts.times.size)
    risk = float("nan")
    if horizon <= outcome.followed_until:
        risk = float(first[counts.times <= horizon].max(initial=0.0))
    kept = _days_apart(counts)
    curve = np.vstack([counts.times[kept], first[kept], 1.0 - by_event[kept].sum(axis=1)])
    return risk, np.hstack([[[0.0], [0.0], [1.0]], curve])


def average_over(curve: np.ndarray, since: np.ndarray, until: np.ndarray) -> np.ndarray:
    """Average risk from a day, on which nothing has happened yet, to another, both shape (n,).

    Parameters
    ----------
    curve : ndarray, shape (3, n_days)
        From :func:`averages_of`; straight between its days.
    since, until : ndarray, shape (n,)
        On day 0 nothing is known yet, and events of that day count.

    Returns
    -------
    ndarray, shape (n,)
        NaN past the last day that was followed.
    """
    if curve.shape[1] < 2:
        return np.full(since.shape, np.nan)
    days, first, free = curve
    begun = np.where(since > 0, np.interp(since, days, first), 0.0)
    still_free = np.where(since > 0, np.interp(since, days, free), 1.0)
    risk = np.interp(until, days, first) - begun
    known = (until <= days[-1]) & (still_free > 0)
    return np.divide(risk, still_free, out=np.full(since.shape, np.nan), where=known)


def _days_apart(counts: StateCounts) -> np.ndarray:
    """Positions of days between which enough events lie, the last day among them."""
    rows = counts.rows
    until = np.cumsum(np.bincount(rows.last[rows.code >= 0], minlength=counts.times.size))
    kept, reached = [], 0
    while until[-1] - reached >= 2 * EVENTS_BETWEEN:  # so many, that enough are left until the last day
        kept.append(int(np.searchsorted(until, reached + EVENTS_BETWEEN)))
        reached = until[kept[-1]]
    if kept and until[-1] - reached < EVENTS_BETWEEN:
        kept.pop()
    return np.array([*(day for day in kept if day < counts.times.size - 1), counts.times.size - 1])
