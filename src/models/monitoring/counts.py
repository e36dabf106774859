"""What charts of shares take: counts and their denominators."""

from typing import Any

import numpy as np
import pandas as pd

from ..inputs.labels import refuse_other_order
from ..inputs.outcome import as_numbers


def check_counts(count: Any, n: Any) -> tuple[np.ndarray, np.ndarray]:
    """Counts and denominators as float, shape (m,).

    Raises
    ------
    ValueError
        They differ in length, are no whole numbers, or a count lies outside 0 to its denominator.
    """
    refuse_other_order(count=count, n=n)
    counts, sizes = as_numbers(count, "count"), as_numbers(n, "n")
    if counts.shape != sizes.shape:
        raise ValueError(f"count has {counts.size} values, n has {sizes.size}")
    if not counts.size:
        raise ValueError("there is nothing to chart: count is empty")
    for name, values in (("count", counts), ("n", sizes)):
        if not np.isfinite(values).all() or (values != np.round(values)).any():
            n_bad = int((~np.isfinite(values) | (values != np.round(values))).sum())
            raise ValueError(f"{name} must hold whole numbers; got {n_bad} of {values.size} that are not")
    n_outside = int(((counts < 0) | (counts > sizes)).sum())
    if n_outside:
        raise ValueError(f"count must lie between 0 and n; {n_outside} values do not")
    return counts, sizes


def index_of(values: Any, given: Any, size: int, name: str) -> pd.Index:
    """The labels given, or the index that ``values`` came with, or 0, 1, ..."""
    if given is None:
        return values.index if isinstance(values, pd.Series) else pd.RangeIndex(size)
    index = pd.Index(given)
    if len(index) != size:
        raise ValueError(f"{name} has {len(index)} values for {size} counts")
    return index
