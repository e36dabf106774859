"""Checking a plan store: the rules of clean plan data, and what limits an analysis of these data."""

import pandas as pd

from .plan_faults import find_plan_faults, find_review_faults
from .quality import COUNTS, KEPT, NOTED, FindingLog, QualityReport
from .store import Plans

_SHORT_WINDOW = pd.Timedelta(days=3 * 365)
# Six years and a margin of a month: the look-back of extracts of the Standard Safeguarding Dataset.
_SIX_YEARS = pd.Timedelta(days=6 * 365 + 31)
_VERY_LONG = pd.Timedelta(days=5 * 365)


def check_plans(plans: Plans) -> QualityReport:
    """Check data for what is wrong in them and for what they cannot tell.

    Nothing is changed: every row is kept. Findings are of two kinds: rows that break a rule (with the number of the row
    in its table), and limits of the data as a whole (no periods in care, no family links, when the data begin, ...).
    Each comes with what to do.

    Parameters
    ----------
    plans : Plans

    Returns
    -------
    QualityReport
        ``print(report.summary())`` for people, ``report.write_json(path)`` for programs. ``report.is_clean`` is whether
        nothing worse than a note was found.

    Examples
    --------
    >>> check_plans(Plans()).findings["code"].tolist()[:1]
    ['no-plans']
    """
    log = FindingLog()
    _check_rows(plans, log)
    _check_extent(plans, log)
    _check_contents(plans, log)
    sizes = {name: len(frame) for name, frame in plans.tables.items() if len(frame) and name != "extract"}
    counts = pd.DataFrame.from_dict(
        {name: (n, n, 0, 0, 0) for name, n in sizes.items()}, orient="index", columns=list(COUNTS)
    )
    return QualityReport("plan store", counts.rename_axis("table"), log.to_frame())


def _check_rows(plans: Plans, log: FindingLog) -> None:
    for code, mask in find_plan_faults(plans.plans, plans.children).items():
        log.add_rows(code, "plans", KEPT, _places(plans.plans, mask))
    for code, mask in find_review_faults(plans.reviews, plans.plans).items():
        log.add_rows(code, "reviews", KEPT, _places(plans.reviews, mask))
    children = plans.children
    unborn = children["date_of_birth"].isna() & children["expected_date_of_birth"].isna()
    log.add_rows("birth-date-missing", "children", KEPT, _places(children, unborn))
    last_days = plans.extract.groupby("la_code")["extract_date"].max()
    last_day = pd.Series(last_days.reindex(plans.plans["la_code"]).array, index=plans.plans.index)
    is_late = (plans.plans["start_date"] > last_day) | (plans.plans["end_date"] > last_day)
    log.add_rows("after-extract", "plans", KEPT, _places(plans.plans, is_late))
    is_long = plans.plans["end_date"].isna() & (last_day - plans.plans["start_date"] > _VERY_LONG)
    log.add_rows("open-very-long", "plans", KEPT, _places(plans.plans, is_long))


def _check_extent(plans: Plans, log: FindingLog) -> None:
    if plans.plans.empty:
        log.add("no-plans", "plans", NOTED)
        return
    extract = plans.extract.groupby("la_code").agg({"first_date": "min", "extract_date": "max"})
    extract = extract.reindex(plans.plans["la_code"].unique())
    if extract["extract_date"].isna().any():
        log.add("no-extract-date", "extract", NOTED)
    length = extract["extract_date"] - extract["first_date"]
    if (plans.plans["la_code"] == "000").any():
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


def _check_contents(plans: Plans, log: FindingLog) -> None:
    absent = {
        "no-care-data": plans.care_episodes.empty,
        "no-family-links": plans.children["family_id"].isna().all(),
        "no-closure-reasons": plans.cin_episodes["closure_reason"].isna().all(),
        "no-reviews": plans.reviews.empty,
        "no-assessments": plans.assessments["factors"].isna().all(),
    }
    tables = {"no-care-data": "care_episodes", "no-family-links": "children", "no-closure-reasons": "cin_episodes"}
    for code, is_absent in absent.items():
        if is_absent:
            log.add(code, tables.get(code, code.removeprefix("no-")), NOTED)


def _places(frame: pd.DataFrame, mask: pd.Series) -> pd.DataFrame:
    chosen = mask.to_numpy(dtype=bool, na_value=False)
    return pd.DataFrame({"row": pd.RangeIndex(1, len(frame) + 1)[chosen]})
