"""What happens to a child after a plan ended, and from when to when it would be seen.

One row per index plan. Events: 1 second plan, 2 entered care, 3 left otherwise, 4 eighteenth birthday; 0 censored.

- *Second plan*: the child's next period on a plan (:mod:`~secondplan.plans.sequence`).
- *Entered care*: the first care episode that starts after the plan's end. A child whose care is running on that day, or
  starts on it, never was at risk in the ordinary way: entering care is how such plans end.
- *Left otherwise*: death, or the closure of the episode of need because of adoption (RC1), death (RC2) or special
  guardianship (RC4). A child arrangements order (RC3) leaves the child where a plan can begin again, and is no event.
- *Eighteenth birthday*: from the date of birth, or the expected one of a child born later.
- *Censored*: transfer of the case to another authority (RC5) on or after the plan's end, or the end of observation.

What falls on one day counts in the order 1, 2, 3, 4, 0.
"""

import numpy as np
import pandas as pd

from .calendar_months import dates_by_key, days_between, eighteenth_birthday
from .observation import span_at
from .snapshot import Snapshot

CENSORED, SECOND_PLAN, ENTERED_CARE, LEFT_OTHERWISE, TURNED_18 = 0, 1, 2, 3, 4
EVENT_NAMES = {0: "censored", 1: "second plan", 2: "entered care", 3: "left otherwise", 4: "turned 18"}
LEAVING_REASONS = ("RC1", "RC2", "RC4")
TRANSFER_REASON = "RC5"


def add_follow_up(index_plans: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    """The dates that decide a child's outcome, beside each index plan.

    Parameters
    ----------
    index_plans : DataFrame, n rows
        ``child``, ``la_code``, ``start_date``, ``index_end`` and ``next_start``.
    snapshot : Snapshot

    Returns
    -------
    DataFrame, n rows
        ``index_plans`` with ``birth``, ``adult_on``, ``died_on``, ``span_first``, ``span_last`` (the span of
        observation that covers the plan's end, or the next), ``care_on``, ``left_on``, ``transfer_on`` (dates, missing
        where it did not happen), ``in_care`` and ``had_left`` (bool: on the day the plan ended).
    """
    rows = index_plans.reset_index(drop=True)
    children = snapshot.children.drop_duplicates("child").set_index("child")
    birth = children["date_of_birth"].fillna(children["expected_date_of_birth"])
    rows["birth"] = dates_by_key(rows["child"], birth)
    rows["adult_on"] = eighteenth_birthday(rows["birth"])
    rows["died_on"] = dates_by_key(rows["child"], children["date_of_death"])
    rows[["span_first", "span_last"]] = span_at(rows["la_code"], rows["index_end"], snapshot.spans)

    care = _care(snapshot.care_episodes)
    rows["care_on"] = _nearest(rows, care, "forward", same_day=False)["date"]
    rows["in_care"] = _nearest(rows, care, "backward", same_day=True)["until"] > rows["index_end"]

    leaving = _leaving(snapshot)
    rows["left_on"] = _nearest(rows, leaving, "forward", same_day=False)["date"]
    left_before = _nearest(rows, leaving, "backward", same_day=True)["date"]
    # An order made before this plan began did not keep the child off it, and says nothing about what follows.
    rows["had_left"] = (left_before > rows["start_date"]) | (rows["died_on"] <= rows["index_end"])

    episodes = snapshot.cin_episodes
    transfers = episodes.loc[(episodes["closure_reason"] == TRANSFER_REASON).fillna(False).astype(bool)]
    transfers = _dated(transfers, "closure_date")
    rows["transfer_on"] = _nearest(rows, transfers, "forward", same_day=True)["date"]
    return rows


def outcomes(rows: pd.DataFrame, *, care: str) -> pd.DataFrame:
    """``entry``, ``duration`` (days from the plan's end) and ``event`` of rows of :func:`add_follow_up`.

    Parameters
    ----------
    rows : DataFrame, n rows
    care : {"competing", "ignore"}
        With ``"ignore"`` entering care is no event.

    Returns
    -------
    DataFrame, n rows
        ``entry`` is 0 where the plan ended under observation, else the days from its end to the span's first day.
    """
    end = rows["index_end"]
    censored_on = rows[["span_last", "transfer_on"]].min(axis=1)
    care_on = rows["care_on"] if care == "competing" else pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    # Columns in the order in which what happens on one day counts: the first smallest wins.
    dates = [rows["next_start"], care_on, rows["left_on"], rows["adult_on"], censored_on]
    codes = np.array([SECOND_PLAN, ENTERED_CARE, LEFT_OTHERWISE, TURNED_18, CENSORED])
    days = np.column_stack([days_between(end, date).fillna(np.inf).to_numpy() for date in dates])
    first = days.argmin(axis=1)
    duration = days[np.arange(len(rows)), first]
    entry = days_between(end, rows["span_first"]).clip(lower=0.0)
    return pd.DataFrame({"entry": entry.to_numpy(), "duration": duration, "event": codes[first]}, index=rows.index)


def eligible_days(rows: pd.DataFrame) -> pd.Series:
    """Days from the plan's end to the 18th birthday, float, shape (n,); infinite where no birth date is known."""
    return days_between(rows["index_end"], rows["adult_on"]).fillna(np.inf).rename("eligible_days")


def _care(episodes: pd.DataFrame) -> pd.DataFrame:
    """Starts of care, and ``until``: the day up to which care that began by then goes on (far away while it runs)."""
    care = _dated(episodes, "start_date")
    end = care["end_date"].fillna(pd.Timestamp.max.floor("D")).astype("datetime64[us]")
    return care.assign(until=end.groupby(care["child"]).cummax())


def _leaving(snapshot: Snapshot) -> pd.DataFrame:
    """Dates of death, adoption and special guardianship."""
    episodes = snapshot.cin_episodes
    closures = _dated(episodes[episodes["closure_reason"].isin(LEAVING_REASONS)], "closure_date")
    deaths = _dated(snapshot.children, "date_of_death")
    both = [part[["child", "date"]] for part in (closures, deaths) if len(part)]
    return pd.concat(both).sort_values("date", kind="stable") if both else closures[["child", "date"]]


def _dated(table: pd.DataFrame, column: str) -> pd.DataFrame:
    known = table[table[column].notna()]
    return known.assign(date=known[column].astype("datetime64[us]")).sort_values("date", kind="stable")


def _nearest(rows: pd.DataFrame, events: pd.DataFrame, direction: str, *, same_day: bool) -> pd.DataFrame:
    """The child's event nearest to the plan's end, before or after it; missing where there is none."""
    wanted = [column for column in ("date", "until") if column in events.columns]
    asked = rows[["child", "index_end"]].assign(row=np.arange(len(rows))).sort_values("index_end", kind="stable")
    found = pd.merge_asof(
        asked,
        events[["child", *wanted]].assign(at=events["date"]),
        left_on="index_end",
        right_on="at",
        by="child",
        direction=direction,
        allow_exact_matches=same_day,
    )
    return found.sort_values("row")[wanted].set_axis(rows.index)
