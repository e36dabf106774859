"""The SSD's tables in files: a folder of CSV files (or workbooks, or Parquet), one or several files per table."""

from pathlib import Path

import numpy as np
import pandas as pd

from ....errors import InputError
from ...quality import REJECTED, FindingLog
from ..files.sheets import SUFFIXES, Headed, headed, read_sheets
from ..files.source_files import find_files, short_names
from .fields import RECORDS, match_columns, table_of
from .rows import SsdTables

_LAST_COLUMN_WITH_COMMAS = "cinf_assessment_factors_json"
"""A JSON array, which some tools write without quotation marks: the rest of the row is its."""


def read_folder(folder: Path, log: FindingLog) -> SsdTables:
    """Read the SSD's tables.

    Parameters
    ----------
    folder : Path
        Files of other tables are passed over.
    log : FindingLog
        Gets the places' names, and a finding for each row that cannot be read.

    Raises
    ------
    InputError
        The folder does not exist or holds no file that may be a table, or one of its files cannot be read.
    """
    files = find_files(folder, SUFFIXES, "folder of SSD tables")
    read = SsdTables(folder.resolve().name)
    places: dict[str, Path] = {}
    for path, name in zip(files, short_names(files), strict=True):
        for sheet in read_sheets(path, name):
            found = headed(sheet)
            table = table_of(sheet.title, found.headings)
            columns = match_columns(table, found.headings) if table else {}
            if table is None or not columns:
                read.skipped[f"file {sheet.place}"] += 1
                continue
            if places.setdefault(table, path.parent) != path.parent:
                raise InputError(f"{folder}: holds {table} in several folders; read one extract at a time")
            log.files.append(sheet.place)
            rows, ragged = _rows(found, columns, len(log.files) - 1)
            reported = RECORDS.get(table, table)
            log.add_rows("row-ragged", reported, REJECTED, ragged)
            read.left_out[reported] += len(ragged)
            read.tables.setdefault(table, []).append(rows)
    return read


def _rows(found: Headed, columns: dict[str, str], file: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows with the fields, and those with more cells than headings: nobody knows which cell is which."""
    places = {field: found.headings.index(heading) for heading, field in columns.items()}
    rows = found.to_frame(places, file)
    is_ragged = found.is_ragged
    if columns.get(found.headings[-1]) == _LAST_COLUMN_WITH_COMMAS:
        first = len(found.headings) - 1
        for place in np.flatnonzero(is_ragged):
            cells = found.sheet.rows[found.first + place]
            rows.loc[place, _LAST_COLUMN_WITH_COMMAS] = ",".join(cells[first:])
        is_ragged = np.zeros(len(rows), dtype=bool)
    return rows[~is_ragged].reset_index(drop=True), rows.loc[is_ragged, ["file", "row"]]
