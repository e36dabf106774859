"""Checking a plan store: the rules of clean plan data, and what limits an analysis of these data."""

import pandas as pd

from .limits import find_limits
from .plan_faults import find_plan_faults, find_review_faults
from .quality import COUNTS, KEPT, FindingLog, QualityReport
from .store import Plans

_VERY_LONG = pd.Timedelta(days=5 * 365)


CHECKS = {
    "plans": (
        *("end-before-start", "several-open-plans", "plans-overlap", "same-day", "start-long-before-birth"),
        *("start-after-eighteen", "after-death", "after-extract", "open-very-long", "category-missing"),
        *("previous-plans-missing", "previous-plans-implausible", "previous-plans-differ", "previous-plans-unseen"),
    ),
    "reviews": ("review-not-after-start", "review-after-end"),
    "children": ("birth-date-missing",),
    "cin_episodes": ("closure-before-referral",),
    "care_episodes": ("period-end-before-start",),
    "involvements": ("period-end-before-start",),
}
"""Table -> codes of the rules that each of its rows is checked against."""

_PERIODS = {
    "cin_episodes": ("referral_date", "closure_date"),
    "care_episodes": ("start_date", "end_date"),
    "involvements": ("start_date", "end_date"),
}


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
    >>> from secondplan import Plans
    >>> check_plans(Plans()).findings["code"].tolist()[:1]
    ['no-plans']
    """
    log = FindingLog()
    _check_rows(plans, log)
    find_limits(plans, log)
    sizes = {name: len(frame) for name, frame in plans.tables.items() if len(frame) and name != "extract"}
    counts = pd.DataFrame.from_dict(
        {name: (n, n, 0, 0, 0) for name, n in sizes.items()}, orient="index", columns=list(COUNTS)
    )
    findings = log.to_frame()
    broken = set(findings["code"])
    unbroken = [code for table, codes in CHECKS.items() if table in sizes for code in codes if code not in broken]
    return QualityReport("plan store", counts.rename_axis("table"), findings, unbroken=tuple(dict.fromkeys(unbroken)))


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
    for table, (first, last) in _PERIODS.items():
        frame = plans.tables[table]
        log.add_rows(CHECKS[table][0], table, KEPT, _places(frame, frame[last] < frame[first]))


def _places(frame: pd.DataFrame, mask: pd.Series) -> pd.DataFrame:
    chosen = mask.to_numpy(dtype=bool, na_value=False)
    return pd.DataFrame({"row": pd.RangeIndex(1, len(frame) + 1)[chosen]})
