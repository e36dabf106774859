"""Where runs of equal values begin in a sorted array."""

import numpy as np


def run_starts(values: np.ndarray) -> np.ndarray:
    """Positions at which each run of equal ``values`` (n,) begins.

    Examples
    --------
    >>> run_starts(np.array([3, 3, 5, 5, 5, 9])).tolist()
    [0, 2, 5]
    """
    begins = np.empty(values.size, dtype=bool)
    begins[:1] = True
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    return np.flatnonzero(begins)
