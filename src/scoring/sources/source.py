"""What every kind of source gives: chunks of rows, numbered, whose columns are those that a model needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from ...errors import EmptyCohortError, InputError
from ..cases import KEYS, OPTIONAL, Cases


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of a source.

    Attributes
    ----------
    cases : Cases
        The rows that could be read.
    row : ndarray of int
        Their numbers in the source, from 1, without the header.
    unreadable : dict of int to str
        The other rows' numbers, and the code of each.
    """

    cases: Cases
    row: np.ndarray
    unreadable: dict[int, str] = field(default_factory=dict)

    @property
    def n_read(self) -> int:
        """Rows of the source in this chunk."""
        return len(self.cases) + len(self.unreadable)

    def after(self, n_before: int) -> Chunk:
        """The chunk with so many rows before it."""
        unreadable = {row + n_before: code for row, code in self.unreadable.items()}
        return Chunk(self.cases, self.row + n_before, unreadable)


@dataclass(frozen=True)
class Source:
    """Cases to be scored, not read yet.

    Attributes
    ----------
    kind : str
        ``plan store``, ``parquet``, ``csv``, ``arrow``, ``json``, ``xlsx`` or ``database``.
    name : Path or str
        What it is called in messages; it tells no password.
    digest : str
        SHA-256 of the rows, as they came.
    about_rows : int
        How many rows it may have, for a progress bar.
    chunks : callable
        Takes a number of rows and gives the rows in order, so many in each chunk but the last. It raises InputError
        where columns are absent or the rows cannot be read to their end (the message names the row, never a value).
    as_of : str or None
        For a plan store, the day on which the cases stand.
    care : str
        For a plan store, whether children in care are left out.
    """

    kind: str
    name: Path | str
    digest: str
    about_rows: int
    chunks: Callable[[int], Iterator[Chunk]]
    as_of: str | None = None
    care: str = "competing"


def require_rows(n_read: int, name: Path | str) -> None:
    """Raise EmptyCohortError where a source holds no row."""
    if n_read == 0:
        raise EmptyCohortError(f"{name}: holds no case to score")


def require_columns(name: Path | str, names: Sequence[str], columns: Sequence[str]) -> None:
    """Raise InputError unless keys and ``columns`` are there."""
    absent = [column for column in (*KEYS, *columns) if column not in names]
    if absent:
        raise InputError(f"{name}: lacks the column{'s' if len(absent) > 1 else ''} {', '.join(absent)}")


def wanted(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Those of ``names`` that scoring uses: keys, what is known of eligibility, and ``columns``."""
    return [name for name in dict.fromkeys((*KEYS, *OPTIONAL, *columns)) if name in names]


def wanted_of_schema(
    name: Path | str, schema: pa.Schema, columns: Sequence[str], given: Iterable[str] = ()
) -> list[str]:
    """The columns to read of a table: all needed are there (or ``given``), of types that single values have."""
    names = schema.names
    require_columns(name, [*names, *given], columns)
    require_distinct(name, names)
    found = wanted(names, columns)
    for column in found:
        kind = schema.field(column).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if pa.types.is_nested(kind):
            raise InputError(f"{name}: the column {column} holds nested values")
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            raise InputError(f"{name}: the column {column} holds bytes, not text or numbers")
    return found


def require_distinct(name: Path | str, names: Sequence[str]) -> None:
    """Raise InputError where two columns have one name."""
    if len(set(names)) < len(names):
        raise InputError(f"{name}: several columns have the same name")


class TextRows:
    """Collects rows of text, and the numbers of those that cannot be read, until they fill a chunk.

    Parameters
    ----------
    names : sequence of str
        Names of the cells that are kept.
    rows_per_chunk : int
    """

    def __init__(self, names: Sequence[str], rows_per_chunk: int):
        self.names, self.rows_per_chunk = list(names), rows_per_chunk
        self._begin()

    def _begin(self) -> None:
        self._cells: list[Sequence[str | None]] = []
        self._kept: list[int] = []
        self._unreadable: dict[int, str] = {}

    def add(self, row: int, cells: Sequence[str | None]) -> Iterator[Chunk]:
        """A row; the chunk, if it is full."""
        self._cells.append(cells)
        self._kept.append(row)
        return self._full()

    def lose(self, row: int, code: str) -> Iterator[Chunk]:
        """A row that cannot be read; the chunk, if it is full."""
        self._unreadable[row] = code
        return self._full()

    def rest(self) -> Iterator[Chunk]:
        """What does not fill a chunk."""
        if self._kept or self._unreadable:
            yield self._chunk()

    def _full(self) -> Iterator[Chunk]:
        if len(self._kept) + len(self._unreadable) == self.rows_per_chunk:
            yield self._chunk()
            self._begin()

    def _chunk(self) -> Chunk:
        columns = list(zip(*self._cells, strict=True)) if self._cells else [()] * len(self.names)
        held = {name: pa.array(values, pa.string()) for name, values in zip(self.names, columns, strict=True)}
        return Chunk(Cases(held), np.array(self._kept, dtype=np.int64), self._unreadable)
