"""Cases in an Excel workbook, read row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import repeat
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...plans.readers.files.cell_text import cell_text
from ...plans.readers.files.workbook import (
    MOST_CELLS,
    damaged_sheet,
    has_formulas,
    opened_workbook,
    worksheets,
)
from ..cases import KEYS
from .content import Content
from .source import Chunk, TextRows, require_columns, require_distinct, wanted

ERRORS = frozenset({"#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NAME?", "#NULL!", "#SPILL!", "#CALC!"})
WITHOUT_VALUE = "cell_without_value"


def workbook_chunks(content: Content, columns: Sequence[str], rows_per_chunk: int) -> Iterator[Chunk]:
    """The rows of the first sheet whose first row names the keys; blank rows are no rows.

    A row is rejected where a cell that is needed holds an error, or a formula whose value nobody has calculated:
    programs that write workbooks leave it to Excel, and it must not pass for an empty cell.
    """
    path = Path(content.name)
    try:
        with ExitStack() as stack:
            values = stack.enter_context(opened_workbook(path))
            number, sheet, names = _sheet_of_cases(path, values, columns)
            formulas = None
            if has_formulas(path):
                book = stack.enter_context(opened_workbook(path, formulas=True))
                formulas = next(found for place, found in worksheets(book) if place == number)
            rows = TextRows(wanted(names, columns), rows_per_chunk)
            positions = [names.index(column) for column in rows.names]
            for row, code, cells in _rows(path, number, sheet, formulas, len(names), positions):
                yield from rows.lose(row, code) if code else rows.add(row, cells)
            yield from rows.rest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None


def _sheet_of_cases(path: Path, book: Any, columns: Sequence[str]) -> tuple[int, Any, list[str]]:
    first: tuple[int, Any, list[str]] | None = None
    for number, sheet in worksheets(book):
        try:
            header = next((row for row in sheet.iter_rows(values_only=True) if any(row)), ())
        except Exception as error:
            raise damaged_sheet(path, number, error) from None
        names = [cell_text(cell) or "" for cell in header]
        while names and not names[-1]:
            names.pop()
        if first is None or not first[2] or set(KEYS) <= set(names):
            first = (number, sheet, names)
        if set(KEYS) <= set(names):
            break
    if first is None or not first[2]:
        raise InputError(f"{path}: is empty")
    require_distinct(path, first[2])
    require_columns(path, first[2], columns)
    return first


def _rows(
    path: Path, number: int, sheet: Any, formulas: Any, n_fields: int, positions: Sequence[int]
) -> Iterator[tuple[int, str, list[str | None]]]:
    """Number, code (empty where the row can be read) and the cells that are needed."""
    row, n_cells = -1, 0
    others = repeat(()) if formulas is None else formulas.iter_rows(values_only=True)
    lines = zip(sheet.iter_rows(values_only=True), others, strict=False)
    while True:
        try:
            line, formula = next(lines)
            n_cells += len(line)
            if n_cells > MOST_CELLS:
                raise ValueError("too many cells")
        except StopIteration:
            return
        except Exception as error:
            raise damaged_sheet(path, number, error) from None
        if all(cell is None or cell == "" for cell in (*line, *formula)):
            continue
        row += 1
        if row == 0:
            continue  # the header
        cells = [line[place] if place < len(line) else None for place in positions]
        known = [formula[place] if place < len(formula) else None for place in positions]
        if any(cell is not None and cell != "" for cell in line[n_fields:]):
            yield row, "wrong_number_of_fields", []
        elif any(
            (cell is None and other is not None) or (isinstance(cell, str) and cell in ERRORS)
            for cell, other in zip(cells, known, strict=True)
        ):
            yield row, WITHOUT_VALUE, []
        else:
            yield row, "", [cell_text(cell) for cell in cells]
