import datetime as dt

import numpy as np
import pandas as pd
import pytest

from secondplan.plans.bands import plan_length_band
from secondplan.synthetic import scenario
from secondplan.synthetic.calibration_search.moment_tables import simulated_tables
from secondplan.synthetic.randomness.day_numbers import day_number
from secondplan.synthetic.scenarios.trends import trend


def test_linear_between_the_dates_and_level_outside():
    trends = {"entry": {"2017-01-11": 1.0, "2017-01-01": 0.0}}
    days = day_number(dt.date(2017, 1, 1)) + np.array([[-400, 0], [5, 10], [11, 4000]])
    np.testing.assert_allclose(trend(trends, "entry", days), [[0, 0], [0.5, 1], [1, 1]])


def test_what_is_not_named_has_no_trend():
    assert (trend({}, "second_plan", np.arange(3)) == 0).all()


@pytest.mark.parametrize(
    ("trends", "message"),
    [
        ({"closing": {"2017-01-01": 1.0}}, "trends must be of entry, end_at_first_review"),
        ({"entry": {"January": 1.0}}, r"trends\[entry\] must be a date such as 2018-03-31"),
        ({"entry": {"2017-01-01": np.inf}}, "must be a finite number"),
    ],
)
def test_a_scenario_refuses_trends_that_nothing_reads(trends, message):
    with pytest.raises(ValueError, match=message):
        scenario().replace(trends=trends)


def test_closing_practice_and_entries_follow_their_trends():
    """All that starts before October 2016 keeps to the old practice; then nearly nobody leaves at the first review."""
    step = {"2016-09-30": 0.0, "2016-10-01": -9.0}
    more = {"2015-03-31": 0.0, "2015-04-01": float(np.log(3))}
    changed = scenario().replace(trends={"end_at_first_review": step, "entry": more}, entry_growth=0.0)
    plans = simulated_tables(changed, n_children=6000, random_state=1).plans
    reviewed = plans.dropna(subset=["end_date"])
    short = plan_length_band(reviewed["start_date"], reviewed["end_date"]) == "up to 3 months"
    before = short[reviewed["end_date"].between("2015-10-01", "2016-09-25")].mean()
    after = short[reviewed["end_date"].between("2017-01-01", "2017-12-31")].mean()
    assert before > 0.15
    # Care and moves still end a few plans early.
    assert after < 0.07
    first = plans[plans["previous_plans_reported"] == 0].groupby(plans["start_date"].dt.year).size()
    ratio = first[2016] / first[2014]
    # Families come together: the count of one year has about twice the variance of a Poisson count.
    assert abs(np.log(ratio / 3)) < 4 * np.sqrt(2 / first[2014] + 2 / first[2016])


def test_the_hazard_of_a_second_plan_follows_the_day_the_plan_ended():
    later = scenario().replace(trends={"second_plan": {"2013-12-31": -9.0, "2014-01-01": 1.0}})
    plans = simulated_tables(later, n_children=6000, random_state=2).plans.sort_values(["child_id", "start_date"])
    again = plans.groupby("child_id")["start_date"].shift(-1).notna()
    ended = plans["end_date"]
    assert again[ended.between("2012-01-01", "2013-12-31")].mean() < 0.01
    assert again[ended.between("2014-01-01", "2014-12-31")].mean() > 0.2
    assert pd.isna(ended).any()
