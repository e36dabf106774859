"""Payloads of the DfE social care API: published samples' shape, worked by hand."""

import json

import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans import build_cohort, read_dfe_api

GIVEN = {"la_code": "330", "extract_date": "2024-03-31"}


def child(child_id="C1", *episodes, **more):
    return {
        "la_child_id": child_id,
        "mis_child_id": "S1",
        "child_details": {
            "unique_pupil_number": "ABC0123456789",
            "first_name": "John",
            "date_of_birth": "2015-06-14",
            "expected_date_of_birth": None,
            "sex": "M",
            "ethnicity": "WBRI",
            "disabilities": ["HAND", "VIS"],
            "uasc_flag": False,
            "purge": False,
        },
        "health_and_wellbeing": {"sdq_assessments": [{"date": "2022-06-14", "score": 20}], "purge": False},
        "social_care_episodes": list(episodes),
        "purge": False,
        **more,
    }


def episode(referred="2022-06-01", **arrays):
    return {
        "social_care_episode_id": "E1",
        "referral_date": referred,
        "referral_source": "1C",
        "purge": False,
        **arrays,
    }


def plan(start, end=None, **more):
    return {"child_protection_plan_id": f"P{start}", "start_date": start, "end_date": end, "purge": False, **more}


@pytest.fixture
def read(tmp_path):
    """Function that writes a value as JSON and reads it."""

    def read(value, **given):
        path = tmp_path / "children.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return read_dfe_api(path, **{**GIVEN, **given})

    return read


def codes(report, table):
    return set(report.findings.loc[report.findings["table"] == table, "code"])


# The full sample record of the department's specification 0.8, as public senders of payloads hold it.
SAMPLE = """
[{"la_child_id": "Child1234", "mis_child_id": "Supplier-Child-1234",
  "child_details": {"unique_pupil_number": "ABC0123456789", "former_unique_pupil_number": "DEF0123456789",
    "unique_pupil_number_unknown_reason": "UN1", "first_name": "John", "surname": "Doe",
    "date_of_birth": "2022-06-14", "expected_date_of_birth": "2022-06-14", "sex": "M", "ethnicity": "WBRI",
    "disabilities": ["HAND", "VIS"], "postcode": "AB12 3DE", "uasc_flag": true, "uasc_end_date": "2022-06-14",
    "purge": false},
  "health_and_wellbeing": {"sdq_assessments": [{"date": "2022-06-14", "score": 20}], "purge": false},
  "social_care_episodes": [{"social_care_episode_id": "ABC123456", "referral_date": "2022-06-14",
    "referral_source": "1C", "referral_no_further_action_flag": false,
    "care_worker_details": [{"worker_id": "ABC123", "start_date": "2022-06-14", "end_date": "2022-06-14"}],
    "child_and_family_assessments": [{"child_and_family_assessment_id": "ABC123456", "start_date": "2022-06-14",
      "authorisation_date": "2022-06-14", "factors": ["1C", "4A"], "purge": false}],
    "child_in_need_plans": [{"child_in_need_plan_id": "ABC123456", "start_date": "2022-06-14",
      "end_date": "2022-06-14", "purge": false}],
    "section_47_assessments": [{"section_47_assessment_id": "ABC123456", "start_date": "2022-06-14",
      "icpc_required_flag": true, "icpc_date": "2022-06-14", "end_date": "2022-06-14", "purge": false}],
    "child_protection_plans": [{"child_protection_plan_id": "ABC123456", "start_date": "2022-06-14",
      "end_date": "2022-06-14", "purge": false}],
    "child_looked_after_placements": [{"child_looked_after_placement_id": "ABC123456", "start_date": "2022-06-14",
      "start_reason": "S", "placement_type": "K1", "postcode": "AB12 3DE", "end_date": "2022-06-14",
      "end_reason": "E3", "change_reason": "CHILD", "purge": false}],
    "adoption": {"initial_decision_date": "2022-06-14", "matched_date": "2022-06-14", "placed_date": "2022-06-14",
      "purge": false},
    "care_leavers": {"contact_date": "2022-06-14", "activity": "F2", "accommodation": "D", "purge": false},
    "closure_date": "2022-06-14", "closure_reason": "RC7", "purge": false}],
  "purge": false}]
"""


def test_the_sample_record_of_the_specification(read):
    plans, report = read(SAMPLE)
    assert {name: len(frame) for name, frame in plans.tables.items()} == {
        **{"children": 1, "plans": 1, "reviews": 0, "care_episodes": 1, "cin_episodes": 1, "assessments": 1},
        **{"conferences": 1, "involvements": 1, "extract": 1},
    }
    assert plans.plans["plan_id"].tolist() == ["ABC123456"]
    assert plans.children[["sex", "disabilities"]].to_numpy().tolist() == [["1", "HAND;VIS"]]
    assert plans.assessments["factors"].tolist() == ["1C;4A"]
    assert plans.conferences["section47_start"].tolist() == [pd.Timestamp("2022-06-14")]
    assert plans.cin_episodes["closure_reason"].tolist() == ["RC7"]
    assert plans.involvements["worker_id"].tolist() == ["ABC123"]
    assert not report.skipped and report.counts["rejected"].sum() == 0


def test_a_child_with_two_plans_is_followed(read):
    value = child("C1", episode(child_protection_plans=[plan("2022-06-10", "2022-12-01"), plan("2023-05-01")]))
    plans, _ = read([value])
    cohort = build_cohort(plans)
    assert cohort.y[["duration", "event"]].to_numpy().tolist() == [[151, 1]]


def test_the_window_is_that_of_payloads(read):
    plans, report = read([child()])
    assert plans.extract["first_date"].tolist() == [pd.Timestamp("2021-04-01")]
    assert "first-date-assumed" in codes(report, "extract")
    plans, _ = read([child()], extract_date="2024-04-01", first_date="2018-04-01")
    assert plans.extract["first_date"].tolist() == [pd.Timestamp("2018-04-01")]


def test_placements_without_a_gap_are_one_period(read):
    placed = [
        {"start_date": "2023-02-01", "end_date": "2023-03-01", "start_reason": "P"},
        {"start_date": "2023-01-01", "end_date": "2023-02-01", "start_reason": "S"},
        {"start_date": "2023-09-01", "end_date": None},
    ]
    plans, report = read([child("C1", episode(child_looked_after_placements=placed))])
    assert plans.care_episodes["start_date"].tolist() == [pd.Timestamp("2023-01-01"), pd.Timestamp("2023-09-01")]
    assert plans.care_episodes["end_date"].tolist()[0] == pd.Timestamp("2023-03-01")
    assert report.counts.loc["care_episodes"].tolist() == [3, 2, 0, 1, 0]


def test_what_is_marked_to_be_deleted_is_left_out_with_all_it_holds(read):
    kept = episode(child_protection_plans=[plan("2022-06-10"), plan("2022-01-01", purge=True)])
    withdrawn = episode("2021-06-01", purge="1", child_protection_plans=[plan("2021-06-10")])
    plans, report = read([child("C1", kept, withdrawn), child("C2", kept, purge=True)])
    assert plans.plans["plan_id"].tolist() == ["P2022-06-10"]
    assert plans.children["child_id"].tolist() == ["C1"]
    assert report.counts.loc["plans"].tolist() == [5, 1, 0, 0, 4]
    assert report.counts.loc["children"].tolist() == [2, 1, 0, 0, 1]


def test_wrong_types_are_findings(read):
    value = child("C1", episode(child_protection_plans=[plan("2022-06-10", {"day": 1}), 7, None, "2022"], adoption=[]))
    value["child_details"]["sex"] = ["M"]
    plans, report = read([value, 12, None, child(["C2"]), child("C3", 5, child_details=[])])
    assert plans.plans["end_date"].isna().tolist() == [True]
    assert report.counts.loc["plans"].tolist() == [4, 0, 1, 0, 3]
    assert report.counts.loc["cin_episodes"].tolist() == [2, 1, 0, 0, 1]
    assert report.counts.loc["children", ["read", "rejected"]].tolist() == [5, 3]
    assert {"record-malformed", "value-mistyped"} <= codes(report, "plans")
    assert {"record-malformed", "value-mistyped", "child-id-missing"} <= codes(report, "children")


def test_forms_that_senders_use(read):
    """Numbers for texts, one object for an array, other case, the name of factors in payloads from the SSD."""
    value = {
        "LA_CHILD_ID": 1234,
        "child_details": {"date_of_birth": 20150614, "sex": "U", "disabilities": "HAND,VIS"},
        "social_care_episodes": {
            "Referral_Date": "2022-06-01T00:00:00",
            "child_protection_plans": {"start_date": "2022-06-10"},
            "child_and_family_assessments": [{"start_date": "2022-06-02", "assessment_factors": ["1A"]}],
        },
    }
    plans, report = read(value)
    assert plans.plans["plan_id"].tolist() == ["330-1234-2022-06-10"]
    assert plans.children[["sex", "disabilities"]].to_numpy().tolist() == [["0", "HAND;VIS"]]
    assert plans.assessments["factors"].tolist() == ["1A"]
    assert report.counts["rejected"].sum() == 0


@pytest.mark.parametrize("children", [lambda made: made, lambda made: [made, made | {"la_child_id": "C2"}]])
def test_a_wrapper_may_name_the_authority(read, children):
    """As in version 0.7 of the specification: the authority's code beside a child, or an array of them."""
    made = child("C1", episode(child_protection_plans=[plan("2022-06-10")]))
    plans, report = read({"la_code": 301, "Children": children(made)}, la_code=None)
    assert set(plans.plans["la_code"]) == {"301"}
    assert "authority-unknown" not in codes(report, "extract")
    lines = "\n".join(json.dumps({"la_code": code, "Children": made}) for code in (301, 302))
    with pytest.raises(InputError, match="of 2 authorities"):
        read(lines, la_code=None)
    assert set(read(lines)[0].plans["la_code"]) == {"330"}


def test_unknown_names_are_skipped_and_counted_and_never_printed(read):
    value = child("C1", episode(new_array=[1], child_protection_plans=[plan("2022-06-10", risk="high")]))
    value["john.doe@example.org"] = 1
    _, report = read([value])
    assert dict(report.skipped) == {"members that are not known": 3}
    told = report.summary() + report._repr_html_() + str(report.to_dict()) + report.findings.to_csv()
    assert "john" not in told and "risk" not in told


def test_an_enquiry_without_a_conference_is_none(read):
    enquiries = [{"start_date": "2022-06-01", "icpc_date": None}, {"start_date": "2022-07-01"}, {"icpc_date": "N/A"}]
    plans, report = read([child("C1", episode(section_47_assessments=enquiries))])
    assert plans.conferences.empty and report.counts.loc["conferences", "read"] == 0


def test_several_files_are_one_extract_and_later_ones_win(tmp_path):
    first, second = (
        child("C1", episode(child_protection_plans=[plan("2022-06-10", end)])) for end in (None, "2023-01-01")
    )
    (tmp_path / "1.json").write_text(json.dumps([first]))
    (tmp_path / "2.jsonl").write_text(json.dumps(second) + "\n" + json.dumps(child("C2")) + "\n")
    plans, report = read_dfe_api(tmp_path, **GIVEN)
    assert plans.plans["end_date"].tolist() == [pd.Timestamp("2023-01-01")]
    assert plans.extract["source"].tolist() == ["DfE API: 2 files"]
    assert report.counts.loc["children"].tolist()[0] == 3


def test_the_day_in_a_files_name(tmp_path):
    (tmp_path / "payload_2023-12-31.json").write_text(json.dumps([child()]))
    plans, _ = read_dfe_api(tmp_path / "payload_2023-12-31.json", la_code="330")
    assert plans.extract["extract_date"].tolist() == [pd.Timestamp("2023-12-31")]


def test_nobody_and_nowhere(read, tmp_path):
    plans, report = read("[]")
    assert plans.children.empty and "no-plans" in set(report.findings["code"])
    with pytest.raises(InputError, match="does not exist"):
        read_dfe_api(tmp_path / "missing.json")
    with pytest.raises(InputError, match="three-digit"):
        read([], la_code="Leeds")


def test_halves_of_characters_can_be_stored(read, tmp_path):
    plans, _ = read('[{"la_child_id": "A\\ud800", "social_care_episodes": []}]')
    plans.write(tmp_path / "store")
    assert plans.children["child_id"].tolist() == ["A?"]
