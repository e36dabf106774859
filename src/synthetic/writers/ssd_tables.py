"""The tables of the Standard Safeguarding Dataset (SSD), made of plans as each case-management system fills them.

=================  =============================  ==============================  ===========================
what               ``systemc``                    ``mosaic``                      ``eclipse``
=================  =============================  ==============================  ===========================
category           code                           words                           words
identifiers        text                           whole numbers                   text
siblings           ``ssd_family``                 ``ssd_mother``                  both
factors            array                          array                           object of yes and no
not there          nothing                        ``cppl_cp_plan_ola``,           nothing
                                                  ``cppr_person_id``,
                                                  ``invo_person_id``
missing (CSV)      ``NULL``                       empty                           ``NULL``
dates (CSV)        ``2018-03-31 00:00:00.000``    ``31/03/2018``                  ``2018-03-31T00:00:00``
=================  =============================  ==============================  ===========================

The format holds one authority, and neither the number of previous plans nor the absent agencies. The progress of plans
is no item of its own; it stands in a field that an authority may add, ``cppr_cp_review_progress``.
"""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ...plans.codes import CATEGORIES, FACTORS
from .one_authority import SEX_LETTERS, placements

_MULTIPLE = "Multiple Categories of Abuse"


@dataclass(frozen=True)
class SsdSystem:
    """How a case-management system fills the SSD.

    Attributes
    ----------
    category_words, whole_numbers, factor_answers : bool
        Whether categories are words, identifiers whole numbers, factors an object of yes and no.
    links : set of str
        Of ``ssd_family`` and ``ssd_mother``, those it has.
    absent : frozenset of str
        Fields that it does not have.
    missing, date_format : str
        In CSV.
    """

    category_words: bool
    whole_numbers: bool
    factor_answers: bool
    links: frozenset[str]
    absent: frozenset[str]
    missing: str
    date_format: str


SYSTEMS = {
    "systemc": SsdSystem(False, False, False, frozenset({"ssd_family"}), frozenset(), "NULL", "%Y-%m-%d 00:00:00.000"),
    "mosaic": SsdSystem(
        True,
        True,
        False,
        frozenset({"ssd_mother"}),
        frozenset({"cppl_cp_plan_ola", "cppr_person_id", "invo_person_id"}),
        "",
        "%d/%m/%Y",
    ),
    "eclipse": SsdSystem(
        True, False, True, frozenset({"ssd_family", "ssd_mother"}), frozenset(), "NULL", "%Y-%m-%dT00:00:00"
    ),
}


def ssd_tables(own: dict[str, pd.DataFrame], system: SsdSystem) -> dict[str, pd.DataFrame]:
    """The SSD's tables of one authority: text, dates, whole numbers, and None where nothing is known.

    Parameters
    ----------
    own : dict of table to DataFrame
        As in the schema, of one authority.
    system : SsdSystem
    """
    person = _numbering(own["children"]["child_id"], system)
    plan = _numbering(own["plans"]["plan_id"], system)
    tables = {
        "ssd_person": _persons(own["children"], person),
        "ssd_family": _families(own["children"], person),
        "ssd_mother": _mothers(own["children"], person),
        "ssd_disability": _disabilities(own["children"], person),
        "ssd_cin_episodes": _episodes(own["cin_episodes"], person),
        **_assessments(own["assessments"], person, system),
        **_conferences(own["conferences"], person),
        "ssd_cp_plans": _plans(own["plans"], person, plan, system),
        "ssd_cp_reviews": _reviews(own["reviews"], own["plans"], person, plan),
        "ssd_cla_episodes": _care(own["care_episodes"], person),
        **_involvements(own["involvements"], own["cin_episodes"], person),
    }
    left_out = {"ssd_family", "ssd_mother"} - system.links
    return {
        name: table.drop(columns=[column for column in system.absent if column in table])
        for name, table in tables.items()
        if name not in left_out
    }


def _numbering(identifiers: pd.Series, system: SsdSystem) -> Callable[[pd.Series], list[Any]]:
    """How identifiers are written: as they are, or as the whole numbers 1, 2, ... where they are none."""
    if not system.whole_numbers:
        return lambda column: _values(column)
    are_numbers = identifiers.str.fullmatch(r"[1-9]\d{0,8}").all()
    number = {name: int(name) if are_numbers else place for place, name in enumerate(identifiers, 1)}
    return lambda column: [None if pd.isna(name) else number[name] for name in column]


def _persons(children: pd.DataFrame, person: Callable) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "pers_person_id": person(children["child_id"]),
            "pers_sex": _values(children["sex"].map(SEX_LETTERS)),
            "pers_ethnicity": _values(children["ethnicity"]),
            "pers_dob": _days(children["date_of_birth"]),
            "pers_expected_dob": _days(children["expected_date_of_birth"]),
            "pers_death_date": _days(children["date_of_death"]),
            "pers_is_mother": ["N"] * len(children),
        },
        dtype=object,
    )


def _families(children: pd.DataFrame, person: Callable) -> pd.DataFrame:
    known = children[children["family_id"].notna()]
    return _numbered(
        "fami_table_id", fami_family_id=_values(known["family_id"]), fami_person_id=person(known["child_id"])
    )


def _mothers(children: pd.DataFrame, person: Callable) -> pd.DataFrame:
    known = children[children["family_id"].notna()]
    return _numbered(
        "moth_table_id",
        moth_person_id=_values("mother of " + known["family_id"]),
        moth_childs_person_id=person(known["child_id"]),
        moth_childs_dob=_days(known["date_of_birth"]),
    )


def _disabilities(children: pd.DataFrame, person: Callable) -> pd.DataFrame:
    listed = children.assign(code=children["disabilities"].str.split(";"))
    each = listed[["child_id", "code"]].explode("code").dropna()
    return _numbered(
        "disa_table_id", disa_person_id=person(each["child_id"]), disa_disability_code=_values(each["code"])
    )


def _episodes(episodes: pd.DataFrame, person: Callable) -> pd.DataFrame:
    return _numbered(
        "cine_referral_id",
        cine_person_id=person(episodes["child_id"]),
        cine_referral_date=_days(episodes["referral_date"]),
        cine_cin_primary_need_code=_values(episodes["primary_need"]),
        cine_referral_source_code=_values(episodes["referral_source"]),
        cine_close_date=_days(episodes["closure_date"]),
        cine_close_reason=_values(episodes["closure_reason"]),
    )


def _assessments(assessments: pd.DataFrame, person: Callable, system: SsdSystem) -> dict[str, pd.DataFrame]:
    made = _numbered(
        "cina_assessment_id",
        cina_person_id=person(assessments["child_id"]),
        cina_assessment_start_date=_days(assessments["start_date"]),
        cina_assessment_auth_date=_days(assessments["authorisation_date"]),
    )
    has_factors = assessments["factors"].notna().to_numpy(dtype=bool)
    factors = _numbered(
        "cinf_table_id",
        cinf_assessment_id=made["cina_assessment_id"][has_factors].tolist(),
        cinf_assessment_factors_json=[_factors(text, system) for text in assessments["factors"][has_factors]],
    )
    return {"ssd_cin_assessments": made, "ssd_assessment_factors": factors}


def _factors(text: str, system: SsdSystem) -> str:
    codes = text.split(";")
    if not system.factor_answers:
        return json.dumps(codes)
    return json.dumps({code: "Yes" if code in codes else "No" for code in FACTORS})


def _conferences(conferences: pd.DataFrame, person: Callable) -> dict[str, pd.DataFrame]:
    enquiries = _numbered(
        "s47e_s47_enquiry_id",
        s47e_person_id=person(conferences["child_id"]),
        s47e_s47_start_date=_days(conferences["section47_start"]),
    )
    made = _numbered(
        "icpc_icpc_id",
        icpc_s47_enquiry_id=enquiries["s47e_s47_enquiry_id"].tolist(),
        icpc_person_id=person(conferences["child_id"]),
        icpc_icpc_date=_days(conferences["conference_date"]),
        icpc_icpc_transfer_in=_flags(conferences["transfer_in"]),
    )
    return {"ssd_s47_enquiry": enquiries, "ssd_initial_cp_conference": made}


def _plans(plans: pd.DataFrame, person: Callable, plan: Callable, system: SsdSystem) -> pd.DataFrame:
    words = CATEGORIES | {"MUL": _MULTIPLE}
    initial, latest = (
        plans[name].map(words) if system.category_words else plans[name]
        for name in ("initial_category", "latest_category")
    )
    return pd.DataFrame(
        {
            "cppl_cp_plan_id": plan(plans["plan_id"]),
            "cppl_person_id": person(plans["child_id"]),
            "cppl_cp_plan_start_date": _days(plans["start_date"]),
            "cppl_cp_plan_end_date": _days(plans["end_date"]),
            "cppl_cp_plan_ola": _flags(plans["other_authority"]),
            "cppl_cp_plan_initial_category": _values(initial),
            "cppl_cp_plan_latest_category": _values(latest),
        },
        dtype=object,
    )


def _reviews(reviews: pd.DataFrame, plans: pd.DataFrame, person: Callable, plan: Callable) -> pd.DataFrame:
    child = reviews["plan_id"].map(plans.set_index("plan_id")["child_id"])
    return _numbered(
        "cppr_cp_review_id",
        cppr_person_id=person(child),
        cppr_cp_plan_id=plan(reviews["plan_id"]),
        cppr_cp_review_date=_days(reviews["review_date"]),
        cppr_cp_review_quorate=_flags(reviews["quorate"]),
        cppr_cp_review_progress=_values(reviews["progress"]),
    )


def _care(care: pd.DataFrame, person: Callable) -> pd.DataFrame:
    placed = placements(care)
    return _numbered(
        "clae_cla_episode_id",
        clae_person_id=person(placed["child_id"]),
        clae_cla_episode_start_date=_days(placed["start_date"]),
        clae_cla_episode_ceased_date=_days(placed["end_date"]),
        clae_cla_id=placed["period"].tolist(),
    )


def _involvements(involvements: pd.DataFrame, episodes: pd.DataFrame, person: Callable) -> dict[str, pd.DataFrame]:
    workers = involvements.drop_duplicates("worker_id")
    # Referrals are numbered as they stand in their table.
    referral = pd.Series(range(1, len(episodes) + 1), index=episodes["child_id"]).groupby(level=0).first()
    made = _numbered(
        "invo_involvements_id",
        invo_professional_id=_values(involvements["worker_id"]),
        invo_involvement_start_date=_days(involvements["start_date"]),
        invo_involvement_end_date=_days(involvements["end_date"]),
        invo_person_id=person(involvements["child_id"]),
        invo_referral_id=_values(involvements["child_id"].map(referral).astype("Int64")),
    )
    professionals = pd.DataFrame(
        {
            "prof_professional_id": _values(workers["worker_id"]),
            "prof_agency_worker_flag": _flags(workers["agency_worker"]),
        },
        dtype=object,
    )
    return {"ssd_involvements": made, "ssd_professionals": professionals}


def _numbered(key: str, **columns: list[Any]) -> pd.DataFrame:
    """A table whose key is the number of the row, as text."""
    n_rows = len(next(iter(columns.values())))
    return pd.DataFrame({key: [str(number) for number in range(1, n_rows + 1)], **columns}, dtype=object)


def _values(column: pd.Series) -> list[Any]:
    return [None if pd.isna(value) else str(value) for value in column]


def _days(column: pd.Series) -> list[dt.datetime | None]:
    return [None if pd.isna(day) else day.to_pydatetime() for day in column]


def _flags(column: pd.Series) -> list[str | None]:
    return [None if pd.isna(flag) else "Y" if flag else "N" for flag in column]
