"""Moments by hand and against the indicators; what the default scenario is not measured by elsewhere."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.plans.bands import PLAN_LENGTH_BANDS
from secondplan.synthetic import moments, scenario
from secondplan.synthetic.calibration_search.authority_moments import repeats_ratio
from secondplan.synthetic.calibration_search.moment_tables import simulated_tables
from secondplan.synthetic.calibration_search.store_moments import Tables


@pytest.fixture(scope="module")
def found(england):
    return moments(england[0], year_ending=2018)


def _dates(*texts):
    return pd.Series(pd.to_datetime(list(texts)))


@pytest.fixture
def by_hand():
    """Four children and six plans; the last one is another authority's."""
    plans = pd.DataFrame(
        {
            "plan_id": [1, 2, 3, 4, 5, 6],
            "child_id": [1, 1, 2, 3, 4, 5],
            "la_code": ["501"] * 6,
            "start_date": _dates("2017-04-10", "2018-01-10", "2016-03-01", "2015-01-05", "2017-06-01", "2017-06-01"),
            "end_date": _dates("2017-07-10", None, "2017-05-31", None, "2017-10-31", "2017-10-31"),
            "initial_category": ["NEG", "NEG", "EMO", "NEG", "PHY", "SAB"],
            "latest_category": ["NEG", "EMO", "EMO", "NEG", "PHY", "SAB"],
            "previous_plans_reported": [0, 1, 0, 0, 2, 0],
            "other_authority": [False] * 5 + [True],
        }
    )
    children = pd.DataFrame(
        {
            "child_id": [1, 2, 3, 4, 5],
            "la_code": ["501"] * 5,
            "date_of_birth": _dates("2010-04-01", "2010-01-01", "2017-12-01", "2005-01-01", "2005-01-01"),
            "sex": ["1", "2", "2", "1", "1"],
            "ethnicity": ["WBRI", "WBRI", "REFU", "AIND", "WBRI"],
            "disabilities": ["NONE", "LD", "NONE", "NONE", "NONE"],
        }
    )
    # Plan 4 had its last review in time and the one in the year late; plan 2 is too young to have one due.
    reviews = pd.DataFrame({"plan_id": [4, 4], "review_date": _dates("2017-02-01", "2017-08-02")})
    episodes = pd.DataFrame(
        {
            "child_id": [1, 2],
            "la_code": ["501"] * 2,
            "referral_date": _dates("2017-03-01", "2016-02-01"),
            "closure_date": _dates(None, "2017-08-30"),
            "closure_reason": [None, "RC5"],
        }
    )
    conferences = pd.DataFrame(
        {
            "conference_date": _dates("2017-04-10", "2018-01-10"),
            # 15 and 16 working days before.
            "section47_start": _dates("2017-03-20", "2017-12-19"),
        }
    )
    return Tables(children, plans, reviews, episodes, conferences)


def test_moments_by_hand(by_hand):
    found = moments(by_hand, year_ending=2018)
    expected = {
        # Three ended: exactly three months, five months, fifteen months; three started in the year.
        "ended[up to 3 months]": 1 / 3,
        "ended[over 3 to 6 months]": 1 / 3,
        "ended[1 to under 2 years]": 1 / 3,
        "second_share": 2 / 3,
        "within_year_repeats": 1 / 3,
        "started_per_ended": 1.0,
        "open_per_ended": 2 / 3,
        "started_twice": 1 / 3,
        "started[NEG]": 2 / 3,
        "open_latest[EMO]": 1 / 2,
        "open_age_5_to_9": 1 / 2,
        "open_age_under_1": 1 / 2,
        "open_sex_male": 1 / 2,
        # One of the two open plans is of a child whose ethnicity is not known.
        "open_ethnicity_White": 1.0,
        "open_two_years": 1 / 2,
        "reviews_in_time": 0.0,
        "need_ended_within_3_months": 1 / 2,
        "moved_within_3_months": 1 / 2,
        "conference_within_15_days": 1 / 2,
        "ended_within_3_months[2017-07]": 1.0,
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value), name
    assert "within_3_months_percentile_50" not in found


def test_moments_are_the_indicators_of_the_same_store(england, found):
    """Two ways of counting: the moments take the generator's word for what is one plan, the indicators do not."""
    result = sp.indicators(england[0], 2018)
    n = {key: result.value(key, "n") for key in ("plans_started", "plans_ended", "plans_open", "second_plans_reported")}
    assert found["second_share"] == pytest.approx(n["second_plans_reported"] / n["plans_started"], abs=1e-3)
    assert found["open_per_ended"] == pytest.approx(n["plans_open"] / n["plans_ended"], abs=2e-3)
    repeats = result.value("within_year_repeats", "n") / n["plans_ended"]
    assert found["within_year_repeats"] == pytest.approx(repeats, abs=1e-3)
    for band in PLAN_LENGTH_BANDS:
        share = result.value(f"ended_{band.replace(' ', '_')}", "pct") / 100
        assert found[f"ended[{band}]"] == pytest.approx(share, abs=1e-3), band
    in_time = result.value("reviewed_on_time", "n") / result.value("plans_due_review", "n")
    # The indicators see the wait since the last review too, and reviews before the window not at all.
    assert found["reviews_in_time"] == pytest.approx(in_time, abs=0.02)


def test_tables_for_calibration_are_those_of_the_store():
    """The same children, by the way without identifiers and schema; the store has a few children fewer or more."""
    small = scenario().replace(n_authorities=3)
    light = moments(simulated_tables(small, n_children=3000, random_state=8), year_ending=2018)
    store = moments(sp.simulate(small, n_children=3000, random_state=8), year_ending=2018)
    # Years and months of which there are but a few plans may be in one of them only.
    assert {name for name in set(light.index) ^ set(store.index) if "[20" not in name} == set()
    everywhere = ["second_share", "reviews_in_time", "open_sex_male", "need_ended_within_3_months"]
    everywhere += [f"ended[{band}]" for band in PLAN_LENGTH_BANDS]
    np.testing.assert_allclose(light[everywhere], store[everywhere], atol=0.06)


def test_rate_ratio_by_hand():
    """Two authorities: the rate doubles from 10 to 20 % ended within three months."""
    ratio = repeats_ratio(np.array([0.1, 0.2]), np.array([20, 40]), np.array([1000, 1000]))
    assert ratio == pytest.approx(2.0)


def test_plans_end_at_reviews_in_lumps_near_three_and_nine_months(england):
    plans = england[0].plans
    days = (plans["end_date"] - plans["start_date"]).dt.days.dropna()
    for low, high, neighbour in ((70, 91, (100, 121)), (240, 275, (300, 335))):
        lump = days.between(low, high).mean()
        beside = days.between(*neighbour).mean()
        assert lump > 2.5 * beside


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


def test_unborn_children_are_on_plans_for_neglect_more_than_others(found):
    assert found["unborn_neglect"] > found["open_initial[NEG]"] + 0.1
