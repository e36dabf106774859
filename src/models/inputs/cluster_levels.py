"""Clusters: rows that are not independent; at two levels, which is the outer, and that the inner is nested in it."""

from typing import Any

import numpy as np
import pandas as pd


def nested_levels(cluster: Any, n_rows: int) -> dict[str, Any]:
    """Labels by level, the inner level (more clusters) first; a level's name is that of its column.

    Parameters
    ----------
    cluster : DataFrame or ndarray, shape (n_rows, 2)
        Labels of the clusters at two levels, such as family and authority, in any order.
    n_rows : int

    Returns
    -------
    dict of str to Series
        Robust standard errors by the outer level allow for any dependence at the inner one.

    Raises
    ------
    ValueError
        There are not two columns of ``n_rows`` values, one is missing, or a cluster of the inner level lies in several
        of the outer: the levels cross, or the inner labels start anew in each outer cluster.

    References
    ----------
    Cameron, Gelbach and Miller (2011), Journal of Business and Economic Statistics 29:238: their sum over the levels of
    clusters is that of the outer level where clusters are nested.
    """
    frame = cluster if isinstance(cluster, pd.DataFrame) else pd.DataFrame(np.asarray(cluster))
    if frame.shape != (n_rows, 2):
        raise ValueError(f"cluster has shape {frame.shape}, expected ({n_rows},), or ({n_rows}, 2) for nested levels")
    names = [str(name) if isinstance(cluster, pd.DataFrame) else f"level {name}" for name in frame.columns]
    if names[0] == names[1]:
        raise ValueError("the two columns of cluster have the same name")
    levels = {name: frame.iloc[:, position].reset_index(drop=True) for position, name in enumerate(names)}
    for name, labels in levels.items():
        if labels.isna().any():
            raise ValueError(f"cluster ({name}): missing in {int(labels.isna().sum())} of {n_rows} rows")
    inner, outer = sorted(levels, key=lambda name: -levels[name].nunique())
    inner_code, outer_code = pd.factorize(levels[inner])[0], pd.factorize(levels[outer])[0]
    home = np.zeros(inner_code.max(initial=0) + 1, dtype=np.int64)
    home[inner_code] = outer_code
    n_crossing = np.unique(inner_code[home[inner_code] != outer_code]).size
    if n_crossing:
        raise ValueError(
            f"cluster: {n_crossing} of {inner} lie in several of {outer}; levels must be nested, with labels that do "
            f"not start anew"
        )
    return {inner: levels[inner], outer: levels[outer]}


def check_cluster(cluster: Any, n_rows: int, weight: np.ndarray | None = None) -> np.ndarray | None:
    """Cluster labels as codes 0, 1, ... in order of the sorted labels; rows of weight 0 make no cluster."""
    if cluster is None:
        return None
    if np.ndim(cluster) == 2:
        cluster = list(nested_levels(cluster, n_rows).values())[-1]
    given = cluster if isinstance(cluster, pd.Series) else np.asarray(cluster)
    if given.shape != (n_rows,):
        raise ValueError(f"cluster has shape {given.shape}, expected ({n_rows},)")
    labels = pd.Series(given)
    if labels.isna().any():
        raise ValueError(f"cluster: missing in {int(labels.isna().sum())} of {n_rows} rows")
    codes = _codes_of_numbers(given)
    if codes is None:
        codes = _codes_of_labels(labels)
    used = codes if weight is None else codes[weight > 0]
    if n_rows > 1 and np.all(used == used[0]):
        raise ValueError("cluster has one value in all rows of positive weight: robust errors need several clusters")
    return codes


def codes_within(cluster: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    """Cluster codes of some rows, without gaps."""
    return None if cluster is None else np.unique(cluster[rows], return_inverse=True)[1]


def _codes_of_numbers(labels: Any) -> np.ndarray | None:
    """Codes of whole numbers that lie close together, counted instead of looked up; None for other labels."""
    numbers = np.asarray(labels)
    if numbers.dtype.kind != "i" or numbers.size == 0:
        return None
    lowest, highest = int(numbers.min()), int(numbers.max())
    if highest - lowest > 2 * numbers.size + 1000:
        return None
    since = numbers.astype(np.int64) - lowest
    return (np.cumsum(np.bincount(since) > 0) - 1)[since]


def _codes_of_labels(labels: pd.Series) -> np.ndarray:
    codes, levels = pd.factorize(labels, sort=False)
    try:
        order = np.argsort(np.asarray(levels), kind="stable")
    except TypeError:  # numbers and text together have no order of their own
        order = np.argsort(np.asarray([f"{type(level).__name__} {level}" for level in levels]), kind="stable")
    rank = np.empty(len(levels), dtype=np.intp)
    rank[order] = np.arange(len(levels))
    return rank[codes]
