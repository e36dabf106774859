"""The tables and fields of the Standard Safeguarding Dataset (SSD) that are read, and how their names vary.

Source: the SSD's specification (data-to-insight/ssd-data-model). Each field's name begins with four letters that belong
to its table alone, so that a table is known by its fields whatever its file or view is called.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ID, DAY, TEXT = "identifier", "date", "text"
"""What a field holds."""


@dataclass(frozen=True)
class Field:
    """One field: what it holds, and other names for it in earlier versions and in some systems."""

    kind: str
    aliases: tuple[str, ...] = ()


FIELDS = {
    "ssd_person": {
        "pers_person_id": Field(ID),
        "pers_sex": Field(TEXT),
        "pers_gender": Field(TEXT),
        "pers_ethnicity": Field(TEXT),
        "pers_dob": Field(DAY),
        "pers_expected_dob": Field(DAY),
        "pers_death_date": Field(DAY),
    },
    "ssd_family": {"fami_family_id": Field(ID), "fami_person_id": Field(ID)},
    "ssd_mother": {
        "moth_person_id": Field(ID),
        "moth_childs_person_id": Field(ID, ("moth_child_person_id",)),
    },
    "ssd_disability": {"disa_person_id": Field(ID), "disa_disability_code": Field(TEXT)},
    "ssd_cin_episodes": {
        "cine_referral_id": Field(ID),
        "cine_person_id": Field(ID),
        "cine_referral_date": Field(DAY),
        "cine_cin_primary_need_code": Field(TEXT, ("cine_cin_primary_need",)),
        "cine_referral_source_code": Field(TEXT, ("cine_referral_source",)),
        "cine_close_date": Field(DAY),
        "cine_close_reason": Field(TEXT),
    },
    "ssd_cin_assessments": {
        "cina_assessment_id": Field(ID),
        "cina_person_id": Field(ID),
        "cina_assessment_start_date": Field(DAY),
        "cina_assessment_auth_date": Field(DAY),
    },
    "ssd_assessment_factors": {
        "cinf_assessment_id": Field(ID),
        "cinf_assessment_factors_json": Field(TEXT, ("cinf_assessment_factors",)),
    },
    "ssd_s47_enquiry": {
        "s47e_s47_enquiry_id": Field(ID),
        "s47e_person_id": Field(ID),
        "s47e_s47_start_date": Field(DAY),
    },
    "ssd_initial_cp_conference": {
        "icpc_person_id": Field(ID),
        "icpc_s47_enquiry_id": Field(ID),
        "icpc_icpc_date": Field(DAY),
        "icpc_icpc_transfer_in": Field(TEXT),
    },
    "ssd_cp_plans": {
        "cppl_cp_plan_id": Field(ID),
        "cppl_person_id": Field(ID),
        "cppl_cp_plan_start_date": Field(DAY),
        "cppl_cp_plan_end_date": Field(DAY),
        "cppl_cp_plan_ola": Field(TEXT),
        "cppl_cp_plan_initial_category": Field(TEXT),
        "cppl_cp_plan_latest_category": Field(TEXT),
    },
    "ssd_cp_reviews": {
        "cppr_person_id": Field(ID),
        "cppr_cp_plan_id": Field(ID),
        "cppr_cp_review_date": Field(DAY),
        "cppr_cp_review_quorate": Field(TEXT),
        # No item of the SSD: authorities that record it add it under a name of this form.
        "cppr_cp_review_progress": Field(TEXT),
    },
    "ssd_cla_episodes": {
        "clae_person_id": Field(ID),
        "clae_cla_episode_start_date": Field(DAY),
        "clae_cla_episode_ceased_date": Field(DAY, ("clae_cla_episode_ceased",)),
        "clae_entered_care_date": Field(DAY),
    },
    "ssd_involvements": {
        "invo_professional_id": Field(ID),
        "invo_involvement_start_date": Field(DAY),
        "invo_involvement_end_date": Field(DAY),
        "invo_person_id": Field(ID),
        "invo_referral_id": Field(ID),
    },
    "ssd_professionals": {
        "prof_professional_id": Field(ID),
        "prof_agency_worker_flag": Field(TEXT, ("prof_agency_worker",)),
    },
}
"""Table -> its fields that are read."""

RECORDS = {
    "ssd_person": "children",
    "ssd_cp_plans": "plans",
    "ssd_cp_reviews": "reviews",
    "ssd_cla_episodes": "care_episodes",
    "ssd_cin_episodes": "cin_episodes",
    "ssd_cin_assessments": "assessments",
    "ssd_initial_cp_conference": "conferences",
    "ssd_involvements": "involvements",
}
"""SSD table -> the table of the schema whose rows it holds; the other tables add to these."""

NEEDED = ("ssd_cp_plans", ("cppl_person_id", "cppl_cp_plan_start_date"))
"""The table without which nothing can be read, and the fields that it must have."""

# Tables of the SSD that are not read: known, so that their files are not mistaken for others.
_OTHER_TABLES = {
    *("address", "api_data_staging", "care_leavers", "cin_plans", "cin_visits", "cla_care_plan", "cla_convictions"),
    *("cla_health", "cla_immunisations", "cla_placement", "cla_previous_permanence", "cla_reviews", "cla_visits"),
    *("cla_substance_misuse", "contacts", "cp_visits", "department", "early_help_episodes", "ehcp_active_plans"),
    *("ehcp_assessment", "ehcp_named_plan", "ehcp_requests", "immigration_status", "legal_status", "missing"),
    *("linked_identifiers", "permanence", "pre_proceedings", "s251_finance", "sdq_scores", "sen_need", "send"),
    *("version_log", "voice_of_child"),
}
_WORD = re.compile(r"[a-z0-9]+")


def table_of(name: str, columns: Iterable[str] = ()) -> str | None:
    """The SSD table that a file, table or view of this name holds; by its columns first, as they cannot be mistaken.

    Examples
    --------
    >>> table_of("dbo.SSD_CP_Plans_2024-03-31.csv"), table_of("export7", ["cppl_person_id", "cppl_cp_plan_id"])
    ('ssd_cp_plans', 'ssd_cp_plans')
    >>> table_of("ssd_cp_visits") is None
    True
    """
    given = {plain_name(column) for column in columns}
    hits = {
        table: sum(bool(given & {name, *about.aliases}) for name, about in fields.items())
        for table, fields in FIELDS.items()
    }
    best = max(hits, key=lambda table: hits[table])
    if hits[best] >= 2:
        return best
    words = "_".join(_WORD.findall(name.lower()))
    known = [table.removeprefix("ssd_") for table in FIELDS]
    found = [table for table in (*known, *_OTHER_TABLES) if f"_{table}_" in f"_{words}_"]
    longest = max(found, key=len, default=None)
    return f"ssd_{longest}" if longest in known else None


def match_columns(table: str, columns: Sequence[str]) -> dict[str, str]:
    """The columns that hold fields of ``table``: column to field.

    Names may have any case, blanks around them, a table before a dot, or lack the four letters of their table.

    Examples
    --------
    >>> match_columns("ssd_mother", ["MOTH_PERSON_ID", "ssd_mother.moth_childs_person_id", "moth_table_id"])
    {'MOTH_PERSON_ID': 'moth_person_id', 'ssd_mother.moth_childs_person_id': 'moth_childs_person_id'}
    """
    names: dict[str, str] = {}
    for field, about in FIELDS[table].items():
        for name in (field, *about.aliases):
            names.setdefault(name, field)
    for name, field in list(names.items()):
        names.setdefault(name.partition("_")[2], field)
    matched: dict[str, str] = {}
    for column in columns:
        meant = names.get(plain_name(column))
        if meant is not None and meant not in matched.values():
            matched[column] = meant
    return matched


def plain_name(column: str) -> str:
    """A column's name in small letters, without blanks, quotation marks, brackets, and the table before it."""
    return column.strip().rpartition(".")[2].strip(" \"'`[]\ufeff").lower()
