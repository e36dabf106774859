"""Sheets of rows under headings, whatever file they come from: CSV, Excel, Parquet; and where the headings stand."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ....errors import InputError
from .delimited import read_delimited
from .workbook import is_workbook, read_workbook

SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".parquet")
_PARQUET_MARK = b"PAR1"
_TITLE_ROWS = 30
_LIST_NUMBER = re.compile(r"list[-_ ]?\d{1,2}", re.IGNORECASE)
_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Sheet:
    """Rows of a file, or of one sheet of a workbook, as text.

    Attributes
    ----------
    path : Path
        The file.
    title : str
        Name of the sheet; of the file, without its ending, where a file is one sheet. Not for messages.
    place : str
        What messages and reports call it: the file's name, with the sheet's number, or with its name where that is
        only the number of a list ("List 7"): any other name may be a child's.
    numbers : list of int
        Each row's number, from 1, as a spreadsheet shows it.
    rows : list of list of str
        Cells without blanks at their ends; rows without any text are left out.
    """

    path: Path
    title: str
    place: str
    numbers: list[int]
    rows: list[list[str]]

    @property
    def list_name(self) -> str:
        """Its name, where that is only the number of a list; "" for any other name, which may be a child's."""
        return self.title if _LIST_NUMBER.fullmatch(self.title) else ""


@dataclass(frozen=True)
class Headed:
    """A sheet whose headings are known.

    Attributes
    ----------
    sheet : Sheet
    headings : list of str
        As they stand, one per column; "" for a column without one.
    first : int
        Position in ``sheet.rows`` of the first row below the headings.
    """

    sheet: Sheet
    headings: list[str]
    first: int

    @property
    def n_rows(self) -> int:
        """Rows below the headings."""
        return len(self.sheet.rows) - self.first

    @property
    def is_ragged(self) -> np.ndarray:
        """Rows with text beyond the last heading, shape (n_rows,)."""
        width = len(self.headings)
        return np.array([any(row[width:]) for row in self.sheet.rows[self.first :]], dtype=bool)

    def column(self, position: int) -> np.ndarray:
        """A column's texts, None where a cell is empty, shape (n_rows,)."""
        cells = [row[position] if position < len(row) else "" for row in self.sheet.rows[self.first :]]
        return np.array([cell or None for cell in cells], dtype=object)

    def to_frame(self, columns: dict[str, int], file: int) -> pd.DataFrame:
        """``file``, ``row`` and the named columns, by name and position."""
        place = {"file": file, "row": np.array(self.sheet.numbers[self.first :], dtype=np.int64)}
        return pd.DataFrame(place | {name: self.column(position) for name, position in columns.items()})


def read_sheets(path: Path, name: str) -> Iterator[Sheet]:
    """The sheets of a file that hold something; what a file is, its bytes say and not its name.

    Raises
    ------
    InputError
        The file cannot be read. One line, naming it.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
        workbook = is_workbook(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    if workbook:
        for number, title, rows in read_workbook(path):
            called = title if _LIST_NUMBER.fullmatch(title) else number
            yield _sheet(path, title, f"{name}, sheet {called}", rows)
    elif start == _PARQUET_MARK:
        yield _sheet(path, path.stem, name, _parquet_rows(path))
    else:
        yield _sheet(path, path.stem, name, read_delimited(path))


def find_headings(sheet: Sheet, is_heading: Callable[[str], bool], at_least: int) -> Headed | None:
    """The row among the first that has the most known headings; None where none has ``at_least`` of them.

    Parameters
    ----------
    sheet : Sheet
    is_heading : callable
        Whether a cell, as it stands, is a known heading.
    at_least : int
    """
    counts = [sum(is_heading(cell) for cell in row if cell) for row in sheet.rows[:_TITLE_ROWS]]
    if not counts or max(counts) < at_least:
        return None
    return headed(sheet, counts.index(max(counts)))


def headed(sheet: Sheet, position: int = 0) -> Headed:
    """The sheet with the row at ``position`` as its headings."""
    row = list(sheet.rows[position]) if sheet.rows else []
    while row and not row[-1]:
        row.pop()
    return Headed(sheet, row, position + 1)


def words(text: str) -> str:
    """A heading's words: small letters and digits, one blank between them."""
    return _NOT_A_LETTER.sub(" ", text.lower().replace("'", "").replace("’", "")).strip()


def _sheet(path: Path, title: str, place: str, rows: Any) -> Sheet:
    # The same codes and dates come again and again; each is kept once.
    once: dict[str, str] = {}
    numbers, kept = [], []
    for number, cells in rows:
        numbers.append(number)
        kept.append([once.setdefault(text, text) for text in map(str.strip, cells)])
    return Sheet(path, title, place, numbers, kept)


def _parquet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The column names as row 1, then the rows: numbered as if they stood in a spreadsheet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        columns: Sequence[list[str]] = [_texts(column) for column in table.columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError):
        raise InputError(f"{path}: cannot be read as Parquet") from None
    yield 1, [str(name) for name in table.column_names]
    for number in range(table.num_rows):
        cells = [column[number] for column in columns]
        if any(cells):
            yield number + 2, cells


def _texts(column: Any) -> list[str]:
    """A Parquet column as text: dates and times as their day, whole numbers without decimals."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        column = column.cast(pa.date32(), safe=False)
    elif pa.types.is_dictionary(kind):
        return _texts(column.cast(kind.value_type))
    values = column.to_pylist()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return ["" if value is None else ";".join(map(str, value)) for value in values]
    if pa.types.is_floating(kind):
        return ["" if v is None or v != v else str(int(v)) if v == v // 1 else str(v) for v in values]
    return ["" if value is None else str(value) for value in values]
