"""Matrix products in blocks of a fixed number of rows, so that a row's digits do not depend on the rows beside it.

Linear algebra adds up in an order that depends on the shape of a product: the same row has other last digits in a part
of 7 rows than in one of 1,000. A product of a shape that is always the same, filled with zeros where rows are fewer,
gives each row one set of digits.
"""

from collections.abc import Sequence

import numpy as np

# Rows of a block: a multiple of the rows that linear algebra takes at a time on any processor.
ROWS = 96


def row_products(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """``rows`` (n, p) times ``matrix`` (p, q), shape (n, q)."""
    n_rows, n_columns = rows.shape
    n_blocks = -(-n_rows // ROWS)
    blocks = np.ascontiguousarray(rows)
    if n_rows % ROWS:
        blocks = np.zeros((n_blocks * ROWS, n_columns), rows.dtype)
        blocks[:n_rows] = rows
    product = np.matmul(blocks.reshape(n_blocks, ROWS, n_columns), np.ascontiguousarray(matrix))
    return product.reshape(n_blocks * ROWS, matrix.shape[1])[:n_rows]


def column_sum(columns: Sequence[np.ndarray] | np.ndarray, weights: Sequence[float] | np.ndarray = ()) -> np.ndarray:
    """The sum of few columns (n,), with weights where they are given, one after the other."""
    parts = [column * weight for column, weight in zip(columns, weights, strict=True)] if len(weights) else columns
    result = parts[0].copy()
    for part in parts[1:]:
        result += part
    return result


class GroupedRows:
    """Rows by group, in blocks of rows of one group, for products with a matrix of each row's group.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
    block : int
        Rows of a block; those of a group fill their last block with others, whose products are dropped.

    Attributes
    ----------
    members : ndarray of int, shape (n_blocks, block)
        Rows by block.
    runs : list of (int, int, int)
        Each group, ascending, its first block and the one after its last.
    """

    def __init__(self, group: np.ndarray, block: int):
        order = np.argsort(group, kind="stable")
        ordered = group[order]
        start = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
        present, count = ordered[start], np.diff(start, append=group.size)
        blocks = -(-count // block)
        first = np.cumsum(blocks) - blocks
        place = np.arange(group.size) - np.repeat(start, count) + block * np.repeat(first, count)
        self.members = np.zeros((int(blocks.sum()), block), dtype=np.int64)
        self.members.ravel()[place] = order
        self._place = np.empty_like(place)
        self._place[order] = place
        self.runs = list(zip(present.tolist(), first.tolist(), (first + blocks).tolist(), strict=True))

    def rows(self, blocks: np.ndarray) -> np.ndarray:
        """What was made of each block's rows, (n_blocks, block, ...), in the order of rows, shape (n, ...)."""
        return blocks.reshape(-1, *blocks.shape[2:]).take(self._place, axis=0)
