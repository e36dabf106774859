"""Periods in care from episodes and placements: what follows without a gap is one period.

Sources record a new episode for every change of placement or legal status. A change within care is no entry into care,
so that episodes of a child that overlap, or begin within a day of the end of another, are joined. Before that, rows of
one extract that begin on one day are one episode, which lasts as long as the longest; the same episode in several
extracts is joined as every record is (:mod:`.stacking`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...quality import MERGED, FindingLog
from ...sequence import OPEN
from .stacking import stack_rows

LONGEST_GAP_DAYS = 1
"""An episode ends on the day of the change; the next begins on that day, or in some systems on the next."""

_KEYS = ["la_code", "child_id", "start_date"]


def join_periods(episodes: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The periods in care of each child.

    Parameters
    ----------
    episodes : DataFrame
        In the order in which extracts are to be believed: place, ``extract``, ``la_code``, ``child_id``,
        ``start_date``, ``end_date`` (missing while it goes on), and ``is_closing_unusable``: where the end is missing
        because it could not be used, and may have been any day. Perhaps ``begins_anew`` (bool): new care, even where it
        follows other care without a gap.
    log : FindingLog
        Gets one merged finding for each row but the first of a period.

    Returns
    -------
    DataFrame
        One row per period: that of its first episode, with the period's end.
    """
    longest = _join(episodes, ["extract", *_KEYS], log)
    stacked = stack_rows(longest, "care_episodes", _KEYS, log, closing="end_date")
    return _join(stacked, _KEYS[:2], log)


def _join(episodes: pd.DataFrame, keys: Sequence[str], log: FindingLog) -> pd.DataFrame:
    """Episodes with the same ``keys`` that overlap or follow each other, as one."""
    start = _days(episodes["start_date"])
    end = np.where(episodes["is_closing_unusable"], start, OPEN)
    end = np.where(episodes["end_date"].notna(), _days(episodes["end_date"]), end)
    group = episodes.groupby(list(keys), sort=False).ngroup().to_numpy()
    days = pd.DataFrame({"group": group, "start": start, "end": end}, index=episodes.index)
    days = days.sort_values(["group", "start", "end"], kind="stable")
    reached = days.groupby("group", sort=False)["end"].cummax().groupby(days["group"], sort=False).shift()
    begins = reached.isna() | (days["start"] > reached + LONGEST_GAP_DAYS)
    if "begins_anew" in episodes:
        is_other_day = days["start"] > days.groupby("group", sort=False)["start"].shift()
        begins |= episodes["begins_anew"].reindex(days.index) & is_other_day & (days["start"] >= reached)
    if begins.all():
        return episodes
    last = days["end"].groupby(begins.cumsum()).idxmax()
    periods = episodes[begins.reindex(episodes.index)].copy()
    for name in ("end_date", "is_closing_unusable"):
        of_last = pd.Series(episodes.loc[last, name].array, index=days.index[begins])
        periods[name] = of_last.reindex(periods.index)
    joined = episodes.loc[days.index[~begins]]
    is_copy = days.duplicated().reindex(joined.index)
    log.add_rows("duplicate-row", "care_episodes", MERGED, joined[is_copy])
    log.add_rows("episode-joined", "care_episodes", MERGED, joined[~is_copy])
    return periods


def _days(dates: pd.Series) -> np.ndarray:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)
