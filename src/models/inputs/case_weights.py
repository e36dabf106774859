"""Case weights: how many rows a row stands for, or shares of one; which errors hold for them.

Whole numbers count repeated rows, and the inverse information of the weighted likelihood is that of these rows. Of any
other weights the scale means nothing (survey weights may add up to the sample or to the population), and the inverse
information changes with it: errors are then those of the sandwich, each row a group of its own, as in R's ``coxph``.
They are the same for weights and a hundredth of them.
"""

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


def weight_of_each(sample_weight: Any, n_rows: int) -> np.ndarray:
    """:func:`check_weight`, with 1 for each row where no weights are given."""
    weight = check_weight(sample_weight, n_rows)
    return np.ones(n_rows) if weight is None else weight


def are_counts(weight: np.ndarray | None) -> bool:
    """Whether all weights, shape (n_rows,), are whole numbers, which count repeated rows; None counts each row once."""
    return weight is None or bool(np.all(weight == np.round(weight)))


def robust_groups(weight: np.ndarray | None, cluster: np.ndarray | None, n_rows: int) -> np.ndarray | None:
    """Code of the group of each row whose scores robust errors add up, shape (n_rows,); None for plain errors.

    Examples
    --------
    >>> robust_groups(np.array([2.0, 1.0]), None, 2) is None
    True
    >>> robust_groups(np.array([0.02, 0.01]), None, 2).tolist()
    [0, 1]
    """
    return np.arange(n_rows) if cluster is None and not are_counts(weight) else cluster
