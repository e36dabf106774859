"""The Gram matrix of tall data with one weight per row, the costliest sum of a Newton step.

Rows are taken in blocks that stay in the processor's nearest cache, turned to columns, so that a product of two columns
is a straight run through both; four columns by four, so that a number once loaded serves four products.
"""

from functools import partial

import numpy as np
from numba import njit

from ..numerics.threads import cached_rows, row_chunks, run_all
from .intervals import FAST

ROWS_PER_BLOCK = 64
TILE = 4


def weighted_gram(x: np.ndarray, mass: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``x' diag(mass) x`` (p, p) and ``x' residual`` (p,), in one pass over the rows."""
    n_columns = x.shape[1]

    def of_chunk(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        return gram_and_product(x, mass, residual, rows.start, rows.stop)

    gram, product = np.zeros((n_columns, n_columns)), np.zeros(n_columns)
    for part, part_product in run_all([partial(of_chunk, rows) for rows in row_chunks(len(x), cached_rows(n_columns))]):
        gram += part
        product += part_product
    return gram, product


def gram_of_rows(x: np.ndarray) -> np.ndarray:
    """``x' x`` (p, p) of few rows, in this thread."""
    return gram_and_product(x, np.ones(len(x)), np.zeros(len(x)), 0, len(x))[0]


@njit(cache=True, nogil=True, fastmath=FAST)
def gram_and_product(x, mass, residual, begin, end):
    """The Gram matrix (p, p), and the product (p,), of the rows from ``begin`` to ``end``."""
    n_columns = x.shape[1]
    n_padded = (n_columns + TILE - 1) // TILE * TILE
    gram, product = np.zeros((n_padded, n_padded)), np.zeros(n_columns)
    block, scaled = np.zeros((n_padded, ROWS_PER_BLOCK)), np.zeros((TILE, ROWS_PER_BLOCK))
    own_mass, own_residual = np.zeros(ROWS_PER_BLOCK), np.zeros(ROWS_PER_BLOCK)
    for start in range(begin, end, ROWS_PER_BLOCK):
        n_rows = min(ROWS_PER_BLOCK, end - start)
        if n_rows < ROWS_PER_BLOCK:
            # Loops of one known length are the fastest: rows that are missing weigh nothing.
            own_mass[:], own_residual[:] = 0.0, 0.0
        own_mass[:n_rows], own_residual[:n_rows] = mass[start : start + n_rows], residual[start : start + n_rows]
        _turn(x, start, n_rows, block)
        for column in range(n_columns):
            for row in range(ROWS_PER_BLOCK):
                product[column] += block[column, row] * own_residual[row]
        for i in range(0, n_padded, TILE):
            for k in range(TILE):
                for row in range(ROWS_PER_BLOCK):
                    scaled[k, row] = block[i + k, row] * own_mass[row]
            for j in range(0, i + TILE, TILE):
                _add_tile(scaled, block, i, j, gram)
    for i in range(n_columns):
        for j in range(i + 1, n_columns):
            gram[i, j] = gram[j, i]
    return gram[:n_columns, :n_columns].copy(), product


@njit(cache=True, nogil=True)
def _turn(x, start, n_rows, block):
    """Write ``n_rows`` rows as columns; eight at a time, whose values of a column lie side by side."""
    n_columns = x.shape[1]
    in_eights = n_rows - n_rows % 8
    for row in range(0, in_eights, 8):
        at = start + row
        for column in range(n_columns):
            block[column, row] = x[at, column]
            block[column, row + 1] = x[at + 1, column]
            block[column, row + 2] = x[at + 2, column]
            block[column, row + 3] = x[at + 3, column]
            block[column, row + 4] = x[at + 4, column]
            block[column, row + 5] = x[at + 5, column]
            block[column, row + 6] = x[at + 6, column]
            block[column, row + 7] = x[at + 7, column]
    for row in range(in_eights, n_rows):
        for column in range(n_columns):
            block[column, row] = x[start + row, column]


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_tile(scaled, block, i, j, gram):
    """Add the products of the four ``scaled`` columns from ``i`` with the four of ``block`` from ``j``."""
    u0, u1, u2, u3 = scaled[0], scaled[1], scaled[2], scaled[3]
    v0, v1, v2, v3 = block[j], block[j + 1], block[j + 2], block[j + 3]
    a00 = a01 = a02 = a03 = a10 = a11 = a12 = a13 = 0.0
    a20 = a21 = a22 = a23 = a30 = a31 = a32 = a33 = 0.0
    for r in range(ROWS_PER_BLOCK):
        a00 += u0[r] * v0[r]
        a01 += u0[r] * v1[r]
        a02 += u0[r] * v2[r]
        a03 += u0[r] * v3[r]
        a10 += u1[r] * v0[r]
        a11 += u1[r] * v1[r]
        a12 += u1[r] * v2[r]
        a13 += u1[r] * v3[r]
        a20 += u2[r] * v0[r]
        a21 += u2[r] * v1[r]
        a22 += u2[r] * v2[r]
        a23 += u2[r] * v3[r]
        a30 += u3[r] * v0[r]
        a31 += u3[r] * v1[r]
        a32 += u3[r] * v2[r]
        a33 += u3[r] * v3[r]
    gram[i, j] += a00
    gram[i, j + 1] += a01
    gram[i, j + 2] += a02
    gram[i, j + 3] += a03
    gram[i + 1, j] += a10
    gram[i + 1, j + 1] += a11
    gram[i + 1, j + 2] += a12
    gram[i + 1, j + 3] += a13
    gram[i + 2, j] += a20
    gram[i + 2, j + 1] += a21
    gram[i + 2, j + 2] += a22
    gram[i + 2, j + 3] += a23
    gram[i + 3, j] += a30
    gram[i + 3, j + 1] += a31
    gram[i + 3, j + 2] += a32
    gram[i + 3, j + 3] += a33
