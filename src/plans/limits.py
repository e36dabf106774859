"""What limits an analysis of plan data, whatever is done with them: what is not held, and from when to when."""

import pandas as pd

from .codes import UNKNOWN_AUTHORITY
from .findings import NOTED, FindingLog
from .store import Plans

LIMITS = (
    *("no-plans", "no-extract-date", "survivors-only", "no-care-data", "no-family-links", "no-closure-reasons"),
    *("authority-unknown", "year-missing", "short-window", "short-follow-up", "six-year-window", "left-truncated"),
    *("one-authority", "no-reviews", "no-assessments", "no-worker-data"),
)
"""Codes of the limits that are looked for."""

_SHORT_WINDOW = pd.Timedelta(days=3 * 365)
# Six years and a margin of a month: the look-back of extracts of the Standard Safeguarding Dataset.
_SIX_YEARS = pd.Timedelta(days=6 * 365 + 31)
_TWO_YEARS = pd.Timedelta(days=730)
# Annex A holds the plans that ended within six months of the extract; a margin of two weeks.
_RECENT = pd.Timedelta(days=184 + 14)


def find_limits(plans: Plans, log: FindingLog) -> None:
    """Note each of `LIMITS` that holds for ``plans`` in ``log``."""
    if plans.plans.empty:
        log.add("no-plans", "plans", NOTED)
    else:
        _find_extent(plans, log)
        _find_selection(plans, log)
    _find_absent(plans, log)


def _find_extent(plans: Plans, log: FindingLog) -> None:
    extract = plans.extract.groupby("la_code").agg({"first_date": "min", "extract_date": "max"})
    extract = extract.reindex(plans.plans["la_code"].unique())
    if extract["extract_date"].isna().any():
        log.add("no-extract-date", "extract", NOTED)
    length = extract["extract_date"] - extract["first_date"]
    if (plans.plans["la_code"] == UNKNOWN_AUTHORITY).any():
        log.add("authority-unknown", "extract", NOTED)
    if extract["first_date"].notna().any():
        log.add("left-truncated", "extract", NOTED)
    if (length < _SHORT_WINDOW).any():
        log.add("short-window", "extract", NOTED)
    elif (length <= _SIX_YEARS).any():
        log.add("six-year-window", "extract", NOTED)
    for _, parts in plans.extract.dropna().sort_values("first_date").groupby("la_code"):
        reached = parts["extract_date"].cummax().shift()
        for _ in range(int((parts["first_date"] > reached + pd.Timedelta(days=1)).sum())):
            log.add("year-missing", "extract", NOTED)


def _find_selection(plans: Plans, log: FindingLog) -> None:
    last_days = plans.extract.groupby("la_code")["extract_date"].max()
    last_day = pd.Series(last_days.reindex(plans.plans["la_code"]).array, index=plans.plans.index)
    since_start, since_end = last_day - plans.plans["start_date"], last_day - plans.plans["end_date"]
    n_recent = int((since_end <= _RECENT).sum())
    # In data with all plans, most of those that are not open ended long ago.
    if n_recent >= 10 and (since_end > _RECENT).sum() < 0.02 * n_recent and (since_start > 2 * _RECENT).any():
        log.add("survivors-only", "plans", NOTED)
    if since_end.notna().any() and since_end.median() < _TWO_YEARS:
        log.add("short-follow-up", "extract", NOTED)
    if plans.plans["la_code"].nunique() == 1:
        log.add("one-authority", "extract", NOTED)


def _find_absent(plans: Plans, log: FindingLog) -> None:
    absent = {
        "no-care-data": plans.care_episodes.empty,
        "no-family-links": plans.children["family_id"].isna().all(),
        "no-closure-reasons": plans.cin_episodes["closure_reason"].isna().all(),
        "no-reviews": plans.reviews.empty,
        "no-assessments": plans.assessments["factors"].isna().all(),
        "no-worker-data": plans.involvements.empty,
    }
    tables = {
        "no-care-data": "care_episodes",
        "no-family-links": "children",
        "no-closure-reasons": "cin_episodes",
        "no-worker-data": "involvements",
    }
    for code, is_absent in absent.items():
        if is_absent:
            log.add(code, tables.get(code, code.removeprefix("no-")), NOTED)
