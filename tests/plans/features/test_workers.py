import numpy as np
import pytest

from secondplan.plans import build_cohort

# 200 days.
PLAN = ("c", "2016-01-01", "2016-07-19")


def features(make_plans, involvements, plan=PLAN):
    rows = [("c", *row) for row in involvements] + [("other", "w9", "2016-01-01", None, False)]
    row = build_cohort(make_plans([plan, ("other", *plan[1:])], involvements=rows)).X.iloc[0]
    return row["n_worker_changes"], row["share_agency_worker"]


@pytest.mark.parametrize(
    ("involvements", "n_changes", "share"),
    [
        ([("w1", "2015-06-01", None, False)], 0, 0),
        ([("w1", "2015-06-01", "2016-04-10", True), ("w2", "2016-04-10", None, False)], 1, 0.5),
        # Back to the first worker is a second change; the same worker again is none.
        (
            [
                ("w1", "2016-01-01", "2016-02-20", True),
                ("w2", "2016-02-20", "2016-05-30", False),
                ("w1", "2016-05-30", None, True),
            ],
            2,
            0.5,
        ),
        ([("w1", "2016-01-01", "2016-02-20", False), ("w1", "2016-02-20", None, False)], 0, 0),
        # Before the plan, over on its first day, and after its end: not during the plan.
        (
            [
                ("w0", "2015-01-01", "2016-01-01", True),
                ("w1", "2016-01-01", None, False),
                ("w2", "2016-07-20", None, True),
            ],
            0,
            0,
        ),
        # A worker who takes over on the last day is a change, without a day.
        ([("w1", "2016-01-01", "2016-07-19", False), ("w2", "2016-07-19", None, True)], 1, 0),
        # Not said whether from an agency.
        ([("w1", "2016-01-01", "2016-04-10", None), ("w2", "2016-04-10", None, True)], 1, 1),
        ([("w1", "2016-01-01", None, None)], 0, np.nan),
        ([], np.nan, np.nan),
    ],
)
def test_changes_of_worker_and_share_of_agency_days(make_plans, involvements, n_changes, share):
    found = features(make_plans, involvements)
    np.testing.assert_allclose(np.array(found, dtype=float), [n_changes, share])


def test_a_plan_of_one_day(make_plans):
    plan = ("c", "2016-01-01", "2016-01-01")
    held = [("w1", "2015-01-01", "2016-01-01", True), ("w2", "2016-01-01", None, False)]
    assert features(make_plans, held, plan) == (1, 0.5)


def test_when_a_worker_leaves_after_the_plan_plays_no_part(make_plans):
    def held(end):
        return [("w1", "2016-01-01", "2016-04-10", True), ("w2", "2016-04-10", end, False)]

    assert features(make_plans, held("2016-07-20")) == features(make_plans, held("2018-01-01")) == (1, 0.5)


def test_what_the_extract_does_not_record_is_left_out(make_plans):
    cohort = build_cohort(make_plans([PLAN], involvements=[("c", "w1", "2016-01-01", None, None)]))
    assert "share_agency_worker" in cohort.missing_features
    assert "n_worker_changes" in cohort.X
    assert "n_worker_changes" in build_cohort(make_plans([PLAN])).missing_features
