import numpy as np
import pandas as pd
import pytest

from secondplan.errors import EmptyCohortError
from secondplan.plans import build_cohort, open_cases

PLAN = ("c", "2016-01-01", "2016-07-01")
DAY_100, DAY_365 = "2016-10-09", "2017-07-01"


def test_a_child_whose_plan_has_ended(make_plans):
    cases = open_cases(make_plans([PLAN], children={"c": {"date_of_birth": "2000-07-01"}}))
    assert cases.keys["index_end"].tolist() == [pd.Timestamp("2016-07-01")]
    assert (cases.elapsed.tolist(), cases.eligible_days.tolist()) == ([638.0], [730.0])
    assert cases.flags.tolist() == [""]
    assert cases.as_of == pd.Timestamp("2018-03-31")


def test_an_open_plan_is_scored_as_though_it_ended_today(make_plans):
    plans = make_plans([PLAN, ("c", DAY_100, None)], reviews=[("330-c-2", "2016-12-01"), ("330-c-2", "2018-02-01")])
    cases = open_cases(plans, "2017-10-09")
    assert cases.keys[["plan_id", "index_end"]].to_numpy().tolist() == [["330-c-2", pd.Timestamp("2017-10-09")]]
    assert cases.elapsed.tolist() == [0.0]
    assert cases.X.loc[0, ["plan_length_days", "n_reviews"]].tolist() == [365, 1]
    assert cases.flags.tolist() == ["plan_open;not_first_plan;category_may_be_later"]


def test_an_open_plan_has_the_features_that_it_would_have_had(make_plans):
    ended = make_plans([("c", "2016-01-01", "2018-03-31")], reviews=[("330-c-1", "2016-03-01")])
    still = make_plans([("c", "2016-01-01", None)], reviews=[("330-c-1", "2016-03-01")])
    pd.testing.assert_frame_equal(open_cases(still).X, build_cohort(ended).X)


@pytest.mark.parametrize(
    ("history", "step"),
    [
        ({"care_episodes": [("c", DAY_100, DAY_365)]}, "entered care since"),
        ({"care_episodes": [("c", "2016-05-01", None)]}, "in care when the plan ended"),
        ({"cin_episodes": [("c", "2015-12-01", DAY_100, "RC4")]}, "left since"),
        ({"cin_episodes": [("c", "2015-12-01", DAY_100, "RC5")]}, "moved to another authority"),
        ({"children": {"c": {"date_of_death": DAY_100}}}, "left since"),
        ({"children": {"c": {"date_of_birth": "2000-03-31"}}}, "turned 18 since"),
        ({"children": {"c": {"date_of_birth": "1998-07-01"}}}, "aged 18 when the plan ended"),
    ],
)
def test_children_no_longer_at_risk_are_left_out(make_plans, history, step):
    with pytest.raises(EmptyCohortError, match=f'nobody can be scored: .* "{step}"'):
        open_cases(make_plans([PLAN], **history))


def test_what_happens_later_is_not_known(make_plans):
    plans = make_plans([PLAN, ("c", DAY_365, None)], care_episodes=[("c", "2017-01-01", None)])
    assert open_cases(plans, DAY_100).elapsed.tolist() == [100.0]


def test_after_the_extract_nothing_more_is_known(make_plans):
    assert open_cases(make_plans([PLAN]), "2020-01-01").elapsed.tolist() == [638.0]


def test_care_ignored_plays_no_part(make_plans):
    plans = make_plans([PLAN], care_episodes=[("c", "2016-05-01", None), ("c", DAY_100, None)])
    assert len(open_cases(plans, care="ignore")) == 1


def test_flags(make_plans):
    plans = make_plans(
        [
            ("reported", *PLAN[1:], {"previous_plans_reported": 1}),
            ("no birth date", *PLAN[1:]),
            ("before", "2011-01-01", "2012-03-31"),
            ("second", *PLAN[1:]),
            ("second", DAY_100, DAY_365),
        ],
        children={"no birth date": {"date_of_birth": None}},
    )
    cases = open_cases(plans)
    flags = dict(zip(cases.keys["child_id"], cases.flags, strict=True))
    assert flags == {
        "before": "ended_before_extract",
        "no birth date": "birth_date_unknown",
        "reported": "not_first_plan",
        "second": "not_first_plan",
    }
    assert np.isinf(cases.eligible_days[cases.keys["child_id"] == "no birth date"]).all()


def test_same_columns_as_in_training(make_plans):
    plans = make_plans([PLAN, ("d", *PLAN[1:]), ("d", DAY_100, None)], reviews=[("330-c-1", "2016-03-01")])
    cohort, cases = build_cohort(plans), open_cases(plans)
    assert list(cases.X) == list(cohort.X)
    assert cases.X.dtypes.astype(str).tolist() == cohort.X.dtypes.astype(str).tolist()
    assert cases.missing_features == cohort.missing_features


def test_what_is_shown_holds_counts_and_no_child(make_plans):
    cases = open_cases(make_plans([("child-number-7", *PLAN[1:]), ("d", "2016-01-01", None)]))
    assert repr(cases) == "2 cases as of 2018-03-31: plan ended 1, plan open 1"
    assert "child-number-7" not in cases._repr_html_()
    assert cases.take([1]).keys["child_id"].tolist() == ["d"]
    assert len(cases.take(np.array([True, False]))) == 1


def test_options_are_checked(make_plans):
    with pytest.raises(ValueError, match="care must be one of"):
        open_cases(make_plans([PLAN]), care="never")
