"""Spans of time that are given as such, in place of numbers of days."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

ONE_DAY = np.timedelta64(1, "D")
SPAN = (timedelta, np.timedelta64)


def spans_as_days(values: Any) -> Any:
    """Time spans (``timedelta`` of Python, numpy, pandas or Arrow) as numbers of days; anything else as it is.

    Examples
    --------
    >>> spans_as_days(pd.to_timedelta(["91 days", "36 hours", None])).tolist()
    [91.0, 1.5, nan]
    >>> spans_as_days([30, 60])
    [30, 60]
    """
    if isinstance(values, SPAN):
        return pd.Timedelta(values) / ONE_DAY
    dtype = getattr(values, "dtype", None)
    kind = getattr(dtype, "kind", None)
    if kind == "m":
        if not isinstance(dtype, np.dtype):  # Arrow's
            values = values.to_numpy(dtype="timedelta64[ns]", na_value=np.timedelta64("NaT"))
        return np.asarray(values) / ONE_DAY
    if kind != "O" and not isinstance(values, list | tuple):
        return values
    given = list(values) if np.ndim(values) == 1 else []
    if not any(isinstance(value, SPAN) for value in given):
        return values
    # A number among spans would be taken for nanoseconds.
    if not all(isinstance(value, SPAN) or value is None or value is pd.NaT or value != value for value in given):
        return values
    return pd.to_timedelta(pd.Series(given, dtype=object)).to_numpy() / ONE_DAY
