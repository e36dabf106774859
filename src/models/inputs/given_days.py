"""Days that a caller asks for."""

from typing import Any

import numpy as np

from .outcome import as_numbers
from .time_spans import spans_as_days


def as_days(values: Any, name: str) -> np.ndarray:
    """Days as numbers, shape (n_days,); spans of time count as their days.

    Raises
    ------
    ValueError
        They are no numbers, have more than one dimension, or one is missing, infinite or negative.
    """
    rule = f"{name} must be days: one dimension, finite, not negative"
    try:
        days = np.atleast_1d(as_numbers(spans_as_days(values), name))
    except ValueError:
        raise ValueError(f"{rule}; got values that are no numbers") from None
    if days.ndim != 1:
        raise ValueError(f"{rule}; got shape {days.shape}")
    n_bad = int((~(np.isfinite(days) & (days >= 0))).sum())
    if n_bad:
        raise ValueError(f"{rule}; got {n_bad} of {days.size} that are not")
    return days
