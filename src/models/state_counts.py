r"""Counts by day, the curves they give, and the curves' variances.

With :math:`d_{kj}` events of type k among :math:`Y_j` at risk on day :math:`t_j`, both weighted:

.. math::
    S(t) = \prod_{t_j \le t} (1 - d_j / Y_j), \quad H(t) = \sum_{t_j \le t} d_j / Y_j, \quad
    F_k(t) = \sum_{t_j \le t} S(t_{j-1}) d_{kj} / Y_j.

Variances are those of the infinitesimal jackknife: the sum, over rows or clusters, of the squared derivative of the
curve with respect to the row's weight, times the weight. With weights 1 and no delayed entry it equals Greenwood's for
S.

Source: Andersen, Borgan, Gill and Keiding (1993), sections IV.1 and IV.4; Therneau, "survival: the methods" (vignette
of R's package survival), section 2.2 and 2.3.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .outcome import Outcome


@dataclass(frozen=True)
class ObservedRows:
    """Rows by days: first and last day at risk, position of the event in ``events`` (-1 censored), weight; all (n,)."""

    first: np.ndarray
    last: np.ndarray
    code: np.ndarray
    weight: np.ndarray


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
    def profiles(self) -> ObservedRows:
        """Independent rows put together where their first and last day and their event are the same.

        Their influences are the same but for the weight, so that one row with the root of the sum of squared weights
        stands for all. Rows with delayed entry are kept as they are.
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
        )


def count_states(outcome: Outcome, weight: np.ndarray, events: tuple[int, ...]) -> StateCounts:
    """Count by day; rows must have positive weights, shape (n,)."""
    times, last = distinct_days(outcome.duration)
    n_times, n_kinds = times.size, len(events)
    first = np.zeros_like(last)
    late = np.flatnonzero(outcome.entry >= times[0])
    first[late] = np.searchsorted(times, outcome.entry[late], side="right")
    positions = np.full(max((*events, 0)) + 2, -1)
    positions[list(events)] = np.arange(n_kinds)
    code = positions[np.minimum(outcome.event, positions.size - 1)]

    # Column 0 is censoring. Whole numbers decide whether anybody is left: sums of weights leave rounding.
    n_codes = n_kinds + 1
    key = last * n_codes + code + 1
    exits = np.bincount(key, weight, minlength=n_times * n_codes).reshape(n_times, n_codes)
    count = np.bincount(key, minlength=n_times * n_codes).reshape(n_times, n_codes)
    n_at_risk = _at_risk(first, late, weight, exits.sum(axis=1))
    all_fail = _at_risk(first, late, np.ones(len(outcome)), count.sum(axis=1)) == count[:, 1:].sum(axis=1)
    n_events = exits[:, 1:]
    n_at_risk = np.where(all_fail, n_events.sum(axis=1), n_at_risk)
    rate = n_events / n_at_risk[:, None]
    rows = ObservedRows(first, last, code, weight)
    return StateCounts(times, events, n_at_risk, n_events, exits[:, 0], rate, all_fail, rows)


def distinct_days(duration: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted distinct durations (T,) and the position of each row's (n,); counted, not sorted, where days are whole."""
    if duration.max() <= 2 * duration.size + 1000:
        day = duration.astype(np.int64)
        if np.array_equal(day, duration):
            seen = np.bincount(day) > 0
            return np.flatnonzero(seen).astype(float), (np.cumsum(seen) - 1)[day]
    times, position = np.unique(duration, return_inverse=True)
    return times, position


def _at_risk(first: np.ndarray, late: np.ndarray, weight: np.ndarray, exits: np.ndarray) -> np.ndarray:
    """Weight at risk just before each day, shape (T,): what has entered less what has left."""
    entries = np.bincount(first[late], weight[late], minlength=exits.size).astype(float)
    entries[0] += weight.sum() - weight[late].sum()
    return np.cumsum(entries) - (np.cumsum(exits) - exits)


def event_free(counts: StateCounts) -> np.ndarray:
    """Kaplan-Meier estimate just after each day, every event counted, shape (T,)."""
    staying = np.where(counts.all_fail, 0.0, 1.0 - counts.rate.sum(axis=1))
    return np.cumprod(staying)


def incidence(counts: StateCounts) -> np.ndarray:
    """Aalen-Johansen estimate of the cumulative incidence of each event, shape (T, E)."""
    return np.cumsum(_before(event_free(counts))[:, None] * counts.rate, axis=0)


def cumulative_hazard(counts: StateCounts) -> np.ndarray:
    """Nelson-Aalen estimate, every event counted, shape (T,)."""
    return np.cumsum(counts.rate.sum(axis=1))


def greenwood_error(counts: StateCounts) -> np.ndarray:
    """Greenwood's standard error of :func:`event_free`, shape (T,); 0 where nobody is left."""
    return event_free(counts) * np.sqrt(np.cumsum(_greenwood_terms(counts)))


def poisson_error(counts: StateCounts) -> np.ndarray:
    """Standard error of :func:`cumulative_hazard`, from the sum of ``d / Y^2``, shape (T,)."""
    return np.sqrt(np.cumsum(counts.rate.sum(axis=1) / counts.n_at_risk))


def robust_hazard_error(counts: StateCounts, cluster: np.ndarray | None) -> np.ndarray:
    """Infinitesimal-jackknife standard error of :func:`cumulative_hazard`, shape (T,); ``cluster`` (n,) are codes."""
    zero = np.zeros(counts.times.size)
    shared = -np.cumsum(counts.rate.sum(axis=1) / counts.n_at_risk)
    tables = (zero, shared, _before(shared, 0.0), zero, 1.0 / counts.n_at_risk, zero, zero, zero)
    return _influence_error(counts, np.ones(len(counts.events), dtype=bool), cluster, tables)


def robust_error(counts: StateCounts, kinds: np.ndarray, cluster: np.ndarray | None) -> np.ndarray:
    """Infinitesimal-jackknife standard error of the summed incidence of some events, shape (T,).

    Parameters
    ----------
    kinds : ndarray of bool, shape (E,)
        Events whose incidences are summed; all of them give the standard error of :func:`event_free`.
    cluster : ndarray of int, shape (n,), optional
        Codes of rows that are not independent.
    """
    free = event_free(counts)
    free_before = _before(free)
    rate = counts.rate[:, kinds].sum(axis=1)
    greenwood = np.cumsum(_greenwood_terms(counts))
    curve = np.cumsum(free_before * rate)
    shared = np.cumsum(free_before * rate * (_before(greenwood, 0.0) - 1.0 / counts.n_at_risk))

    since = _before(greenwood, 0.0)
    at_entry = _before(shared, 0.0) - since * _before(curve, 0.0)
    alive = (free > 0).astype(float)
    staying = np.where(counts.all_fail, 1.0, 1.0 - counts.rate.sum(axis=1))
    drop = alive / (counts.n_at_risk * staying)
    tables = (curve, shared, at_entry, since, free_before / counts.n_at_risk, alive * greenwood, alive, drop)
    error = _influence_error(counts, kinds, cluster, tables)
    # Nobody is left, whatever the weights: exactly 0, not the root of what rounding leaves.
    return np.where(free > 0, error, 0.0) if kinds.all() else error


def _influence_error(
    counts: StateCounts, kinds: np.ndarray, cluster: np.ndarray | None, tables: tuple[np.ndarray, ...]
) -> np.ndarray:
    from .engine.influence import InfluenceTables, influence_variance

    rows = counts.profiles if cluster is None else counts.rows
    groups = np.arange(rows.last.size) if cluster is None else cluster
    variance = influence_variance(
        InfluenceTables(*tables),
        rows.first,
        rows.last,
        rows.code >= 0,
        np.append(kinds, False)[rows.code],
        rows.weight,
        groups,
        int(groups.max()) + 1,
    )
    return np.sqrt(np.maximum(variance, 0.0))


def _greenwood_terms(counts: StateCounts) -> np.ndarray:
    """``d / (Y (Y - d))`` of each day, 0 where nobody is left: the curve does not change after that."""
    total = counts.n_events.sum(axis=1)
    staying = np.where(counts.all_fail, 1.0, counts.n_at_risk - total)
    return np.where(counts.all_fail, 0.0, total / (counts.n_at_risk * staying))


def _before(values: np.ndarray, start: float = 1.0) -> np.ndarray:
    """The curve just before each day, shape (T,)."""
    return np.concatenate([[start], values[:-1]])
