"""The column of ``X`` that is added to the linear predictor."""

from typing import Any

import numpy as np

from ...parameter_checks import shown


def offset_values(values: Any) -> np.ndarray:
    """The offset as finite numbers, shape (n_rows,), from the one column that names it."""
    try:
        numbers = np.asarray(values, dtype=float).reshape(len(values))
    except (TypeError, ValueError):
        raise ValueError(f"offset must name one numeric column, got {shown(values)}") from None
    n_bad = int((~np.isfinite(numbers)).sum())
    if n_bad:
        raise ValueError(f"offset: missing or infinite in {n_bad} of {numbers.size} rows")
    return numbers
