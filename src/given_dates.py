"""The one gate for dates that people give, as a parameter, an option or in a file: ISO or day first, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    "december",
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?,? +)?"
# "T10:30", "T103000", " 12:00:00.000 AM", Oracle's " 12.00.00.000000 AM", and the ":10:30:00" of SAS.
_TIME = (
    r"(?P<time>[T: ]+\d{1,2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?|\.\d{2}\.\d{2}(?:\.\d+)?)"
    r"(?:\s*[AaPp][Mm])?\s*(?:Z|[+-]\d{2}:?\d{2})?|T\d{4}(?:\d{2})?Z?)?"
)
_CLOCK = re.compile(
    r"[T: ]+(\d{1,2}?)[:.]?(\d{2})(?:[:.]?(\d{2})(?:\.(\d+))?)?\s*([ap]m)?\s*(?:Z|([+-])(0\d|1[0-4]):?([0-5]\d))?",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(rf"(\d{{4}})(?:(\d\d)(\d\d)|([-/.])(\d\d?)\4(\d\d?)){_TIME}(?:Z|[+-]\d{{2}}:\d{{2}})?")
_DAY_FIRST = re.compile(rf"{_WEEKDAY}(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}|\d\d){_TIME}", re.IGNORECASE)
_DAY_AND_NAME = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})(?:st|nd|rd|th)?(?: of )?[-/., ]*([a-z]{{3,9}})[-/., ]*(\d{{4}}|\d\d){_TIME}", re.IGNORECASE
)
_NAME_AND_DAY = re.compile(
    rf"{_WEEKDAY}([a-z]{{3,9}})(?:[. ]+(\d{{1,2}})(?:st|nd|rd|th)?,? +|-(\d{{1,2}})-)(\d{{4}}){_TIME}", re.IGNORECASE
)
_YEAR_AND_NAME = re.compile(rf"(\d{{4}})([-/. ])([a-z]{{3,9}})\2(\d{{1,2}}){_TIME}", re.IGNORECASE)
_OLDEST_SHORT_YEARS = 80
EXPECTED = "a date such as 2018-03-31 or 31/03/2018 (the day first)"
# Months and years are no days.
_UNITS_WITH_A_DAY = {"D", "h", "m", "s", "ms", "us", "ns"}


def date_in_text(text: str, *, short_years_until: date | None = None) -> date | None:
    """The date that a text is, its time of day dropped; None where it is none.

    Year first (``2019-03-31``, ``2019/03/31``, ``20190331``), day first (``31/03/2019``, ``31.3.2019``) or with the
    month's name (``31 Mar 2019``, ``Mar 31 2019 12:00AM``, ``2019-Mar-31``). A date in numbers with the month
    first is read day first, or is none.

    Parameters
    ----------
    text : str
    short_years_until : date, optional
        Read years of two digits too (``31/03/19``, ``31-MAR-19``), as that of the two centuries which gives no date
        after this one; none where that was more than 80 years before it. Without, such texts are no dates.

    Examples
    --------
    >>> date_in_text("03/04/2017"), date_in_text("04/13/2017"), date_in_text("03/04/17")
    (datetime.date(2017, 4, 3), None, None)
    >>> date_in_text("03/04/17", short_years_until=date(2024, 3, 31))
    datetime.date(2017, 4, 3)
    """
    parts = _parts(text)
    if parts is None:
        return None
    year, month, day, _ = parts
    if year >= 100:
        return _date_of(year, month, day)
    if short_years_until is None:
        return None
    first_year = short_years_until.year - _OLDEST_SHORT_YEARS
    found = (_date_of(century + year, month, day) for century in (2000, 1900) if century + year >= first_year)
    return next((date_found for date_found in found if date_found and date_found <= short_years_until), None)


def moment_in_text(text: str) -> datetime | None:
    """The date and time of day that a text is, of no zone: UTC, midnight where it tells no time; None where it is none.

    Examples
    --------
    >>> moment_in_text("01/07/2024 09:30").isoformat(), moment_in_text("2024-07-01T10:30:00+01:00").isoformat()
    ('2024-07-01T09:30:00+00:00', '2024-07-01T10:30:00+01:00')
    """
    day = date_in_text(text)
    if day is None:
        return None
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    clock = _CLOCK.fullmatch((_parts(text) or (0, 0, 0, ""))[3])
    if clock is None:
        return midnight
    hour = int(clock[1]) % 12 + 12 * (clock[5].lower() == "pm") if clock[5] else int(clock[1])
    zone = timezone(int(f"{clock[6]}1") * timedelta(hours=int(clock[7]), minutes=int(clock[8]))) if clock[6] else UTC
    since = timedelta(hours=hour, minutes=int(clock[2]), seconds=float(f"{clock[3] or 0}.{clock[4] or 0}"))
    try:
        return midnight.replace(tzinfo=zone) + since
    except OverflowError:
        return midnight


def day_and_month_as_written(text: str) -> tuple[int, int] | None:
    """The first two numbers of a date in numbers whose year comes last; None where the text is none.

    Whether the day or the month comes first is not judged: the second is above 12 where it can only be the day.

    Examples
    --------
    >>> day_and_month_as_written("10/13/2023 12:00:00 AM"), day_and_month_as_written("2023-10-13")
    ((10, 13), None)
    """
    match = _DAY_FIRST.fullmatch(text) if text.isascii() else None
    return (int(match[1]), int(match[3])) if match else None


def given_date(value: Any, name: str) -> pd.Timestamp:
    """Midnight of a date that somebody gave.

    Parameters
    ----------
    value : str, date, datetime, Timestamp or datetime64
        Text as :func:`date_in_text` reads it.
    name : str
        What it was given for, for the message.

    Raises
    ------
    ValueError
        It is no date: a year, a number, text of another form, a day that does not exist, or missing.

    Examples
    --------
    >>> given_date("03/04/2017", "as_of")
    Timestamp('2017-04-03 00:00:00')
    """
    found = _date(value)
    if found is None:
        raise ValueError(f"{name} must be {EXPECTED}, got {value!r}")
    return pd.Timestamp(found).as_unit("us")


def given_dates(values: Any, name: str) -> np.ndarray:
    """Midnights of a column of dates, ``datetime64[us]``, shape (n,), missing ones as NaT.

    Parameters
    ----------
    values : array, shape (n,)
        Dates of any kind that :func:`given_date` takes.
    name : str
        What they are, for the message.

    Raises
    ------
    ValueError
        Some are no dates; the message counts them and shows none.
    """
    column = pd.Series(values)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return column.to_numpy().astype("datetime64[D]").astype("datetime64[us]")
    codes, distinct = pd.factorize(column.astype(object))
    days = [_date(value) for value in distinct]
    wrong = np.array([day is None for day in days] + [False])[codes]
    if wrong.any():
        raise ValueError(f"{name} must hold dates such as 2018-03-31 or 31/03/2018: {int(wrong.sum())} are none")
    return np.array([*days, None], dtype="datetime64[us]")[codes]


def _date(value: Any) -> date | None:
    if isinstance(value, str):
        return date_in_text(value.strip())
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value) if np.datetime_data(value.dtype)[0] in _UNITS_WITH_A_DAY else None
    # NaT is a date to isinstance.
    if not isinstance(value, date) or value is pd.NaT:
        return None
    return date(value.year, value.month, value.day)


def _date_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _parts(text: str) -> tuple[int, int, int, str] | None:
    """Year, month and day as numbers, a year of two digits below 100; and the time of day as it is written."""
    # ASCII only: int() and \d would also take digits of other scripts.
    if not text.isascii():
        return None
    found: tuple[int, int, int] | None = None
    if match := _YEAR_FIRST.fullmatch(text):
        found = int(match[1]), int(match[2] or match[5]), int(match[3] or match[6])
    elif match := _DAY_FIRST.fullmatch(text):
        found = _year(match[4]), int(match[3]), int(match[1])
    elif match := _DAY_AND_NAME.fullmatch(text):
        found = _with_month(match[2], _year(match[3]), int(match[1]))
    elif match := _NAME_AND_DAY.fullmatch(text):
        found = _with_month(match[1], int(match[4]), int(match[2] or match[3]))
    elif match := _YEAR_AND_NAME.fullmatch(text):
        found = _with_month(match[3], int(match[1]), int(match[4]))
    return (*found, match["time"] or "") if found and match else None


def _year(digits: str) -> int:
    # The year 0024 is none that anybody means, and no short one.
    return int(digits) if len(digits) == 2 or int(digits) >= 100 else 10_000


def _with_month(name: str, year: int, day: int) -> tuple[int, int, int] | None:
    found = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower())]
    return (year, found[0], day) if len(found) == 1 else None
