"""Inverses of information matrices, and steps by them; scaled for accuracy, and sound where a likelihood is flat."""

import numpy as np
from scipy.linalg.lapack import dposv, dpotrf, dpotri

# Smallest curvature of a likelihood, relative to its largest, that counts in steps and in variances.
FLATTEST = 1e-12
# Normal positive number, so that its inverse is finite.
SMALLEST = float(np.finfo(float).tiny)


def inverse(matrix: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Inverse of the ``kept`` rows and columns of a positive definite matrix (p, p), 0 elsewhere."""
    if not kept.size:
        return np.zeros_like(matrix)
    if not kept.all():
        result = np.zeros_like(matrix)
        result[np.ix_(kept, kept)] = inverse(matrix[np.ix_(kept, kept)], kept[kept])
        return result
    part, scale = _scaled(matrix)
    factor, failed = dpotrf(part, lower=1)
    if failed:
        solution = _positive_part(part)
    else:
        lower, _ = dpotri(factor, lower=1)
        solution = lower + lower.T  # 0 above the diagonal, as the factor is
        np.fill_diagonal(solution, lower.diagonal())
    return solution * (scale[:, None] * scale)


def solve(matrix: np.ndarray, vector: np.ndarray, kept: np.ndarray | None = None) -> np.ndarray:
    """:func:`inverse` times a ``vector`` (p,), without the inverse; all columns are kept unless told."""
    if not vector.size:
        return np.zeros_like(vector)
    if kept is not None and not kept.all():
        result = np.zeros_like(vector)
        result[kept] = solve(matrix[np.ix_(kept, kept)], vector[kept])
        return result
    part, scale = _scaled(matrix)
    own = vector * scale
    _, solution, failed = dposv(part, own)
    return (_positive_part(part) @ own if failed else solution) * scale


def positive_inverse(information: np.ndarray) -> np.ndarray:
    """Inverse of an information matrix; where the likelihood is flat, or bends the wrong way, a large variance."""
    curvature = np.abs(np.diag(information))
    scale = np.sqrt(np.maximum(curvature, max(1e-100, FLATTEST**2 * curvature.max())))
    part = information / np.outer(scale, scale)
    solution = _definite_inverse(part)
    # The trace bounds the inverse's largest eigenvalue: if it is small, no direction of the likelihood is flat.
    if solution is not None and np.trace(solution) < 1.0 / FLATTEST:
        return solution / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(part)
    root = vectors / np.sqrt(np.maximum(np.abs(values), FLATTEST)) / scale[:, None]
    return root @ root.T


def square_root(matrix: np.ndarray) -> np.ndarray:
    """A matrix (p, p) whose product with its own transpose is the ``matrix``, its negative part left out."""
    factor, failed = dpotrf(matrix, lower=1, clean=1)
    if not failed:
        return factor
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def _scaled(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The matrix with a diagonal of 1, and what its rows and columns were multiplied by."""
    scale = 1.0 / np.sqrt(np.maximum(matrix.diagonal(), SMALLEST))
    return matrix * (scale[:, None] * scale), scale


def _definite_inverse(part: np.ndarray) -> np.ndarray | None:
    """Inverse of a positive definite matrix by Cholesky's factor; None if it is not positive definite."""
    factor, failed = dpotrf(part, lower=1)
    if failed:
        return None
    lower, _ = dpotri(factor, lower=1)
    return np.tril(lower) + np.tril(lower, -1).T


def _positive_part(part: np.ndarray) -> np.ndarray:
    """Inverse of the positive part of a matrix: only what rounding makes of a flat direction is not positive."""
    values, vectors = np.linalg.eigh(part)
    positive = values > values.size * np.finfo(float).eps * max(values[-1], 0.0)
    return (vectors[:, positive] / values[positive]) @ vectors[:, positive].T
