"""Variance of a curve from the influence of each row, in linear time.

For Kaplan-Meier, Nelson-Aalen and Aalen-Johansen the influence of a row on the curve at a time t is
``a + b F(t) + c P(t)``, where F and P are curves that all rows share and ``(a, b, c)`` changes only when the row enters
and when it leaves. The variance, the sum over clusters of the squared sum of influences, is therefore
``(1, F, P) M (1, F, P)'`` with M updated once at each entry and each exit, whatever the sizes of the clusters.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from ..numerics.counting_sort import counting_sort


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
def clustered_variances(tables, first, last, code, counted, weight, cluster, n_clusters):
    """Variances of K curves just after each day where rows of a cluster are not independent, shape (n_days, K).

    The factors of F and P are those of all curves, so that one pass over the rows does for all.

    Parameters
    ----------
    tables : InfluenceTables
        ``curve``, ``shared`` and ``at_entry`` of shape (K, n_days).
    first, last : ndarray of int, shape (n,)
        First and last day on which the row is at risk.
    code : ndarray of int, shape (n,)
        How the row leaves; 0 is censoring, the others are events.
    counted : ndarray of bool, shape (C, K)
        Whether a curve counts that way of leaving.
    weight : ndarray, shape (n,)
    cluster : ndarray of int, shape (n,)
        Codes 0 .. n_clusters - 1.
    """
    n_curves, n_days = tables.curve.shape
    by_first, end_first = counting_sort(first, n_days)
    by_last, end_last = counting_sort(last, n_days)
    state, form = np.zeros((n_clusters, n_curves + 2)), np.zeros((n_curves + 1, 3))
    own = np.zeros(n_curves)
    variance = np.zeros((n_days, n_curves))
    for day in range(n_days):
        for position in range(end_first[day], end_first[day + 1]):
            row = by_first[position]
            for k in range(n_curves):
                own[k] = -weight[row] * tables.at_entry[k, day]
            _update(state[cluster[row]], -weight[row] * tables.since[day], weight[row], own, form)
        for position in range(end_last[day], end_last[day + 1]):
            row = by_last[position]
            since = tables.since[first[row]]
            slope = tables.slope[day] - tables.alive[day] * since - (tables.drop[day] if code[row] > 0 else 0.0)
            for k in range(n_curves):
                jump = tables.jump[day] if counted[code[row], k] else 0.0
                own[k] = weight[row] * (tables.shared[k, day] + jump - (since + slope) * tables.curve[k, day])
            _update(state[cluster[row]], weight[row] * (slope + since), -weight[row], own, form)
        by_curve = form[n_curves]
        for k in range(n_curves):
            f, p = tables.curve[k, day], tables.shared[k, day]
            variance[day, k] = (
                form[k, 0]
                + f * (2.0 * form[k, 1] + f * by_curve[0])
                + p * (2.0 * form[k, 2] + 2.0 * f * by_curve[1] + p * by_curve[2])
            )
    return variance


@njit(cache=True, nogil=True)
def independent_variance(tables, entering, leaving, first, last, column, square, has_kind):
    """Variance of the curve just after each day where all rows are independent, shape (n_days,).

    The influence of a row depends on its first and last day and on how it leaves, so that sums of squared weights by
    day are enough; only late rows are looked at one by one.

    Parameters
    ----------
    tables : InfluenceTables
    entering : ndarray, shape (n_days,)
        Sum of squared weights by first day.
    leaving : ndarray, shape (n_days, C)
        Sum of squared weights by last day and way of leaving; column 0 is censoring.
    first, last, column : ndarray of int, shape (n_late,)
        First and last day of late rows, and their way of leaving.
    square : ndarray, shape (n_late,)
        Their squared weights.
    has_kind : ndarray of bool, shape (C,)
        Whether the curve counts that way of leaving.
    """
    n_days, n_columns = leaving.shape
    # Sums, by last day and way of leaving, of the squared weight times s, e, s s, e s of the first day.
    sums = np.zeros((n_days, n_columns, 4))
    for row in range(first.size):
        s, e, q = tables.since[first[row]], tables.at_entry[first[row]], square[row]
        cell = sums[last[row], column[row]]
        cell[0] += q * s
        cell[1] += q * e
        cell[2] += q * s * s
        cell[3] += q * e * s
    one, by_f, by_p, f_f, f_p, p_p = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    variance = np.zeros(n_days)
    for day in range(n_days):
        e, s, q = tables.at_entry[day], tables.since[day], entering[day]
        one += q * e * e
        by_f += q * e * s
        by_p -= q * e
        f_f += q * s * s
        f_p -= q * s
        p_p += q
        f, p = tables.curve[day], tables.shared[day]
        for way in range(n_columns):
            q = leaving[day, way]
            q_s, q_e, q_ss, q_es = sums[day, way]
            # After leaving, the influence is (level - e - fall s) + (slope - alive s) F; before, P - e - s F.
            alive, slope = tables.alive[day], tables.slope[day] - (tables.drop[day] if way > 0 else 0.0)
            level = p + (tables.jump[day] if has_kind[way] else 0.0) - f * slope
            fall = f * (1.0 - alive)
            one += level * (level * q - 2.0 * q_e - 2.0 * fall * q_s) + fall * (fall * q_ss + 2.0 * q_es)
            by_f += level * (slope * q - alive * q_s) - slope * (q_e + fall * q_s) + alive * (q_es + fall * q_ss) - q_es
            by_p += q_e
            f_f += slope * (slope * q - 2.0 * alive * q_s) + (alive * alive - 1.0) * q_ss
            f_p += q_s
            p_p -= q
        variance[day] = one + f * (2.0 * by_f + f * f_f) + p * (2.0 * by_p + 2.0 * f * f_p + p * p_p)
    return variance


@njit(cache=True, nogil=True)
def _update(state, change_b, change_c, change_a, form):
    """Change a cluster's state (b, c, then a of each curve), and the sums over clusters of its products.

    ``form`` holds a a, a b, a c of each curve, and in its last row b b, b c, c c.
    """
    b, c, n_curves = state[0], state[1], change_a.size
    for k in range(n_curves):
        a, change = state[k + 2], change_a[k]
        form[k, 0] += change * (2.0 * a + change)
        form[k, 1] += a * change_b + b * change + change * change_b
        form[k, 2] += a * change_c + c * change + change * change_c
        state[k + 2] = a + change
    form[n_curves, 0] += change_b * (2.0 * b + change_b)
    form[n_curves, 1] += b * change_c + c * change_b + change_b * change_c
    form[n_curves, 2] += change_c * (2.0 * c + change_c)
    state[0] += change_b
    state[1] += change_c
