"""How far the training data were followed, and what is said of days beyond.

Nothing in the data speaks for a day past the last on which anybody of a stratum was observed. A curve made of steps or
of periods ends there, and its predictions beyond are not known (NaN), as in R's riskRegression. A curve with a formula
goes on, and rests on the formula alone. Where nobody of the stratum was censored, nothing is left to happen: the curve
is complete.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from ...caller_warnings import give_again, warn
from .outcome import ROUNDING_OF_TIMES, Outcome


class FollowUpWarning(UserWarning):
    """A prediction, or a curve, was asked for a day past the last follow-up of its data."""


@contextmanager
def said_once() -> Iterator[None]:
    """Give the first :class:`FollowUpWarning` of a block, and no other warning twice: they are of one answer."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FollowUpWarning)
        yield
    said = set()
    for found in caught:
        what = found.category if issubclass(found.category, FollowUpWarning) else (found.category, str(found.message))
        if what not in said:
            give_again(found)
        said.add(what)


def last_days_followed(outcome: Outcome, stratum: np.ndarray | None, n_strata: int) -> np.ndarray:
    """Last day on which anybody of each stratum was observed, shape (n_strata,).

    Parameters
    ----------
    outcome : Outcome
        The n rows that count, as the model counts them.
    stratum : ndarray of int, shape (n,), or None
        Code of each row's stratum; None for one of all rows.
    n_strata : int

    Returns
    -------
    ndarray, shape (n_strata,)
        Infinite where nobody is censored; 0 for a stratum without a row.
    """
    if stratum is None:
        return np.array([outcome.followed_until])
    last = np.zeros(n_strata)
    np.maximum.at(last, stratum, outcome.duration)
    is_complete = np.bincount(stratum, outcome.event == 0, n_strata) == 0
    return np.where(is_complete & (np.bincount(stratum, minlength=n_strata) > 0), np.inf, last)


def past_follow_up(last: np.ndarray, times: np.ndarray, since: np.ndarray | float = 0.0) -> np.ndarray:
    """Whether each day is past the last that was followed and after what is known of its row anyway, shape (n, m).

    Parameters
    ----------
    last : ndarray, shape (n, 1) or (1,)
        From :func:`last_days_followed`. A day that is later by rounding only is that day.
    times : ndarray, shape (n, m)
    since : ndarray, shape (n, 1), or a number
        Days for which the row is known to have been free of events.
    """
    return times > np.maximum(last * (1.0 + ROUNDING_OF_TIMES), since)


def flat_until(steps: pd.DataFrame, last: np.ndarray) -> pd.DataFrame:
    """Step functions, a column each, on the days of all: flat between their own, 0 before, NaN past ``last`` (n,)."""
    flat = steps.sort_index().ffill().fillna(0.0)
    return flat.where(~past_follow_up(last, flat.index.to_numpy(dtype=float)[:, None]))


def warn_past_follow_up(unknown: np.ndarray, last: np.ndarray, since: np.ndarray, *, goes_on: bool) -> None:
    """Count the rows with a day past the last that was followed, name that day, and say what becomes of them.

    Parameters
    ----------
    unknown : ndarray of bool, shape (n, m)
        From :func:`past_follow_up`.
    last : ndarray, shape (n, 1) or (1,)
    since : ndarray, shape (n, 1)
    goes_on : bool
        Whether the model's curves have a formula that goes on.
    """
    concerned = unknown.any(axis=1)
    days = np.broadcast_to(last, (len(unknown), 1))[concerned]
    first, final = days.min(), days.max()
    day = f"day {shown_day(first)}" if first == final else f"day {shown_day(first)} to {shown_day(final)} (by stratum)"
    fate = "rests on the form of the model alone" if goes_on else "is not known (NaN)"
    remedy = f"ask for days, or set a horizon, up to {shown_day(first)}"
    if np.all(since[concerned] >= days):
        remedy = "it takes training data with a longer follow-up"
    warn(
        f"{int(concerned.sum())} of {concerned.size} rows: training was followed to {day}, what is past it {fate}; "
        f"{remedy}",
        FollowUpWarning,
    )


def warn_past_curve(days: np.ndarray, last: np.ndarray) -> None:
    """Name the day on which curves end that were asked for later ones.

    Parameters
    ----------
    days : ndarray, shape (m,)
    last : ndarray, shape (n_curves,)
        Last day of each; infinite where it is complete.
    """
    short = last[past_follow_up(last[:, None], days[None, :]).any(axis=1)]
    if short.size:
        which = "the curve was" if last.size == 1 else f"{short.size} of {last.size} curves were"
        until = f"day {shown_day(short.min())}" + (f" to {shown_day(short.max())}" if short.max() > short.min() else "")
        warn(
            f"{which} followed to {until}, what is past it is not known (NaN); ask for days up to "
            f"{shown_day(short.min())}",
            FollowUpWarning,
        )


def shown_day(day: float) -> str:
    """A day that can be asked for: in few digits, unless these are later."""
    return f"{day:g}" if float(f"{day:g}") <= day * (1.0 + ROUNDING_OF_TIMES) else repr(float(day))
