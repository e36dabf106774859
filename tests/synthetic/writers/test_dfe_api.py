"""What is written as DfE API payloads comes back as far as the format holds it."""

import json

import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans import Plans, build_cohort, read_dfe_api
from secondplan.synthetic import write_dfe_api
from secondplan.synthetic.writers.one_authority import of_one_authority, placements

GIVEN = {"la_code": "508", "first_date": "2012-04-01", "extract_date": "2018-03-31"}
HELD = {
    "children": ["child_id", "sex", "date_of_birth", "expected_date_of_birth", "ethnicity", "disabilities"],
    "plans": ["child_id", "start_date", "plan_id", "end_date"],
    "care_episodes": ["child_id", "start_date", "end_date"],
    "cin_episodes": ["child_id", "referral_date", "referral_source", "closure_date", "closure_reason"],
    "assessments": ["child_id", "start_date", "authorisation_date", "factors"],
    "conferences": ["child_id", "conference_date", "section47_start"],
    "involvements": ["child_id", "worker_id", "start_date", "end_date"],
}


@pytest.fixture(scope="module")
def own(two_authorities):
    return of_one_authority(two_authorities, "508")


@pytest.fixture(params=[False, True], ids=["array", "lines"])
def file(request, two_authorities, tmp_path):
    return write_dfe_api(two_authorities, tmp_path / "children.json", lines=request.param, la_code="508")


def test_every_fact_that_the_format_holds_comes_back(own, file):
    plans, report = read_dfe_api(file, **GIVEN)
    for table, columns in HELD.items():
        ours, theirs = (
            frame[columns].sort_values(columns[:3], ignore_index=True) for frame in (own[table], getattr(plans, table))
        )
        pd.testing.assert_frame_equal(ours, theirs)
    assert report.counts["rejected"].sum() == 0 and not report.skipped


def test_outcomes_are_those_of_the_source(own, file):
    plans, _ = read_dfe_api(file, **GIVEN)
    # Without what the format does not hold; an episode's closure tells of a death.
    children = own["children"].assign(date_of_death=pd.NaT)
    told = own["plans"].assign(previous_plans_reported=pd.NA, other_authority=pd.NA)
    ours = build_cohort(Plans(**{**own, "children": children, "plans": told, "extract": plans.extract}))
    pd.testing.assert_frame_equal(ours.y, build_cohort(plans).y)


def test_what_is_written_is_json(own, file):
    text = file.read_text()
    values = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    assert [value["la_child_id"] for value in values] == own["children"]["child_id"].tolist()


def test_placements_cover_their_period(own):
    care = own["care_episodes"]
    placed = placements(care)
    assert len(placed) > len(care)
    spans = placed.groupby("period").agg(start=("start_date", "first"), end=("end_date", "last"))
    assert spans["start"].tolist() == care["start_date"].tolist()
    pd.testing.assert_series_equal(
        placed.groupby("period").tail(1)["end_date"].reset_index(drop=True), care["end_date"], check_names=False
    )


def test_records_without_an_episode_cannot_be_written(two_authorities, tmp_path):
    tables = {**two_authorities.tables, "cin_episodes": None}
    with pytest.raises(InputError, match="without an episode of need"):
        write_dfe_api(Plans(**tables), tmp_path / "children.json", la_code="508")
    assert not any(tmp_path.iterdir())
