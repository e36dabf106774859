"""Excel workbooks as rows of text, without trust in the file.

Only ``.xlsx`` is read, whatever the file is called. Formulas give the value that was last calculated, error cells their
text (``#N/A``), merged cells their value in the first cell. Nothing in the file is run or resolved.
"""

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ....errors import InputError

ZIP_MARK = b"PK\x03\x04"
OLE_MARK = b"\xd0\xcf\x11\xe0"
LARGEST_UNPACKED = 1 << 30
"""Bytes that a workbook may have once unpacked; more is refused, as a file made to fill the memory has."""

MOST_CELLS = 200_000_000
"""Cells that a sheet may have, most of them empty where a few stand far out; more is refused."""

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_NEVER = "1900-01-01"
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_LONGEST_TAG = 32


def is_workbook(path: Path) -> bool:
    """Whether the file starts as an Excel workbook, new or old, does."""
    with path.open("rb") as stream:
        return stream.read(4) in (ZIP_MARK, OLE_MARK)


def read_workbook(path: Path) -> Iterator[tuple[int, str, list[tuple[int, list[str]]]]]:
    """The sheets in order: number, name, and the rows that are not blank, each with its number in the sheet.

    A name may be that of a child. It is for finding a list, never for a message: that says ``sheet 3``.

    Raises
    ------
    InputError
        As :func:`opened_workbook`.
    """
    with opened_workbook(path) as book:
        for number, sheet in worksheets(book):
            try:
                rows = list(_rows(sheet))
            except Exception as error:
                raise damaged_sheet(path, number, error) from None
            yield number, str(sheet.title), rows


@contextmanager
def opened_workbook(path: Path, *, formulas: bool = False) -> Iterator[Any]:
    """A workbook of openpyxl to be read from its begin to its end, with values or, instead of them, formulas.

    Raises
    ------
    InputError
        The file is password-protected, an old or binary workbook, no workbook, damaged, or too large once unpacked.
    """
    _refuse_other_formats(path)
    _refuse_bombs(path)
    try:
        import openpyxl
    except ImportError:
        raise InputError(f"{path}: Excel needs openpyxl (pip install 'secondplan[io]'), or save it as CSV") from None
    # openpyxl warns of what it leaves out (validation, styles) and quotes cells; what it cannot read comes as an error.
    with warnings.catch_warnings(), path.open("rb") as stream:
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=not formulas, keep_links=False)
        except Exception as error:
            raise InputError(f"{path}: is damaged or no Excel workbook ({type(error).__name__})") from None
        try:
            yield book
        finally:
            book.close()


def worksheets(book: Any) -> Iterator[tuple[int, Any]]:
    """The sheets of cells and their numbers as people count them: charts have sheets too."""
    for sheet in book.worksheets:
        # The stated size is often wrong, and then rows would be cut off.
        sheet.reset_dimensions()
        yield book.sheetnames.index(sheet.title) + 1, sheet


def damaged_sheet(path: Path, number: int, error: Exception) -> InputError:
    """The error for a sheet that cannot be read; the number of it, as its name may be a child's."""
    return InputError(f"{path}: sheet {number} is damaged ({type(error).__name__})")


def has_formulas(path: Path) -> bool:
    """Whether any sheet of a workbook has a formula."""
    with zipfile.ZipFile(path) as archive:
        for part in archive.namelist():
            if part.startswith("xl/worksheets/") and part.endswith(".xml"):
                with archive.open(part) as stream:
                    end = b""
                    while block := stream.read(1 << 20):
                        if _FORMULA.search(end + block):
                            return True
                        end = block[-_LONGEST_TAG:]
    return False


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    n_cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        n_cells += len(row)
        if n_cells > MOST_CELLS:
            raise ValueError("too many cells")
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, cells


def _refuse_other_formats(path: Path) -> None:
    with path.open("rb") as stream:
        start = stream.read(4)
        if start == OLE_MARK:
            is_locked = _ENCRYPTED in start + stream.read()
            reason = "is protected by a password" if is_locked else "is an old Excel workbook (.xls)"
            raise InputError(f"{path}: {reason}; open it in Excel and save it as .xlsx without a password")
    if start != ZIP_MARK:
        raise InputError(f"{path}: is not an Excel workbook (.xlsx)")


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.bin" in names:
                raise InputError(f"{path}: is a binary workbook (.xlsb); save it as .xlsx")
            if not any(name.startswith("xl/") for name in names):
                raise InputError(f"{path}: is a zip archive but no Excel workbook (.xlsx)")
            if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise InputError(f"{path}: is larger than {LARGEST_UNPACKED >> 30} GB once unpacked, which is refused")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        start = stream.read(2048).replace(b"\x00", b"")
                    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                        raise InputError(f"{path}: declares a document type or entities, which is refused")
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: is damaged or no Excel workbook ({type(error).__name__})") from None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime | dt.date):
        return dt.date(value.year, value.month, value.day).isoformat()
    if isinstance(value, dt.time):
        # Excel shows an empty date as midnight of no day.
        return _NEVER if value == dt.time() else value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
