"""From rows of a CIN census, as text, to the tables of the schema: values, one record for each thing, and findings."""

import numpy as np
import pandas as pd

from .cleaning import (
    CATEGORIES,
    COUNTS,
    DATES,
    FACTOR_LISTS,
    IDENTIFIERS,
    SEXES,
    clean_columns,
    codes_cleaner,
    list_cleaner,
)
from .codes import CLOSURE_REASONS, DISABILITIES, ETHNICITIES, PRIMARY_NEEDS, REFERRAL_SOURCES, read_code
from .dates import UNREADABLE, read_date
from .plan_faults import find_plan_faults, find_review_faults
from .quality import KEPT, REJECTED, REPAIRED, FindingLog
from .stacking import stack_rows

# What is recorded when nothing is known must not win over what an earlier year knew.
_NOTHING_KNOWN = {"sex": "0", "ethnicity": "NOBT"}


def stack_children(rows: pd.DataFrame, log: FindingLog) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The children, one row each.

    Parameters
    ----------
    rows : DataFrame
        ``file, row, line, child, la_code`` and the census's elements.
    log : FindingLog

    Returns
    -------
    children : DataFrame
        As in the schema, by authority and child.
    identities : DataFrame
        ``la_code``, ``child_id`` by number of the child row; a missing ``child_id`` where a child has none.
    """
    elements = {
        "LAchildID": "child_id",
        "PersonBirthDate": "date_of_birth",
        "ExpectedPersonBirthDate": "expected_date_of_birth",
        "Ethnicity": "ethnicity",
        "Disability": "disabilities",
        "PersonDeathDate": "date_of_death",
    }
    rows = rows.rename(columns=elements)
    rows["sex"] = rows["Sex"].where(rows["Sex"].notna(), rows["GenderCurrent"])
    rows = rows.drop(columns=["Sex", "GenderCurrent"])
    cleaners = {
        "child_id": IDENTIFIERS,
        "sex": SEXES,
        "date_of_birth": DATES,
        "expected_date_of_birth": DATES,
        "ethnicity": list_cleaner(ETHNICITIES),
        "disabilities": codes_cleaner(lambda text: read_code(text, DISABILITIES), none="NONE"),
        "date_of_death": DATES,
    }
    cleaned, _ = clean_columns(rows, "children", cleaners, log)
    is_nobody = cleaned["child_id"].isna()
    log.add_rows("child-id-missing", "children", REJECTED, rows[is_nobody])
    identities = cleaned.sort_values("child")[["la_code", "child_id"]].reset_index(drop=True)
    known = cleaned[~is_nobody]
    nothing = {name: known[name].where(known[name] == code) for name, code in _NOTHING_KNOWN.items()}
    told = known.assign(**{name: known[name].mask(known[name] == code) for name, code in _NOTHING_KNOWN.items()})
    keys = ["la_code", "child_id"]
    children = stack_rows(told, "children", keys, log)
    for name, codes in nothing.items():
        by_child = known.assign(code=codes).groupby(keys, sort=False)["code"].last().reset_index(drop=True)
        # Both are in the order in which children first come.
        children[name] = children[name].fillna(by_child)
    unborn = children["date_of_birth"].isna() & children["expected_date_of_birth"].isna()
    log.add_rows("birth-date-missing", "children", KEPT, children[unborn])
    return _sorted(children.assign(family_id=pd.NA), keys), identities


def stack_plans(
    rows: pd.DataFrame,
    identities: pd.DataFrame,
    children: pd.DataFrame,
    log: FindingLog,
    *,
    coverage: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.Series]:
    """The plans, one row each, with every fault of :mod:`.plan_faults` in the log.

    Parameters
    ----------
    rows, identities, children, log
        As in, and from, :func:`stack_children`.
    coverage : DataFrame, one row a file
        ``first_date``, ``extract_date``, and ``is_followed``: whether a file of a later year of the authority was read.

    Returns
    -------
    plans : DataFrame
        As in the schema, by authority, child and start.
    plan_of_row : Series of str
        ``plan_id`` by number of the plan row; missing where the plan was left out.
    """
    elements = {
        "CPPstartDate": "start_date",
        "CPPendDate": "end_date",
        "InitialCategoryOfAbuse": "initial_category",
        "LatestCategoryOfAbuse": "latest_category",
        "NumberOfPreviousCPP": "previous_plans_reported",
    }
    cleaners = {
        "start_date": DATES,
        "end_date": DATES,
        "initial_category": CATEGORIES,
        "latest_category": CATEGORIES,
        "previous_plans_reported": COUNTS,
    }
    cleaned, is_lost = _identified(rows.rename(columns=elements), "plans", identities, log)
    cleaned, is_undated = clean_columns(cleaned, "plans", cleaners, log, required=["start_date"])
    is_lost |= is_undated
    is_reversed = cleaned["end_date"] < cleaned["start_date"]
    log.add_rows("end-before-start", "plans", REPAIRED, cleaned[is_reversed], column="end_date")
    in_doubt = rows["CPPendDate"][rows["CPPendDate"].notna() & cleaned["end_date"].isna()]
    is_unreadable = in_doubt.map(lambda text: read_date(text)[1] == UNREADABLE).reindex(rows.index, fill_value=False)
    cleaned["end_date"] = cleaned["end_date"].mask(is_reversed)
    cleaned["is_closing_unusable"] = is_reversed | is_unreadable.astype(bool)
    spans = coverage.loc[cleaned["file"]].set_axis(cleaned.index)
    for name in ("start_date", "end_date"):
        is_late = ~is_lost & (cleaned[name] > spans["extract_date"])
        log.add_rows("after-extract", "plans", KEPT, cleaned[is_late], column=name)
    is_early = ~is_lost & (cleaned["end_date"] < spans["first_date"])
    log.add_rows("before-extract", "plans", KEPT, cleaned[is_early], column="end_date")

    kept = cleaned[~is_lost]
    keys = ["la_code", "child_id", "start_date"]
    plans = stack_rows(kept, "plans", keys, log, closing="end_date", reopened="plan-reopened")
    plans["plan_id"] = plans["la_code"] + "-" + plans["child_id"] + "-" + plans["start_date"].dt.strftime("%Y-%m-%d")
    is_dropped = (
        plans["end_date"].isna() & coverage["is_followed"].to_numpy()[plans["last_file"].to_numpy(dtype=np.int64)]
    )
    log.add_rows("plan-not-carried-forward", "plans", KEPT, plans[is_dropped])
    for code, mask in find_plan_faults(plans, children).items():
        log.add_rows(code, "plans", KEPT, plans[mask])
    plan_ids = kept[keys].merge(plans[[*keys, "plan_id"]], on=keys, how="left")["plan_id"]
    plan_of_row = pd.Series(plan_ids.array, index=kept["plan"].to_numpy()).reindex(range(len(rows)))
    return _sorted(plans.assign(other_authority=pd.NA), keys), plan_of_row


def stack_reviews(rows: pd.DataFrame, plan_of_row: pd.Series, plans: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The reviews of the plans that were kept, one row a plan and day; parameters as in :func:`stack_plans`."""
    rows = rows.rename(columns={"CPPreviewDate": "review_date"})
    rows["plan_id"] = pd.array(plan_of_row.reindex(rows["plan"]).array, dtype="string")
    is_lost = rows["plan_id"].isna()
    log.add_rows("plan-left-out", "reviews", REJECTED, rows[is_lost])
    cleaned, is_undated = clean_columns(rows, "reviews", {"review_date": DATES}, log, required=["review_date"])
    is_lost |= is_undated
    faults = find_review_faults(cleaned, plans)
    is_early = faults["review-not-after-start"] & ~is_lost
    log.add_rows("review-not-after-start", "reviews", REJECTED, cleaned[is_early])
    keys = ["plan_id", "review_date"]
    reviews = stack_rows(cleaned[~(is_lost | is_early)], "reviews", keys, log)
    log.add_rows("review-after-end", "reviews", KEPT, reviews[find_review_faults(reviews, plans)["review-after-end"]])
    return _sorted(reviews.assign(quorate=pd.NA, absent_agencies=pd.NA), keys)


def stack_episodes(rows: pd.DataFrame, identities: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The episodes of need, one row a child and day of referral; parameters as in :func:`stack_plans`."""
    elements = {
        "CINreferralDate": "referral_date",
        "ReferralSource": "referral_source",
        "PrimaryNeedCode": "primary_need",
        "CINclosureDate": "closure_date",
        "ReasonForClosure": "closure_reason",
    }
    cleaners = {
        "referral_date": DATES,
        "referral_source": list_cleaner(REFERRAL_SOURCES),
        "primary_need": list_cleaner(PRIMARY_NEEDS),
        "closure_date": DATES,
        "closure_reason": list_cleaner(CLOSURE_REASONS),
    }
    cleaned, is_lost = _identified(rows.rename(columns=elements), "cin_episodes", identities, log)
    cleaned, is_undated = clean_columns(cleaned, "cin_episodes", cleaners, log, required=["referral_date"])
    is_reversed = cleaned["closure_date"] < cleaned["referral_date"]
    log.add_rows("closure-before-referral", "cin_episodes", REPAIRED, cleaned[is_reversed], column="closure_date")
    cleaned["closure_date"] = cleaned["closure_date"].mask(is_reversed)
    cleaned["is_closing_unusable"] = is_reversed
    keys = ["la_code", "child_id", "referral_date"]
    kept = cleaned[~(is_lost | is_undated)]
    return _sorted(stack_rows(kept, "cin_episodes", keys, log, closing="closure_date"), keys)


def stack_assessments(rows: pd.DataFrame, identities: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The assessments, one row a child and day of start; parameters as in :func:`stack_plans`."""
    elements = {
        "AssessmentActualStartDate": "start_date",
        "AssessmentAuthorisationDate": "authorisation_date",
        "AssessmentFactors": "factors",
    }
    cleaners = {"start_date": DATES, "authorisation_date": DATES, "factors": FACTOR_LISTS}
    cleaned, is_lost = _identified(rows.rename(columns=elements), "assessments", identities, log)
    cleaned, is_undated = clean_columns(cleaned, "assessments", cleaners, log, required=["start_date"])
    keys = ["la_code", "child_id", "start_date"]
    return _sorted(stack_rows(cleaned[~(is_lost | is_undated)], "assessments", keys, log), keys)


def stack_conferences(rows: pd.DataFrame, identities: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The initial conferences, one row a child and day; parameters as in :func:`stack_plans`.

    The census gives a conference under the enquiry that led to it, under the episode, or under both.
    """
    elements = {"DateOfInitialCPC": "conference_date", "S47ActualStartDate": "section47_start"}
    cleaners = {"conference_date": DATES, "section47_start": DATES}
    cleaned, is_lost = _identified(rows.rename(columns=elements), "conferences", identities, log)
    cleaned, is_undated = clean_columns(cleaned, "conferences", cleaners, log, required=["conference_date"])
    keys = ["la_code", "child_id", "conference_date"]
    conferences = stack_rows(cleaned[~(is_lost | is_undated)], "conferences", keys, log)
    return _sorted(conferences.assign(transfer_in=pd.NA), keys)


def _identified(
    rows: pd.DataFrame, table: str, identities: pd.DataFrame, log: FindingLog
) -> tuple[pd.DataFrame, pd.Series]:
    """The rows with their child's identifier, and which of them have none and are rejected."""
    child_id = pd.array(identities["child_id"].reindex(rows["child"]).array, dtype="string")
    is_lost = pd.Series(child_id.isna(), index=rows.index)
    is_outside = rows["child"] < 0
    log.add_rows("child-missing", table, REJECTED, rows[is_outside])
    log.add_rows("child-id-missing", table, REJECTED, rows[is_lost & ~is_outside])
    return rows.assign(child_id=child_id), is_lost


def _sorted(records: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return records.sort_values(keys, kind="stable", ignore_index=True)
