"""Write SSDA903 returns: the header and episodes files of children in care, one pair per authority and year.

As in real returns, a period in care of more than half a year is two episodes, the second of another placement, and an
episode that is open at the end of the year comes again in the next year's file with its end.
"""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import cannot_be_written
from ...files.whole import whole_file
from ...plans.store import Plans
from .cin_census import window_years

EPISODES = (
    *("CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC", "REASON_PLACE_CHANGE"),
    *("HOME_POST", "PL_POST", "URN"),
)
HEADER = ("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")
DAYS_OF_FIRST_PLACEMENT = 183


def write_ssda903(
    plans: Plans, folder: str | os.PathLike[str], *, years: Sequence[int] | None = None
) -> tuple[Path, ...]:
    """Write ``ssda903_<la_code>_<year>_episodes.csv`` and ``..._header.csv`` of every authority and year.

    Parameters
    ----------
    plans : Plans
    folder : path
        Made if it does not exist. Files of the same name are replaced.
    years : sequence of int, optional
        Years in which the returns end (31 March); by default those of the extracts' window.

    Returns
    -------
    tuple of Path
        The episodes files, by authority and year.

    Raises
    ------
    InputError
        The extract table has no dates and ``years`` is not given.
    OutputError
        The folder cannot be written.
    """
    years = window_years(plans.extract) if years is None else years
    made = []
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for code in sorted(plans.children["la_code"].unique()):
            care = plans.care_episodes[plans.care_episodes["la_code"] == code]
            children = plans.children[plans.children["la_code"] == code].set_index("child_id")
            for year in years:
                begin, end = pd.Timestamp(year - 1, 4, 1), pd.Timestamp(year, 3, 31)
                rows = [row for period in care.itertuples() for row in _episodes(period, begin, end)]
                rows.sort(key=lambda row: (row[0], row[1]))
                stem = Path(folder) / f"ssda903_{code}_{year}"
                made.append(_write(stem.with_name(f"{stem.name}_episodes.csv"), EPISODES, map(_as_text, rows)))
                looked_after = children.loc[sorted({row[0] for row in rows})]
                _write(
                    stem.with_name(f"{stem.name}_header.csv"),
                    HEADER,
                    map(_header, looked_after.reset_index().itertuples()),
                )
    except OSError as error:
        raise cannot_be_written(folder, error) from None
    return tuple(made)


def _episodes(period: Any, begin: pd.Timestamp, end: pd.Timestamp) -> Iterator[tuple[Any, ...]]:
    """The period's episodes that were open in the year, as they stood at its end: child, start, end, reasons."""
    move = period.start_date + pd.Timedelta(days=DAYS_OF_FIRST_PLACEMENT)
    closed = period.end_date if pd.notna(period.end_date) else None
    parts = [("S", period.start_date, closed, "E8")]
    if closed is None or closed > move:
        parts = [("S", period.start_date, move, "X1"), ("P", move, closed, "E8")]
    for reason, start, until, ceased in parts:
        is_over = until is not None and until <= end
        if start <= end and not (is_over and until < begin):
            yield period.child_id, start, until if is_over else None, reason, ceased if is_over else ""


def _as_text(row: tuple[Any, ...]) -> tuple[str, ...]:
    child, start, until, reason, ceased = row
    placement = "U4" if reason == "S" else "K2"
    return (child, _date(start), reason, "C2", "N1", placement, "PR1", _date(until), ceased, "", "", "", "")


def _header(child: Any) -> tuple[str, ...]:
    ethnicity = "" if pd.isna(child.ethnicity) else child.ethnicity
    return (child.child_id, "" if pd.isna(child.sex) else child.sex, _date(child.date_of_birth), ethnicity, "", "", "")


def _date(value: Any) -> str:
    return "" if value is None or pd.isna(value) else f"{value:%d/%m/%Y}"


def _write(path: Path, headings: Sequence[str], rows: Any) -> Path:
    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings)
        writer.writerows(rows)
    return path
