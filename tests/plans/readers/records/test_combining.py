"""What all readers share: rows of text become records, each accounted for; worked by hand on a few rows."""

import pandas as pd
import pytest

from secondplan.plans import build_cohort
from secondplan.plans.quality import FindingLog
from secondplan.plans.readers.records.combining import combine_rows


def day(text):
    return pd.Timestamp(text)


def table(*rows, **same):
    """Rows of one file, numbered from 2; each a dict."""
    placed = [{"file": 0, "row": n, "extract": 0, "la_code": "330", **same, **row} for n, row in enumerate(rows, 2)]
    return pd.DataFrame(placed)


def extracts(*spans):
    rows = [("330", day(first) if first else pd.NaT, day(last), "test") for first, last in spans]
    frame = pd.DataFrame(rows, columns=["la_code", "first_date", "extract_date", "source"])
    return frame.astype({"first_date": "datetime64[us]", "extract_date": "datetime64[us]"})


def combine(rows, spans=((None, "2019-03-31"),)):
    return combine_rows("test", rows, extracts(*spans), FindingLog(["a.csv", "b.csv"]))


def codes(report):
    return sorted(zip(report.findings["code"], report.findings["table"], report.findings["action"], strict=True))


def plan(child="1", start="2017-01-10", end=None, **more):
    categories = {"initial_category": "NEG", "latest_category": "NEG", "previous_plans_reported": "0"}
    return {"child_id": child, "start_date": start, "end_date": end, **categories, **more}


ANNA = {"child_id": "1", "date_of_birth": "2010-05-01", "sex": "2", "family_id": "F1"}


def test_every_table_comes_through_with_what_only_some_sources_hold():
    plans, report = combine(
        {
            "children": table(ANNA),
            "plans": table(plan(end="2017-11-20", plan_id="CP7", other_authority="No")),
            "reviews": table({"plan_id": "CP7", "review_date": "2017-04-01", "quorate": "Y", "absent_agencies": "2"}),
            "care_episodes": table({"child_id": "1", "start_date": "2018-02-01", "end_date": None}),
            "conferences": table({"child_id": "1", "conference_date": "2017-01-10", "transfer_in": "0"}),
            "involvements": table(
                {"child_id": "1", "worker_id": "W1", "start_date": "2017-01-01", "agency_worker": "a) Yes"}
            ),
        }
    )
    assert report.is_clean
    assert plans.plans.iloc[0][["plan_id", "other_authority"]].tolist() == ["CP7", False]
    assert plans.reviews.iloc[0][["plan_id", "quorate", "absent_agencies"]].tolist() == ["CP7", True, 2]
    assert plans.involvements.iloc[0][["worker_id", "agency_worker"]].tolist() == ["W1", True]
    assert plans.conferences.iloc[0]["transfer_in"] == False  # noqa: E712
    assert plans.children.iloc[0]["family_id"] == "F1"
    cohort = build_cohort(plans)
    assert cohort.y.iloc[0].tolist() == [0, 73, 2]
    assert report.counts["read"].to_dict() == {
        **{"children": 1, "plans": 1, "reviews": 1, "care_episodes": 1, "conferences": 1, "involvements": 1},
    }


def test_nothing_at_all_is_an_empty_store():
    plans, report = combine({})
    assert len(plans.plans) == 0 and len(plans.extract) == 1
    assert report.counts.empty


def test_a_child_without_a_row_of_its_own_is_kept_and_reported():
    plans, report = combine({"plans": table(plan(), plan(start="2018-05-01"))})
    assert plans.children["child_id"].tolist() == ["1"]
    assert ("child-not-described", "plans", "kept") in codes(report)
    assert len(plans.plans) == 2


def test_records_without_a_child_or_a_date_are_rejected():
    rows = {
        "plans": table(plan(child=None), plan(child="N/A"), plan(start="soon"), plan(start=None), plan()),
        "care_episodes": table({"child_id": "1", "start_date": None}),
    }
    _, report = combine(rows)
    assert report.counts.loc["plans"].tolist() == [5, 1, 0, 0, 4]
    assert report.counts.loc["care_episodes", "rejected"] == 1
    found = codes(report)
    assert found.count(("child-id-missing", "plans", "rejected")) == 2
    assert ("date-unreadable", "plans", "rejected") in found and ("value-required", "plans", "rejected") in found


def test_periods_that_end_before_they_start_lose_their_end():
    plans, report = combine(
        {
            "children": table(ANNA),
            "care_episodes": table({"child_id": "1", "start_date": "2018-02-01", "end_date": "2018-01-01"}),
        }
    )
    assert plans.care_episodes["end_date"].isna().all()
    assert codes(report) == [("period-end-before-start", "care_episodes", "repaired")]


def test_a_plan_keeps_its_name_when_a_later_extract_corrects_its_start():
    first, later = plan(start="2017-01-10", plan_id="7"), plan(start="2017-01-12", end="2017-06-01", plan_id="7")
    rows = table(first, {**later, "file": 1, "extract": 1})
    spans = (("2017-01-01", "2017-03-31"), ("2017-04-01", "2018-03-31"))
    plans, report = combine({"children": table(ANNA), "plans": rows}, spans)
    assert plans.plans.iloc[0][["plan_id", "start_date", "end_date"]].tolist() == [
        *("7", day("2017-01-12"), day("2017-06-01")),
    ]
    assert ("start-corrected", "plans", "repaired") in codes(report)
    assert report.counts.loc["plans"].tolist() == [2, 0, 1, 1, 0]


def test_one_name_for_several_plans_is_no_name():
    rows = table(plan(plan_id="0", end="2017-06-01"), plan(start="2018-01-10", plan_id="0"))
    later = {**plan(start="2018-01-10", plan_id="0"), "file": 1, "extract": 1}
    spans = (("2017-01-01", "2018-03-31"), ("2018-04-01", "2019-03-31"))
    plans, report = combine(
        {"children": table(ANNA), "plans": pd.concat([rows, table(later)], ignore_index=True)}, spans
    )
    assert plans.plans["plan_id"].tolist() == ["330-1-2017-01-10", "330-1-2018-01-10"]
    assert codes(report).count(("plan-id-shared", "plans", "kept")) == 2


def test_identifiers_of_different_tables_meet_where_one_is_a_decimal_number():
    rows = {
        "children": table({**ANNA, "child_id": "1"}),
        "plans": table(plan(child="1.0", plan_id="7.0")),
        "reviews": table({"plan_id": "7", "review_date": "2017-04-01"}),
    }
    plans, report = combine(rows)
    assert plans.reviews["plan_id"].tolist() == ["7"]
    assert "child-not-described" not in set(report.findings["code"])


@pytest.mark.parametrize(
    ("review", "fate", "code"),
    [
        ({"plan_id": "B", "review_date": "2018-04-01"}, "kept", None),
        ({"plan_id": "X", "review_date": "2018-04-01"}, "rejected", "plan-missing"),
        ({"plan_id": None, "review_date": "2018-04-01"}, "rejected", "plan-missing"),
        ({"plan_id": "LOST", "review_date": "2018-04-01"}, "rejected", "plan-left-out"),
        ({"plan_id": "B", "review_date": "2017-12-01"}, "rejected", "review-not-after-start"),
        ({"plan_id": "B", "review_date": "never"}, "rejected", "date-unreadable"),
        ({"child_id": "1", "review_date": "2018-04-01"}, "kept", None),
        ({"child_id": "1", "review_date": "2016-04-01"}, "rejected", "review-not-after-start"),
        ({"child_id": "9", "review_date": "2018-04-01"}, "rejected", "plan-missing"),
    ],
)
def test_how_a_review_finds_its_plan(review, fate, code):
    rows = {
        "children": table(ANNA),
        "plans": table(
            plan(plan_id="A", end="2017-09-01"),
            plan(plan_id="B", start="2018-01-01"),
            plan(plan_id="LOST", start="no"),
        ),
        "reviews": table(review),
    }
    plans, report = combine(rows)
    assert report.counts.loc["reviews", fate] == 1
    if code is None:
        assert plans.reviews["plan_id"].tolist() == ["B"]
    else:
        assert (code, "reviews", "rejected") in codes(report)


def test_rows_are_believed_by_extract_not_by_order():
    late = {**plan(end=None, latest_category="EMO"), "file": 1, "extract": 1}
    spans = (("2017-01-01", "2018-03-31"), ("2018-04-01", "2019-03-31"))
    rows = table(late, plan(end="2018-02-01"))
    plans, report = combine({"children": table(ANNA), "plans": rows}, spans)
    assert plans.plans["latest_category"].tolist() == ["EMO"]
    assert ("plan-reopened", "plans", "kept") in codes(report)


def test_a_gap_between_extracts_is_noted():
    spans = (("2016-01-01", "2016-06-30"), ("2017-01-01", "2017-06-30"))
    _, report = combine({"children": table(ANNA)}, spans)
    assert codes(report) == [("year-missing", "extract", "noted")]
