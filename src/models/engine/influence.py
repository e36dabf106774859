"""Variance of a curve from the influence of each row, in linear time.

For Kaplan-Meier, Nelson-Aalen and Aalen-Johansen the influence of a row on the curve at a time t is
``a + b F(t) + c P(t)``, where F and P are curves that all rows share and ``(a, b, c)`` changes only when the row enters
and when it leaves. The variance, the sum over clusters of the squared sum of influences, is therefore
``(1, F, P) M (1, F, P)'`` with M updated once at each entry and each exit, whatever the sizes of the clusters.
"""

from typing import NamedTuple

import numpy as np
from numba import njit


class InfluenceTables(NamedTuple):
    """What the influences need of each day, every array of shape (n_days,).

    With f the first and l the last day of a row: until it leaves its influence is
    ``-at_entry[f] - since[f] F + P``, and afterwards ``a + b F``. There b is ``slope[l] - alive[l] since[f]``, less
    ``drop[l]`` if the row had an event, and a is such that the influence at l changes only by ``jump[l]``, if the row
    had the event that the curve counts.
    """

    curve: np.ndarray
    shared: np.ndarray
    at_entry: np.ndarray
    since: np.ndarray
    jump: np.ndarray
    slope: np.ndarray
    alive: np.ndarray
    drop: np.ndarray


@njit(cache=True, nogil=True)
def influence_variance(tables, first, last, has_event, has_kind, weight, cluster, n_clusters):
    """Variance of the curve just after each day, shape (n_days,).

    Parameters
    ----------
    tables : InfluenceTables
    first, last : ndarray of int, shape (n,)
        First and last day on which the row is at risk.
    has_event, has_kind : ndarray of bool, shape (n,)
        Whether the row ends with an event, and with one that the curve counts.
    weight : ndarray, shape (n,)
    cluster : ndarray of int, shape (n,)
        Codes 0 .. n_clusters - 1.
    """
    n_days = tables.curve.size
    by_first, end_first = _counting_sort(first, n_days)
    by_last, end_last = _counting_sort(last, n_days)
    state = np.zeros((n_clusters, 3))
    form = np.zeros((3, 3))
    change = np.zeros(3)
    variance = np.zeros(n_days)
    for day in range(n_days):
        for position in range(end_first[day], end_first[day + 1]):
            row = by_first[position]
            change[0] = -weight[row] * tables.at_entry[day]
            change[1] = -weight[row] * tables.since[day]
            change[2] = weight[row]
            _update(state[cluster[row]], change, form)
        f, p = tables.curve[day], tables.shared[day]
        for position in range(end_last[day], end_last[day + 1]):
            row = by_last[position]
            since = tables.since[first[row]]
            slope = tables.slope[day] - tables.alive[day] * since - (tables.drop[day] if has_event[row] else 0.0)
            jump = tables.jump[day] if has_kind[row] else 0.0
            change[0] = weight[row] * (p - since * f + jump - slope * f)
            change[1] = weight[row] * (slope + since)
            change[2] = -weight[row]
            _update(state[cluster[row]], change, form)
        variance[day] = (
            form[0, 0]
            + f * (2.0 * form[0, 1] + f * form[1, 1])
            + p * (2.0 * form[0, 2] + 2.0 * f * form[1, 2] + p * form[2, 2])
        )
    return variance


@njit(cache=True, nogil=True)
def _update(state, change, form):
    """Add ``change`` to a cluster's state, and the change of the state's products to ``form`` (upper triangle)."""
    for i in range(3):
        for j in range(i, 3):
            form[i, j] += state[i] * change[j] + change[i] * state[j] + change[i] * change[j]
    for i in range(3):
        state[i] += change[i]


@njit(cache=True, nogil=True)
def _counting_sort(keys, n_keys):
    """Rows in order of their keys 0 .. n_keys - 1, and where each key's rows begin, shape (n_keys + 1,)."""
    begin = np.zeros(n_keys + 1, np.int64)
    for key in keys:
        begin[key + 1] += 1
    for key in range(n_keys):
        begin[key + 1] += begin[key]
    place = begin[:-1].copy()
    order = np.empty(keys.size, np.int64)
    for row in range(keys.size):
        order[place[keys[row]]] = row
        place[keys[row]] += 1
    return order, begin
