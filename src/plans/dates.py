"""Dates as systems deliver them: ISO dates and times, day first, spreadsheet serial numbers, words for "no date"."""

import re
from datetime import date, datetime

import numpy as np
import pandas as pd

from ..given_dates import date_in_text
from .codes import is_not_given

ISO, REFORMATTED, NOT_GIVEN, UNREADABLE = "iso", "reformatted", "not-given", "unreadable"
"""How a date was read: as it should be, from another format, as a word for "no date", or not at all."""

NO_DATE = np.iinfo(np.int32).min
"""Stands for a missing date among day numbers."""

_EPOCH = date(1970, 1, 1).toordinal()
_EXCEL_EPOCH = date(1899, 12, 30).toordinal()
_EARLIEST, _LATEST = date(1900, 1, 2), date(2199, 12, 31)
# What systems write for "unknown" and "never".
_STAND_INS = {date(1900, 1, 1), date(1753, 1, 1), date(1, 1, 1), date(9999, 12, 31), date(2999, 12, 31)}
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")


def read_date(text: str, *, until: date | None = None) -> tuple[int, str]:
    """Read one date.

    Accepted: ``2019-03-31`` (also with a time or a zone, ``2019/03/31``, ``20190331``), ``31/03/2019`` with the day
    first, ``31 Mar 2019``, ``Mar 31 2019 12:00AM``, years of two digits (``31/03/19``, ``31-MAR-19``), and spreadsheet
    serial numbers (``43555``: days since 30 December 1899). Times of day are dropped. Dates in numbers with the month
    first are not accepted: they cannot be told from day-first ones.

    Parameters
    ----------
    text : str
    until : date, optional
        The last day that a year of two digits may give; by default today.

    Returns
    -------
    day : int
        Days since 1970-01-01, or `NO_DATE`.
    how : str
        `ISO`, `REFORMATTED`, `NOT_GIVEN` (empty, ``NULL``, ``No Trace``, 1 January 1900, 31 December 9999, ...), or
        `UNREADABLE` (also for days that do not exist and years outside 1900 to 2199).

    Examples
    --------
    >>> read_date("1970-01-02"), read_date("02/01/1970"), read_date("25570")
    ((1, 'iso'), (1, 'reformatted'), (1, 'reformatted'))
    """
    # A spreadsheet's mark of text is no part of it.
    text = text.strip().removeprefix("'")
    if is_not_given(text):
        return NO_DATE, NOT_GIVEN
    day = date_in_text(text, short_years_until=until or date.today()) or _from_serial(text)
    if day is None:
        return NO_DATE, UNREADABLE
    if day in _STAND_INS:
        return NO_DATE, NOT_GIVEN
    if not _EARLIEST <= day <= _LATEST:
        return NO_DATE, UNREADABLE
    is_iso = len(text) == 10 and text[4] == text[7] == "-"
    return day.toordinal() - _EPOCH, ISO if is_iso else REFORMATTED


def read_dates(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read a column of dates: text, numbers, or dates of any kind, mixed.

    Parameters
    ----------
    values : Series of n values

    Returns
    -------
    dates : Series of datetime64[us], n values
        Midnights, missing where there is no date. Same index as ``values``.
    how : Series of str, n values
        As in :func:`read_date`.
    """
    known: dict[object, tuple[int, str]] = {}
    days = np.empty(len(values), dtype=np.int64)
    how = np.empty(len(values), dtype=object)
    for position, value in enumerate(values.astype(object)):
        if value not in known:
            known[value] = _read_value(value)
        days[position], how[position] = known[value]
    return pd.Series(to_timestamps(days), index=values.index), pd.Series(how, index=values.index)


def to_timestamps(days: np.ndarray) -> np.ndarray:
    """Day numbers since 1970-01-01, `NO_DATE` for none, as datetime64[us]."""
    numbers = np.asarray(days, dtype=np.int64)
    is_missing = numbers == NO_DATE
    dates = np.where(is_missing, 0, numbers).astype("datetime64[D]").astype("datetime64[us]")
    dates[is_missing] = np.datetime64("NaT")
    return dates


def to_date(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(day + _EPOCH)


def to_text(day: int) -> str:
    """A day number as ``yyyy-mm-dd``."""
    return to_date(day).isoformat()


def day_number(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date."""
    return date(year, month, day).toordinal() - _EPOCH


def _from_serial(text: str) -> date | None:
    """The date of a spreadsheet's serial number, which counts days."""
    match = _SERIAL.fullmatch(text)
    return date.fromordinal(int(match[1]) + _EXCEL_EPOCH) if match and text.isascii() else None


def _read_value(value: object) -> tuple[int, str]:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return NO_DATE, NOT_GIVEN
    if isinstance(value, datetime | date):
        return read_date(date(value.year, value.month, value.day).isoformat())
    if isinstance(value, float | np.floating) and value == np.floor(value):
        value = int(value)
    return read_date(str(value))
