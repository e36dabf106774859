"""From rows of any source, as text, to the records of one table: values, one record for each thing, and findings.

The rows come as :mod:`.combining` says. A child is known by authority and identifier, a plan by child and start date,
an episode of need by child and referral date, a period in care, an assessment or a conference by child and its first
date, a worker's period by child, worker and start, a review by plan and date. Rows of one record are joined
(:mod:`.stacking`), episodes and placements to periods in care (:mod:`.care_periods`); values are cleaned before that
(:mod:`.cleaning`).

Nothing is guessed, and no plan is dropped because of one wrong value: a dropped plan would make the next one look like
the first. A plan is rejected only when it cannot be placed: no child identifier, no readable start date.
"""

from datetime import date, timedelta

import pandas as pd

from ...columns import COLUMNS, DATE
from ...dates import UNREADABLE, read_date
from ...plan_faults import find_plan_faults, find_review_faults
from ...quality import KEPT, NOTED, REJECTED, REPAIRED, FindingLog
from .care_periods import join_periods
from .cleaning import CLEANERS, IDENTIFIERS, clean_columns, clean_texts, date_cleaner
from .resembling import resembles_another
from .restated_plans import settle_starts, start_by_name
from .stacking import PLACE, replace_columns, stack_rows, take_rows

KEYS = {
    "children": ("la_code", "child_id"),
    "plans": ("la_code", "child_id", "start_date"),
    "reviews": ("plan_id", "review_date"),
    "care_episodes": ("la_code", "child_id", "start_date"),
    "cin_episodes": ("la_code", "child_id", "referral_date"),
    "assessments": ("la_code", "child_id", "start_date"),
    "conferences": ("la_code", "child_id", "conference_date"),
    "involvements": ("la_code", "child_id", "worker_id", "start_date"),
}
"""Table -> the columns by whose values a record is known."""

# Table -> first day, last day (missing while it goes on), and the finding where the last is before the first.
_PERIODS = {
    "plans": ("start_date", "end_date", "end-before-start"),
    "care_episodes": ("start_date", "end_date", "period-end-before-start"),
    "cin_episodes": ("referral_date", "closure_date", "closure-before-referral"),
    "involvements": ("start_date", "end_date", "period-end-before-start"),
}
LONGEST_EXPECTED = timedelta(days=300)
"""A birth may be expected so long after the last day seen."""
# What is recorded when nothing is known must not win over what an earlier extract knew.
_NOTHING_KNOWN = {"sex": "0", "ethnicity": "NOBT"}


def stack_children(rows: pd.DataFrame, log: FindingLog, *, until: date | None = None) -> pd.DataFrame:
    """The children, one row each, by authority and child.

    Parameters
    ----------
    rows : DataFrame
        Place, ``la_code`` and columns of the table as text.
    log : FindingLog
    until : date, optional
        The last day that dates with a year of two digits may give; by default today.

    Returns
    -------
    DataFrame
        As in the schema.
    """
    cleaned, is_lost = _clean("children", rows, log, until)
    known = _left(cleaned, is_lost)
    told = {name: known[name].mask(known[name] == code) for name, code in _NOTHING_KNOWN.items()}
    keys = list(KEYS["children"])
    children = stack_rows(replace_columns(known, told), "children", keys, log)
    for name, code in _NOTHING_KNOWN.items():
        said = pd.MultiIndex.from_frame(known.loc[(known[name] == code).fillna(False).astype(bool), keys])
        lacking = children.loc[children[name].isna(), keys]
        children.loc[lacking.index[pd.MultiIndex.from_frame(lacking).isin(said)], name] = code
    unborn = children["date_of_birth"].isna() & children["expected_date_of_birth"].isna()
    log.add_rows("birth-date-missing", "children", KEPT, children[unborn])
    log.add_rows("identifier-resembles", "children", KEPT, children[resembles_another(children, children)])
    return _finished("children", children)


def stack_plans(
    rows: pd.DataFrame,
    children: pd.DataFrame,
    log: FindingLog,
    *,
    extracts: pd.DataFrame,
    until: date | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The plans, one row each, with every fault of :mod:`...plan_faults` in the log.

    Parameters
    ----------
    rows, log, until
        As in :func:`stack_children`.
    children : DataFrame
        From :func:`stack_children`.
    extracts : DataFrame, one row per extract
        ``la_code``, ``first_date``, ``extract_date`` (missing where not known), ``recorded_until`` (the last start of a
        plan that must be in it), and ``is_followed``: whether a later extract of the authority was read.

    Returns
    -------
    plans : DataFrame
        As in the schema, by authority, child and start.
    links : DataFrame, one row per row of ``rows``
        ``la_code``, ``child_id``, ``source_id`` (the source's own), ``start_date`` and ``plan_id``, which is missing
        where the plan was left out.
    """
    cleaned, is_lost = _clean("plans", rows, log, until)
    cleaned = _without_reversed_ends("plans", cleaned, log)
    is_open = rows["end_date"].notna() & cleaned["end_date"].isna() if "end_date" in rows else is_lost & False
    in_doubt = rows.loc[is_open, "end_date"] if is_open.any() else pd.Series(dtype=object)
    is_unreadable = in_doubt.map(lambda text: read_date(text, until=until)[1] == UNREADABLE).reindex(
        rows.index, fill_value=False
    )
    cleaned["is_closing_unusable"] = cleaned["is_closing_unusable"] | is_unreadable.astype(bool)
    _log_dates_outside(cleaned, is_lost, extracts, log)

    kept = settle_starts(start_by_name(_left(cleaned, is_lost), log), extracts, log)
    keys = list(KEYS["plans"])
    plans = stack_rows(kept, "plans", keys, log, closing="end_date", reopened="plan-reopened")
    if plans.empty and len(rows):
        log.add("no-plan-kept", "plans", NOTED)
    plans["plan_id"] = _plan_ids(plans, log)
    log.add_rows("identifier-resembles", "plans", KEPT, plans[resembles_another(plans, children)])
    is_followed = extracts["is_followed"].reindex(plans["last_extract"]).to_numpy(dtype=bool)
    log.add_rows("plan-not-carried-forward", "plans", KEPT, plans[plans["end_date"].isna() & is_followed])
    for code, mask in find_plan_faults(plans, children).items():
        log.add_rows(code, "plans", KEPT, plans[mask])
    record = kept.groupby(keys, sort=False).ngroup().to_numpy()
    placed = {"start_date": kept["start_date"], "plan_id": pd.Series(plans["plan_id"].array.take(record), kept.index)}
    links = cleaned[["la_code", "child_id", "plan_id"]].rename(columns={"plan_id": "source_id"})
    links = links.join(pd.DataFrame(placed, copy=False))
    return _finished("plans", plans), links


def stack_reviews(
    rows: pd.DataFrame, links: pd.DataFrame, plans: pd.DataFrame, log: FindingLog, *, until: date | None = None
) -> pd.DataFrame:
    """The reviews of the plans that were kept, one row per plan and day.

    Parameters
    ----------
    rows : DataFrame
        As in :func:`stack_children`, with ``plan_row`` (index of the plan's row), or else ``plan_id`` (the source's),
        or else ``child_id``: the review then belongs to the plan that began last before it.
    links, plans : DataFrame
        From :func:`stack_plans`.
    log, until
        As in :func:`stack_children`.
    """
    dated, is_undated = _clean("reviews", rows, log, until, with_child=False)
    if "plan_row" in rows:
        found = links["plan_id"].reindex(rows["plan_row"]).array
        is_unknown = pd.Series(False, index=rows.index)
    else:
        found, is_unknown = _plans_reviewed(rows, dated["review_date"], links)
    dated["plan_id"] = pd.array(found, dtype="string")
    is_lost = dated["plan_id"].isna()
    log.add_rows("plan-missing", "reviews", REJECTED, rows[is_lost & is_unknown])
    log.add_rows("plan-left-out", "reviews", REJECTED, rows[is_lost & ~is_unknown])
    is_lost |= is_undated
    is_early = find_review_faults(dated, plans)["review-not-after-start"] & ~is_lost
    log.add_rows("review-not-after-start", "reviews", REJECTED, dated[is_early])
    reviews = stack_rows(_left(dated, is_lost | is_early), "reviews", KEYS["reviews"], log)
    log.add_rows("review-after-end", "reviews", KEPT, reviews[find_review_faults(reviews, plans)["review-after-end"]])
    return _finished("reviews", reviews)


def stack_table(table: str, rows: pd.DataFrame, log: FindingLog, *, until: date | None = None) -> pd.DataFrame:
    """The records of a table that needs no other: episodes, assessments, conferences, involvements."""
    cleaned, is_lost = _clean(table, rows, log, until)
    closing = None
    if table in _PERIODS:
        closing = _PERIODS[table][1]
        cleaned = _without_reversed_ends(table, cleaned, log)
    if table == "care_episodes":
        return _finished(table, join_periods(_left(cleaned, is_lost), log))
    return _finished(table, stack_rows(_left(cleaned, is_lost), table, KEYS[table], log, closing=closing))


def _clean(
    table: str, rows: pd.DataFrame, log: FindingLog, until: date | None, *, with_child: bool = True
) -> tuple[pd.DataFrame, pd.Series]:
    """Values of the table's columns, and which rows cannot be placed and are rejected."""
    cleaners = dict(CLEANERS[table])
    if until is not None:
        later = {"expected_date_of_birth": until + LONGEST_EXPECTED}
        dates = [name for name, cleaner in cleaners.items() if cleaner.kind == DATE]
        cleaners |= {name: date_cleaner(later.get(name, until)) for name in dates}
    names = [name for name in (*PLACE, "la_code", "begins_anew", *cleaners) if name in rows]
    missing = pd.Series(None, index=rows.index, dtype=object)
    cleaned = replace_columns(rows[[]], {name: rows[name] for name in names})
    cleaned = replace_columns(cleaned, {name: missing for name in cleaners if name not in rows})
    is_nobody = pd.Series(False, index=rows.index)
    if with_child:
        cleaned, _ = clean_columns(cleaned, table, {"child_id": cleaners.pop("child_id", IDENTIFIERS)}, log)
        is_nobody = cleaned["child_id"].isna()
        log.add_rows("child-id-missing", table, REJECTED, rows[is_nobody])
    required = [name for name in KEYS[table] if name in cleaners]
    cleaned, is_lost = clean_columns(cleaned, table, cleaners, log, required=required)
    return cleaned, is_lost | is_nobody


def _left(rows: pd.DataFrame, is_lost: pd.Series) -> pd.DataFrame:
    return rows[~is_lost] if is_lost.any() else rows


def _without_reversed_ends(table: str, cleaned: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The rows without the last days that come before the first, and ``is_closing_unusable``: where that is so."""
    first, last, code = _PERIODS[table]
    is_reversed = cleaned[last] < cleaned[first]
    log.add_rows(code, table, REPAIRED, cleaned[is_reversed], column=last)
    return replace_columns(cleaned, {last: cleaned[last].mask(is_reversed), "is_closing_unusable": is_reversed})


def _log_dates_outside(cleaned: pd.DataFrame, is_lost: pd.Series, extracts: pd.DataFrame, log: FindingLog) -> None:
    spans = extracts.loc[cleaned["extract"], ["first_date", "extract_date"]].set_axis(cleaned.index)
    for name in ("start_date", "end_date"):
        is_late = ~is_lost & (cleaned[name] > spans["extract_date"])
        log.add_rows("after-extract", "plans", KEPT, cleaned[is_late], column=name)
    is_early = ~is_lost & (cleaned["end_date"] < spans["first_date"])
    log.add_rows("before-extract", "plans", KEPT, cleaned[is_early], column="end_date")


def _plan_ids(plans: pd.DataFrame, log: FindingLog) -> pd.Series:
    """The source's identifier where it names one plan only, else authority, child and start."""
    made = (
        plans["la_code"].astype("string") + "-" + plans["child_id"] + "-" + plans["start_date"].dt.strftime("%Y-%m-%d")
    )
    given = plans["plan_id"]
    is_shared = given.notna() & (given.duplicated(keep=False) | (given.isin(made) & (given != made)))
    log.add_rows("plan-id-shared", "plans", KEPT, plans[is_shared.fillna(False).astype(bool)], column="plan_id")
    return given.mask(is_shared).fillna(made)


def _plans_reviewed(rows: pd.DataFrame, dates: pd.Series, links: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The plan of each review by the source's identifier or by child, and whether there is no such plan at all.

    Where several plans come into question it is the one that began last before the review.
    """
    by = "plan_id" if "plan_id" in rows else "child_id"
    names, _ = clean_texts(rows[by], IDENTIFIERS)
    asked = pd.DataFrame({"la_code": rows["la_code"].astype("string"), "name": names, "date": dates})
    known = links.rename(columns={"source_id": "name"} if by == "plan_id" else {"child_id": "name"})
    known = known[["la_code", "name", "start_date", "plan_id"]].astype({"la_code": "string"})
    first = known[known["plan_id"].notna() & known["name"].notna()].sort_values("start_date", kind="stable")
    reviews = asked[dates.notna() & names.notna()].sort_values("date", kind="stable")
    found = reviews["name"]  # where there are none: pandas 3 matches no empty frames by texts
    if len(reviews):
        found = pd.merge_asof(
            reviews,
            first,
            left_on="date",
            right_on="start_date",
            by=["la_code", "name"],
            allow_exact_matches=False,
        ).set_axis(reviews.index)["plan_id"]
    # A review before every plan still belongs to one of them: it is rejected for its date.
    some = first.drop_duplicates(["la_code", "name"])
    other = asked.merge(some, on=["la_code", "name"], how="left").set_axis(asked.index)["plan_id"]
    pairs = pd.MultiIndex.from_frame(asked[["la_code", "name"]])
    is_known = pairs.isin(pd.MultiIndex.from_frame(known[["la_code", "name"]])) & names.notna().to_numpy()
    return found.reindex(asked.index).fillna(other), pd.Series(~is_known, index=rows.index)


def _finished(table: str, records: pd.DataFrame) -> pd.DataFrame:
    """The schema's columns, and the place of the row that stands for the record, by the table's key."""
    keys = list(KEYS[table])
    missing = {name: pd.NA for name in COLUMNS[table] if name not in records}
    order = records[keys].reset_index(drop=True).sort_values(keys, kind="stable").index.to_numpy()
    return take_rows(records, order).assign(**missing)
