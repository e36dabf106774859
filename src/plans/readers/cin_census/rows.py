"""From rows of a CIN census, as text, to the tables of the schema: the census's names for :mod:`..records.records`.

The census nests: a row knows its child and its plan by their number among the children and plans of all files, not by
an identifier.
"""

import pandas as pd

from ...quality import REJECTED, FindingLog
from ..records import records
from ..records.cleaning import IDENTIFIERS, clean_texts

_COLUMNS = {
    "children": {
        "LAchildID": "child_id",
        "PersonBirthDate": "date_of_birth",
        "ExpectedPersonBirthDate": "expected_date_of_birth",
        "Ethnicity": "ethnicity",
        "Disability": "disabilities",
        "PersonDeathDate": "date_of_death",
    },
    "plans": {
        "CPPstartDate": "start_date",
        "CPPendDate": "end_date",
        "InitialCategoryOfAbuse": "initial_category",
        "LatestCategoryOfAbuse": "latest_category",
        "NumberOfPreviousCPP": "previous_plans_reported",
    },
    "reviews": {"CPPreviewDate": "review_date"},
    "cin_episodes": {
        "CINreferralDate": "referral_date",
        "ReferralSource": "referral_source",
        "PrimaryNeedCode": "primary_need",
        "CINclosureDate": "closure_date",
        "ReasonForClosure": "closure_reason",
    },
    "assessments": {
        "AssessmentActualStartDate": "start_date",
        "AssessmentAuthorisationDate": "authorisation_date",
        "AssessmentFactors": "factors",
    },
    # The census gives a conference under the enquiry that led to it, under the episode, or under both.
    "conferences": {"DateOfInitialCPC": "conference_date", "S47ActualStartDate": "section47_start"},
}


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
    named = _named("children", rows)
    named["sex"] = rows["Sex"].where(rows["Sex"].notna(), rows["GenderCurrent"])
    child_id, _ = clean_texts(named["child_id"], IDENTIFIERS)
    identities = pd.DataFrame({"la_code": rows["la_code"], "child_id": child_id}).set_axis(rows["child"]).sort_index()
    return records.stack_children(named, log), identities


def stack_plans(
    rows: pd.DataFrame,
    identities: pd.DataFrame,
    children: pd.DataFrame,
    log: FindingLog,
    *,
    coverage: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.Series]:
    """The plans, one row each, with every fault of :mod:`...plan_faults` in the log.

    Parameters
    ----------
    rows, identities, children, log
        As in, and from, :func:`stack_children`.
    coverage : DataFrame, one row per file
        ``first_date``, ``extract_date``, and ``is_followed``: whether a file of a later year of the authority was read.

    Returns
    -------
    plans : DataFrame
        As in the schema, by authority, child and start.
    plan_of_row : Series of str
        ``plan_id`` by number of the plan row; missing where the plan was left out.
    """
    identified = _identified("plans", rows, identities, log)
    plans, links = records.stack_plans(identified, children, log, extracts=coverage)
    plan_of_row = pd.Series(links["plan_id"].array, index=identified["plan"].to_numpy()).reindex(range(len(rows)))
    return plans, plan_of_row


def stack_reviews(rows: pd.DataFrame, plan_of_row: pd.Series, plans: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The reviews of the plans that were kept, one row per plan and day; parameters as in :func:`stack_plans`."""
    named = _named("reviews", rows).rename(columns={"plan": "plan_row"})
    return records.stack_reviews(named, plan_of_row.to_frame("plan_id"), plans, log)


def stack_episodes(rows: pd.DataFrame, identities: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The episodes of need, one row per child and day of referral; parameters as in :func:`stack_plans`."""
    return records.stack_table("cin_episodes", _identified("cin_episodes", rows, identities, log), log)


def stack_assessments(rows: pd.DataFrame, identities: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The assessments, one row per child and day of start; parameters as in :func:`stack_plans`."""
    return records.stack_table("assessments", _identified("assessments", rows, identities, log), log)


def stack_conferences(rows: pd.DataFrame, identities: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The initial conferences, one row per child and day; parameters as in :func:`stack_plans`."""
    return records.stack_table("conferences", _identified("conferences", rows, identities, log), log)


def _named(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the schema's names; a file is an extract."""
    columns = {_COLUMNS[table].get(name, name): rows[name] for name in rows}
    return pd.DataFrame({**columns, "extract": rows["file"]}, index=rows.index, copy=False)


def _identified(table: str, rows: pd.DataFrame, identities: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The rows inside a child, with the child's identifier; the others are rejected."""
    is_outside = rows["child"] < 0
    log.add_rows("child-missing", table, REJECTED, rows[is_outside])
    inside = _named(table, rows[~is_outside] if is_outside.any() else rows)
    inside["child_id"] = identities["child_id"].array.take(inside["child"].to_numpy()).to_numpy(dtype=object)
    return inside
