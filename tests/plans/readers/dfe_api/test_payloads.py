"""Payloads of several days: what a later one corrects, deletes and reopens, worked by hand."""

import itertools
import json

import pandas as pd
import pytest

from secondplan.plans import build_cohort, read_dfe_api

ENDED = {"child_protection_plan_id": "P1", "start_date": "2023-05-01", "end_date": "2023-11-01"}
SECOND = {"child_protection_plan_id": "P2", "start_date": "2024-02-01"}


def day(text):
    return pd.Timestamp(text)


def child(*plans, episode="E1", child_id="C1", referred="2023-04-10", **more):
    """A child with one episode; ``more`` are other members of the episode."""
    own = {"social_care_episode_id": episode, "referral_date": referred, "child_protection_plans": list(plans), **more}
    details = {"date_of_birth": "2015-01-01", "sex": "F"}
    return {"la_child_id": child_id, "child_details": details, "social_care_episodes": [own]}


@pytest.fixture
def read(tmp_path):
    """Function that writes payloads of the first of March, of April, ..., and reads them in every order."""

    def read(*payloads, names=None, **given):
        names = names or [f"2024-{month:02}-01.json" for month in range(3, 3 + len(payloads))]
        for name, payload in zip(names, payloads, strict=True):
            (tmp_path / name).write_text(json.dumps(payload if isinstance(payload, list | dict) else [payload]))
        found = [
            read_dfe_api([tmp_path / name for name in order], **{"la_code": "330", **given})
            for order in itertools.permutations(names)
        ]
        plans, report = found[0]
        for other, other_report in found[1:]:
            assert other.equals(plans)
            assert other_report.counts.equals(report.counts)
        return plans, report

    return read


def outcome(plans):
    return build_cohort(plans).y[["duration", "event"]].to_numpy().tolist()


def codes(report, table):
    return set(report.findings.loc[report.findings["table"] == table, "code"])


def test_a_later_payload_takes_a_plan_back(read):
    plans, report = read([child(ENDED, SECOND)], [child({"child_protection_plan_id": "P2", "purge": True})])
    assert outcome(plans) == [[152, 0]]
    assert plans.extract["extract_date"].tolist() == [day("2024-04-01")]
    assert "record-withdrawn" in codes(report, "plans") and "purge-unmatched" not in codes(report, "plans")
    assert report.counts.loc["plans", ["read", "rejected"]].tolist() == [3, 2]


def test_an_episode_is_taken_back_with_its_plans_and_a_child_with_everything(read):
    placement = {"child_looked_after_placement_id": "L1", "start_date": "2023-12-01"}
    other = child(SECOND, episode="E2", referred="2024-01-20", child_looked_after_placements=[placement])
    first = [child(ENDED), other, child(ENDED | {"child_protection_plan_id": "P9"}, child_id="C2")]
    assert outcome(read(first)[0]) == [[30, 2], [121, 0]]
    gone = {"la_child_id": "C1", "social_care_episodes": [{"social_care_episode_id": "E2", "purge": True}]}
    plans, _ = read(first, [gone, {"la_child_id": "C2", "purge": True}])
    assert outcome(plans) == [[152, 0]]
    assert plans.children["child_id"].tolist() == ["C1"]
    assert len(plans.cin_episodes) == 1 and plans.care_episodes.empty


def test_what_is_sent_again_after_it_was_deleted_stands(read):
    gone = {"la_child_id": "C1", "purge": True}
    plans, report = read([child(ENDED, SECOND)], [gone], [child(ENDED)])
    assert plans.plans["plan_id"].tolist() == ["P1"] and len(plans.cin_episodes) == 1
    assert report.counts.loc["children"].tolist() == [3, 1, 0, 0, 2]


def test_one_identifier_with_other_days_is_one_plan(read):
    wrong = {"child_protection_plan_id": "P1", "start_date": "2023-05-01", "end_date": "2023-05-20"}
    right = {"child_protection_plan_id": "P1", "start_date": "2023-06-01", "end_date": "2023-11-01"}
    plans, report = read([child(wrong)], [child(right)])
    assert plans.plans[["start_date", "end_date"]].to_numpy().tolist() == [[day("2023-06-01"), day("2023-11-01")]]
    assert outcome(plans) == [[152, 0]]
    assert "start-corrected" in codes(report, "plans")
    # And back: the last payload is believed, not the last day.
    assert read([child(right)], [child(wrong)])[0].plans["start_date"].tolist() == [day("2023-05-01")]


@pytest.mark.parametrize(
    ("later", "ends"),
    [
        ({"end_date": None}, [pd.NaT]),
        ({"start_date": "2023-05-01", "end_date": None}, [pd.NaT]),
        ({"start_date": "NULL", "end_date": "N/A"}, [pd.NaT]),
        ({"start_date": "-", "end_date": "2023-12-01"}, [day("2023-12-01")]),
        # What is not there says nothing.
        ({}, [day("2023-11-01")]),
        ({"start_date": "2023-05-01"}, [day("2023-11-01")]),
        ({"end_date": "2023-12-01"}, [day("2023-12-01")]),
    ],
)
def test_a_partial_record_finds_its_plan_and_null_reopens_it(read, later, ends):
    plans, report = read([child(ENDED)], [child({"child_protection_plan_id": "P1", **later})])
    assert plans.plans["start_date"].tolist() == [day("2023-05-01")]
    assert plans.plans["end_date"].tolist() == ends
    assert ("plan-reopened" in codes(report, "plans")) == (ends == [pd.NaT])


def test_partial_records_of_every_table_find_theirs(read):
    first = child(
        ENDED,
        closure_date="2023-11-20",
        closure_reason="RC7",
        child_and_family_assessments=[{"child_and_family_assessment_id": "A1", "start_date": "2023-04-11"}],
        section_47_assessments=[
            {"section_47_assessment_id": "S1", "start_date": "2023-04-20", "icpc_date": "2023-05-01"}
        ],
        child_looked_after_placements=[{"child_looked_after_placement_id": "L1", "start_date": "2023-12-01"}],
        care_worker_details=[{"worker_id": "W1", "start_date": "2023-04-10"}],
    )
    later = child(
        episode="E1",
        referred=None,
        closure_date=None,
        child_and_family_assessments=[{"child_and_family_assessment_id": "A1", "authorisation_date": "2023-05-01"}],
        section_47_assessments=[{"section_47_assessment_id": "S1", "purge": True}],
        child_looked_after_placements=[{"child_looked_after_placement_id": "L1", "end_date": "2024-02-01"}],
        care_worker_details=[{"worker_id": "W1", "start_date": "2023-04-10", "end_date": "2023-12-01"}],
    )
    plans, report = read([first], [later])
    assert plans.assessments[["start_date", "authorisation_date"]].to_numpy().tolist() == [
        [day("2023-04-11"), day("2023-05-01")]
    ]
    assert plans.conferences.empty
    assert plans.care_episodes["end_date"].tolist() == [day("2024-02-01")]
    assert plans.involvements["end_date"].tolist() == [day("2023-12-01")]
    assert plans.cin_episodes[["closure_date", "closure_reason"]].isna().all(axis=None)
    assert report.counts["rejected"].to_dict() == {
        **dict.fromkeys(report.counts.index, 0),
        "conferences": 2,
    }


def test_what_matches_nothing_is_a_finding(read):
    later = child(
        {"child_protection_plan_id": "P7", "purge": True}, {"child_protection_plan_id": "P8", "end_date": None}
    )
    plans, report = read([child(ENDED)], [later])
    assert plans.plans["plan_id"].tolist() == ["P1"]
    assert {"purge-unmatched", "update-unmatched", "value-required"} <= codes(report, "plans")


def test_an_identifier_for_several_plans_of_one_payload_is_no_name(read):
    shared = [ENDED, SECOND | {"child_protection_plan_id": "P1"}]
    plans, _ = read([child(*shared)], [child(ENDED)])
    assert plans.plans["start_date"].tolist() == [day("2023-05-01"), day("2024-02-01")]


def test_details_may_be_deleted_alone(read):
    gone = {"la_child_id": "C1", "child_details": {"purge": True}}
    plans, report = read([child(ENDED)], [gone])
    assert plans.children["date_of_birth"].isna().all() and len(plans.plans) == 1
    assert "details-withdrawn" in codes(report, "children")


def test_the_day_may_stand_in_a_wrapper(read):
    payloads = [
        {"timestamp": "2024-04-01T02:00:00Z", "children": [child({"child_protection_plan_id": "P2", "purge": True})]},
        {"timestamp": "2024-03-01T02:00:00Z", "children": [child(ENDED, SECOND)]},
    ]
    plans, _ = read(*payloads, names=["a.json", "b.json"])
    assert outcome(plans) == [[152, 0]]


def test_payloads_without_a_day_are_in_the_order_of_names_and_warned_of(read):
    payloads = [[child(ENDED, SECOND)], [child({"child_protection_plan_id": "P2", "purge": True})]]
    plans, report = read(*payloads, names=["a.json", "b.json"], extract_date="2024-04-01")
    assert outcome(plans) == [[152, 0]]
    assert (report.findings["code"] == "payload-undated").sum() == 2


@pytest.mark.parametrize(
    ("workers", "n_kept"),
    [
        ([("W1", "2023-01-10", "2023-06-01"), ("W2", "2023-06-01", None)], 0),
        ([("W1", "2023-01-10", "2023-06-01"), ("W2", "2023-06-01", "2023-09-01")], 2),
        ([("W1", "2023-03-31", "2023-03-31")], 0),
        ([("W1", "2023-04-01", "2024-03-30")], 1),
    ],
)
def test_no_changes_of_worker_where_only_those_of_march_are_held(read, workers, n_kept):
    details = [{"worker_id": name, "start_date": start, "end_date": end} for name, start, end in workers]
    plans, report = read([child(ENDED, care_worker_details=details)], names=["2024-04-01.json"])
    assert len(plans.involvements) == n_kept
    assert ("n_worker_changes" in build_cohort(plans).X) == (n_kept > 0)
    assert ("workers-of-march-only" in codes(report, "involvements")) == (n_kept == 0)


def test_names_that_are_not_known_are_never_shown(read, tmp_path):
    _, report = read([child(ENDED, **{"Jane Smithson": 1})], [child(**{"jane_smithson": {"end_date": None}})])
    report.write_json(tmp_path / "quality.json")
    shown = report.summary() + (tmp_path / "quality.json").read_text() + report._repr_html_()
    assert "smithson" not in shown.lower()
    assert dict(report.skipped) == {"members that are not known": 2}


def test_what_has_no_name_is_found_by_its_day(read):
    gone = {"referral_date": "15/01/2024", "purge": True}
    later = [{"la_child_id": "C1", "social_care_episodes": [gone]}]
    first = child(ENDED)
    first["social_care_episodes"] += child(SECOND, episode="E2", referred="2024-01-15")["social_care_episodes"]
    assert outcome(read([first], later)[0]) == [[152, 0]]
    unnamed = {"start_date": "2024-02-01T00:00:00", "purge": True}
    assert outcome(read([child(ENDED, SECOND)], [child(unnamed)])[0]) == [[152, 0]]
    # Of two plans of one day it is not known which is meant.
    _, report = read([child(ENDED, SECOND, {**SECOND, "child_protection_plan_id": "P3"})], [child(unnamed)])
    assert "purge-unmatched" in codes(report, "plans")


def test_identifiers_that_became_numbers_with_a_point_are_the_same(read):
    first = child(ENDED, {**SECOND, "child_protection_plan_id": 2}, child_id=1001)
    later = child({"child_protection_plan_id": 2.0, "purge": True}, child_id=1001.0)
    assert outcome(read([first], [later])[0]) == [[152, 0]]


def test_payloads_of_one_day_are_in_the_order_of_the_times_that_they_state(read):
    purge = child({"child_protection_plan_id": "P2", "purge": True})
    payloads = [
        {"created_at": "2024-04-01T20:00:00", "children": [purge]},
        {"created_at": "2024-04-01T08:00:00", "children": [child(ENDED, SECOND)]},
    ]
    assert outcome(read(*payloads, names=["a.json", "b.json"])[0]) == [[152, 0]]
