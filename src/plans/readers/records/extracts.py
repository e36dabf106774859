"""What an extract covers: of which authority, up to which day, and how that is found out where nobody says it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from ....errors import InputError
from ....given_dates import given_date
from ....parameter_checks import shown
from ...dates import NO_DATE, day_number, read_date, to_timestamps
from .dated_names import day_in_name

ExtractDate = str | date | datetime


def check_authority(la_code: str | None) -> None:
    """Raise InputError unless ``la_code`` is None or three digits."""
    if la_code is not None and not is_authority(la_code):
        raise InputError(f"la_code must be the three-digit code of the authority, got {shown(la_code)}")


def is_authority(text: str) -> bool:
    """Whether ``text`` is three digits."""
    return len(text) == 3 and text.isascii() and text.isdigit()


def today() -> int:
    """The day of reading, in days since 1970-01-01: nothing after it can have been seen."""
    now = date.today()
    return day_number(now.year, now.month, now.day)


def given_day(value: ExtractDate, name: str = "extract_date") -> int:
    """A date that a user gave, in days since 1970-01-01.

    Raises
    ------
    InputError
        It is no date, or is still to come.
    """
    try:
        date_given = given_date(value, name)
    except ValueError as error:
        raise InputError(str(error)) from None
    day = day_number(date_given.year, date_given.month, date_given.day)
    if day > today():
        raise InputError(f"{name} is still to come; give the day on which the data were extracted")
    return day


def given_days(value: ExtractDate | Mapping[str, ExtractDate] | None, files: Iterable[Path]) -> dict[Path, int]:
    """The day that a user gave for each file: one for all, or by file name.

    Raises
    ------
    InputError
        A name is that of no file, a date is none, or one date is given for files whose names tell of several.
    """
    files = list(files)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        if len({day_in_name(file) for file in files} - {None}) > 1:
            raise InputError(
                "extract_date: the names of the files tell of several days; give a date for each file name"
            )
        return dict.fromkeys(files, given_day(value))
    unknown = sorted(set(value) - {file.name for file in files})
    if unknown:
        raise InputError(f"extract_date names a file that is not read: {unknown[0]}")
    return {file: given_day(value[file.name]) for file in files if file.name in value}


def latest_day(columns: Iterable[Iterable[str | None]]) -> int | None:
    """The latest readable date among texts that is not in the future."""
    limit, latest = today(), NO_DATE
    for column in columns:
        for text in {text for text in set(column) if not pd.isna(text)}:
            day, _ = read_date(str(text))
            if latest < day <= limit:
                latest = day
    return None if latest == NO_DATE else latest


def extract_table(
    la_codes: Iterable[str], first: Iterable[int], last: Iterable[int], source: Iterable[str]
) -> pd.DataFrame:
    """The extract table: authority, first and last day (``NO_DATE`` where not known), source; one row per extract."""
    return pd.DataFrame(
        {
            "la_code": list(la_codes),
            "first_date": to_timestamps(np.array(list(first), dtype=np.int64)),
            "extract_date": to_timestamps(np.array(list(last), dtype=np.int64)),
            "source": list(source),
        }
    )
