"""From the tables of the Standard Safeguarding Dataset, as text, to rows by table of the schema.

Rows of tables that only add something to others (disabilities, assessment factors, links of families, enquiries,
professionals) are accounted for too: kept, or rejected where what they belong to is not in the data.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ...codes import is_not_given, without_decimals
from ...quality import REJECTED, FindingLog
from ..records.cleaning import says_nothing
from .fields import DAY, FIELDS, ID, RECORDS
from .sibling_links import link_siblings

_COLUMNS = {
    "pers_person_id": "child_id",
    "pers_sex": "sex",
    "pers_dob": "date_of_birth",
    "pers_expected_dob": "expected_date_of_birth",
    "pers_ethnicity": "ethnicity",
    "pers_death_date": "date_of_death",
    "cppl_cp_plan_id": "plan_id",
    "cppl_person_id": "child_id",
    "cppl_cp_plan_start_date": "start_date",
    "cppl_cp_plan_end_date": "end_date",
    "cppl_cp_plan_initial_category": "initial_category",
    "cppl_cp_plan_latest_category": "latest_category",
    "cppl_cp_plan_ola": "other_authority",
    "cppr_cp_plan_id": "plan_id",
    "cppr_person_id": "child_id",
    "cppr_cp_review_date": "review_date",
    "cppr_cp_review_quorate": "quorate",
    "cppr_cp_review_progress": "progress",
    "clae_person_id": "child_id",
    "clae_cla_episode_start_date": "start_date",
    "clae_cla_episode_ceased_date": "end_date",
    "cine_person_id": "child_id",
    "cine_referral_date": "referral_date",
    "cine_referral_source_code": "referral_source",
    "cine_cin_primary_need_code": "primary_need",
    "cine_close_date": "closure_date",
    "cine_close_reason": "closure_reason",
    "cina_person_id": "child_id",
    "cina_assessment_start_date": "start_date",
    "cina_assessment_auth_date": "authorisation_date",
    "icpc_person_id": "child_id",
    "icpc_icpc_date": "conference_date",
    "icpc_icpc_transfer_in": "transfer_in",
    "invo_person_id": "child_id",
    "invo_professional_id": "worker_id",
    "invo_involvement_start_date": "start_date",
    "invo_involvement_end_date": "end_date",
}
"""Field -> column of the schema."""

# Meetings without a day: planned, or not held.
_HELD_ON = {"reviews": "review_date", "conferences": "conference_date"}
# What extracts write where they leave a field to the authority, and the key of no record in one of the systems.
_PLACEHOLDERS = {"SSD_PH", "PLACEHOLDER_DATA", "NULL"}
_NO_RECORD = "-1"
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}.*")
_LEADING_ZERO = re.compile(r"0(\d)")
_YES, _NO = {"y", "yes", "true", "1"}, {"", "n", "no", "false", "0", "null"}


@dataclass
class SsdTables:
    """The SSD's tables as they were read.

    Attributes
    ----------
    label : str
        What was read, without credentials.
    tables : dict of SSD table to list of DataFrame
        ``file``, ``row`` and fields as text; one frame per file, view or sheet.
    left_out : Counter
        Rows that could not be read, by the table that reports name.
    skipped : Counter
        Files that hold no table that is read.
    """

    label: str
    tables: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)


@dataclass
class SsdRows:
    """Rows by table of the schema, and how many there are beside them.

    Attributes
    ----------
    rows : dict of str to DataFrame
        ``file``, ``row`` and the table's columns as text, for each table that the SSD has something for.
    n_beside : Counter
        Rows that are not in ``rows``: by table of the schema, those that were left out; by SSD table, those that add to
        records of other tables, or would have.
    """

    rows: dict[str, pd.DataFrame]
    n_beside: Counter[str] = field(default_factory=Counter)


def ssd_rows(tables: Mapping[str, pd.DataFrame], log: FindingLog) -> SsdRows:
    """Bring the SSD's tables to rows by table of the schema.

    Parameters
    ----------
    tables : mapping of SSD table to DataFrame
        ``file``, ``row`` and fields of `FIELDS` as text; any of them may be missing.
    log : FindingLog
        Gets a rejected finding for every row that is in no table of the result.
    """
    plain = {table: _plain(table, tables[table]) for table in FIELDS if table in tables}
    made = SsdRows({})
    for source, table in RECORDS.items():
        if source in plain:
            made.rows[table] = plain[source].rename(columns=_COLUMNS)
    _add_persons(made, plain, log)
    _add_factors(made, plain, log)
    _add_enquiries(made, plain)
    _add_workers(made, plain)
    for table, column in _HELD_ON.items():
        if table in made.rows:
            _leave_out_not_held(made, table, column, log)
    reviews = made.rows.get("reviews")
    if reviews is not None and reviews["plan_id"].isna().all():
        # A system without them: reviews then belong to the child's plan of that time.
        made.rows["reviews"] = reviews.drop(columns="plan_id")
    return made


def _plain(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """All fields, without the extract's words for a missing value, decimals of identifiers and times of dates."""
    plain = {name: rows[name] for name in ("file", "row", "line") if name in rows}
    for name, about in FIELDS[table].items():
        if name in rows:
            numbers, different = pd.factorize(rows[name].to_numpy(dtype=object))
            texts = np.array([*(_plain_text(text, about.kind) for text in different), None], dtype=object)
            plain[name] = pd.Series(texts[numbers], index=rows.index)
        else:
            plain[name] = pd.Series(None, index=rows.index, dtype=object)
    return pd.DataFrame(plain)


def _plain_text(text: str, kind: str) -> str | None:
    text = text.strip()
    if not text or text.upper() in _PLACEHOLDERS:
        return None
    if kind == ID:
        return None if text == _NO_RECORD else without_decimals(text)
    match = _TIMESTAMP.fullmatch(text) if kind == DAY else None
    return match[1] if match else text


def _add_persons(made: SsdRows, plain: Mapping[str, pd.DataFrame], log: FindingLog) -> None:
    """Sex, family and disabilities of the children."""
    if "children" not in made.rows:
        for table in ("ssd_disability", "ssd_family", "ssd_mother"):
            _account(made, table, plain, None, log)
        return
    children = made.rows["children"]
    persons = children["child_id"]
    gender = children["pers_gender"].str.replace(_LEADING_ZERO, r"\1", regex=True)
    children["sex"] = children["sex"].where(children["sex"].notna(), gender)
    is_known = {
        table: plain[table][column].isin(persons.dropna()) & plain[table][column].notna()
        for table, column in _PERSON_OF.items()
        if table in plain
    }
    for table in _PERSON_OF:
        _account(made, table, plain, is_known.get(table), log)
    if "ssd_disability" in plain:
        codes = plain["ssd_disability"][is_known["ssd_disability"]]
        children["disabilities"] = _joined(codes, "disa_person_id", "disa_disability_code", persons)
    groups = [_links(plain, table, *names) for table, names in _LINKS.items()]
    children["family_id"] = link_siblings(persons, *groups).to_numpy(dtype=object, na_value=None)


_PERSON_OF = {
    "ssd_disability": "disa_person_id",
    "ssd_family": "fami_person_id",
    "ssd_mother": "moth_childs_person_id",
}
_LINKS = {
    "ssd_family": ("fami_person_id", "fami_family_id"),
    "ssd_mother": ("moth_childs_person_id", "moth_person_id"),
}


def _links(plain: Mapping[str, pd.DataFrame], table: str, person: str, group: str) -> pd.DataFrame:
    if table not in plain:
        return pd.DataFrame({"person": [], "group": []}, dtype="string")
    return pd.DataFrame({"person": plain[table][person], "group": plain[table][group]}).astype("string")


def _add_factors(made: SsdRows, plain: Mapping[str, pd.DataFrame], log: FindingLog) -> None:
    if "assessments" not in made.rows:
        _account(made, "ssd_assessment_factors", plain, None, log)
        return
    assessments = made.rows["assessments"]
    if "ssd_assessment_factors" not in plain:
        return
    found = plain["ssd_assessment_factors"]
    is_known = found["cinf_assessment_id"].notna() & found["cinf_assessment_id"].isin(assessments["cina_assessment_id"])
    _account(made, "ssd_assessment_factors", plain, is_known, log)
    numbers, different = pd.factorize(found["cinf_assessment_factors_json"].to_numpy(dtype=object))
    texts = np.array([*map(factor_codes, different), None], dtype=object)[numbers]
    found = found.assign(factors=texts)[is_known]
    assessments["factors"] = _joined(found, "cinf_assessment_id", "factors", assessments["cina_assessment_id"])


def _add_enquiries(made: SsdRows, plain: Mapping[str, pd.DataFrame]) -> None:
    """The start of the enquiry that led to a conference."""
    if "ssd_s47_enquiry" not in plain:
        return
    enquiries = plain["ssd_s47_enquiry"]
    made.n_beside["ssd_s47_enquiry"] += len(enquiries)
    if "conferences" in made.rows:
        starts = _first(enquiries, "s47e_s47_enquiry_id")["s47e_s47_start_date"]
        conferences = made.rows["conferences"]
        conferences["section47_start"] = _looked_up(conferences["icpc_s47_enquiry_id"], starts)


def _add_workers(made: SsdRows, plain: Mapping[str, pd.DataFrame]) -> None:
    """Whether an agency employs the worker; the child of a referral where an involvement names only that."""
    if "ssd_professionals" in plain:
        made.n_beside["ssd_professionals"] += len(plain["ssd_professionals"])
    if "involvements" not in made.rows:
        return
    involvements = made.rows["involvements"]
    if "ssd_professionals" in plain:
        flags = _first(plain["ssd_professionals"], "prof_professional_id")["prof_agency_worker_flag"]
        involvements["agency_worker"] = _looked_up(involvements["worker_id"], flags)
    if "ssd_cin_episodes" in plain:
        children = _first(plain["ssd_cin_episodes"], "cine_referral_id")["cine_person_id"]
        of_referral = _looked_up(involvements["invo_referral_id"], children)
        involvements["child_id"] = involvements["child_id"].where(involvements["child_id"].notna(), of_referral)


def _leave_out_not_held(made: SsdRows, table: str, column: str, log: FindingLog) -> None:
    rows = made.rows[table]
    is_planned = says_nothing(rows[column])
    log.add_rows("not-held", table, REJECTED, rows[is_planned], column=column)
    made.rows[table] = rows[~is_planned]
    made.n_beside[table] += int(is_planned.sum())


def _account(
    made: SsdRows, table: str, plain: Mapping[str, pd.DataFrame], is_known: pd.Series | None, log: FindingLog
) -> None:
    """Count the rows of a table that adds to others, and reject those that belong to nothing in the data."""
    if table not in plain:
        return
    rows = plain[table]
    made.n_beside[table] += len(rows)
    log.add_rows("record-unlinked", table, REJECTED, rows if is_known is None else rows[~is_known])


def _first(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    return rows[rows[key].notna()].drop_duplicates(key).set_index(key)


def _looked_up(keys: pd.Series, values: pd.Series) -> pd.Series:
    """The value of each key as text, None where there is none."""
    found = values.reindex(keys.where(keys.notna(), None)).to_numpy(dtype=object)
    return pd.Series(np.where(pd.isna(found), None, found), index=keys.index, dtype=object)


def _joined(rows: pd.DataFrame, key: str, column: str, keys: pd.Series) -> pd.Series:
    """The texts of each key, joined by semicolons, in the order of ``keys``."""
    given = rows[rows[column].notna()].drop_duplicates([key, column])
    return _looked_up(keys, given.groupby(key, sort=False)[column].agg(";".join))


def factor_codes(text: str) -> str | None:
    """The factors of an assessment, joined by semicolons, from what the SSD calls JSON.

    An array of codes, or an object of codes with yes or no; where it is neither, the text without brackets and
    quotation marks, so that what is no code is found where codes are read.

    Examples
    --------
    >>> factor_codes('["1A", "2B"]'), factor_codes('{"1A": "Yes", "2B": "No"}'), factor_codes("[]")
    ('1A;2B', '1A', None)
    """
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        parts = [part.partition(":") for part in re.split("[;,]", re.sub(r"[\[\]{}'\"]", "", text))]
        value = [item for code, colon, answer in parts for item in (_answered(code, answer) if colon else [code])]
    if isinstance(value, dict):
        value = [part for code, answer in value.items() for part in _answered(code, answer)]
    parts = value if isinstance(value, list) else [value]
    texts = [part.strip() if isinstance(part, str) else json.dumps(part) for part in parts if part is not None]
    return ";".join(part for part in texts if part and not is_not_given(part)) or None


def _answered(code: str, answer: object) -> list[object]:
    """What one member of an object of factors says: its name, nothing, or an array; or something that is no code."""
    if isinstance(answer, list):
        return answer
    word = str(answer).strip().lower()
    if word in _YES:
        return [code]
    return [] if answer is None or word in _NO else [f"{code}: {word}"]
