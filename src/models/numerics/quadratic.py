"""Quadratic forms of many vectors with one matrix."""

import math

import numpy as np


def quadratic_forms(vectors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """``v' M v`` of each vector along the last axis of ``vectors`` (..., p), shape (...); ``matrix`` is (p, p).

    As one product: NumPy multiplies a stack of matrices one by one, which for small ones takes several times as long.
    """
    flat = vectors.reshape(math.prod(vectors.shape[:-1]), vectors.shape[-1])
    return np.einsum("np,np->n", flat @ matrix, flat).reshape(vectors.shape[:-1])
