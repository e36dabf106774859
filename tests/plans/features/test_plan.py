import pandas as pd
import pytest

from secondplan.plans import build_cohort
from secondplan.plans.bands import PLAN_LENGTH_BANDS

PLAN = ("c", "2016-01-10", "2016-12-31")


def test_length_category_authority_and_season(make_plans):
    plans = make_plans(
        [(*PLAN, {"initial_category": "NEG", "latest_category": "EMO"}), ("d", "2016-01-10", "2016-04-10")]
    )
    X = build_cohort(plans).X
    assert X["plan_length_days"].tolist() == [356, 91]
    assert X["plan_length_band"].tolist() == ["over 6 months to under 1 year", "up to 3 months"]
    assert X["plan_length_band"].cat.ordered
    assert list(X["plan_length_band"].cat.categories) == list(PLAN_LENGTH_BANDS)
    assert X["initial_category"].tolist() == ["NEG", "NEG"]
    assert X["latest_category"].tolist() == ["EMO", "NEG"]
    assert X["category_changed"].tolist() == [True, False]
    assert X["la_code"].tolist() == ["330", "330"]
    assert X["season_of_end"].tolist() == ["winter", "spring"]


@pytest.mark.parametrize(
    ("end", "season"),
    [
        ("2016-02-29", "winter"),
        ("2016-03-01", "spring"),
        ("2016-05-31", "spring"),
        ("2016-06-01", "summer"),
        ("2016-09-01", "autumn"),
        ("2016-11-30", "autumn"),
        ("2016-12-01", "winter"),
    ],
)
def test_seasons(make_plans, end, season):
    assert build_cohort(make_plans([("c", "2016-01-10", end)])).X["season_of_end"].tolist() == [season]


def test_of_plans_that_overlap_the_last_to_end_has_the_latest_category(make_plans):
    plans = make_plans(
        [
            ("c", "2016-01-10", "2016-12-31", {"initial_category": "NEG", "latest_category": "EMO"}),
            ("c", "2016-03-01", "2016-06-01", {"initial_category": "SAB", "latest_category": "SAB"}),
        ]
    )
    assert build_cohort(plans).X.loc[0, ["initial_category", "latest_category"]].tolist() == ["NEG", "EMO"]


def test_categories_that_are_not_known(make_plans):
    unknown = {"initial_category": None, "latest_category": None}
    X = build_cohort(make_plans([(*PLAN, unknown), ("d", *PLAN[1:])])).X
    assert X["category_changed"][0] is pd.NA
    assert X["initial_category"].isna().tolist() == [True, False]
    cohort = build_cohort(make_plans([(*PLAN, unknown)]))
    assert {"initial_category", "latest_category", "category_changed"} <= set(cohort.missing_features)
