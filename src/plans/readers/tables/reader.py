"""Reading plain tables: CSV, Excel or Parquet of any layout, with a column map (:mod:`.column_map`)."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ....errors import InputError
from ...authorities import SPLIT, given_successors
from ...codes import UNKNOWN_AUTHORITY
from ...columns import COLUMNS, DATE
from ...dates import NO_DATE, day_number
from ...quality import KEPT, NOTED, FindingLog, QualityReport
from ...schema import column_type
from ...store import Plans
from ..files.sheets import SUFFIXES, Headed, Sheet, find_headings, read_sheets, words
from ..files.source_files import Paths, find_files, short_names
from ..records.cleaning import clean_columns, code_cleaner
from ..records.combining import combine_rows
from ..records.extracts import check_authority, extract_table, is_authority, latest_day
from .column_map import MAPPED_TABLES, ColumnMap, TableSpec, load_column_map, matches

_AUTHORITIES = code_cleaner(lambda text: found if is_authority(found := text.strip().zfill(3)) else None)


def read_tables(
    paths: Paths,
    column_map: str | Path | ColumnMap | None = None,
    *,
    la_code: str | None = None,
    successors: Mapping[str, str] | str | None = None,
) -> tuple[Plans, QualityReport]:
    """Read plain tables whose columns a map names.

    Parameters
    ----------
    paths : path, or iterable of paths
        Files, and folders whose CSV, Excel and Parquet files are all looked at; those that the map does not name are
        passed over.
    column_map : path or ColumnMap, optional
        A YAML file as :mod:`.column_map` documents it. Without one, files must be called as the tables
        of the schema (``plans.csv``, ``children.parquet``, ...) and their columns as its columns; then the last day
        seen is taken from the latest date in them.
    la_code : str, optional
        Three-digit code of the authority, where neither the map nor a column gives it.
    successors : mapping of code to code, or "known", optional
        Authorities of a column ``la_code`` that count as another which took over from them; see
        :func:`~secondplan.read_cin_census`.

    Returns
    -------
    plans : Plans
    report : QualityReport
        Every row is kept, repaired, merged or rejected, with its file and row.

    Raises
    ------
    InputError
        A file or the map cannot be read, a file or column that the map names is missing, or there is no date to take
        the extract date from. One line.

    Examples
    --------
    >>> plans, report = read_tables("warehouse/", "column_map.yaml")     # doctest: +SKIP
    """
    check_authority(la_code)
    taken_over_by = given_successors(successors)
    files = find_files(paths, SUFFIXES, "table")
    if column_map is None:
        mapping = _map_by_names(files)
    else:
        mapping = column_map if isinstance(column_map, ColumnMap) else load_column_map(column_map)
    names = dict(zip(files, short_names(files), strict=True))
    log = FindingLog()
    used: set[Path] = set()
    sheets: dict[Path, list[Sheet]] = {}
    rows: dict[str, pd.DataFrame] = {}
    skipped: dict[str, int] = {}
    for table, spec in mapping.tables.items():
        frames = []
        for path in _files_of(table, spec, files):
            used.add(path)
            if path not in sheets:
                sheets[path] = list(read_sheets(path, names[path]))
            frames.append(_read_table(table, spec, path, sheets[path], log, skipped))
        rows[table] = pd.concat(frames, ignore_index=True)
    if unused := len(files) - len(used):
        skipped["files that the column map does not name"] = unused
    given, extracts = _placed(rows, mapping, la_code, taken_over_by, log)
    if "plans" not in rows or rows["plans"].empty:
        log.add("no-plans", "plans", NOTED)
    return combine_rows(mapping.source, given, extracts, log, skipped=skipped)


def _map_by_names(files: list[Path]) -> ColumnMap:
    """A map for files that are called as tables, with columns that are called as the schema's."""
    tables = {}
    named = [file for file in files if file.stem.lower() in MAPPED_TABLES]
    for file in named:
        table = file.stem.lower()
        first = next((sheet for sheet in read_sheets(file, file.name) if sheet.rows), None)
        headings = {words(cell): cell for cell in first.rows[0]} if first else {}
        known = [*COLUMNS[table], *(("la_code", "child_id") if table == "reviews" else ())]
        columns = {name: headings[words(name)] for name in known if words(name) in headings}
        if columns:
            tables[table] = {"file": file.name, "columns": columns}
    if not tables:
        if named:
            table = named[0].stem.lower()
            rule = f"{named[0].name}: no column is called as one of {table} ({', '.join([*COLUMNS[table]][:4])}, ...)"
        else:
            rule = f"no file is called {', '.join(MAPPED_TABLES)}"
        raise InputError(f"{rule}; give a column map (column_map=, --columns; read tables --template prints one)")
    from pydantic import ValidationError

    try:
        return ColumnMap.model_validate({"tables": tables})
    except ValidationError as error:
        message = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise InputError(f"{files[0].parent}: {message.removeprefix('Value error, ')}") from None


def _files_of(table: str, spec: TableSpec, files: list[Path]) -> list[Path]:
    if spec.file is None:
        if len(files) > 1:
            raise InputError(f"column map: tables.{table}: several files are read; say which file it is")
        return files
    found = [file for file in files if matches(spec.file, file.name)]
    if not found:
        raise InputError(f"column map: tables.{table}.file: {spec.file} is not among the files that are read")
    return found


def _read_table(
    table: str, spec: TableSpec, path: Path, sheets: list[Sheet], log: FindingLog, skipped: dict[str, int]
) -> pd.DataFrame:
    """The rows of one file that are one table's, with the schema's names."""
    headed = _headed(table, spec, path, sheets)
    positions = {words(heading): place for place, heading in reversed(list(enumerate(headed.headings)))}
    columns = {}
    for name, heading in spec.columns.items():
        if words(heading) not in positions:
            raise InputError(f"{path}: has no column {heading!r} (tables.{table}.columns.{name} of the column map)")
        columns[name] = positions[words(heading)]
        if sum(words(found) == words(heading) for found in headed.headings) > 1:
            log.add("heading-repeated", table, NOTED, file=headed.sheet.place)
    log.files.append(headed.sheet.place)
    if table == "plans" and "end_date" not in columns:
        log.add("no-column-of-ends", table, NOTED, file=headed.sheet.place, column="end_date")
    rows = headed.to_frame(columns, len(log.files) - 1)
    log.add_rows("row-ragged", table, KEPT, rows[headed.is_ragged])
    if headed.first > 1:
        kind = "rows above the headings"
        skipped[kind] = skipped.get(kind, 0) + headed.first - 1
    rows = _without_repeated_headings(rows, {name: headed.headings[place] for name, place in columns.items()}, skipped)
    for name in spec.recode:
        rows[name] = _translated(rows[name], spec.recode[name])
    if "plan_id" in rows and table == "reviews" and rows["plan_id"].isna().all() and "child_id" in rows:
        return rows.drop(columns="plan_id")
    return rows


def _without_repeated_headings(
    rows: pd.DataFrame, headings: Mapping[str, str], skipped: dict[str, int]
) -> pd.DataFrame:
    """The rows but those that hold the headings again, as in files that were pasted together."""
    is_heading = pd.Series(True, index=rows.index)
    for name, heading in headings.items():
        is_heading &= rows[name].str.lower().eq(heading.lower())
    if not is_heading.any():
        return rows
    skipped["repeated headings"] = skipped.get("repeated headings", 0) + int(is_heading.sum())
    return rows[~is_heading].reset_index(drop=True)


def _headed(table: str, spec: TableSpec, path: Path, sheets: list[Sheet]) -> Headed:
    wanted = {words(heading) for heading in spec.columns.values()}
    if spec.sheet is not None and len(sheets) > 1:
        sheets = [sheet for sheet in sheets if words(sheet.title) == words(spec.sheet)]
        if not sheets:
            raise InputError(f"{path}: has no sheet {spec.sheet!r} (tables.{table}.sheet of the column map)")
    found = [find_headings(sheet, lambda cell: words(cell) in wanted, 1) for sheet in sheets]
    fitting = [headed for headed in found if headed is not None]
    if not fitting:
        first = next(iter(spec.columns.values()))
        raise InputError(f"{path}: has no heading such as {first!r} (tables.{table} of the column map)")
    return max(fitting, key=lambda headed: len(wanted & {words(heading) for heading in headed.headings}))


def _translated(column: pd.Series, meanings: Mapping[str, str]) -> pd.Series:
    """What texts of the file mean, whatever their case; others stay, and no meaning is no value."""
    known = {text.strip().lower(): meaning for text, meaning in meanings.items()}
    texts = {text: known.get(text.lower(), text) or None for text in set(column.dropna())}
    return pd.Series([texts.get(text) for text in column], index=column.index, dtype=object)


def _placed(
    rows: dict[str, pd.DataFrame],
    mapping: ColumnMap,
    la_code: str | None,
    successors: Mapping[str, str],
    log: FindingLog,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The rows with their authority and extract (one per authority), and the extract table."""
    default = mapping.la_code or la_code
    codes = {table: _authorities(table, frame, log) for table, frame in rows.items()}
    stated = sorted({code for found in codes.values() for code in found.dropna().unique()})
    if default is None:
        default = stated[0] if len(stated) == 1 else UNKNOWN_AUTHORITY
    codes = {table: found.fillna(default).replace(to_replace=dict(successors)) for table, found in codes.items()}
    known = sorted({code for found in codes.values() for code in found.unique()} or {default})
    for _ in SPLIT.intersection(known) if successors else ():
        log.add("authority-split", "file", NOTED)
    if UNKNOWN_AUTHORITY in known:
        log.add("authority-unknown", "file", NOTED)
    span = mapping.extract
    first = NO_DATE if span.first_date is None else day_number(*span.first_date.timetuple()[:3])
    last = _latest(rows, log) if span.extract_date is None else day_number(*span.extract_date.timetuple()[:3])
    number = {code: place for place, code in enumerate(known)}
    given = {
        table: frame.assign(la_code=codes[table].astype(object), extract=codes[table].map(number).astype(np.int64))
        for table, frame in rows.items()
    }
    n = len(known)
    return given, extract_table(known, [first] * n, [last] * n, [f"tables: {mapping.source}"] * n)


def _authorities(table: str, rows: pd.DataFrame, log: FindingLog) -> pd.Series:
    if "la_code" not in rows:
        return pd.Series(pd.NA, index=rows.index, dtype="string")
    cleaned, _ = clean_columns(rows[["file", "row", "la_code"]], table, {"la_code": _AUTHORITIES}, log)
    return cleaned["la_code"]


def _latest(rows: dict[str, pd.DataFrame], log: FindingLog) -> int:
    def dates() -> Iterator[pd.Series]:
        for table, frame in rows.items():
            for name in COLUMNS[table]:
                if name in frame and column_type(table, name) == DATE:
                    yield frame[name]

    last = latest_day(dates())
    if last is None:
        raise InputError(
            "the tables hold no date to take the extract date from; give extract_date under extract in the column map"
        )
    log.add("extract-date-not-mapped", "file", NOTED)
    return last
