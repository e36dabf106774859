"""Days as whole numbers since 1 January 1970: arithmetic without time zones or floating point."""

import datetime as dt

import numpy as np
import pandas as pd

from ...plans.calendar_months import eighteenth_birthday

DAYS_PER_YEAR = 365.25
NEVER = 10**6
"""A day after every other (the year 4707): what has not happened."""

_EPOCH = dt.date(1970, 1, 1)


def day_number(date: dt.date) -> int:
    """Days from 1 January 1970 to ``date``."""
    return (date - _EPOCH).days


def to_dates(days: np.ndarray, *, known_until: int = NEVER - 1) -> pd.Series:
    """Day numbers as a column of ``datetime64[us]``; days after ``known_until`` are missing.

    Parameters
    ----------
    days : ndarray of int, shape (n,)
    known_until : int
        The extract date: what happens later is not in the data.
    """
    dates = days.astype("datetime64[D]").astype("datetime64[us]")
    return pd.Series(np.where(days > known_until, np.datetime64("NaT", "us"), dates))


def to_weekday_before(days: np.ndarray) -> np.ndarray:
    """Saturdays and Sundays moved to the Friday before: conferences are held on weekdays."""
    weekday = (days + 3) % 7
    return days - np.maximum(weekday - 4, 0)


def to_weekday_after(days: np.ndarray) -> np.ndarray:
    """Saturdays and Sundays moved to the Monday after."""
    weekday = (days + 3) % 7
    return days + np.where(weekday > 4, 7 - weekday, 0)


def eighteenth_birthdays(births: np.ndarray) -> np.ndarray:
    """Day numbers of the 18th birthdays of children born on ``births``, shape (n,)."""
    dates = pd.Series(births.astype("datetime64[D]").astype("datetime64[us]"))
    return eighteenth_birthday(dates).to_numpy(dtype="datetime64[D]").astype(np.int64)
