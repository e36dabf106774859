import numpy as np
import pandas as pd
import pytest

from secondplan.plans import build_cohort
from secondplan.plans.features.history import count_until

PLAN = ("c", "2016-01-10", "2016-12-31")


@pytest.mark.parametrize(
    ("episodes", "n_referrals", "n_episodes"),
    [
        ([("2015-12-01", None, None)], 0, 0),
        ([("2016-01-10", None, None)], 0, 0),
        # The referral that led to the plan is not an earlier one; two on one day are one.
        ([("2014-01-01", "2014-06-01", "RC7"), ("2015-12-01", None, None)], 1, 1),
        ([("2014-01-01", "2014-06-01", "RC7"), ("2014-01-01", None, None), ("2015-12-01", None, None)], 1, 1),
        # Closed after assessment: a referral, not an episode of need.
        ([("2014-01-01", "2014-02-01", "RC8"), ("2014-05-01", "2014-06-01", "RC9"), ("2015-12-01", None, None)], 2, 0),
        # After the plan's start nothing counts, known or not on the day it ended.
        ([("2015-12-01", "2016-01-10", "RC7"), ("2016-06-01", None, None), ("2017-06-01", None, None)], 0, 0),
        ([("2014-01-01", "2016-01-09", None), ("2015-12-01", None, None)], 1, 1),
    ],
)
def test_earlier_referrals_and_episodes(make_plans, episodes, n_referrals, n_episodes):
    row = build_cohort(make_plans([PLAN], cin_episodes=[("c", *episode) for episode in episodes])).X.iloc[0]
    assert (row["n_previous_referrals"], row["n_previous_episodes"]) == (n_referrals, n_episodes)


def test_missing_where_no_referral_up_to_the_start_is_on_record(make_plans):
    cohort = build_cohort(make_plans([PLAN], cin_episodes=[("c", "2016-02-01", None, None)]))
    assert cohort.X[["n_previous_referrals", "n_previous_episodes"]].isna().all(axis=None)
    assert {"n_previous_referrals", "n_previous_episodes"} <= set(build_cohort(make_plans([PLAN])).missing_features)


def test_counts_agree_with_counting_one_by_one():
    random = np.random.default_rng(3)
    child, event_child = (pd.Series(random.integers(0, 6, size)) for size in (40, 60))
    date, event_date = (
        pd.Series(pd.Timestamp("1969-12-25") + pd.to_timedelta(random.integers(0, 15, size), "D")) for size in (40, 60)
    )
    expected = [int(((event_child == c) & (event_date <= d)).sum()) for c, d in zip(child, date, strict=True)]
    assert count_until(child, date, event_child, event_date).tolist() == expected
