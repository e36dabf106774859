"""Concordance of predicted risk with who has the event first, under competing risks and censoring."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .censoring import censoring_of
from .inputs import check_metric_inputs, warn_metric


def concordance_index(
    y: Any, risk: Any, *, event: int = 1, horizon: float | None = None, sample_weight: Any = None
) -> float:
    r"""Probability that of two rows the one that has the event first, by ``horizon``, was given the higher risk.

    .. math:: P\bigl(r_i > r_j \mid T_i \le \tau, \delta_i = k;\ T_i < T_j \text{ or } \delta_j \notin \{0, k\}\bigr)

    A row with a competing event never has the event: it comes after every case. Pairs weigh by the inverse probability
    that both are seen: :math:`1 / (G(T_i-) G(T_i))` where ``j`` is observed past the event of ``i`` (or censored on
    that day), :math:`1 / (G(T_i-) G(T_j-))` where ``j`` had a competing event by then. Two events on the same day are
    not a pair; equal risks count one half. Sorted counting, :math:`O(n \log^2 n)`.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry are left out, with a warning that counts them.
    risk : array, shape (n,)
        Any number that is higher where the event is likelier; usually the risk by ``horizon``.
    event : int
        The event :math:`k` that is predicted.
    horizon : float, optional
        Only events by this day make pairs. Weights grow without bound as follow-up ends, so name a horizon wherever one
        is meant; by default the end of follow-up.
    sample_weight : array, shape (n,), optional
        Case weights.

    Returns
    -------
    float
        NaN, with a warning, where no pair can be compared.

    References
    ----------
    Wolbers, Blanche, Koller, Witteman and Gerds (2014), Concordance for prognostic models with competing risks,
    Biostatistics 15. Agrees with ``pec::cindex`` for competing risks.

    Examples
    --------
    >>> concordance_index({"duration": [1, 2, 3], "event": [1, 2, 1]}, [0.3, 0.1, 0.2])
    1.0
    """
    given = check_metric_inputs(y, risk, [0.0], sample_weight=sample_weight, probabilities=False)
    outcome, weight = given.outcome, given.weight
    duration = outcome.duration
    last = np.inf if horizon is None else float(horizon)
    rank = np.unique(given.risk[:, 0], return_inverse=True)[1]
    censoring = censoring_of(outcome, weight)
    before, at = censoring.before(duration), censoring.at(duration)
    # G is 0 on the last day of follow-up where somebody is censored then: no case of that day can be weighted.
    is_case = (outcome.event == event) & (duration <= last) & (at > 0)
    is_competing = (outcome.event > 0) & (outcome.event != event)
    is_censored = outcome.event == 0

    day = np.unique(duration, return_inverse=True)[1]
    case_day, case_rank = day[is_case], rank[is_case]
    # In descending order of days, those censored on a day come before that day's cases, all others after them.
    later = weight_below(-2 * day - is_censored, rank, weight, -2 * case_day - 1, case_rank)
    gone_weight = (weight / before)[is_competing]
    gone = weight_below(day[is_competing], rank[is_competing], gone_weight, case_day, case_rank)
    gone_pair = weight[is_case] / before[is_case]
    later_pair = gone_pair / at[is_case]
    pairs = later_pair @ later.total + gone_pair @ gone.total
    if not pairs > 0:
        warn_metric("no two rows can be compared: the concordance index is NaN")
        return float("nan")
    concordant = later_pair @ (later.lower + 0.5 * later.tied) + gone_pair @ (gone.lower + 0.5 * gone.tied)
    return float(concordant / pairs)


class WeightBelow(NamedTuple):
    """For each query, the weight of the points before it: of ``lower`` rank, ``tied`` in rank, and in ``total``."""

    lower: np.ndarray
    tied: np.ndarray
    total: np.ndarray


def weight_below(
    position: np.ndarray, rank: np.ndarray, weight: np.ndarray, query_position: np.ndarray, query_rank: np.ndarray
) -> WeightBelow:
    """Weight of the points at or before each query's position, by how their rank compares with the query's.

    Parameters
    ----------
    position, rank, weight : ndarray, shape (n_points,)
        Whole numbers, whole numbers, and weights.
    query_position, query_rank : ndarray of int, shape (n_queries,)

    Returns
    -------
    WeightBelow
        Three arrays of shape (n_queries,).
    """
    n_points, n_queries = position.size, query_position.size
    if n_points == 0 or n_queries == 0:
        return WeightBelow(*np.zeros((3, n_queries)))
    positions = np.concatenate((position, query_position))
    ranks = np.concatenate((rank, query_rank))
    weights = np.concatenate((weight, np.zeros(n_queries)))
    is_query = np.arange(positions.size) >= n_points

    by_position = np.lexsort((is_query, positions))
    total = _running_weight(weights, by_position)
    by_rank = np.lexsort((is_query, positions, ranks))
    tied = _running_weight(weights, by_rank, group=ranks)
    # At equal rank the queries come first, so that only points of a lower rank stand to their left.
    place = np.empty(positions.size, dtype=np.int64)
    place[np.lexsort((~is_query, ranks))] = np.arange(positions.size)
    return WeightBelow(_weight_to_the_left(weights, place, by_position)[n_points:], tied[n_points:], total[n_points:])


def _running_weight(weights: np.ndarray, order: np.ndarray, group: np.ndarray | None = None) -> np.ndarray:
    """Running sum of ``weights`` along ``order``, restarted where ``group`` changes; in the order of the rows."""
    running = np.cumsum(weights[order])
    if group is not None:
        ordered = group[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        before_group = running[starts] - weights[order][starts]
        running -= np.repeat(before_group, np.diff(np.append(starts, ordered.size)))
    result = np.empty_like(running)
    result[order] = running
    return result


def _weight_to_the_left(weights: np.ndarray, place: np.ndarray, by_position: np.ndarray) -> np.ndarray:
    """For each row the weight of the rows at a smaller ``place`` that come no later in ``by_position``.

    Two rows are compared once, at the level where their places first fall into different halves of one block: the rows
    of each block are taken in order of position, and what has come from the left half is added to those of the right.
    """
    result = np.zeros(weights.size)
    for level in range(int(weights.size - 1).bit_length()):
        order = by_position[np.argsort(place[by_position] >> (level + 1), kind="stable")]
        is_right = (place[order] >> level) & 1 == 1
        from_left = np.where(is_right, 0.0, weights[order])
        running = _running_weight(from_left, np.arange(order.size), group=place[order] >> (level + 1))
        result[order[is_right]] += running[is_right]
    return result
