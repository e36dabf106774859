"""The same plan with another start in a later extract, and plans that an earlier extract should have held.

A plan is known by its start, so that one whose start is corrected would look like two. Where the source names its
plans, the name tells (:func:`start_by_name`). Where it does not (:func:`settle_starts`), extracts are compared: a plan
that began, and had not ended, in the time that an earlier extract covers should have been in it. If it was not,

- and a plan of the child that was open on that extract's last day has vanished in its place, the two are one plan, with
  the later extract's start;
- else, if it follows another plan of the child, or that extract holds another, it is left out: the extracts contradict
  each other, and one entry made late is no second plan by itself;
- else it is kept, and reported.

A plan may be recorded some weeks late: one that began in the last `DAYS_UNTIL_RECORDED` days before an extract was made
may be missing from it.
"""

import numpy as np
import pandas as pd

from ...quality import KEPT, REJECTED, REPAIRED, FindingLog
from ...sequence import OPEN
from .stacking import replace_columns

DAYS_UNTIL_RECORDED = 28
"""Days after its start by which a plan is in every extract."""

_CHILD = ["la_code", "child_id"]


def start_by_name(plans: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """A plan that the source names has the start date of its last extract.

    A name that stands for several starts within one extract is no name: such plans stay apart.
    """
    named = plans[plans["plan_id"].notna()]
    if named.empty or named["extract"].nunique() == 1:
        return plans
    keys = [*_CHILD, "plan_id"]
    n_starts = named.groupby([*keys, "extract"], sort=False)["start_date"].transform("nunique")
    is_name = n_starts.groupby([named[key] for key in keys], sort=False).transform("max") == 1
    last = named.groupby(keys, sort=False)["start_date"].transform("last")
    is_corrected = is_name & (named["start_date"] != last)
    corrected = named[is_corrected]
    log.add_rows("start-corrected", "plans", REPAIRED, corrected, column="start_date")
    starts = plans["start_date"].copy()
    starts[corrected.index] = last[is_corrected]
    return replace_columns(plans, {"start_date": starts})


def settle_starts(plans: pd.DataFrame, extracts: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """Plans without a name, those that were restated as one, without those that contradict an earlier extract.

    Parameters
    ----------
    plans : DataFrame
        Place, ``extract``, ``la_code``, ``child_id``, ``plan_id``, ``start_date``, ``end_date`` (missing while open).
    extracts : DataFrame
        ``first_date``, ``extract_date`` and ``recorded_until``, the last start of a plan that must be in the extract,
        by the number in ``plans["extract"]``.
    log : FindingLog

    Returns
    -------
    DataFrame
        The rows that are left, in the same order.
    """
    unnamed = plans[plans["plan_id"].isna()]
    spans = _days(extracts, ["first_date", "recorded_until", "extract_date"])
    of_row = {name: column[unnamed["extract"].to_numpy()] for name, column in spans.items()}
    if unnamed.empty or len(np.unique(of_row["extract_date"])) == 1:
        return plans
    rows = pd.DataFrame(
        {
            **{name: unnamed[name] for name in (*_CHILD, "extract")},
            "start": _day_numbers(unnamed["start_date"]),
            "end": _day_numbers(unnamed["end_date"]),
            "day": of_row["extract_date"],
        }
    )
    late = _late_rows(rows, spans, extracts["la_code"].to_numpy())
    children = rows[pd.MultiIndex.from_frame(rows[_CHILD]).isin(pd.MultiIndex.from_frame(late[_CHILD]))]
    moved: dict[int, int] = {}
    dropped: list[int] = []
    kept: list[int] = []
    for _, of_child in children.groupby(_CHILD, sort=False):
        _settle(of_child.copy(), late.loc[late.index.intersection(of_child.index)], moved, dropped, kept)
    if not moved and not dropped and not kept:
        return plans
    log.add_rows("plan-missing-earlier", "plans", KEPT, plans.loc[kept])
    log.add_rows("plan-contradicts-earlier", "plans", REJECTED, plans.loc[dropped])
    log.add_rows("start-moved", "plans", REPAIRED, plans.loc[list(moved)], column="start_date")
    starts = plans["start_date"].copy()
    starts[list(moved)] = np.array(list(moved.values()), dtype="datetime64[D]").astype(starts.dtype)
    return replace_columns(plans, {"start_date": starts}).drop(index=dropped)


def _late_rows(rows: pd.DataFrame, spans: dict[str, np.ndarray], la_codes: np.ndarray) -> pd.DataFrame:
    """The first row of each plan that an earlier extract should have held.

    With that extract's number, ``earlier``, and whether the plan may have been ``recorded_late``.
    """
    firsts = rows.loc[rows.groupby([*_CHILD, "start"], sort=False)["day"].idxmin()]
    firsts = firsts[firsts["day"] > firsts.groupby("la_code")["day"].transform("min")]
    earlier = np.full(len(firsts), -1)
    for number in np.argsort(spans["extract_date"], kind="stable"):
        should_hold = (
            (firsts["la_code"] == la_codes[number])
            & (firsts["day"] > spans["extract_date"][number])
            & (firsts["start"] <= spans["extract_date"][number])
            & (firsts["end"] >= spans["first_date"][number])
        )
        earlier[should_hold.to_numpy(dtype=bool)] = number
    may_be_recorded_late = firsts["start"].to_numpy() > spans["recorded_until"][earlier]
    return firsts.assign(earlier=earlier, recorded_late=may_be_recorded_late)[earlier >= 0]


def _settle(rows: pd.DataFrame, late: pd.DataFrame, moved: dict[int, int], dropped: list[int], kept: list[int]) -> None:
    """Sort what is late of one child into ``moved`` (row -> new start), ``dropped`` and ``kept`` (rows)."""
    for place, plan in late.sort_values("day", kind="stable").iterrows():
        is_other = rows["start"] != plan["start"]
        others = rows[is_other]
        at_first = others[others["extract"] == plan["earlier"]]
        was_open = at_first[at_first["end"] > at_first["day"]]
        gone = was_open[~was_open["start"].isin(others.loc[others["day"] >= plan["day"], "start"])]
        if len(gone) == 1:
            same = others.index[others["start"] == gone["start"].iloc[0]]
            moved |= dict.fromkeys(same, plan["start"])
            # A start may move again in the next extract.
            rows.loc[same, "start"] = plan["start"]
        elif not plan["recorded_late"]:
            overlaps = (others["start"] <= plan["end"]) & (others["end"] >= plan["start"])
            is_second = len(at_first) > 0 or (others["start"] < plan["start"]).any()
            if is_second and not overlaps.any():
                dropped.extend(rows.index[~is_other])
                rows = rows.drop(index=rows.index[~is_other])
            else:
                kept.append(place)


def _days(frame: pd.DataFrame, names: list[str]) -> dict[str, np.ndarray]:
    return {name: _day_numbers(frame[name], missing=-OPEN).to_numpy() for name in names}


def _day_numbers(dates: pd.Series, missing: int = OPEN) -> pd.Series:
    numbers = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
    return pd.Series(np.where(dates.isna(), missing, numbers), index=dates.index)
