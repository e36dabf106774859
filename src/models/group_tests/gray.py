"""Gray's test that groups have the same cumulative incidence of one of several competing events."""

from typing import Any

import numpy as np

from ...parameter_checks import check_event_of
from ..inputs.other_spellings import explains_other_calls
from ..numerics.blas_threads import one_blas_thread
from .counts import GroupCounts, count_groups
from .result import GroupTest, group_test, grouped_rows

# Days whose products with each other are held at once.
DAYS_PER_BLOCK = 512


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
    with one_blas_thread():
        rows = grouped_rows(duration, event, group, strata=strata)
        n_groups = len(rows.groups)
        check_event_of(event_of_interest, rows.outcome.events, "event_of_interest")
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
    alive = free > 0
    ratio = np.divide(left[:, None], free, out=np.zeros_like(free), where=alive)
    each = np.divide(free_before, n_at_risk, out=np.zeros_like(free), where=at_risk)
    martingales = _Martingales(reach, total, factor, hazard)
    by_event = each * step[:, None] * _tied(d[:, None], total[:, None] * free_before)
    covariance = martingales.covariance(by_event, 1.0, np.where(alive, 1.0 - ratio, 1.0))
    by_other = each**2 * others * _tied(others, n_at_risk)
    return factor @ events, expected, covariance + martingales.covariance(by_other, 0.0, -ratio)


class _Martingales:
    r"""How the scores answer to the martingale of an event of each group, on each of T days.

    An event of group g on day t changes its subdistribution by ``now`` that day and by ``later`` on all days after it.
    With f the factor, h the hazard of the hypothesis and R the reach, whose sum over groups is the total, the score of
    group k answers

    .. math:: \Delta_{gk}(t) = \text{now}\, f_t R_{gt} (1_{gk} - R_{kt} / R_t)
        + \text{later}_{gt} \sum_{u > t} f_u h_u R_{gu} (1_{gk} - R_{ku} / R_u).

    The sum over g and t of the variance of the martingale times the product of two answers is taken without making the
    answers, which are T times the cube of G numbers: what goes with :math:`R_{ku} R_{lv}` is summed first.
    """

    def __init__(self, reach: np.ndarray, total: np.ndarray, factor: np.ndarray, hazard: np.ndarray) -> None:
        self._reach, self._total, self._now = reach, total[:, None], factor[:, None] * reach
        self._jump = hazard[:, None] * self._now
        self._pull = self._jump / self._total

    def covariance(self, variance: np.ndarray, now: float, later: np.ndarray) -> np.ndarray:
        """Covariance of the scores, (G, G), from the martingales' ``variance`` and ``later``, each (T, G)."""
        to_come = self._jump.sum(axis=0) - np.cumsum(self._jump, axis=0)
        own = now * self._now + later * to_come
        weighted = variance * own
        cross = now * (weighted * self._now).T @ (self._reach / self._total)
        cross += (_before_day(weighted * later) * self._pull).T @ self._reach
        spread = variance * later
        before = _before_day(spread * later) * self._pull
        first = before + now * spread * self._now / self._total
        return np.diag((weighted * own).sum(axis=0)) - cross - cross.T + self._of_shared(variance, now, before, first)

    def _of_shared(self, variance: np.ndarray, now: float, before: np.ndarray, first: np.ndarray) -> np.ndarray:
        """The part in which two scores answer through the hypothesis' common hazard, (G, G)."""
        reach, n_groups = self._reach, self._reach.shape[1]
        same_day = (before * self._pull + now**2 * variance * (self._now / self._total) ** 2).sum(axis=1)
        result = (reach * same_day[:, None]).T @ reach
        after = np.zeros((n_groups, n_groups))
        for end in range(len(reach), 0, -DAYS_PER_BLOCK):
            days = slice(max(end - DAYS_PER_BLOCK, 0), end)
            part = reach[days].T @ (np.triu(first[days] @ self._pull[days].T, 1) @ reach[days])
            part += (reach[days].T @ first[days]) @ after
            after += self._pull[days].T @ reach[days]
            result += part + part.T
        return result


def _before_day(values: np.ndarray) -> np.ndarray:
    """Sums over the days before each, (T, G)."""
    return np.cumsum(values, axis=0) - values


def _tied(events: np.ndarray, n_at_risk: np.ndarray) -> np.ndarray:
    """Factor of the variance for events on one day, drawn without replacement, shape (T,)."""
    several = (events > 1) & (n_at_risk > 1)
    return np.where(several, 1.0 - (events - 1.0) / np.where(several, n_at_risk - 1.0, 1.0), 1.0)
