"""Simulated moments are near the published ones. Exact calibration is another matter: see the scenario's marks."""

import numpy as np
import pandas as pd
import pytest

from secondplan.plans.bands import plan_length_band

YEAR_START, LAST = pd.Timestamp("2017-04-01"), pd.Timestamp("2018-03-31")


@pytest.fixture(scope="module")
def year(england):
    """The plans that ended, started and were open in the last year of fifty thousand children in 125 authorities."""
    plans = england[0].plans
    return {
        "ended": plans[plans["end_date"] >= YEAR_START],
        "started": plans[plans["start_date"] >= YEAR_START],
        "any": plans[plans["end_date"].fillna(LAST) >= YEAR_START],
        "open": plans[plans["end_date"].isna()],
    }


def near(share, published, n, slack):
    """Within ``slack`` and four standard errors; siblings move together, which doubles the variance."""
    return abs(share - published) < slack + 4 * np.sqrt(2 * published * (1 - published) / n)


def test_bands_of_plan_length(year):
    ended = year["ended"]
    shares = plan_length_band(ended["start_date"], ended["end_date"]).value_counts(normalize=True, sort=False)
    for share, published in zip(shares, (0.196, 0.114, 0.418, 0.238, 0.034), strict=True):
        assert near(share, published, len(ended), 0.015)


def test_plans_end_at_reviews_in_lumps_near_three_and_nine_months(england):
    plans = england[0].plans
    days = (plans["end_date"] - plans["start_date"]).dt.days.dropna()
    for low, high, neighbour in ((70, 91, (100, 121)), (240, 275, (300, 335))):
        lump = days.between(low, high).mean()
        beside = days.between(*neighbour).mean()
        assert lump > 2.5 * beside


def test_share_of_second_or_subsequent_plans(year):
    started = year["started"]
    assert near((started["previous_plans_reported"] > 0).mean(), 0.202, len(started), 0.015)


def test_repeats_within_the_year_are_few(year):
    repeats = len(year["any"]) - year["any"]["child_id"].nunique()
    assert near(repeats / len(year["ended"]), 0.0188, len(year["ended"]), 0.003)


def test_categories(year):
    published = {"NEG": 0.473, "PHY": 0.085, "SAB": 0.043, "EMO": 0.347, "MUL": 0.052}
    shares = year["started"]["initial_category"].value_counts(normalize=True)
    for category, share in published.items():
        assert near(shares[category], share, len(year["started"]), 0.02), category
    latest = {"NEG": 0.466, "PHY": 0.076, "SAB": 0.041, "EMO": 0.369, "MUL": 0.047}
    shares = year["open"]["latest_category"].value_counts(normalize=True)
    for category, share in latest.items():
        assert near(shares[category], share, len(year["open"]), 0.02), category


def test_age_of_children_on_plans_at_31_march(england, year):
    stock = year["open"].merge(england[0].children, on=["la_code", "child_id"])
    years = (LAST - stock["date_of_birth"]).dt.days / 365.25
    assert near(stock["date_of_birth"].isna().mean(), 0.021, len(stock), 0.01)
    bands = pd.cut(years, [-0.01, 1, 5, 10, 16, 18.01], right=False).value_counts(sort=False) / len(stock)
    for share, published in zip(bands, (0.093, 0.256, 0.295, 0.294, 0.041), strict=True):
        assert near(share, published, len(stock), 0.02)


def test_closure_and_moves_after_the_plan(england):
    plans = england[0]
    ended = plans.plans[plans.plans["end_date"].between("2015-04-01", "2017-09-30")]
    pairs = ended.merge(plans.cin_episodes, on=["la_code", "child_id"])
    held = pairs[pairs["referral_date"] <= pairs["start_date"]].sort_values("referral_date").groupby("plan_id").tail(1)
    days = (held["closure_date"] - held["end_date"]).dt.days
    assert near((days <= 91).mean(), 0.312, len(held), 0.02)
    assert near(days.between(92, 183).mean(), 0.223, len(held), 0.02)
    assert near(((days <= 91) & (held["closure_reason"] == "RC5").fillna(False)).mean(), 0.041, len(held), 0.01)


def test_reviews_on_time(england):
    plans = england[0]
    stock = plans.plans[plans.plans["end_date"].isna() & (plans.plans["start_date"] < LAST - pd.Timedelta(days=93))]
    reviews = plans.reviews[plans.reviews["plan_id"].isin(stock["plan_id"])].merge(stock, on="plan_id")
    before = reviews.groupby("plan_id")["review_date"].shift().fillna(reviews["start_date"])
    due = np.where(before == reviews["start_date"], 93, 184)
    in_year = reviews["review_date"] >= YEAR_START
    late = ((reviews["review_date"] - before).dt.days > due) & in_year
    on_time = ~stock["plan_id"].isin(reviews.loc[late, "plan_id"])
    assert near(on_time.mean(), 0.905, len(stock), 0.02)


def test_spread_between_authorities(england):
    plans = england[0].plans
    ended = plans.dropna(subset=["end_date"])
    short = plan_length_band(ended["start_date"], ended["end_date"]) == "up to 3 months"
    by_authority = short.groupby(ended["la_code"]).agg(["mean", "size"])
    large = by_authority[by_authority["size"] > 200]["mean"]
    logit = np.log(large / (1 - large))
    # Published percentiles of one year correspond to 0.33 beyond binomial noise.
    assert 0.2 < logit.std() < 0.5


def test_most_common_factors_on_plans(england):
    plans = england[0]
    latest = plans.assessments.dropna(subset=["factors"]).drop_duplicates("child_id", keep="last")
    shares = {
        code: latest["factors"].str.split(";").map(lambda found, code=code: code in found).mean()
        for code in ("3B", "4B", "16A", "9A")
    }
    assert shares["3B"] > shares["4B"] > 0.3
    assert 0.4 < shares["16A"] < 0.75
    assert shares["9A"] == 0
