"""Probabilities given that a row has been free of events so far."""

import numpy as np

# Differences of incidences divided by less than this would be rounding.
FAINT = 1e-8


def is_faint(still_free: np.ndarray, since: np.ndarray) -> np.ndarray:
    """Rows that the model all but rules out to be free of events by ``since``, shape (n_rows, 1) as the arguments."""
    return (since > 0) & (still_free > 0) & (still_free < FAINT)


def not_before(times: np.ndarray, since: np.ndarray, *, and_since: bool = False) -> np.ndarray:
    """The later of each row's times (n, m) and the day (n, 1) since when; with ``and_since`` that day too, last.

    A view of one row where all rows share both: sums over event times are done at once for rows that share their times.
    """
    n_rows = len(times)
    if n_rows > 1 and times.strides[0] == since.strides[0] == 0:
        times, since = times[:1], since[:1]
    later = np.maximum(times, since)
    if and_since:
        later = np.concatenate([later, since], axis=1)
    return np.broadcast_to(later, (n_rows, later.shape[1]))


def divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole``, 0 where ``whole`` is 0; infinite, without a warning, where that is next to nothing."""
    with np.errstate(over="ignore"):
        return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(part.shape, whole.shape)), where=whole > 0)
