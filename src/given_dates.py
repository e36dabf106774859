"""The one gate for dates that people give, as a parameter, an option or in a file: ISO or day first, never guessed."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

_MONTH_NAMES = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*[AaPp][Mm])?\s*(?:Z|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.]?)(\d{{2}})\2(\d{{2}}){_TIME}(?:Z|[+-]\d{{2}}:\d{{2}})?")
_DAY_FIRST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}")
_MONTH_NAMED = re.compile(rf"(\d{{1,2}})[- /]([A-Za-z]{{3}})[a-z]*[- /](\d{{4}}){_TIME}")
EXPECTED = "a date such as 2018-03-31 or 31/03/2018 (the day first)"
# Months and years are no days.
_UNITS_WITH_A_DAY = {"D", "h", "m", "s", "ms", "us", "ns"}


def date_in_text(text: str) -> date | None:
    """The date that a text is, its time of day dropped; None where it is none.

    Year first (``2019-03-31``, ``2019/03/31``, ``20190331``), day first (``31/03/2019``, ``31.3.2019``) or with the
    month's name (``31 Mar 2019``). A date with the month first is read day first, or is none.

    Examples
    --------
    >>> date_in_text("03/04/2017"), date_in_text("04/13/2017")
    (datetime.date(2017, 4, 3), None)
    """
    # ASCII only: int() and \d would also take digits of other scripts.
    parts = _parts(text) if text.isascii() else None
    try:
        return None if parts is None else date(*parts)
    except ValueError:
        return None


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


def _parts(text: str) -> tuple[int, int, int] | None:
    if match := _YEAR_FIRST.fullmatch(text):
        return int(match[1]), int(match[3]), int(match[4])
    if match := _DAY_FIRST.fullmatch(text):
        return int(match[4]), int(match[3]), int(match[1])
    if (match := _MONTH_NAMED.fullmatch(text)) and match[2].lower() in _MONTHS:
        return int(match[3]), _MONTHS[match[2].lower()], int(match[1])
    return None
