"""Matrix products in blocks of a fixed number of rows, so that a row's digits do not depend on the rows beside it.

Linear algebra adds up in an order that depends on the shape of a product: the same row has other last digits in a part
of 7 rows than in one of 1,000. A product of a shape that is always the same, filled with zeros where rows are fewer,
gives each row one set of digits.
"""

import numpy as np

# Rows of a block: a multiple of the rows that linear algebra takes at a time on any processor.
ROWS = 96


def row_products(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """``rows`` (n, p) times ``matrix`` (p, q), shape (n, q)."""
    n_rows, n_columns = rows.shape
    n_blocks = -(-n_rows // ROWS)
    blocks = np.ascontiguousarray(rows)
    if n_rows % ROWS:
        blocks = np.zeros((n_blocks * ROWS, n_columns))
        blocks[:n_rows] = rows
    product = np.matmul(blocks.reshape(n_blocks, ROWS, n_columns), np.ascontiguousarray(matrix))
    return product.reshape(n_blocks * ROWS, matrix.shape[1])[:n_rows]


class GroupedRows:
    """Rows by group, in blocks of rows of one group, for products with a matrix of each row's group.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
    block : int
        Rows of a block; those of a group fill their last block with others, whose products are dropped.
    """

    def __init__(self, group: np.ndarray, block: int):
        order = np.argsort(group, kind="stable")
        present, start, count = np.unique(group[order], return_index=True, return_counts=True)
        blocks = -(-count // block)
        first = np.cumsum(blocks) - blocks
        place = np.arange(group.size) - np.repeat(start, count) + block * np.repeat(first, count)
        self._rows = np.zeros((int(blocks.sum()), block), dtype=np.int64)
        self._rows.ravel()[place] = order
        self._place = np.empty_like(place)
        self._place[order] = place
        self._runs = list(zip(present.tolist(), first.tolist(), (first + blocks).tolist(), strict=True))

    def products(self, rows: np.ndarray, matrices: np.ndarray) -> np.ndarray:
        """``rows`` (n, p) times the matrices (n_groups, p, q) of their groups, shape (n, q)."""
        blocks, product = rows.take(self._rows, axis=0), np.empty((*self._rows.shape, matrices.shape[2]))
        for group, begin, end in self._runs:
            np.matmul(blocks[begin:end], matrices[group], out=product[begin:end])
        return product.reshape(-1, matrices.shape[2]).take(self._place, axis=0)
