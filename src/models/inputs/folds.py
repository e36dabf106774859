"""Rows dealt into folds for cross-validation: clusters whole, each fold with its share of the events."""

from typing import Any

import numpy as np
import pandas as pd


def deal_folds(is_event: np.ndarray, cluster: np.ndarray | None, n_folds: int, random_state: Any) -> np.ndarray:
    """Fold 0 ... n_folds - 1 of each row, at random; clusters with an event are dealt out first, then the others.

    Parameters
    ----------
    is_event : ndarray of bool, shape (n_rows,)
    cluster : ndarray of int, shape (n_rows,), or None
        Codes 0, 1, ...; the rows of a cluster share a fold. None: each row is a cluster.
    n_folds : int
    random_state : int, Generator or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    ndarray of int, shape (n_rows,)

    Raises
    ------
    ValueError
        Fewer clusters with an event than folds, or fewer than two folds.
    """
    if isinstance(n_folds, bool) or not isinstance(n_folds, int | np.integer) or n_folds < 2:
        raise ValueError(f"n_folds must be a whole number of at least 2, got {n_folds!r}")
    cluster = np.arange(is_event.size) if cluster is None else cluster
    has_event = np.zeros(int(cluster.max()) + 1, dtype=bool)
    has_event[cluster[is_event]] = True
    if has_event.sum() < n_folds:
        raise ValueError(f"{n_folds} folds need an event each, but only {has_event.sum()} rows or clusters have one")
    rng = np.random.default_rng(random_state)
    order = rng.permutation(has_event.size)
    order = order[np.argsort(~has_event[order], kind="stable")]
    fold_of_cluster = np.empty(has_event.size, dtype=np.int64)
    fold_of_cluster[order] = np.arange(has_event.size) % n_folds
    return fold_of_cluster[cluster]


def check_folds(foldid: Any, is_event: np.ndarray, cluster: np.ndarray | None) -> np.ndarray:
    """Codes 0, 1, ... of given folds, shape (n_rows,), in order of their labels.

    Raises
    ------
    ValueError
        Missing labels, fewer than two folds, a fold without an event, or a cluster in several folds.
    """
    labels = pd.Series(np.asarray(foldid))
    if labels.shape != is_event.shape:
        raise ValueError(f"foldid has shape {labels.shape}, expected {is_event.shape}")
    if labels.isna().any():
        raise ValueError(f"foldid: missing in {int(labels.isna().sum())} of {labels.size} rows")
    codes = pd.factorize(labels, sort=True)[0].astype(np.int64)
    n_folds = int(codes.max()) + 1
    if n_folds < 2:
        raise ValueError(f"foldid must have at least two values, got {n_folds}")
    n_empty = int((np.bincount(codes[is_event], minlength=n_folds) == 0).sum())
    if n_empty:
        raise ValueError(f"foldid: {n_empty} of {n_folds} folds have no event (with a weight above 0)")
    if cluster is not None:
        n_split = int((pd.Series(codes).groupby(cluster).nunique() > 1).sum())
        if n_split:
            raise ValueError(f"foldid puts {n_split} clusters into several folds")
    return codes
