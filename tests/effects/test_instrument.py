"""An authority's habit as instrument."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.models.metrics import pseudo_values
from secondplan.plans.cohort import Cohort


def children(seed=0, n=3000, n_authorities=30, habit_sd=0.8, effect=0.1):
    """Hidden severity makes plans long and brings children back; the authority's habit moves length only."""
    rng = np.random.default_rng(seed)
    authority = rng.integers(0, n_authorities, n)
    severity = rng.normal(size=n)
    early = rng.normal(0, habit_sd, n_authorities)[authority] - severity + rng.normal(size=n) > 0
    back = rng.uniform(size=n) < 0.3 + effect * early + 0.08 * np.clip(severity, -2, 2)
    duration = np.where(back, rng.uniform(1, 700, n), 800.0)
    y = pd.DataFrame({"entry": 0.0, "duration": duration, "event": back.astype(int)})
    ids = pd.Series([f"C{i}" for i in range(n)])
    codes = pd.Series([f"{301 + a}" for a in authority])
    keys = pd.DataFrame({"child_id": ids, "plan_id": ids, "family_id": ids, "la_code": codes, "index_end": pd.NaT})
    X = pd.DataFrame({"early": early.astype(float), "disabled": rng.integers(0, 2, n).astype(float)})
    days = pd.Series(np.inf, range(n))
    return Cohort(X, y, keys, days, pd.DataFrame(), "competing", pd.Timestamp("2020-01-01"))


def test_the_effect_is_found_where_least_squares_is_confounded():
    cohort = children(n=20_000, n_authorities=100)
    found = sp.authority_instrument(cohort, cohort.X["early"], [730])
    row = found.table.loc[730.0]
    assert row["lower"] < 0.1 < row["upper"]
    assert row["unadjusted"] < 0.05  # severity hides it
    assert found.first_stage["F"] > 100 and found.n_authorities == 100
    assert "beyond noise" in repr(found) and "<ul>" in found._repr_html_()


def test_the_estimate_is_two_stage_least_squares_on_pseudo_values():
    cohort = children()
    found = sp.authority_instrument(cohort, cohort.X["early"], [365], adjust=["disabled"])
    early, authority = cohort.X["early"], cohort.keys["la_code"]
    sums, counts = early.groupby(authority).transform("sum"), early.groupby(authority).transform("count")
    w = np.column_stack([np.ones(len(early)), cohort.X["disabled"]])
    z = np.column_stack([w, (sums - early) / (counts - 1)])
    stage = z @ np.linalg.lstsq(z, early, rcond=None)[0]
    second = np.column_stack([w, stage])
    expected = np.linalg.lstsq(second, pseudo_values(cohort.y, [365])[:, 0], rcond=None)[0][-1]
    assert found.table["estimate"].item() == pytest.approx(expected)


def test_intervals_hold_the_truth_as_often_as_stated():
    held = []
    for seed in range(100):
        cohort = children(seed, n=1500, habit_sd=0.5)
        row = sp.authority_instrument(cohort, cohort.X["early"], [730], adjust=[]).table.iloc[0]
        held.append(row["lower"] <= 0.1 <= row["upper"])
    assert 0.88 < np.mean(held) <= 0.99


def test_a_habit_that_moves_nothing_gives_no_end():
    cohort = children(habit_sd=0.0, n=900)
    found = sp.authority_instrument(cohort, cohort.X["early"], [730])
    assert found.first_stage["F"] < 10 and "weak" in found.words
    assert not np.isfinite(found.table[["lower", "upper"]].to_numpy()).any()


def test_a_feature_that_goes_with_the_habit_shows_in_the_balance():
    cohort = children()
    habit = cohort.X["early"].groupby(cohort.keys["la_code"]).transform("mean")
    cohort.X["disabled"] = (habit > habit.median()).astype(float)
    assert sp.authority_instrument(cohort, cohort.X["early"], [730]).balance.loc["disabled", "lower"] > 0.3


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"adjust": ["none_such"]}, "must name columns of the cohort, got none_such"),
        ({"treatment": np.ones(3)}, r"3000 finite values, one per child, got shape \(3,\)"),
        ({"cohort": children(n_authorities=4)}, "10 or more authorities, got 4"),
    ],
)
def test_wrong_parameters_are_named(changed, message):
    cohort = changed.pop("cohort", children())
    with pytest.raises(ValueError, match=message):
        sp.authority_instrument(cohort, changed.pop("treatment", cohort.X["early"]), [730], **changed)
