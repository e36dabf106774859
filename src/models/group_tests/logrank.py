"""The log-rank test and its Fleming-Harrington family, stratified, under delayed entry and with weights."""

from typing import Any

import numpy as np

from ...parameter_checks import check_event_of
from ..inputs.case_weights import are_counts
from ..inputs.other_spellings import explains_other_calls
from ..numerics.blas_threads import one_blas_thread
from .counts import GroupCounts, count_groups
from .result import GroupedRows, GroupTest, group_test, grouped_rows


@explains_other_calls
def logrank_test(
    duration: Any,
    event: Any,
    group: Any,
    *,
    entry: Any = None,
    strata: Any = None,
    sample_weight: Any = None,
    rho: float = 0.0,
    gamma: float = 0.0,
    event_of_interest: int | None = None,
) -> GroupTest:
    r"""Test that groups have the same hazard.

    With :math:`d_{gj}` events among :math:`Y_{gj}` at risk in group g on day :math:`t_j`, and the pooled Kaplan-Meier
    estimate S of the stratum, the score of a group is

    .. math::
        \sum_j W_j (d_{gj} - d_j Y_{gj} / Y_j), \quad W_j = S(t_{j-1})^\rho (1 - S(t_{j-1}))^\gamma,

    summed over strata. ``rho = gamma = 0`` is the log-rank test, ``rho = 1`` Peto and Peto's Wilcoxon test (weight on
    early differences), ``gamma = 1`` puts weight on late ones.

    Parameters
    ----------
    duration, event, entry : array, shape (n_rows,)
        As in :func:`.outcome.check_outcome`; a row is at risk on ``(entry, duration]``.
    group : array, shape (n_rows,)
        Two values or more; not missing.
    strata : array, shape (n_rows,), or DataFrame, optional
        Groups are compared within each value, or combination of values.
    sample_weight : array, shape (n_rows,), optional
        Case weights, not negative. Whole weights count as repeated rows, with the hypergeometric variance; where a
        weight is not a whole number the variance is the robust one of the weighted scores of the rows.
    rho, gamma : float
        Not negative.
    event_of_interest : int, optional
        Test the hazard of this event, other events counting as censoring. By default any event counts.

    Returns
    -------
    GroupTest
        ``statistic``, ``p_value``, ``df``, ``observed``, ``expected``, ``covariance``. For ``gamma = 0`` the numbers
        of R's ``survdiff`` (which has no delayed entry and no weights).

    Raises
    ------
    ValueError
        One group only, a missing group or stratum, a negative ``rho`` or ``gamma``, or see
        :func:`.outcome.check_outcome`.

    References
    ----------
    Fleming and Harrington (1991), Counting Processes and Survival Analysis, chapter 7. The robust variance: Lin and Wei
    (1989), The robust inference for the Cox proportional hazards model, JASA 84, section 2, at coefficients of 0.

    Examples
    --------
    >>> test = logrank_test([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 1], ["a", "a", "a", "b", "b", "b"])
    >>> round(test.statistic, 4), test.df
    (5.0517, 1)
    """
    if not (0 <= rho < np.inf and 0 <= gamma < np.inf):
        raise ValueError(f"rho and gamma must be finite and not negative, got {rho} and {gamma}")
    with one_blas_thread():
        rows = grouped_rows(duration, event, group, entry=entry, strata=strata, sample_weight=sample_weight)
        if event_of_interest is not None:
            check_event_of(event_of_interest, rows.outcome.events, "event_of_interest")
        counts = count_groups(rows.outcome, rows.weight, rows.group, len(rows.groups), rows.stratum, event_of_interest)
        factor = _fleming_harrington(counts, rho, gamma)
        events = counts.n_events.sum(axis=1)
        share = _share(counts.n_at_risk)
        observed, expected = factor @ counts.n_events, (factor * events) @ share
        if are_counts(rows.weight):
            covariance = _hypergeometric(counts, factor, events, share)
        else:
            is_event = rows.outcome.event > 0 if event_of_interest is None else rows.outcome.event == event_of_interest
            covariance = _robust(rows, is_event, counts, factor, events, share)
        name = "Log-rank test" if rho == gamma == 0 else f"Fleming-Harrington test, rho {rho:g}, gamma {gamma:g}"
        if len(kinds := rows.outcome.events) > 1:  # of which the reader may have meant one
            name += f" of event {', '.join(map(str, kinds)) if event_of_interest is None else event_of_interest}"
        return group_test(name, rows, observed, expected, covariance)


def _fleming_harrington(counts: GroupCounts, rho: float, gamma: float) -> np.ndarray:
    """Weight of each cell, shape (C,)."""
    if rho == gamma == 0:
        return np.ones(len(counts.n_at_risk))
    free = counts.event_free(counts.n_at_risk.sum(axis=1), counts.n_events.sum(axis=1))
    return free**rho * (1.0 - free) ** gamma


def _share(n_at_risk: np.ndarray) -> np.ndarray:
    """Share of each group among those at risk, shape (C, G)."""
    total = n_at_risk.sum(axis=1, keepdims=True)
    return np.divide(n_at_risk, total, out=np.zeros_like(n_at_risk), where=total > 0)


def _hypergeometric(counts: GroupCounts, factor: np.ndarray, events: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Covariance of the scores given the margins of each cell, shape (G, G)."""
    total = counts.n_at_risk.sum(axis=1)
    several = total > 1
    size = np.where(several, factor**2 * events * (total - events) / np.where(several, total - 1.0, 1.0), 0.0)
    return np.diag(size @ share) - (share * size[:, None]).T @ share


def _robust(
    rows: GroupedRows,
    is_event: np.ndarray,
    counts: GroupCounts,
    factor: np.ndarray,
    events: np.ndarray,
    share: np.ndarray,
) -> np.ndarray:
    """Sum of squared weighted scores of the rows, shape (G, G)."""
    total = counts.n_at_risk.sum(axis=1)
    hazard = factor * np.divide(events, total, out=np.zeros_like(total), where=total > 0)
    own = np.concatenate([[0.0], np.cumsum(hazard)])
    mean = np.concatenate([np.zeros((1, share.shape[1])), np.cumsum(hazard[:, None] * share, axis=0)])
    row = np.arange(rows.group.size)
    score = mean[counts.last + 1] - mean[counts.first]
    score[row, rows.group] -= own[counts.last + 1] - own[counts.first]
    jump = np.where(is_event, factor[counts.last], 0.0)
    score -= jump[:, None] * share[counts.last]
    score[row, rows.group] += jump
    score *= rows.weight[:, None]
    return score.T @ score
