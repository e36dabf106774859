"""Gray's test that groups have the same cumulative incidence of one of several competing events."""

from typing import Any

import numpy as np

from ..inputs.other_spellings import explains_other_calls
from .counts import GroupCounts, count_groups
from .result import GroupTest, group_test, grouped_rows


@explains_other_calls
def gray_test(
    duration: Any,
    event: Any,
    group: Any,
    *,
    event_of_interest: int = 1,
    strata: Any = None,
    rho: float = 0.0,
) -> GroupTest:
    r"""Test that groups have the same cumulative incidence of an event, the other events competing with it.

    With S_g the event-free probability and F_g the incidence of group g, :math:`Y_g` at risk and :math:`d_g` events, a
    group's score compares the hazards of the subdistribution, the risk set being
    :math:`R_g = Y_g (1 - F_g(t-)) / S_g(t-)`:

    .. math::
        \sum_j (1 - F(t_{j-1}))^\rho \Big(d_{gj} - d_j \frac{R_{gj}}{\sum_h R_{hj}}\Big),

    summed over strata.

    Parameters
    ----------
    duration, event : array, shape (n_rows,)
        As in :func:`.outcome.check_outcome`. There is no delayed entry: the test is not defined for it.
    group : array, shape (n_rows,)
        Two values or more; not missing.
    event_of_interest : int
        Code of the event whose incidence is compared.
    strata : array, shape (n_rows,), or DataFrame, optional
        Groups are compared within each value, or combination of values.
    rho : float
        Power of the weight; above 0 early differences count more.

    Returns
    -------
    GroupTest
        ``statistic``, ``p_value``, ``df``, ``observed``, ``expected``, ``covariance``; the numbers of ``Tests`` in R's
        ``cmprsk::cuminc``.

    Raises
    ------
    ValueError
        One group only, a missing group or stratum, or see :func:`.outcome.check_outcome`.

    References
    ----------
    Gray (1988), A class of K-sample tests for comparing the cumulative incidence of a competing risk, Annals of
    Statistics 16, sections 2 and 3.

    Examples
    --------
    >>> test = gray_test([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 1, 0, 2, 1, 0], ["a"] * 4 + ["b"] * 4)
    >>> test.df
    1
    """
    if not np.isfinite(rho):
        raise ValueError(f"rho must be finite, got {rho}")
    rows = grouped_rows(duration, event, group, strata=strata)
    n_groups = len(rows.groups)
    counts = count_groups(rows.outcome, rows.weight, rows.group, n_groups, rows.stratum, event_of_interest)
    free = counts.event_free(counts.n_at_risk, counts.n_events + counts.n_other)
    observed, expected, covariance = np.zeros(n_groups), np.zeros(n_groups), np.zeros((n_groups, n_groups))
    for begin, end in zip(counts.begin[:-1], counts.begin[1:], strict=True):
        part = _stratum_score(_days_of_events(counts, free, slice(begin, end)), rho)
        observed, expected, covariance = observed + part[0], expected + part[1], covariance + part[2]
    name = "Gray's test" if rho == 0 else f"Gray's test, rho {rho:g}"
    return group_test(name, rows, observed, expected, covariance)


def _days_of_events(counts: GroupCounts, free: np.ndarray, cells: slice) -> tuple[np.ndarray, ...]:
    """At risk, event-free just before, tested events and others of a stratum's days with events; each (T, G)."""
    happened = (counts.n_events[cells] + counts.n_other[cells]).any(axis=1)
    columns = (counts.n_at_risk, free, counts.n_events, counts.n_other)
    n_at_risk, free_before, events, others = (values[cells][happened] for values in columns)
    return n_at_risk, free_before, events, others


def _stratum_score(days: tuple[np.ndarray, ...], rho: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted events observed and expected, (G,), and their difference's covariance, (G, G).

    Under the hypothesis the groups share one incidence F, but neither the other events nor the censoring. The score is
    a sum of the martingales of both kinds of events of every group: an event today counts today, and changes F_g and
    S_g in the terms of all later days.
    """
    n_at_risk, free_before, events, others = days
    n_groups = events.shape[1]
    at_risk = n_at_risk > 0
    reach = np.divide(n_at_risk, free_before, out=np.zeros_like(n_at_risk), where=at_risk)
    leaving = np.divide(events + others, n_at_risk, out=np.zeros_like(n_at_risk), where=at_risk)
    free = free_before * (1.0 - leaving)
    own = np.divide(events, reach, out=np.zeros_like(reach), where=at_risk)
    own_before = np.cumsum(own, axis=0) - own
    risk = reach * (1.0 - own_before)
    d, total = events.sum(axis=1), reach.sum(axis=1)
    step = d / total
    left = 1.0 - np.cumsum(step)  # 1 - F of the hypothesis, after the day
    left_before = left + step
    factor = np.maximum(left_before, 0.0) ** rho
    expected = (factor * d / risk.sum(axis=1)) @ risk

    hazard = np.divide(step, left_before, out=np.zeros_like(step), where=left_before != 0)
    share = reach / total[:, None]
    covariance = np.zeros((n_groups, n_groups))
    for g in np.flatnonzero(at_risk.any(axis=0)):
        # How the scores' terms of a day answer to the incidence of group g, and what of them is still to come.
        answer = -(factor * reach[:, g])[:, None] * share
        answer[:, g] += factor * reach[:, g]
        so_far = np.cumsum(answer * hazard[:, None], axis=0)
        to_come = so_far[-1] - so_far
        alive = free[:, g] > 0
        ratio = np.divide(left, free[:, g], out=np.zeros_like(left), where=alive)
        now = at_risk[:, g]
        by_event = answer + np.where(alive, 1.0 - ratio, 1.0)[:, None] * to_come
        variance = np.divide(free_before[:, g] * step, n_at_risk[:, g], out=np.zeros_like(step), where=now)
        pooled = total * free_before[:, g]
        covariance += _squares(by_event, variance * _tied(d, pooled))
        by_other = -ratio[:, None] * to_come
        each = np.divide(free_before[:, g], n_at_risk[:, g], out=np.zeros_like(step), where=now)
        covariance += _squares(by_other, each**2 * others[:, g] * _tied(others[:, g], n_at_risk[:, g]))
    return factor @ events, expected, covariance


def _tied(events: np.ndarray, n_at_risk: np.ndarray) -> np.ndarray:
    """Factor of the variance for events on one day, drawn without replacement, shape (T,)."""
    several = (events > 1) & (n_at_risk > 1)
    return np.where(several, 1.0 - (events - 1.0) / np.where(several, n_at_risk - 1.0, 1.0), 1.0)


def _squares(terms: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return (terms * variance[:, None]).T @ terms
