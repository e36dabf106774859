"""Case weights: how many rows a row stands for."""

from typing import Any

import numpy as np

from .outcome import as_numbers

# Powers of weights enter variances: beyond this range they leave that of floating point numbers.
LARGEST_WEIGHT = 1e50


def check_weight(sample_weight: Any, n_rows: int) -> np.ndarray | None:
    """Weights as numbers of our own, shape (n_rows,), or None.

    Raises
    ------
    ValueError
        A weight is missing, infinite, negative, or so large or small that its square is not a number; or all are 0.
    """
    if sample_weight is None:
        return None
    weight = np.array(as_numbers(sample_weight, "sample_weight"))
    if weight.shape != (n_rows,):
        raise ValueError(f"sample_weight has shape {weight.shape}, expected ({n_rows},)")
    bad = ~np.isfinite(weight) | (weight < 0)
    if bad.any():
        raise ValueError(f"sample_weight: missing, infinite or negative in {int(bad.sum())} of {n_rows} rows")
    if not weight.any():
        raise ValueError("sample_weight is 0 in every row")
    extreme = (weight > LARGEST_WEIGHT) | ((weight > 0) & (weight < 1 / LARGEST_WEIGHT))
    if extreme.any():
        raise ValueError(
            f"sample_weight: not between {1 / LARGEST_WEIGHT:g} and {LARGEST_WEIGHT:g} in {int(extreme.sum())} of "
            f"{n_rows} rows; scale the weights"
        )
    return weight
