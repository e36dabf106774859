"""What every reader ends with: rows of text by table become `Plans` and a `QualityReport` that accounts for each row.

The contract
------------
A reader turns its files into one frame of rows for each table of the schema that it has something for, and says what
its extracts cover. It does not judge values; everything else happens here, the same for every source.

``rows[table]``, one row for each record as it stands in the source, in any order:

- ``file`` (int): position in ``log.files`` of the file, or sheet, that the row is in; ``row`` (int, from 1): its number
  there, as a person sees it; a pair of both occurs once in a table; ``line`` (int, optional): its line.
- ``extract`` (int): position in ``extracts`` of the extract that the row belongs to. Extracts are in the order in which
  they are to be believed, the last the most. Copies within one extract are duplicates; across extracts a record is
  carried forward.
- ``la_code``: three digits, `UNKNOWN_AUTHORITY` where not known, never missing.
- any columns of the table, named as in the schema, as text that the source holds, stripped of blanks at both ends;
  None where nothing came (also the format's own word for a missing value, as SQL's NULL, which is no finding). Dates
  that the source holds as dates come as ``yyyy-mm-dd``; whole numbers as digits; several codes joined by semicolons.
  Columns left out are missing; columns that the table does not have are ignored.
- ``plans`` may have ``plan_id``, the source's own; where there is none, or one stands for several plans, the identifier
  is made of authority, child and start.
- ``reviews`` are tied to their plan by ``plan_row`` (label in the index of ``rows["plans"]``), or by the source's
  ``plan_id``, or by ``child_id`` (the plan that began last before the review): the first of these that is a column.

A record whose child has no row in ``children`` is kept, and so is the child, with nothing known of it.

What becomes of a row is in `QualityReport`: kept, repaired, merged or rejected. The counts are of the rows given here;
what a reader passed over before that goes into ``skipped``, by kind.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ...columns import COLUMNS
from ...observation import observed_spans
from ...quality import KEPT, NOTED, FindingLog, QualityReport
from ...schema import column_names
from ...store import Plans
from .records import stack_children, stack_plans, stack_reviews, stack_table
from .restated_plans import DAYS_UNTIL_RECORDED

_PLAIN_TABLES = ("care_episodes", "cin_episodes", "assessments", "conferences", "involvements")


def combine_rows(
    source: str,
    rows: Mapping[str, pd.DataFrame],
    extracts: pd.DataFrame,
    log: FindingLog,
    *,
    skipped: Mapping[str, int] | None = None,
) -> tuple[Plans, QualityReport]:
    """Clean, stack and check the rows of a source.

    Parameters
    ----------
    source : str
        What was read, in words, for the report.
    rows : mapping of table to DataFrame
        See the module's contract. Tables left out are empty.
    extracts : DataFrame
        ``la_code``, ``first_date``, ``extract_date`` (datetime64[us], missing where not known), ``source`` (text): the
        extract table of the schema, one row per extract and authority.
    log : FindingLog
        With ``files``, and with what the reader itself found.
    skipped : mapping of str to int, optional
        What was passed over, by kind.

    Returns
    -------
    plans : Plans
    report : QualityReport
    """
    given = {table: _in_order(rows[table]) for table in rows}
    last = extracts.groupby("la_code")["extract_date"].transform("max")
    recorded = extracts["extract_date"] - pd.Timedelta(days=DAYS_UNTIL_RECORDED)
    extracts = extracts.assign(is_followed=extracts["extract_date"] < last, recorded_until=recorded)
    extracts = extracts.reset_index(drop=True)
    empty = pd.DataFrame({"file": [], "row": [], "extract": []}, dtype=np.int64).assign(la_code=None)

    latest = extracts["extract_date"].max()
    until = None if pd.isna(latest) else latest.date()
    children = stack_children(given.get("children", empty), log, until=until)
    plans, links = stack_plans(given.get("plans", empty), children, log, extracts=extracts, until=until)
    tables = {
        "children": children,
        "plans": plans,
        "reviews": stack_reviews(given.get("reviews", empty.assign(plan_id=None)), links, plans, log, until=until),
    }
    tables |= {table: stack_table(table, given[table], log, until=until) for table in _PLAIN_TABLES if table in given}
    n_stored = {table: len(frame) for table, frame in tables.items()}
    tables["children"] = _with_undescribed(tables, log)
    _note_gaps(extracts, log)
    stored = Plans(
        **{name: frame[column_names(name)] for name, frame in tables.items()},
        extract=extracts[column_names("extract")],
    )
    n_read = {table: len(given[table]) for table in COLUMNS if table in given}
    return stored, QualityReport.of(source, n_read, n_stored, log.to_frame(), skipped)


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """By extract, the last to be believed last; the index stays, as reviews refer to it."""
    return rows.sort_values("extract", kind="stable")


def _with_undescribed(tables: Mapping[str, pd.DataFrame], log: FindingLog) -> pd.DataFrame:
    """The children, with those who have records but no row of their own; a finding at the first record of each."""
    keys = ["la_code", "child_id"]
    children = tables["children"]
    described = pd.MultiIndex.from_frame(children[keys])
    for table in ("plans", *_PLAIN_TABLES):
        if table not in tables:
            continue
        records = tables[table]
        is_new = ~pd.MultiIndex.from_frame(records[keys]).isin(described)
        first = records[is_new].drop_duplicates(keys)
        log.add_rows("child-not-described", table, KEPT, first)
        if len(first):
            children = pd.concat([children, first[keys]], ignore_index=True)
            described = pd.MultiIndex.from_frame(children[keys])
    return children.sort_values(keys, kind="stable", ignore_index=True)


def _note_gaps(extracts: pd.DataFrame, log: FindingLog) -> None:
    spans = observed_spans(extracts, pd.Series(dtype="string"))
    for _ in range(len(spans) - spans["la_code"].nunique()):
        log.add("year-missing", "extract", NOTED)
