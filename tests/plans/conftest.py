"""Histories in a few words: tuples become the tables of `Plans`."""

import pandas as pd
import pytest

from secondplan.plans import Plans

LAYOUT = {
    "reviews": ["plan_id", "review_date", "quorate", "absent_agencies", "progress"],
    "care_episodes": ["child_id", "start_date", "end_date"],
    "cin_episodes": ["child_id", "referral_date", "closure_date", "closure_reason"],
    "assessments": ["child_id", "start_date", "authorisation_date", "factors"],
    "involvements": ["child_id", "worker_id", "start_date", "end_date", "agency_worker"],
}
PLAN = ["child_id", "start_date", "end_date"]
PLAN_DEFAULTS = {
    "initial_category": "NEG",
    "latest_category": "NEG",
    "previous_plans_reported": 0,
    "other_authority": False,
}
CHILD = {
    "family_id": None,
    "sex": "1",
    "date_of_birth": "2010-01-01",
    "expected_date_of_birth": None,
    "ethnicity": "WBRI",
    "disabilities": "NONE",
    "date_of_death": None,
}
LA_CODE = "330"


def _frame(rows, columns):
    """Rows of text as a frame; a child written ``331:c1`` belongs to authority 331."""
    frame = pd.DataFrame(
        [tuple(row) + (None,) * (len(columns) - len(row)) for row in rows], columns=columns, dtype=object
    )
    for column in frame.columns[frame.columns.str.contains("date")]:
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    if "child_id" in frame.columns:
        child = frame["child_id"].astype("string")
        frame["la_code"] = child.str.extract(r"^(\d{3}):", expand=False).fillna(LA_CODE)
        frame["child_id"] = child.str.replace(r"^\d{3}:", "", regex=True)
    return frame


@pytest.fixture(scope="session")
def make_plans():
    """Function that makes `Plans` of an authority from tuples.

    ``plans`` are tuples (child, start, end, overrides); ``children`` maps a child to overrides; ``extract`` are tuples
    (first date, extract date, authority); the other tables are tuples in the order of ``LAYOUT``.
    """

    def make(plans, *, children=None, extract=(("2012-04-01", "2018-03-31"),), **tables):
        records = _frame([(*plan[:3], None)[:3] for plan in plans], PLAN)
        for column, default in PLAN_DEFAULTS.items():
            records[column] = [(plan[3] if len(plan) > 3 else {}).get(column, default) for plan in plans]
        number = records.groupby(["la_code", "child_id"]).cumcount().add(1).astype(str)
        records["plan_id"] = records["la_code"] + "-" + records["child_id"] + "-" + number
        for position, plan in enumerate(plans):
            records.loc[position, "plan_id"] = (plan[3] if len(plan) > 3 else {}).get(
                "plan_id", records["plan_id"][position]
            )
        persons = list(dict.fromkeys([plan[0] for plan in plans] + list(children or {})))
        facts = [CHILD | (children or {}).get(person, {}) for person in persons]
        people = _frame(
            [(person, *fact.values()) for person, fact in zip(persons, facts, strict=True)], ["child_id", *CHILD]
        )
        spans = pd.DataFrame(
            [
                {"la_code": (*span, LA_CODE)[2], "first_date": span[0], "extract_date": span[1], "source": "by hand"}
                for span in extract
            ],
            columns=["la_code", "first_date", "extract_date", "source"],
        )
        for column in ("first_date", "extract_date"):
            spans[column] = pd.to_datetime(spans[column]).astype("datetime64[us]")
        others = {name: _frame(rows, LAYOUT[name]) for name, rows in tables.items()}
        for name in others.keys() & {"cin_episodes"}:
            others[name] = others[name].assign(referral_source=None, primary_need=None)
        return Plans(children=people, plans=records, extract=spans, **others)

    return make
