"""Sorting by small whole numbers, in linear time."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def counting_sort(keys: np.ndarray, n_keys: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions in order of their keys 0 .. n_keys - 1, equal keys in their own order, and where each key begins.

    Parameters
    ----------
    keys : ndarray of int, shape (n,)
    n_keys : int

    Returns
    -------
    order : ndarray of int32, shape (n,)
        Half the memory of the usual integers, and enough for two billion rows.
    bounds : ndarray of int, shape (n_keys + 1,)
        ``order[bounds[k] : bounds[k + 1]]`` have key k.
    """
    bounds = np.zeros(n_keys + 1, np.int64)
    for key in keys:
        bounds[key + 1] += 1
    for key in range(n_keys):
        bounds[key + 1] += bounds[key]
    place = bounds[:-1].copy()
    order = np.empty(keys.size, np.int32)
    for row in range(keys.size):
        order[place[keys[row]]] = row
        place[keys[row]] += 1
    return order, bounds
