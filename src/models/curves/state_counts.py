r"""Counts by day and the curves they give.

With :math:`d_{kj}` events of type k among :math:`Y_j` at risk on day :math:`t_j`, both weighted:

.. math::
    S(t) = \prod_{t_j \le t} (1 - d_j / Y_j), \quad H(t) = \sum_{t_j \le t} d_j / Y_j, \quad
    F_k(t) = \sum_{t_j \le t} S(t_{j-1}) d_{kj} / Y_j.

Their standard errors are in :mod:`.state_errors`.

Source: Andersen, Borgan, Gill and Keiding (1993), sections IV.1 and IV.4.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..inputs.distinct_days import DistinctDays
from ..inputs.outcome import Outcome


@dataclass(frozen=True)
class ObservedRows:
    """Rows by days.

    Attributes
    ----------
    first, last : ndarray of int, shape (n,)
        First and last day at risk.
    code : ndarray of int, shape (n,)
        Position of the event in ``events``, -1 for censoring.
    weight : ndarray, shape (n,)
    late : ndarray of int, shape (n_late,)
        Rows that may have entered after the first day.
    """

    first: np.ndarray
    last: np.ndarray
    code: np.ndarray
    weight: np.ndarray
    late: np.ndarray


class IndependentRows(NamedTuple):
    """What the variance needs of rows that are all independent; T days, C = E + 1 ways to leave (0 censored).

    Attributes
    ----------
    entering : ndarray, shape (T,)
        Sum of squared weights of the rows whose first day it is.
    leaving : ndarray, shape (T, C)
        Sum of squared weights of the rows whose last day it is.
    first, last, column, square : ndarray, shape (n_late,)
        First and last day, way of leaving and squared weight of each late row.
    """

    entering: np.ndarray
    leaving: np.ndarray
    first: np.ndarray
    last: np.ndarray
    column: np.ndarray
    square: np.ndarray


@dataclass(frozen=True)
class StateCounts:
    """Weighted counts on each distinct day of an event or censoring; T days, E event codes, n rows of positive weight.

    Attributes
    ----------
    times : ndarray, shape (T,)
    events : tuple of int
        The E event codes.
    n_at_risk : ndarray, shape (T,)
        Just before the day.
    n_events : ndarray, shape (T, E)
    n_censored : ndarray, shape (T,)
    rate : ndarray, shape (T, E)
        ``n_events / n_at_risk``; the rates of a day on which every row at risk has an event sum to 1.
    all_fail : ndarray of bool, shape (T,)
        Whether every row at risk has an event.
    rows : ObservedRows
    """

    times: np.ndarray
    events: tuple[int, ...]
    n_at_risk: np.ndarray
    n_events: np.ndarray
    n_censored: np.ndarray
    rate: np.ndarray
    all_fail: np.ndarray
    rows: ObservedRows

    @cached_property
    def independent(self) -> "IndependentRows":
        """Squared weights of independent rows, put together where their influences are the same."""
        rows, late = self.rows, self.rows.late
        leaving = np.column_stack([self.n_censored, self.n_events])
        if np.any(rows.weight != 1.0):
            key = rows.last * leaving.shape[1] + rows.code + 1
            leaving = np.bincount(key, rows.weight**2, minlength=leaving.size).reshape(leaving.shape)
        first, square = rows.first[late], rows.weight[late] ** 2
        entering = np.bincount(first, square, minlength=self.times.size).astype(float)
        entering[0] += leaving.sum() - entering.sum()
        return IndependentRows(entering, leaving, first, rows.last[late], rows.code[late] + 1, square)

    @cached_property
    def profiles(self) -> ObservedRows:
        """Independent rows put together where their first and last day and their event are the same.

        Their influences are the same but for the weight, so that one row with the root of the sum of squared weights
        stands for all. Late rows are kept as they are.
        """
        rows = self.rows
        late = rows.first > 0
        n_codes = len(self.events) + 1
        key = rows.last * n_codes + rows.code + 1
        squares = np.bincount(key[~late], rows.weight[~late] ** 2, minlength=self.times.size * n_codes)
        used = np.flatnonzero(squares)
        return ObservedRows(
            np.concatenate([np.zeros(used.size, dtype=rows.first.dtype), rows.first[late]]),
            np.concatenate([used // n_codes, rows.last[late]]),
            np.concatenate([used % n_codes - 1, rows.code[late]]),
            np.concatenate([np.sqrt(squares[used]), rows.weight[late]]),
            np.arange(used.size, used.size + np.count_nonzero(late)),
        )


def count_states(outcome: Outcome, weight: np.ndarray, events: tuple[int, ...]) -> StateCounts:
    """Count by day; rows must have positive weights, shape (n,)."""
    days = DistinctDays(outcome.duration)
    last = days.place
    n_times, n_codes = days.distinct.size, len(events) + 1
    late = np.flatnonzero(outcome.entry >= days.distinct[0])
    first = np.zeros_like(last)
    first[late] = days.next_place(outcome.entry[late])
    # Column 0 is censoring. Whole numbers decide whether anybody is left: sums of weights leave rounding.
    kind = _codes(outcome.event, events)
    code, key = kind - 1, last * n_codes
    key += kind
    count = np.bincount(key, minlength=n_times * n_codes).reshape(n_times, n_codes)
    exits = count.astype(float)
    at_risk = _at_risk(first[late], None, len(outcome), exits.sum(axis=1))
    all_fail = at_risk == exits[:, 1:].sum(axis=1)
    if np.any(weight != 1.0):
        exits = np.bincount(key, weight, minlength=n_times * n_codes).reshape(n_times, n_codes)
        at_risk = _at_risk(first[late], weight[late], weight.sum(), exits.sum(axis=1))
    n_events = exits[:, 1:]
    at_risk = np.where(all_fail, n_events.sum(axis=1), at_risk)
    rate = n_events / at_risk[:, None]
    rows = ObservedRows(first, last, code, weight, late)
    return StateCounts(days.distinct, events, at_risk, n_events, exits[:, 0], rate, all_fail, rows)


def _codes(event: np.ndarray, events: tuple[int, ...]) -> np.ndarray:
    """1 for the first of ``events``, 2 for the second, ..., 0 for all other codes, shape (n,)."""
    highest = int(event.max(initial=0))
    if highest <= len(events) and events == tuple(range(1, len(events) + 1)):
        return event
    positions = np.zeros(max((*events, 0)) + 2, dtype=np.int64)
    positions[list(events)] = np.arange(len(events)) + 1
    if highest >= positions.size:
        event = np.minimum(event, positions.size - 1)
    return positions[event]


def _at_risk(first: np.ndarray, weight: np.ndarray | None, total: float, exits: np.ndarray) -> np.ndarray:
    """Weight at risk just before each day, shape (T,): what has entered less what has left; ``first`` of late rows."""
    entries = np.bincount(first, weight, minlength=exits.size).astype(float)
    entries[0] += total - entries.sum()
    return np.cumsum(entries) - (np.cumsum(exits) - exits)


def event_free(counts: StateCounts) -> np.ndarray:
    """Kaplan-Meier estimate just after each day, every event counted, shape (T,)."""
    staying = np.where(counts.all_fail, 0.0, 1.0 - counts.rate.sum(axis=1))
    return np.cumprod(staying)


def incidence(counts: StateCounts) -> np.ndarray:
    """Aalen-Johansen estimate of the cumulative incidence of each event, shape (T, E)."""
    return np.cumsum(before(event_free(counts))[:, None] * counts.rate, axis=0)


def cumulative_hazard(counts: StateCounts) -> np.ndarray:
    """Nelson-Aalen estimate, every event counted, shape (T,)."""
    return np.cumsum(counts.rate.sum(axis=1))


def before(values: np.ndarray, start: float = 1.0) -> np.ndarray:
    """The curve just before each day, shape (T,)."""
    return np.concatenate([[start], values[:-1]])
