import numpy as np
import pytest

from secondplan.plans import build_cohort

# From 10 January 2016: first review due by 10 April, later ones within six months.
PLAN = ("c", "2016-01-10", "2016-12-31")
NEVER = ("x", "2016-01-10", "2016-02-10")


def features(make_plans, reviews, plan=PLAN, **more):
    rows = [("330-c-1", *review) for review in reviews]
    plans = make_plans([plan, NEVER], reviews=[*rows, ("330-x-1", "2016-02-10", True, 0)], **more)
    return build_cohort(plans).X.iloc[0]


@pytest.mark.parametrize(
    ("reviews", "n_reviews", "n_late"),
    [
        (["2016-04-10", "2016-10-10"], 2, 0),
        (["2016-04-11", "2016-10-11"], 2, 1),
        (["2016-04-10", "2016-10-11"], 2, 1),
        (["2016-05-01", "2016-11-02"], 2, 2),
        # Overdue and not held when the plan ended: since 10 April; since 1 October; not yet (due on the last day).
        ([], 0, 1),
        (["2016-04-01"], 1, 1),
        (["2016-04-01", "2016-06-30"], 2, 1),
        (["2016-04-01", "2016-07-01"], 2, 0),
        # On the first day, before it and after the plan's end: not reviews of this plan.
        (["2016-01-10", "2016-01-01", "2017-01-01"], 0, 1),
        # On the last day: the review that ends the plan.
        (["2016-04-10", "2016-10-10", "2016-12-31"], 3, 0),
    ],
)
def test_reviews_and_late_reviews(make_plans, reviews, n_reviews, n_late):
    row = features(make_plans, [(date, True, 0) for date in reviews])
    assert (row["n_reviews"], row["n_late_reviews"]) == (n_reviews, n_late)


def test_a_plan_of_exactly_three_months_without_a_review_has_none_overdue(make_plans):
    assert features(make_plans, [], plan=("c", "2016-01-10", "2016-04-10"))["n_late_reviews"] == 0
    assert features(make_plans, [], plan=("c", "2016-01-10", "2016-04-11"))["n_late_reviews"] == 1


def test_shares_count_the_reviews_that_record_the_fact(make_plans):
    row = features(
        make_plans,
        [("2016-03-01", False, 2), ("2016-06-01", True, 0), ("2016-08-01", None, 1), ("2016-10-01", True, None)],
    )
    assert row["share_reviews_not_quorate"] == pytest.approx(1 / 3)
    assert row["share_reviews_absent_agencies"] == pytest.approx(2 / 3)


def test_shares_are_0_without_reviews_and_missing_where_nothing_is_recorded(make_plans):
    assert features(make_plans, [])["share_reviews_not_quorate"] == 0
    unrecorded = features(make_plans, [("2016-03-01", None, None)])
    assert np.isnan(unrecorded["share_reviews_not_quorate"])
    assert np.isnan(unrecorded["share_reviews_absent_agencies"])


def test_the_reviews_of_all_plans_that_make_up_a_period_count(make_plans):
    plans = make_plans(
        [("c", "2016-01-10", "2016-06-01"), ("c", "2016-05-01", "2016-12-31")],
        reviews=[("330-c-1", "2016-04-01"), ("330-c-2", "2016-09-01"), ("330-c-1", "2016-09-01")],
    )
    cohort = build_cohort(plans)
    assert cohort.X.loc[0, ["n_reviews", "n_late_reviews"]].tolist() == [2, 0]


def test_what_the_extract_does_not_record_is_left_out(make_plans):
    cohort = build_cohort(make_plans([PLAN], reviews=[("330-c-1", "2016-03-01", None, 1)]))
    assert "share_reviews_not_quorate" in cohort.missing_features
    assert "share_reviews_absent_agencies" in cohort.X
    assert set(build_cohort(make_plans([PLAN])).missing_features) >= {"n_reviews", "n_late_reviews"}


@pytest.mark.parametrize(
    ("found", "latest"),
    [
        ([("2016-03-01", "poor"), ("2016-06-01", "good")], 0),
        ([("2016-06-01", "some"), ("2016-03-01", "good"), ("2017-01-01", "poor")], 1),
        ([("2016-03-01", "poor"), ("2016-06-01", None)], 2),
        ([("2016-03-01", None)], None),
        ([], 0),
    ],
)
def test_latest_progress_is_that_of_the_last_review_that_records_it(make_plans, found, latest):
    rows = [("330-c-1", date, True, 0, progress) for date, progress in found]
    rows.append(("330-x-1", "2016-02-10", True, 0, "some"))
    value = build_cohort(make_plans([PLAN, NEVER], reviews=rows)).X["latest_progress"].iloc[0]
    assert np.isnan(value) if latest is None else value == latest
