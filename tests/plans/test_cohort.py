"""The table of histories below is the specification of the cohort: each is worked by hand."""

import numpy as np
import pandas as pd
import pytest

from secondplan import AalenJohansen, Cohort, TemporalSplit, compare_models
from secondplan.errors import EmptyCohortError, InputError
from secondplan.models.inputs.outcome import check_outcome
from secondplan.plans import build_cohort

# The index plan of every history. The extract is of 31 March 2018: 638 days after its end.
INDEX = ("c", "2016-01-01", "2016-07-01")
TO_EXTRACT = 638
DAY_0, DAY_100, DAY_365 = "2016-07-01", "2016-10-09", "2017-07-01"

FOLLOWED = {
    "nothing follows": ({}, (0, TO_EXTRACT, 0)),
    "a second plan": ({"then": [("c", DAY_365, None)]}, (0, 365, 1)),
    "a second plan on the day the first ends": ({"then": [("c", DAY_0, None)]}, (0, 0, 1)),
    "a second plan on the extract's date": ({"then": [("c", "2018-03-31", None)]}, (0, TO_EXTRACT, 1)),
    "a plan that starts after the extract's date": ({"then": [("c", "2018-04-01", None)]}, (0, TO_EXTRACT, 0)),
    "a third plan changes nothing": ({"then": [("c", DAY_100, DAY_365), ("c", DAY_365, None)]}, (0, 100, 1)),
    "a plan of the same number elsewhere": ({"then": [("331:c", DAY_100, "2016-12-01")]}, (0, TO_EXTRACT, 0)),
    "a duplicate with another end": ({"then": [("c", "2016-01-01", "2016-05-01")]}, (0, TO_EXTRACT, 0)),
    "a plan inside the first": ({"then": [("c", "2016-02-01", "2016-05-01")]}, (0, TO_EXTRACT, 0)),
    "an overlap moves the end, here by 100 days": ({"then": [("c", "2016-06-30", DAY_100)]}, (0, 538, 0)),
    "a plan held for another authority": (
        {"then": [("c", DAY_100, None, {"other_authority": True})]},
        (0, TO_EXTRACT, 0),
    ),
    "care": ({"care": [("c", DAY_100, None)]}, (0, 100, 2)),
    "care the day after": ({"care": [("c", "2016-07-02", None)]}, (0, 1, 2)),
    "care that ended before": ({"care": [("c", "2015-01-01", "2016-06-30")]}, (0, TO_EXTRACT, 0)),
    "care that ended on the day": ({"care": [("c", "2015-01-01", DAY_0)]}, (0, TO_EXTRACT, 0)),
    "care after the second plan": (
        {"then": [("c", DAY_100, None)], "care": [("c", DAY_365, None)]},
        (0, 100, 1),
    ),
    "care on the day of the second plan": (
        {"then": [("c", DAY_100, None)], "care": [("c", DAY_100, None)]},
        (0, 100, 1),
    ),
    "care before the second plan": ({"then": [("c", DAY_365, None)], "care": [("c", DAY_100, DAY_365)]}, (0, 100, 2)),
    "care and death on one day": (
        {"care": [("c", DAY_100, None)], "child": {"date_of_death": DAY_100}},
        (0, 100, 2),
    ),
    "a transfer": ({"cin": [("c", "2015-12-01", DAY_100, "RC5")]}, (0, 100, 0)),
    "a transfer on the day": ({"cin": [("c", "2015-12-01", DAY_0, "RC5")]}, (0, 0, 0)),
    "a transfer before": ({"cin": [("c", "2015-01-01", "2016-06-30", "RC5")]}, (0, TO_EXTRACT, 0)),
    "a transfer, and the child is back": (
        {"then": [("c", DAY_365, None)], "cin": [("c", "2015-12-01", DAY_100, "RC5")]},
        (0, 100, 0),
    ),
    "a transfer on the day of the second plan": (
        {"then": [("c", DAY_100, None)], "cin": [("c", "2015-12-01", DAY_100, "RC5")]},
        (0, 100, 1),
    ),
    "adoption": ({"cin": [("c", "2015-12-01", DAY_100, "RC1")]}, (0, 100, 3)),
    "death as a reason for closure": ({"cin": [("c", "2015-12-01", DAY_100, "RC2")]}, (0, 100, 3)),
    "a child arrangements order is no exit": ({"cin": [("c", "2015-12-01", DAY_100, "RC3")]}, (0, TO_EXTRACT, 0)),
    "special guardianship": ({"cin": [("c", "2015-12-01", DAY_100, "RC4")]}, (0, 100, 3)),
    "special guardianship before the plan": ({"cin": [("c", "2014-01-01", "2015-06-01", "RC4")]}, (0, TO_EXTRACT, 0)),
    "services ceased": ({"cin": [("c", "2015-12-01", DAY_100, "RC7")]}, (0, TO_EXTRACT, 0)),
    "death": ({"child": {"date_of_death": DAY_100}}, (0, 100, 3)),
    "eighteen": ({"child": {"date_of_birth": "1998-10-09"}}, (0, 100, 4)),
    "a second plan on the birthday": (
        {"then": [("c", DAY_100, None)], "child": {"date_of_birth": "1998-10-09"}},
        (0, 100, 1),
    ),
    "a plan after the birthday": (
        {"then": [("c", "2016-10-10", None)], "child": {"date_of_birth": "1998-10-09"}},
        (0, 100, 4),
    ),
    "a birthday on the extract's date": ({"child": {"date_of_birth": "2000-03-31"}}, (0, TO_EXTRACT, 4)),
    "no birth date": ({"child": {"date_of_birth": None}}, (0, TO_EXTRACT, 0)),
    "observation begins late": ({"extract": [("2016-10-09", "2018-03-31")]}, (100, TO_EXTRACT, 0)),
    "the extract's parts follow each other": (
        {"extract": [("2015-04-01", "2016-12-31"), ("2017-01-01", "2018-03-31")]},
        (0, TO_EXTRACT, 0),
    ),
    "a part is missing": (
        {"extract": [("2015-04-01", "2016-10-09"), ("2017-04-01", "2018-03-31")], "then": [("c", DAY_365, None)]},
        (0, 100, 0),
    ),
}

LEFT_OUT = {
    "the plan is open": ({"index": ("c", "2016-01-01", None)}, "plan not ended"),
    "the end is before the start": ({"index": ("c", "2016-01-01", "2015-01-01")}, "plan not ended"),
    "an overlapping plan is open": ({"then": [("c", "2016-06-30", None)]}, "plan not ended"),
    "held for another authority": (
        {"index": (*INDEX, {"other_authority": True})},
        "held for another authority",
    ),
    "earlier plans are reported": ({"index": (*INDEX, {"previous_plans_reported": 1})}, "not the child's first plan"),
    "in care": ({"care": [("c", "2016-06-01", "2016-08-01")]}, "in care when the plan ended"),
    "in care under the earlier of two episodes": (
        {"care": [("c", "2015-01-01", None), ("c", "2016-02-01", "2016-03-01")]},
        "in care when the plan ended",
    ),
    "care begins on the day": ({"care": [("c", DAY_0, None)]}, "in care when the plan ended"),
    "dead on the day": ({"child": {"date_of_death": DAY_0}}, "died or left for good by the day the plan ended"),
    "adopted during the plan": (
        {"cin": [("c", "2015-12-01", "2016-06-30", "RC1")]},
        "died or left for good by the day the plan ended",
    ),
    "eighteen on the day": ({"child": {"date_of_birth": "1998-07-01"}}, "aged 18 when the plan ended"),
    "an old plan brought up by a later one": (
        {"extract": [("2016-10-09", "2018-03-31")], "then": [("c", DAY_365, None)]},
        "ended before the extract begins",
    ),
    "the outcome came before observation": (
        {"extract": [("2017-07-01", "2018-03-31")], "care": [("c", DAY_100, None)]},
        "follow-up over before observation began",
    ),
}


def history(make_plans, case):
    case = {"index": INDEX, "then": [], "child": {}, "care": [], "cin": []} | case
    extract = [*case.get("extract", [("2012-04-01", "2018-03-31")]), ("2012-04-01", "2018-03-31", "331")]
    return make_plans(
        [case["index"], *case["then"]],
        children={"c": case["child"]},
        care_episodes=case["care"],
        cin_episodes=case["cin"],
        extract=extract,
    )


def of_authority(cohort, la_code="330"):
    return cohort.take((cohort.keys["la_code"] == la_code).to_numpy())


@pytest.mark.parametrize("name", FOLLOWED)
def test_histories_that_are_followed(make_plans, name):
    case, expected = FOLLOWED[name]
    cohort = of_authority(build_cohort(history(make_plans, case)))
    assert cohort.y.to_numpy().tolist() == [list(expected)]
    check_outcome(cohort.y)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_histories_that_are_left_out(make_plans, name):
    case, step = LEFT_OUT[name]
    plans = history(make_plans, case)
    with pytest.raises(
        EmptyCohortError, match="nobody can be analysed: of 1 children on a plan, 1 were left out"
    ) as error:
        build_cohort(plans)
    assert f'"{step}"' in str(error.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("in care", (0, TO_EXTRACT, 0)),
        ("care begins on the day", (0, TO_EXTRACT, 0)),
        ("care", (0, TO_EXTRACT, 0)),
        ("care before the second plan", (0, 365, 1)),
        ("care and death on one day", (0, 100, 3)),
    ],
)
def test_care_ignored_plays_no_part(make_plans, name, expected):
    case, _ = (FOLLOWED | LEFT_OUT)[name]
    cohort = build_cohort(history(make_plans, case), care="ignore")
    assert cohort.y.to_numpy().tolist() == [list(expected)]
    assert cohort.care == "ignore"


def test_every_ended_plan_is_followed_to_the_next(make_plans):
    plans = make_plans([INDEX, ("c", DAY_100, DAY_365), ("c", "2018-03-01", None)])
    cohort = build_cohort(plans, index="every")
    assert cohort.y.to_numpy().tolist() == [[0, 100, 1], [0, 243, 1]]
    assert cohort.keys["plan_id"].tolist() == ["330-c-1", "330-c-2"]
    assert cohort.cluster.nunique() == 1
    assert cohort.flow["n_remaining"].tolist()[:3] == [3, 3, 2]


def test_every_ended_plan_counts_though_earlier_ones_are_reported(make_plans):
    plans = make_plans([(*INDEX, {"previous_plans_reported": 2})])
    assert len(build_cohort(plans, index="every")) == 1


def test_the_first_plan_is_the_first_of_this_authority_s_own(make_plans):
    plans = make_plans([("c", "2014-01-01", "2014-06-01", {"other_authority": True}), INDEX])
    cohort = build_cohort(plans)
    assert cohort.keys["index_end"].tolist() == [pd.Timestamp(DAY_0)]


@pytest.mark.parametrize(("washout", "duration", "event"), [(0, 30, 1), (30, 30, 1), (31, 243, 1), (400, None, None)])
def test_a_plan_within_the_washout_continues_the_one_before(make_plans, washout, duration, event):
    plans = make_plans([INDEX, ("c", "2016-07-31", DAY_100), ("c", "2017-06-09", None)])
    if event is None:
        with pytest.raises(EmptyCohortError, match="plan not ended"):
            build_cohort(plans, washout_days=washout)
    else:
        cohort = build_cohort(plans, washout_days=washout)
        assert cohort.y[["duration", "event"]].to_numpy().tolist() == [[duration, event]]


def test_as_of_hides_what_comes_later(make_plans):
    plans = make_plans(
        [INDEX, ("c", DAY_365, None)],
        care_episodes=[("c", "2016-12-01", None)],
        cin_episodes=[("c", "2015-12-01", "2016-11-01", "RC5")],
        children={"c": {"date_of_death": "2017-01-01"}},
    )
    cohort = build_cohort(plans, as_of=DAY_100)
    assert cohort.y.to_numpy().tolist() == [[0, 100, 0]]
    assert cohort.as_of == pd.Timestamp(DAY_100)
    with pytest.raises(EmptyCohortError, match="plan not ended"):
        build_cohort(plans, as_of="2016-06-30")
    assert build_cohort(plans, as_of=DAY_0).y.to_numpy().tolist() == [[0, 0, 0]]


def test_as_of_after_the_extract_adds_no_observation(make_plans):
    assert build_cohort(make_plans([INDEX]), as_of="2030-01-01").y["duration"].tolist() == [TO_EXTRACT]


def test_each_authority_is_observed_up_to_its_own_extract(make_plans):
    plans = make_plans(
        [INDEX, ("331:c", "2016-01-01", "2016-07-01")],
        extract=[("2012-04-01", "2018-03-31"), ("2012-04-01", DAY_100, "331")],
    )
    assert build_cohort(plans).y["duration"].tolist() == [TO_EXTRACT, 100]


def test_an_authority_without_an_extract_date_needs_as_of(make_plans):
    plans = make_plans([INDEX], extract=[])
    with pytest.raises(InputError, match="1 authorities have plans but no extract date"):
        build_cohort(plans)
    assert build_cohort(plans, as_of=DAY_100).y["duration"].tolist() == [100]


class TestPlansThatEndedBeforeTheExtractBegins:
    def old_plans(self, make_plans, n_back, n_quiet):
        children = [f"b{i}" for i in range(n_back)] + [f"q{i}" for i in range(n_quiet)]
        back = [(f"b{i}", DAY_365, None) for i in range(n_back)]
        return make_plans([(child, *INDEX[1:]) for child in children] + back, extract=[("2016-10-09", "2018-03-31")])

    def test_are_followed_where_most_have_no_later_plan(self, make_plans):
        cohort = build_cohort(self.old_plans(make_plans, n_back=2, n_quiet=3))
        assert cohort.y.to_numpy().tolist() == [[100, 365, 1]] * 2 + [[100, TO_EXTRACT, 0]] * 3
        assert "5 children come under observation" in cohort.notes[-1]

    def test_are_left_out_where_only_a_later_plan_brings_them_up(self, make_plans):
        with pytest.raises(EmptyCohortError, match="select on the outcome"):
            build_cohort(self.old_plans(make_plans, n_back=3, n_quiet=2))

    def test_may_be_decided_by_the_caller(self, make_plans):
        assert len(build_cohort(self.old_plans(make_plans, 3, 2), before_extract="delayed_entry")) == 5
        with pytest.raises(EmptyCohortError, match="ended before the extract begins"):
            build_cohort(self.old_plans(make_plans, 0, 5), before_extract="exclude")

    def test_are_left_out_where_the_second_plan_came_before_observation(self, make_plans):
        plans = make_plans(
            [("q", *INDEX[1:]), INDEX, ("c", "2016-08-01", "2016-09-01")], extract=[("2016-10-09", "2018-03-31")]
        )
        cohort = build_cohort(plans)
        assert cohort.keys["child_id"].tolist() == ["q"]
        assert cohort.flow.set_index("step").loc["follow-up over before observation began", "n_left_out"] == 1


def test_flow_names_every_step_and_adds_up(make_plans):
    left_out = [
        ("open", "2016-01-01", None),
        ("other", *INDEX[1:], {"other_authority": True}),
        ("again", *INDEX[1:], {"previous_plans_reported": 3}),
        ("adult", *INDEX[1:]),
        ("care", *INDEX[1:]),
    ]
    plans = make_plans(
        [INDEX, *left_out],
        care_episodes=[("care", "2016-05-01", None)],
        children={"adult": {"date_of_birth": "1998-01-01"}},
    )
    flow = build_cohort(plans).flow
    assert flow.loc[0, ["step", "n_left_out", "n_remaining"]].tolist() == ["children on a plan", 0, 6]
    assert flow["n_left_out"].sum() == 5
    assert flow["n_remaining"].iloc[-1] == 1
    assert (flow["n_remaining"].shift().iloc[1:] - flow["n_left_out"].iloc[1:] == flow["n_remaining"].iloc[1:]).all()
    assert (flow["reason"].iloc[1:].str.len() > 0).all()


def test_no_plans_at_all_is_an_empty_cohort_with_a_clear_message(make_plans):
    plans = make_plans([], children={"c": {}})
    with pytest.raises(EmptyCohortError, match="there are no child protection plans in the data"):
        build_cohort(plans)


def test_eligible_days_and_keys(make_plans):
    plans = make_plans(
        [INDEX, ("unknown", *INDEX[1:]), ("unborn", "2016-05-01", DAY_0)],
        children={
            "c": {"date_of_birth": "1998-10-09", "family_id": "f1"},
            "unknown": {"date_of_birth": None, "family_id": None},
            "unborn": {"date_of_birth": None, "expected_date_of_birth": "2016-10-09", "family_id": "f1"},
        },
    )
    cohort = build_cohort(plans)
    assert cohort.keys["child_id"].tolist() == ["c", "unborn", "unknown"]
    assert cohort.eligible_days.tolist() == [100.0, 6574.0 + 100.0, np.inf]
    assert cohort.cluster.tolist() == ["330/f1", "330/f1", "330/child unknown"]
    assert list(cohort.keys) == ["child_id", "plan_id", "family_id", "la_code", "index_end"]


def test_a_family_identifier_that_many_children_share_is_no_family(make_plans):
    names = [f"c{i:02d}" for i in range(31)]
    plans = make_plans([(name, *INDEX[1:]) for name in names], children={name: {"family_id": "X"} for name in names})
    assert build_cohort(plans).cluster.nunique() == 31
    plans = make_plans(
        [(name, *INDEX[1:]) for name in names[1:]], children={name: {"family_id": "X"} for name in names[1:]}
    )
    assert build_cohort(plans).cluster.nunique() == 1


def test_take_keeps_the_parts_aligned(make_plans):
    plans = make_plans([(name, *INDEX[1:]) for name in "abcd"])
    cohort = build_cohort(plans)
    part = cohort.take([2, 0])
    assert part.keys["child_id"].tolist() == ["c", "a"]
    assert len(part) == len(part.X) == len(part.y) == len(part.eligible_days) == 2
    assert part.X.index.tolist() == part.y.index.tolist() == [0, 1]
    assert cohort.take(np.array([False, True, False, False])).keys["child_id"].tolist() == ["b"]


def test_what_is_shown_holds_counts_and_no_child(make_plans):
    cohort = build_cohort(make_plans([("child-number-7", *INDEX[1:]), ("child-number-7", DAY_365, None)]))
    assert repr(cohort) == "Cohort of 1 ended plans as of 2018-03-31; second plan: fewer than 6"
    assert "child-number-7" not in cohort._repr_html_()
    assert "in care when the plan ended" in cohort._repr_html_()
    assert "no care episodes" in cohort.notes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"index": "last"}, "index must be one of first, every, got 'last'"),
        ({"care": "yes"}, "care must be one of"),
        ({"before_extract": "keep"}, "before_extract must be one of"),
        ({"washout_days": -1}, "washout_days must not be negative"),
        ({"as_of": "not a date"}, "as_of must be a date"),
    ],
)
def test_options_are_checked(make_plans, options, message):
    with pytest.raises(ValueError, match=message):
        build_cohort(make_plans([INDEX]), **options)


def test_a_table_of_ones_own_is_a_cohort():
    X, y = pd.DataFrame({"age": range(40)}), {"duration": np.arange(300.0, 1100.0, 20), "event": np.arange(40) % 4}
    cohort = Cohort.of_table(X, y, cluster=np.arange(40) // 2)
    assert repr(cohort) == "Cohort of 40 rows of a table; censored: 10; event 1: 10; event 2: 10; event 3: 10"
    assert cohort.cluster.nunique() == 20 and list(cohort.y) == ["entry", "duration", "event"]
    with pytest.warns(UserWarning, match="fewer than 100 second plans"):
        assert compare_models({"average": AalenJohansen()}, cohort, folds=2, times=[365]).n_rows == 40
    with pytest.raises(ValueError, match="a split by date needs the day"):
        TemporalSplit("2015-01-01").split(cohort)
    spelt = Cohort.of_table(X, y, index_end=["03/04/2014"] * 40)
    assert (spelt.keys["index_end"] == pd.Timestamp(2014, 4, 3)).all()
    dated = Cohort.of_table(X, y, index_end=pd.date_range("2014-12-13", periods=40))
    assert [len(part) for part in TemporalSplit("2015-01-01").split(dated)] == [19, 21]
    with pytest.raises(ValueError, match="la_code has 1 rows, X has 40"):
        Cohort.of_table(X, y, la_code=["330"])
