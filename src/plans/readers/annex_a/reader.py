"""Reading Annex A: the lists of children that authorities give Ofsted's inspectors, above all List 7, the plans.

What one extract shows, and what many do
----------------------------------------
List 7 holds one row per child: the plans that are current and those that ended in the six months before the extract.
One extract therefore shows no second plan after the first has left the list; extracts of many dates are stacked, as
yearly censuses are. The extract table says so: each extract covers the six months up to its date, and time between
extracts that none covers is a gap in which nobody is observed.

A plan is known by authority, child and start date, and comes again in the next extract: later values win. The rows of
Lists 3 to 8 also describe the child. List 8 gives periods in care, List 6 episodes of need, List 3 referrals (one on
the day on which an episode of List 6 starts is that episode's), List 4 assessments, List 5 conferences. Lists that hold
nothing of use here are passed over and counted. Only a day of which List 7 was read is an extract.

What Annex A does not hold
--------------------------
No reviews but the latest (left out: counts of reviews made of it would be wrong), no assessment factors, no family, no
dates of workers, no date of death. A disability is yes or no; yes becomes the code for "other disability" (DDA).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ....errors import InputError
from ...codes import UNKNOWN_AUTHORITY
from ...dates import NO_DATE, read_date, to_date, to_timestamps
from ...quality import KEPT, NOTED, FindingLog, QualityReport
from ...store import Plans
from ..files.sheets import SUFFIXES, Sheet, read_sheets, words
from ..files.source_files import Paths, find_files, short_names
from ..records.cleaning import says_nothing
from ..records.combining import combine_rows
from ..records.dated_names import day_in_name
from ..records.extracts import ExtractDate, check_authority, extract_table, given_days, latest_day, today
from ..records.records import LONGEST_EXPECTED
from .lists import CHILD_COLUMNS, ListRows, is_plans_by_name, recognise

MONTHS_SHOWN = 6
"""An extract holds what is current and what ended in so many months before it."""


@dataclass(frozen=True)
class _Part:
    """A list of one sheet: its rows, the day (since 1970-01-01) on which each was extracted, and that of the file."""

    rows: pd.DataFrame
    found: ListRows
    days: np.ndarray
    day: int

    @property
    def all_days(self) -> np.ndarray:
        """The days of its rows; of the file, where the list is empty."""
        return np.unique(self.days if len(self.days) else [day for day in [self.day] if day != NO_DATE])


def read_annex_a(
    paths: Paths, *, la_code: str | None = None, extract_date: ExtractDate | Mapping[str, ExtractDate] | None = None
) -> tuple[Plans, QualityReport]:
    """Read one or many extracts of the Ofsted Annex A lists (Excel workbooks, or CSV with one list per file).

    Parameters
    ----------
    paths : path, or iterable of paths
        Files of any names, and folders whose ``.xlsx``, ``.csv`` and ``.parquet`` files are all read.
    la_code : str, optional
        Three-digit code of the authority; Annex A does not hold it.
    extract_date : date, or mapping of file name to date, optional
        The day on which the data were extracted. Where it is not given it is that of a column called reference or
        extract date, else the date in the file's name or its folder's, else the latest date in the file that is not in
        the future (reported). Files of one day are one extract.

    Returns
    -------
    plans : Plans
    report : QualityReport
        Every row of the lists that are read is kept, repaired, merged or rejected, with its file, sheet and row.

    Raises
    ------
    InputError
        A file or folder is missing, cannot be read, holds no known list, or does not tell when it was extracted. One
        line, naming the file.

    Examples
    --------
    >>> plans, report = read_annex_a("annex_a_2018-03-31.xlsx", la_code="330")     # doctest: +SKIP
    """
    check_authority(la_code)
    files = find_files(paths, SUFFIXES, "Annex A file")
    days = given_days(extract_date, files)
    log = FindingLog()
    skipped: dict[str, int] = {}
    parts: list[_Part] = []
    for path, name in zip(files, short_names(files), strict=True):
        parts += _read_file(path, name, days.get(path), log, skipped)
    if la_code is None:
        log.add("authority-unknown", "file", NOTED)
    rows, extracts = _tables(parts, la_code or UNKNOWN_AUTHORITY, log)
    if "plans" not in rows or rows["plans"].empty:
        log.add("no-plans", "plans", NOTED)
    return combine_rows("Annex A", rows, extracts, log, skipped=skipped)


def _read_file(path: Path, name: str, day: int | None, log: FindingLog, skipped: dict[str, int]) -> list[_Part]:
    found, sheets = [], 0
    for sheet in read_sheets(path, name):
        sheets += bool(sheet.rows)
        rows = recognise(sheet)
        if rows is not None:
            found.append(rows)
        elif sheet.rows:
            _refuse_plans_without_headings(sheet)
            _skip(skipped, f"rows of other sheets{sheet.list_name and f' ({sheet.list_name})'}", len(sheet.rows))
    if not found:
        what = "no sheet has the headings of an Annex A list" if sheets else "holds no rows"
        raise InputError(f"{path}: {what}, such as Child Unique ID and Child Protection Plan Start Date")
    frames = []
    for rows in found:
        log.files.append(rows.headed.sheet.place)
        frame, n_notes = rows.to_frame(len(log.files) - 1)
        _skip(skipped, "rows above the headings", rows.headed.first - 1)
        _skip(skipped, "notes, totals and repeated headings", n_notes)
        _note_layout(rows, len(log.files) - 1, log)
        frames.append(frame)
    return _dated(frames, found, path, name, day, log)


def _skip(skipped: dict[str, int], kind: str, n_rows: int) -> None:
    if n_rows:
        skipped[kind] = skipped.get(kind, 0) + n_rows


def _refuse_plans_without_headings(sheet: Sheet) -> None:
    if is_plans_by_name(sheet.title) and len(sheet.rows) > 1:
        raise InputError(
            f"{sheet.path.parent / sheet.place}: the list of child protection plans has no headings such as Child "
            "Unique ID and Child Protection Plan Start Date in its first rows"
        )


def _note_layout(rows: ListRows, file: int, log: FindingLog) -> None:
    numbers = np.array(rows.headed.sheet.numbers[rows.headed.first :], dtype=np.int64)[rows.headed.is_ragged]
    log.add_rows("row-ragged", rows.entry.table, KEPT, pd.DataFrame({"file": file, "row": numbers}))
    ends = rows.entry.ends
    if ends is not None and ends not in rows.columns and rows.headed.n_rows:
        log.add("no-column-of-ends", rows.entry.table, NOTED, file=rows.headed.sheet.place, column=ends)
    for _ in rows.repeated:
        log.add("heading-repeated", rows.entry.table, NOTED, file=rows.headed.sheet.place)


def _dated(
    frames: list[pd.DataFrame], found: list[ListRows], path: Path, name: str, day: int | None, log: FindingLog
) -> list[_Part]:
    """The lists of one file with the day on which each row was extracted."""
    fallback = day if day is not None else day_in_name(path)
    inferred: int | None = None
    parts = []
    for frame, rows in zip(frames, found, strict=True):
        days = np.full(len(frame), NO_DATE, dtype=np.int64)
        if day is None and "extract_date" in frame:
            stated = {text: read_date(text)[0] for text in set(frame["extract_date"].dropna())}
            days = np.array([stated.get(text, NO_DATE) for text in frame["extract_date"]], dtype=np.int64)
            days[days > today()] = NO_DATE
        if fallback is None and (days == NO_DATE).any():
            if inferred is None:
                inferred = _latest(found, path)
                log.add("extract-date-inferred", "file", NOTED, file=name)
            fallback = inferred
        last = NO_DATE if fallback is None else fallback
        parts.append(_Part(frame, rows, np.where(days == NO_DATE, last, days), last))
    return parts


def _latest(found: list[ListRows], path: Path) -> int:
    """The latest date of any event in the lists: visits and reviews are later than plans and tell more."""
    day = latest_day(
        rows.headed.column(place)
        for rows in found
        for place, heading in enumerate(map(words, rows.headed.headings))
        if "date" in heading.split() and "birth" not in heading.split()
    )
    if day is None:
        raise InputError(f"{path}: does not tell when it was extracted; give the extract date (--extract-date)")
    return day


def _tables(parts: list[_Part], la_code: str, log: FindingLog) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The rows by table of the schema, and the extract table."""
    everything = [part.all_days for part in parts]
    of_plans = [days for days, part in zip(everything, parts, strict=True) if part.found.entry.table == "plans"]
    days = np.unique(np.concatenate(of_plans or everything))
    for _ in np.setdiff1d(np.concatenate(everything), days if of_plans else []):
        log.add("list-missing", "extract", NOTED)
    by_table: dict[str, list[pd.DataFrame]] = {}
    for part in sorted(parts, key=lambda part: part.day):
        # What was extracted on a day without plans counts for the next extract, or the last.
        extract = np.searchsorted(days, part.days).clip(max=len(days) - 1)
        rows = part.rows.assign(extract=extract, la_code=la_code)
        by_table.setdefault("children", []).append(_children(rows, part.days))
        table = part.found.entry.table
        if table == "conferences":
            # A Section 47 enquiry without a conference is no record of any table.
            rows = rows[~says_nothing(rows["conference_date"])]
        by_table.setdefault(table, []).append(rows)
    return {table: pd.concat(frames, ignore_index=True) for table, frames in by_table.items()}, _extracts(
        parts, days, la_code
    )


def _extracts(parts: list[_Part], days: np.ndarray, la_code: str) -> pd.DataFrame:
    ends = pd.DatetimeIndex(to_timestamps(days))
    begins = (ends - pd.DateOffset(months=MONTHS_SHOWN) + pd.Timedelta(days=1)).to_numpy().astype("datetime64[D]")
    source = [
        f"Annex A: {_name(part.found.headed.sheet.path for part in parts if day in part.all_days)}" for day in days
    ]
    return extract_table([la_code] * len(days), begins.astype(np.int64), days, source)


def _name(paths: Iterable[Path]) -> str:
    """The file, or the folder of several."""
    files = list(dict.fromkeys(paths))
    folders = list(dict.fromkeys(file.parent for file in files))
    return files[0].name if len(files) == 1 else ", ".join(folder.absolute().name for folder in folders)


def _children(rows: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
    """What the rows say of the children; a date of birth still to come when extracted is an expected one."""
    names = [name for name in CHILD_COLUMNS if name in rows]
    children = rows[["file", "row", "extract", "la_code", *names]].copy()
    if "date_of_birth" in children:
        until = to_date(int(days.max())) + LONGEST_EXPECTED if len(days) else None
        birth = {text: read_date(text, until=until)[0] for text in set(children["date_of_birth"].dropna())}
        is_expected = np.array([birth.get(text, NO_DATE) for text in children["date_of_birth"]]) > days
        children["expected_date_of_birth"] = children["date_of_birth"].where(is_expected, None)
        children["date_of_birth"] = children["date_of_birth"].mask(is_expected, None)
    return children
