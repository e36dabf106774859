"""Clusters at two levels: which is the outer one, and that the inner one is nested in it."""

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
