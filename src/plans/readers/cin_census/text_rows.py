"""Rows of text in little memory: every different text once, and a row as a few 32-bit numbers.

A census of 500 MB holds some ten million values, of which nearly all are codes and dates that come again and again.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

NO_TEXT = -1
"""Stands for a missing text among the numbers of texts."""


class TextTables(Mapping[str, pd.DataFrame]):
    """Tables of text that are held as numbers; looking a table up makes its frame.

    Parameters
    ----------
    cells : mapping of table to array of int32
        The rows, one after the other: `NUMBERS` of the row, then the numbers of its texts.
    columns : mapping of table to sequence of str
        Names of a row's cells. ``child``, ``line`` and ``plan`` are numbers themselves.
    texts : sequence of str
        What the numbers of texts stand for; `NO_TEXT` stands for none.
    order : mapping of table to column, optional
        Tables whose rows are put in the order of a column.
    """

    NUMBERS = ("child", "line", "plan")

    def __init__(
        self,
        cells: Mapping[str, array],
        columns: Mapping[str, Sequence[str]],
        texts: Sequence[str],
        order: Mapping[str, str] | None = None,
    ) -> None:
        self._columns = {table: list(names) for table, names in columns.items()}
        self._cells = {
            table: np.frombuffer(flat, dtype=np.int32).reshape(-1, len(columns[table])) for table, flat in cells.items()
        }
        # One place more than there are texts: the number of a missing text finds None there.
        self._texts = np.empty(len(texts) + 1, dtype=object)
        self._texts[: len(texts)] = texts
        self._order = dict(order or {})

    def __getitem__(self, table: str) -> pd.DataFrame:
        """A frame of the table: the numbers as int32, the texts as str or None."""
        cells = self._cells[table]
        names = self._columns[table]
        if table in self._order:
            cells = cells[np.argsort(cells[:, names.index(self._order[table])], kind="stable")]
        columns = {
            name: pd.Series(
                cells[:, place].copy() if name in self.NUMBERS else self._texts[cells[:, place]],
                dtype=np.int32 if name in self.NUMBERS else object,
                copy=False,
            )
            for place, name in enumerate(names)
        }
        return pd.DataFrame(columns, copy=False)

    def __iter__(self) -> Iterator[str]:
        """The tables' names."""
        return iter(self._cells)

    def __len__(self) -> int:
        """How many tables there are."""
        return len(self._cells)

    def pop(self, table: str) -> pd.DataFrame:
        """The frame of a table, which is given up here."""
        frame = self[table]
        del self._cells[table]
        return frame

    def n_rows(self, table: str) -> int:
        """How many rows a table has."""
        return len(self._cells[table])

    def shift_lines(self, n_lines: int) -> None:
        """Count lines from ``n_lines`` further up."""
        for table, cells in self._cells.items():
            cells[:, self._columns[table].index("line")] += n_lines
