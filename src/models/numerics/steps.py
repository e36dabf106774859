"""Right-continuous step functions by stratum: which step holds at a time."""

import numpy as np


def step_position(
    step_time: np.ndarray, step_stratum: np.ndarray, stratum: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """Number of the last step at or before each time in the row's own stratum; -1 before its first step.

    Parameters
    ----------
    step_time, step_stratum : ndarray, shape (n_steps,)
        Days and codes of strata, sorted by stratum, then day.
    stratum : ndarray of int, shape (n_rows,)
    times : ndarray, shape (n_rows, n_times)

    Returns
    -------
    ndarray of int, shape (n_rows, n_times)
    """
    found = np.full(times.shape, -1)
    for code in np.unique(stratum):
        begin, end = np.searchsorted(step_stratum, [code, code + 1])
        rows = stratum == code
        steps = np.searchsorted(step_time[begin:end], times[rows], side="right")
        found[rows] = np.where(steps > 0, begin + steps - 1, -1)
    return found


def step_values(values: np.ndarray, position: np.ndarray, before: float = 0.0) -> np.ndarray:
    """``values[position]``, and ``before`` where the position is -1, shape ``position.shape + values.shape[1:]``."""
    if len(values) == 0:
        return np.full(position.shape + values.shape[1:], before)
    taken = values[np.maximum(position, 0)]
    taken[position < 0] = before
    return taken
