"""The one copy of the data that a fit makes: rows in the order of the risk sets, centred by stratum and scaled."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numba import njit

from ..numerics.threads import cached_rows, row_chunks, run_all
from .intervals import FAST
from .risk_sets import RiskSets

# The square of a longer column is close to overflow.
LARGEST_LENGTH = 1e100
# Spread of a column below which it counts as constant, relative to the size of its values.
CONSTANT = 1e-13
# Rows whose mean is near that of all.
ROWS_FOR_CENTER = 4_096


@dataclass(frozen=True)
class ScaledRows:
    """The rows that are at risk at some event time, sorted as ``sets.rows``, centred by stratum and scaled.

    Attributes
    ----------
    x : ndarray, shape (m, p)
    mean : ndarray, shape (n_strata, p)
    scale : ndarray, shape (p,)
        ``x = (design - mean[stratum]) / scale``; the partial likelihood does not change when a stratum is shifted.
    offset : ndarray, shape (m,)
    offset_mean : ndarray, shape (n_strata,)
    constant : ndarray of bool, shape (p,)
    spread : ndarray, shape (p,)
        Range of each column of ``x``.
    event_sum : ndarray, shape (p,)
        Weighted sum of ``x`` over the rows with the event.
    """

    x: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    offset: np.ndarray
    offset_mean: np.ndarray
    constant: np.ndarray
    spread: np.ndarray
    event_sum: np.ndarray


def column_scale(design: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted standard deviation of each column over all rows, shape (p,)."""
    share = weight / weight.sum()
    centred = design - share @ design
    return np.sqrt(share @ centred**2)


def scale_rows(
    design: np.ndarray, sets: RiskSets, offset: np.ndarray | None, scale: np.ndarray | None = None
) -> ScaledRows:
    """Sort, centre by stratum and scale the rows of ``design`` that are at risk."""
    n_strata = int(sets.stratum.max()) + 1
    x = np.empty((sets.rows.size, design.shape[1]))
    chunks = row_chunks(sets.rows.size, cached_rows(design.shape[1]))
    mass, mean, deviation, length = _gather(design, sets, n_strata, chunks, x)
    n_large = int((~(length <= LARGEST_LENGTH)).sum())
    if n_large:
        raise ValueError(f"{n_large} columns hold values beyond {LARGEST_LENGTH:g}; rescale them")
    constant = deviation <= CONSTANT * length / np.sqrt(max(sets.rows.size, 1))
    scale = np.where(constant, 1.0, deviation if scale is None else scale)
    factor = np.where(constant, 0.0, 1.0 / scale)
    parts = run_all(
        [partial(_standardise, x[rows], mean, sets.stratum[rows], factor, sets.event_weight[rows]) for rows in chunks]
    )
    low, high, event_sum = (np.array(part) for part in zip(*parts, strict=True))
    spread, event_sum = high.max(axis=0) - low.min(axis=0), event_sum.sum(axis=0)
    if offset is None:
        own, own_mean = np.zeros(sets.rows.size), np.zeros(n_strata)
    else:
        own = offset[sets.rows]
        own_mean = np.bincount(sets.stratum, sets.weight * own, minlength=n_strata) / mass
        own = own - own_mean[sets.stratum]
    return ScaledRows(x, mean, scale, own, own_mean, constant, spread, event_sum)


def _gather(
    design: np.ndarray, sets: RiskSets, n_strata: int, chunks: list[slice], x: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Write the sorted rows to ``x``; mass and mean by stratum, deviation and length of each column over all rows.

    Squares are summed at once, about the mean of some rows. That is near enough the mean of all where rows weigh the
    same and are of one stratum: at worst by what the far value of one row, which also makes the deviation large, does
    to the mean of some. Else the rows are passed over again.
    """
    center = design.take(sets.rows[:: max(1, sets.rows.size // ROWS_FOR_CENTER)], axis=0, mode="clip").mean(axis=0)

    def of_chunk(rows: slice) -> tuple[slice, np.ndarray, np.ndarray, np.ndarray]:
        # No position is out of range; "clip" is numpy's way to write without a buffer.
        np.take(design, sets.rows[rows], axis=0, out=x[rows], mode="clip")
        own = sets.stratum[rows]
        strata = slice(int(own.min()), int(own.max()) + 1)
        found = np.zeros(strata.stop - strata.start), np.zeros((strata.stop - strata.start, x.shape[1]))
        return strata, *found, _moments(x[rows], center, sets.weight[rows], own, strata.start, *found)

    mass, sums = np.zeros(n_strata), np.zeros((n_strata, x.shape[1]))
    squares = np.zeros((2, x.shape[1]))
    for strata, own_mass, own_sums, own_squares in run_all([partial(of_chunk, rows) for rows in chunks]):
        mass[strata] += own_mass
        sums[strata] += own_sums
        squares += own_squares
    mass[mass == 0] = 1.0
    shift = sums / mass[:, None]
    mean = center + shift
    if n_strata == 1 and sets.weight.min() == sets.weight.max():
        deviation = np.sqrt(np.maximum(squares[0] / mass[0] - shift[0] ** 2, 0.0))
    else:
        parts = [partial(_squares, x[rows], mean, sets.weight[rows], sets.stratum[rows]) for rows in chunks]
        deviation = np.sqrt(sum(run_all(parts)) / mass.sum())
    return mass, mean, deviation, np.sqrt(squares[1])


@njit(cache=True, nogil=True, fastmath=FAST)
def _moments(x, center, weight, stratum, first_stratum, mass, sums):
    """Add weights, and weighted sums about ``center``, by stratum from ``first_stratum`` on, in place.

    Returns the weighted sums of squares about ``center`` and the plain sums of squares, shape (2, p).
    """
    squares = np.zeros((2, x.shape[1]))
    about, plain = squares[0], squares[1]
    for row in range(x.shape[0]):
        own, own_weight, to = x[row], weight[row], sums[stratum[row] - first_stratum]
        mass[stratum[row] - first_stratum] += own_weight
        for column in range(center.size):
            value = own[column] - center[column]
            to[column] += own_weight * value
            about[column] += own_weight * value * value
            plain[column] += own[column] * own[column]
    return squares


@njit(cache=True, nogil=True, fastmath=FAST)
def _squares(x, mean, weight, stratum):
    """Weighted sum of squared distances from the stratum's mean, shape (p,)."""
    squares = np.zeros(x.shape[1])
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            value = x[row, column] - mean[stratum[row], column]
            squares[column] += weight[row] * value * value
    return squares


@njit(cache=True, nogil=True, fastmath=FAST)
def _standardise(x, mean, stratum, factor, event_weight):
    """Centre and multiply in place; least and largest value of each column, 0 counted in, and the sum over events."""
    n_columns = x.shape[1]
    low, high, event_sum = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns)
    for row in range(x.shape[0]):
        own, center = x[row], mean[stratum[row]]
        for column in range(n_columns):
            own[column] = (own[column] - center[column]) * factor[column]
        for column in range(n_columns):
            low[column] = min(low[column], own[column])
            high[column] = max(high[column], own[column])
        if event_weight[row] != 0.0:
            for column in range(n_columns):
                event_sum[column] += event_weight[row] * own[column]
    return low, high, event_sum
