r"""Bins of the features of person-periods, found from rows instead of from lines.

scikit-learn (from 1.9 on) divides a feature at its weighted percentiles, and sorts all lines anew for each of them; on
few lines that takes more time than the trees. A feature has one value in all periods of a row, so the percentiles are
those of rows that carry the weight of their lines. The trees are grown on the numbers of the bins, which scikit-learn
leaves as they are, and their thresholds are turned back: the trees are the same.
"""

from dataclasses import dataclass, replace

import numpy as np

from .tree_arrays import TreeArrays

# What scikit-learn's histograms hold, missing values apart.
MOST_BINS = 255
# scikit-learn keeps thresholds below this, as an infinite one would send missing values left.
LARGEST_THRESHOLD = 1e300


@dataclass(frozen=True)
class Bins:
    """The bins of one feature.

    Attributes
    ----------
    thresholds : ndarray, shape (n_bins - 1,)
        Largest value of each bin but the last, ascending.
    occupied : ndarray of int
        Numbers of the bins that hold a value.
    """

    thresholds: np.ndarray
    occupied: np.ndarray


def find_thresholds(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Where scikit-learn divides a feature.

    Parameters
    ----------
    values : ndarray, shape (n,)
        NaN is missing.
    weight : ndarray, shape (n,)
        Above 0.

    Returns
    -------
    ndarray
        Middles between neighbouring values where there are at most ``MOST_BINS`` different ones, otherwise weighted
        percentiles: the first value that reaches one, or the middle of it and the next where it just does.
    """
    order = np.argsort(values, kind="stable")
    order = order[: values.size - np.isnan(values).sum()]
    ordered = values[order]
    distinct = ordered[np.flatnonzero(np.diff(ordered, prepend=np.nan) != 0)]
    if distinct.size <= MOST_BINS:
        return (distinct[:-1] + distinct[1:]) / 2.0
    until = np.cumsum(weight[order])
    rank = np.linspace(0, 100, MOST_BINS + 1)[1:-1] / 100 * until[-1]
    reached = np.minimum(np.searchsorted(until, rank), ordered.size - 1)
    following = np.minimum(reached + 1, ordered.size - 1)
    is_beyond = until[reached] - rank > np.finfo(float).eps
    middle = (ordered[reached] + ordered[following]) / 2.0
    return np.minimum(np.unique(np.where(is_beyond, ordered[reached], middle)), LARGEST_THRESHOLD)


def bin_features(design: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, list[Bins]]:
    """Numbers of the bins (n, p), NaN where missing, and the bins of each column; weights (n,) of 0 do not count."""
    codes, bins, counted = np.empty(design.shape), [], weight > 0
    for column, values in enumerate(design.T):
        thresholds = find_thresholds(values[counted], weight[counted])
        own = np.searchsorted(thresholds, values)
        codes[:, column] = np.where(np.isnan(values), np.nan, own)
        bins.append(Bins(thresholds, np.unique(own[counted & ~np.isnan(values)])))
    return codes, bins


def with_thresholds(trees: TreeArrays, bins: list[Bins]) -> TreeArrays:
    """The trees that were grown on numbers of bins, with thresholds of the features."""
    threshold = trees.threshold.copy()
    for column, found in enumerate(bins):
        own = trees.feature == column
        # A division lies between two bins that hold values, and the first of these has the threshold.
        last = found.occupied[np.searchsorted(found.occupied, threshold[own], side="right") - 1]
        threshold[own] = np.append(found.thresholds, np.inf)[last]
    return replace(trees, threshold=threshold)
