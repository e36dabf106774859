"""Sums of weights by rank over what comes before, which is all that counting of pairs needs; compiled by numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit


class WeightBelow(NamedTuple):
    """For each query, the weight of the points before it: of ``lower`` rank, ``tied`` in rank, and in ``total``."""

    lower: np.ndarray
    tied: np.ndarray
    total: np.ndarray


def weight_below(
    position: np.ndarray, rank: np.ndarray, weight: np.ndarray, query_position: np.ndarray, query_rank: np.ndarray
) -> WeightBelow:
    """Weight of the points at or before each query's position, by how their rank compares with the query's.

    Points are entered into a Fenwick tree over the ranks in the order of their positions: :math:`O(n \\log n)`.

    Parameters
    ----------
    position, rank, weight : ndarray, shape (n_points,)
        Whole numbers, whole numbers from 0, and weights.
    query_position, query_rank : ndarray of int, shape (n_queries,)

    Returns
    -------
    WeightBelow
        Three arrays of shape (n_queries,).
    """
    n_ranks = int(max(rank.max(initial=0), query_rank.max(initial=0))) + 1
    points, queries = np.argsort(position, kind="stable"), np.argsort(query_position, kind="stable")
    return WeightBelow(*_running_sums(points, position, rank, weight, queries, query_position, query_rank, n_ranks))


def weight_of_lower(rank: np.ndarray, weight: np.ndarray, query_rank: np.ndarray) -> WeightBelow:
    """:func:`weight_below` where all points come before every query."""
    n_ranks = int(max(rank.max(initial=0), query_rank.max(initial=0))) + 1
    tied = np.bincount(rank, weights=weight, minlength=n_ranks)
    until = np.cumsum(tied)
    return WeightBelow((until - tied)[query_rank], tied[query_rank], np.full(query_rank.size, until[-1]))


@njit(cache=True, nogil=True)
def _running_sums(points, position, rank, weight, queries, query_position, query_rank, n_ranks):  # type: ignore
    """Lower, tied and total weight for each query; ``points`` and ``queries`` are orders by position."""
    tree = np.zeros(n_ranks + 1)
    of_rank = np.zeros(n_ranks)
    lower, tied, total = np.zeros(queries.size), np.zeros(queries.size), np.zeros(queries.size)
    running = 0.0
    entered = 0
    for query in queries:
        while entered < points.size and position[points[entered]] <= query_position[query]:
            point = points[entered]
            entered += 1
            running += weight[point]
            of_rank[rank[point]] += weight[point]
            node = rank[point] + 1
            while node <= n_ranks:
                tree[node] += weight[point]
                node += node & -node
        below = 0.0
        node = query_rank[query]
        while node > 0:
            below += tree[node]
            node -= node & -node
        lower[query], tied[query], total[query] = below, of_rank[query_rank[query]], running
    return lower, tied, total
