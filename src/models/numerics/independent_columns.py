"""Which columns of a design carry something of their own, found from their Gram matrix."""

import numpy as np
from scipy.linalg.lapack import dpotrf


def independent_columns(gram: np.ndarray, floor: np.ndarray | float) -> np.ndarray:
    """Columns, taken in order, of which those kept before them leave more than ``floor``: an elimination with pivots.

    Parameters
    ----------
    gram : ndarray, shape (p, p)
        Sums of squares and products, or an information matrix.
    floor : ndarray, shape (p,), or float
        What must be left of the diagonal; infinite for a column that cannot be kept.

    Returns
    -------
    ndarray of bool, shape (p,)
    """
    if gram.size:
        # Where all columns are kept the pivots are those of Cholesky, which takes a fraction of the time.
        factor, failed = dpotrf(gram, lower=1, clean=0)
        if not failed and (factor.diagonal() ** 2 > floor).all():
            return np.ones(len(gram), dtype=bool)
    left = gram.copy()
    floor = np.broadcast_to(floor, len(gram))
    independent = np.zeros(len(gram), dtype=bool)
    for column in range(len(gram)):
        pivot = left[column, column]
        if pivot > floor[column]:
            independent[column] = True
            left -= np.outer(left[:, column], left[column]) / pivot
    return independent
