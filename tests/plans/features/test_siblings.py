import numpy as np
import pytest

from secondplan.plans import build_cohort

PLAN = ("c", "2016-01-10", "2016-12-31")
FAMILY = {"family_id": "f"}


def count(make_plans, plans, **children):
    children = {"c": FAMILY, "s": FAMILY, "t": FAMILY, "331:s": FAMILY, "stranger": {"family_id": "g"}} | children
    spans = [("2012-04-01", "2018-03-31"), ("2012-04-01", "2018-03-31", "331")]
    cohort = build_cohort(make_plans([PLAN, *plans], children=children, extract=spans))
    return cohort.X["n_siblings_on_plan"][cohort.keys["child_id"].tolist().index("c")]


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        ([], 0),
        ([("s", "2016-01-10", "2016-12-31"), ("t", "2016-02-01", None)], 2),
        # Both ends: over on the day the index plan began; one day later; begun on its last day; on the day after.
        ([("s", "2015-01-01", "2016-01-10")], 0),
        ([("s", "2015-01-01", "2016-01-11")], 1),
        ([("s", "2016-12-31", None)], 1),
        ([("s", "2017-01-01", None)], 0),
        # Two plans of one sibling; the child's own next plan; another family; another authority; held for another.
        ([("s", "2016-02-01", "2016-03-01"), ("s", "2016-05-01", None)], 1),
        ([("c", "2016-12-31", None)], 0),
        ([("stranger", "2016-02-01", None)], 0),
        ([("331:s", "2016-02-01", "2016-03-01")], 0),
        ([("s", "2016-02-01", None, {"other_authority": True})], 0),
    ],
)
def test_siblings_on_a_plan_at_the_same_time(make_plans, plans, expected):
    assert count(make_plans, plans) == expected


def test_a_sibling_s_later_plan_does_not_leak_through_the_washout(make_plans):
    plans = make_plans(
        [("c", "2016-01-20", "2016-02-01"), ("s", "2015-01-01", "2016-01-10"), ("s", "2016-02-02", "2016-06-01")],
        children={"c": FAMILY, "s": FAMILY},
    )
    cohort = build_cohort(plans, washout_days=60)
    assert cohort.X["n_siblings_on_plan"][0] == 0


def test_missing_where_the_family_is_not_known(make_plans):
    plans = make_plans([PLAN, ("s", *PLAN[1:])], children={"s": FAMILY})
    assert np.isnan(build_cohort(plans).X["n_siblings_on_plan"]).tolist() == [True, False]
    assert "n_siblings_on_plan" in build_cohort(make_plans([PLAN])).missing_features
