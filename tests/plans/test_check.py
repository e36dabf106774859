"""Checking a plan store: the rules, the limits, and what comes of them."""

import pandas as pd
import pytest

from secondplan.plans import Plans, check_plans
from secondplan.plans.schema import empty_table


def table(name, rows):
    empty = empty_table(name)
    frame = pd.DataFrame(rows).reindex(columns=empty.columns)
    return frame.astype({column: "datetime64[us]" for column, kind in empty.dtypes.items() if kind.kind == "M"})


def store(plans, *, born="2010-01-01", died=None, first="2012-04-01", last="2020-03-31", **tables):
    """Plans of one child: (start, end) each."""
    rows = [
        {
            **{"plan_id": f"p{number}", "child_id": "c", "la_code": "330", "start_date": start, "end_date": end},
            **{"initial_category": "NEG", "latest_category": "NEG", "previous_plans_reported": number},
        }
        for number, (start, end) in enumerate(plans)
    ]
    child = {"child_id": "c", "la_code": "330", "family_id": "f", "date_of_birth": born, "date_of_death": died}
    extract = {"la_code": "330", "first_date": first, "extract_date": last, "source": "test"}
    return Plans(
        children=table("children", [child]),
        plans=table("plans", rows),
        extract=table("extract", [extract]),
        **{name: table(name, content) for name, content in tables.items()},
    )


def found(plans, table="plans"):
    findings = check_plans(plans).findings
    mine = findings[findings["table"] == table]
    return {code: group["row"].dropna().tolist() for code, group in mine.groupby("code", observed=True)}


def test_clean_plans_have_no_finding():
    assert found(store([("2015-01-01", "2015-09-01"), ("2015-09-01", "2016-09-01"), ("2018-01-01", None)])) == {}


@pytest.mark.parametrize(
    ("plans", "options", "expected"),
    [
        ([("2015-01-01", "2014-12-31")], {}, {"end-before-start": [1]}),
        ([("2015-01-01", "2015-01-01")], {}, {"same-day": [1]}),
        ([("2015-01-01", "2015-06-01"), ("2015-05-31", "2015-09-01")], {}, {"plans-overlap": [2]}),
        ([("2016-01-01", None), ("2017-01-01", None)], {}, {"plans-overlap": [2], "several-open-plans": [1, 2]}),
        ([("2015-01-01", "2015-06-01")], {"born": "2016-01-01"}, {"start-long-before-birth": [1]}),
        ([("2015-01-01", "2015-06-01")], {"born": "1997-01-01"}, {"start-after-eighteen": [1]}),
        ([("2015-01-01", "2015-06-01")], {"died": "2015-05-31"}, {"after-death": [1]}),
        ([("2015-01-01", "2015-06-01")], {"last": "2015-03-31"}, {"after-extract": [1]}),
        ([("2013-01-01", None)], {}, {"open-very-long": [1]}),
    ],
)
def test_each_rule_finds_its_row(plans, options, expected):
    assert found(store(plans, **options)) == expected


def test_overlap_looks_past_a_short_plan_to_a_long_one():
    plans = [("2015-01-01", "2017-01-01"), ("2015-02-01", "2015-03-01"), ("2016-01-01", "2016-02-01")]
    assert found(store(plans)) == {"plans-overlap": [2, 3]}


def test_reported_counts_are_compared_with_the_data():
    plans = store([("2015-01-01", "2015-06-01"), ("2016-01-01", "2016-06-01")])
    plans.plans["previous_plans_reported"] = pd.array([2, 0], dtype="Int16")
    assert found(plans) == {"previous-plans-unseen": [1], "previous-plans-differ": [2]}


def test_reviews():
    reviews = [
        {"plan_id": "p0", "review_date": text} for text in ("2015-01-01", "2015-03-01", "2015-06-01", "2015-06-02")
    ]
    plans = store([("2015-01-01", "2015-06-01")], reviews=reviews)
    assert found(plans, "reviews") == {"review-not-after-start": [1], "review-after-end": [4]}


def test_limits_of_the_data():
    plans = store([("2015-01-01", "2015-06-01")])
    codes = set(check_plans(plans).findings["code"])
    assert codes == {
        *("no-care-data", "no-closure-reasons", "no-reviews", "no-assessments", "no-worker-data"),
        *("left-truncated", "one-authority"),
    }
    care = [{"child_id": "c", "la_code": "330", "start_date": "2016-01-01"}]
    episodes = [{"child_id": "c", "la_code": "330", "referral_date": "2014-12-01", "closure_reason": "RC7"}]
    seen = store([("2015-01-01", "2015-06-01")], care_episodes=care, cin_episodes=episodes)
    assert check_plans(seen).is_clean
    assert "short-window" in set(
        check_plans(store([("2015-01-01", None)], first="2014-04-01", last="2015-03-31")).findings["code"]
    )
    assert "six-year-window" in set(check_plans(store([("2015-01-01", None)], first="2014-03-31")).findings["code"])


def of_many(ends, *, last="2020-03-31"):
    """Plans of as many children that began in 2015 and ended, or not, on the days given."""
    children = [{"child_id": f"c{n}", "la_code": "330", "date_of_birth": "2010-01-01"} for n in range(len(ends))]
    rows = [
        {"plan_id": f"p{n}", "child_id": f"c{n}", "la_code": "330", "start_date": "2015-06-01", "end_date": end}
        for n, end in enumerate(ends)
    ]
    extract = {"la_code": "330", "first_date": "2012-04-01", "extract_date": last, "source": "test"}
    return Plans(children=table("children", children), plans=table("plans", rows), extract=table("extract", [extract]))


def test_a_single_extract_of_those_still_or_lately_on_a_plan_holds_survivors_only():
    lately = ["2019-12-01"] * 20 + [None] * 20
    assert {"survivors-only", "short-follow-up"} <= set(check_plans(of_many(lately)).findings["code"])
    with_earlier = [*lately, *["2016-01-01"] * 20]
    assert "survivors-only" not in set(check_plans(of_many(with_earlier)).findings["code"])


def test_follow_up_is_short_where_half_of_the_plans_ended_in_the_last_two_years():
    earlier, later = ["2017-01-01"] * 3, ["2019-01-01"] * 3
    assert "short-follow-up" in set(check_plans(of_many([*earlier[:2], *later])).findings["code"])
    assert "short-follow-up" not in set(check_plans(of_many([*earlier, *later[:2]])).findings["code"])


def test_a_store_from_elsewhere_is_checked_for_periods_that_end_before_they_start():
    care = [{"child_id": "c", "la_code": "330", "start_date": "2016-01-02", "end_date": "2016-01-01"}]
    plans = store([("2015-01-01", "2015-06-01")], care_episodes=care)
    assert found(plans, "care_episodes") == {"period-end-before-start": [1]}


def test_rules_that_no_row_breaks_are_named():
    report = check_plans(store([("2015-01-01", "2015-01-01")]))
    assert "end-before-start" in report.unbroken and "same-day" not in report.unbroken
    assert "review-after-end" not in report.unbroken, "there is no review"
    assert "end-before-start" in report.summary() and "end-before-start" in report.to_dict()["unbroken"]


def test_years_that_are_missing_and_dates_that_are_not_known():
    years = [("2014-04-01", "2015-03-31"), ("2015-04-01", "2016-03-31"), ("2018-04-01", "2019-03-31")]
    plans = store([("2015-01-01", "2015-06-01")])
    rows = [{"la_code": "330", "first_date": first, "extract_date": last, "source": "x"} for first, last in years]
    stacked = Plans(children=plans.children, plans=plans.plans, extract=table("extract", rows))
    assert list(check_plans(stacked).findings["code"]).count("year-missing") == 1
    undated = Plans(children=plans.children, plans=plans.plans)
    assert "no-extract-date" in set(check_plans(undated).findings["code"])


def test_an_empty_store_says_so():
    report = check_plans(Plans())
    assert "no-plans" in set(report.findings["code"])
    assert "There is no child protection plan" in report.summary()
