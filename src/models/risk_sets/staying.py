r"""Rows that stay at risk after they left, with a weight that decays from one event time to the next.

Their part of the sums over risk sets is one scan forward, their cumulative hazard one scan backward:

.. math:: E_k = \text{decay}_k E_{k-1} + \sum_{i: \text{stays from } k} r_i a_i x_i, \qquad
    B_k = h_k + \text{decay}_{k+1} B_{k+1}, \quad H_i = \ldots + a_i B_{k(i)}

with a the weight at the event time k(i) from which row i stays.

Source: Fine and Gray (1999), JASA 94:496, section 3, whose competing events stay so.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from .intervals import FAST


class Staying(NamedTuple):
    """s rows of C strata that stay at risk, over K event times.

    The weight of a row at event time k is ``start`` times the product of ``decay`` over the event times after ``after``
    up to k, and times ``counted``.

    Attributes
    ----------
    rows : ndarray of int, shape (s,)
        Positions in the sorted rows, by stratum, then duration.
    stratum : ndarray of int, shape (s,)
    after : ndarray of int, shape (s,)
        First event time after the row's own day.
    start : ndarray, shape (s,)
        Weight at that event time, without the case weight.
    end : ndarray of int, shape (C, K + 1)
        Rows ``end[c, k] : end[c, k + 1]`` of stratum c begin to stay at event time k.
    decay : ndarray, shape (C, K)
        By what the weights change from the event time before to this one.
    counted : ndarray, shape (C, K)
        1; 0 where R's ``finegray`` drops the weights of a stratum.
    """

    rows: np.ndarray
    stratum: np.ndarray
    after: np.ndarray
    start: np.ndarray
    end: np.ndarray
    decay: np.ndarray
    counted: np.ndarray


_NONE, _NO_ROW = np.zeros((0, 0)), np.zeros(0, dtype=np.int64)
NOBODY_STAYS = Staying(_NO_ROW, _NO_ROW, _NO_ROW, np.zeros(0), np.zeros((0, 0), dtype=np.int64), _NONE, _NONE)


def hazards_ahead(values: np.ndarray, decay: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Sum of ``values`` (K, q) from each event time on, by the weight that is left, shape (C, K + 1, q)."""
    ahead = np.zeros((decay.shape[0], values.shape[0] + 1, values.shape[1]))
    _look_ahead(values, decay, counted, ahead)
    return ahead


@njit(cache=True, nogil=True, fastmath=FAST)
def add_staying(x, risk, staying, sums, total):
    """Add the rows that stay, of ``risk`` (m,), to the sums (K, p) and totals (K,) of the others, in place.

    ``staying`` are the fields of :class:`Staying`, as a plain tuple, which compiled code takes sooner.
    """
    rows, _, _, start, end, decay, counted = staying
    n_times, n_columns = sums.shape
    running = np.zeros(n_columns)
    for stratum in range(decay.shape[0]):
        running[:] = 0.0
        running_risk = 0.0
        for time in range(n_times):
            running_risk *= decay[stratum, time]
            for column in range(n_columns):
                running[column] *= decay[stratum, time]
            for position in range(end[stratum, time], end[stratum, time + 1]):
                row = rows[position]
                own = risk[row] * start[position]
                running_risk += own
                for column in range(n_columns):
                    running[column] += own * x[row, column]
            total[time] += counted[stratum, time] * running_risk
            for column in range(n_columns):
                sums[time, column] += counted[stratum, time] * running[column]


@njit(cache=True, nogil=True, fastmath=FAST)
def add_hazards_ahead(hazard, staying, hazards):
    """Add to the cumulative hazards (m,) of the rows that stay what they meet of ``hazard`` (K,), in place."""
    rows, stratum, after, start, _, decay, counted = staying
    ahead = np.zeros((decay.shape[0], hazard.size + 1, 1))
    _look_ahead(hazard.reshape(-1, 1), decay, counted, ahead)
    for position in range(rows.size):
        hazards[rows[position]] += start[position] * ahead[stratum[position], after[position], 0]


@njit(cache=True, nogil=True, fastmath=FAST)
def _look_ahead(values, decay, counted, ahead):
    n_times, n_columns = values.shape
    for stratum in range(decay.shape[0]):
        for time in range(n_times - 1, -1, -1):
            factor = decay[stratum, time + 1] if time + 1 < n_times else 0.0
            for column in range(n_columns):
                ahead[stratum, time, column] = (
                    counted[stratum, time] * values[time, column] + factor * ahead[stratum, time + 1, column]
                )
