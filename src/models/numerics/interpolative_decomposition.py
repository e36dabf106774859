r"""A few columns of a matrix that give all its columns (interpolative decomposition).

Columns are functions of a parameter, rows its values. Where the functions depend smoothly on the parameter, they lie
close to a space of few dimensions, and

.. math:: f_\theta(j) \approx \sum_r f_\theta(j_r) C_{rj}

holds for all values of the parameter, not only those of the rows. Columns are picked greedily, the one furthest from
the span of those before it next; so the entries of C stay small, and rounding is not magnified.

Source: Cheng, Gimbutas, Martinsson and Rokhlin (2005), SIAM Journal on Scientific Computing 26:1389; Barrault, Maday,
Nguyen and Patera (2004), Comptes Rendus Mathématique 339:667 (empirical interpolation).
"""

import numpy as np
from scipy.linalg import solve_triangular

# Most columns that are picked together, and what the squared distances may come down to meanwhile.
TOGETHER, LEAST_LEFT = 8, 1e-8


def choose_columns(matrix: np.ndarray, tolerance: float, most: int) -> np.ndarray:
    """Columns that span the others, picked one by one.

    Parameters
    ----------
    matrix : ndarray, shape (n_values, n_columns)
    tolerance : float
        Stop where no entry of the matrix is further than this from the span.
    most : int
        Stop at this number of columns.

    Returns
    -------
    ndarray of int, shape (r,)
        The columns in the order in which they were picked.
    """
    left = matrix.copy()
    most = min(most, *matrix.shape)
    columns, basis = np.empty(most, dtype=np.int64), np.zeros((matrix.shape[0], most))
    number = 0
    while number < most:
        if max(left.max(initial=0.0), -left.min(initial=0.0)) <= tolerance:
            return columns[:number]
        squares = np.einsum("ij,ij->j", left, left)
        # As long as the furthest column is beyond the tolerance on average, some are picked before they are taken from
        # what is left, together; the digits of the distances that they leave must not be lost.
        enough = max(len(matrix) * tolerance**2, LEAST_LEFT * squares.max())
        end = min(number + TOGETHER, most)
        for position in range(number, end):
            if position > number and squares.max() <= enough:
                end = position
                break
            column = int(np.argmax(squares))
            direction = left[:, column].copy()
            # Twice, since what was left of it is small and no longer orthogonal to the digits.
            for first in (number, 0):
                before = basis[:, first:position]
                direction -= before @ (before.T @ direction)
            direction /= np.linalg.norm(direction)
            squares -= (direction @ left) ** 2
            squares[column] = -np.inf
            columns[position], basis[:, position] = column, direction
        taken = basis[:, number:end]
        left -= taken @ (taken.T @ left)
        number = end
    return columns


def column_weights(chosen: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Weights C (r, n) with which chosen columns (n_values, r) give others (n_values, n), by least squares."""
    basis, triangle = np.linalg.qr(chosen)
    return solve_triangular(triangle, basis.T @ others)
