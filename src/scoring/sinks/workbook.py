"""Scores and rejected rows as an Excel workbook, row by row, the same bytes for the same rows."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import OutputError
from ...files.whole import whole_file
from .parts import REJECTS, SCORES, Parts
from .spreadsheet import guarded_frame

MOST_ROWS = 1_048_576
"""Rows of a sheet of Excel, its header one of them."""

NAME = "scores.xlsx"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# What XML cannot hold.
_ILLEGAL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"


def refuse_too_many(folder: Path, n_rows: int) -> None:
    """Raise OutputError where a sheet cannot hold so many rows."""
    if n_rows >= MOST_ROWS:
        raise OutputError(
            f"{folder}: {n_rows:,} rows are more than a sheet of Excel holds ({MOST_ROWS - 1:,}); nothing is "
            "published; score into another folder without xlsx"
        )


def write_workbook(parts: Parts, n_parts: int) -> list[Path]:
    """``scores.xlsx`` with a sheet of scores and one of rejected rows, guarded against formulas."""
    try:
        import openpyxl
    except ImportError:
        raise OutputError("writing Excel needs openpyxl (pip install 'secondplan[io]'), or choose csv") from None
    path = parts.folder / NAME
    with whole_file(path) as beside:
        book = openpyxl.Workbook(write_only=True)
        for kind in (SCORES, REJECTS):
            sheet = book.create_sheet(kind)
            for part, table in enumerate(parts.read(kind, n_parts)):
                if part == 0:
                    sheet.append(list(guarded_frame(table.head(0)).columns))
                for row in _rows(table):
                    sheet.append(row)
        made = beside.with_name(f"{beside.name}.zip")
        try:
            book.save(made)
            _without_times(made, beside)
        finally:
            made.unlink(missing_ok=True)
    return [path]


def _rows(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    safe = guarded_frame(table)
    for name in safe.columns:
        if isinstance(safe[name].dtype, pd.StringDtype) or safe[name].dtype == object:
            safe[name] = safe[name].astype("string").str.replace(_ILLEGAL, "\ufffd", regex=True)
    cells = safe.astype(object)
    return cells.where(cells.notna(), None).itertuples(index=False, name=None)


def _without_times(made: Path, path: Path) -> None:
    """Copy an archive without the time of its making."""
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            entry = zipfile.ZipInfo(member.filename, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if member.filename == "docProps/core.xml":
                new.writestr(entry, _TIME.sub(b"1980-01-01T00:00:00Z", old.read(member)))
                continue
            with old.open(member) as source, new.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target)
