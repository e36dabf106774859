"""Calendar arithmetic on whole columns: adding months, and the eighteenth birthday."""

import numpy as np
import pandas as pd

ADULT_AGE_YEARS = 18


def add_months(dates: pd.Series, months: int) -> pd.Series:
    """The corresponding day ``months`` calendar months later, or the month's last day where there is none.

    This is the corresponding date rule of English law: three months from 30 November end on 28 or 29 February
    (*Dodds v Walker* [1981] UKHL).

    Parameters
    ----------
    dates : Series of datetime64, shape (n,)
        Midnights; missing dates stay missing.
    months : int

    Returns
    -------
    Series of datetime64[us], shape (n,)
    """
    days = dates.to_numpy(dtype="datetime64[D]")
    month = days.astype("datetime64[M]")
    day_of_month = days - month.astype("datetime64[D]")
    later = month + months
    last_day = (later + 1).astype("datetime64[D]") - later.astype("datetime64[D]") - 1
    moved = later.astype("datetime64[D]") + np.minimum(day_of_month, last_day)
    return pd.Series(moved.astype("datetime64[us]"), index=dates.index, name=dates.name)


def eighteenth_birthday(births: pd.Series) -> pd.Series:
    """The day on which a child born on each date becomes an adult; 1 March for those born on 29 February.

    A child may be on a plan only under the age of 18 (*Children Act 1989*, section 105).

    Parameters
    ----------
    births : Series of datetime64, shape (n,)
        Dates of birth, or the expected dates for the unborn; missing dates stay missing.

    Returns
    -------
    Series of datetime64[us], shape (n,)
    """
    days = births.to_numpy(dtype="datetime64[D]")
    month = days.astype("datetime64[M]")
    # Days past the month's first spill over: the 29th day of a February that has 28 is 1 March.
    birthday = (month + 12 * ADULT_AGE_YEARS).astype("datetime64[D]") + (days - month.astype("datetime64[D]"))
    return pd.Series(birthday.astype("datetime64[us]"), index=births.index, name=births.name)


def days_between(starts: pd.Series, ends: pd.Series) -> pd.Series:
    """Days from ``starts`` to ``ends`` as float, shape (n,); NaN where either date is missing."""
    return (ends - starts).dt.days.astype(float)


def dates_by_key(keys: pd.Series, dates: pd.Series) -> pd.Series:
    """The date of each key, missing where ``dates``, which the keys label, have none.

    ``keys.map(dates)`` is the same, but an error in pandas 3 where there is no date at all.
    """
    return dates.reindex(keys).set_axis(keys.index).rename(keys.name).astype("datetime64[us]")
