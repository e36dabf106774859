"""The table of a cohort: counts by hand, differences by hand, and nothing that gives a small count away."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from secondplan.plans.feature_labels import feature_label
from secondplan.plans.features import FEATURES
from secondplan.plans.table_one import cohort_table, group_counts

EMPTY = pd.DataFrame({"step": ["x"], "n_left_out": [0], "n_remaining": [40], "reason": [""]})


@pytest.fixture(scope="module")
def cohort():
    """Forty children, twenty with a second plan; three girls among these, none of unknown sex."""
    from secondplan.plans import Cohort

    second = np.arange(40) < 20
    X = pd.DataFrame(
        {
            "sex": pd.Categorical(np.where(second, np.where(np.arange(40) < 3, "2", "1"), np.resize(["1", "2"], 40))),
            "disabled": pd.array(np.arange(40) % 2 == 0, dtype="boolean"),
            "age_at_end": np.where(second, 10.0, 8.0) + np.resize([-1.0, 1.0], 40),
        }
    )
    y = pd.DataFrame({"entry": 0.0, "duration": 100.0, "event": np.where(second, 1, 0)})
    keys = pd.DataFrame({"child_id": [f"child{n}" for n in range(40)]})
    days = pd.Series(np.full(40, 1000.0))
    return Cohort(X, y, keys, days, EMPTY, "competing", pd.Timestamp("2018-03-31"))


def test_counts_medians_and_differences_are_those_by_hand(cohort):
    table = cohort_table(cohort).set_index(["feature", "level"])
    assert list(table.loc[("children", "")].iloc[:3]) == ["40", "20", "20"]
    age = table.loc[(feature_label("age_at_end"), "")]
    assert age["second plan"] == "10.0 (9.0 to 11.0)"
    # Each group has variance 20/19: a difference of 2 years is so many standard deviations.
    assert age["difference"] == pytest.approx(2 / np.sqrt(20 / 19))
    assert list(table.loc[("disability", "yes")].iloc[:3]) == ["20 (50.0 %)", "10 (50.0 %)", "10 (50.0 %)"]
    assert table.loc[("disability", "yes"), "difference"] == 0


def test_small_counts_do_not_follow_from_what_is_shown(cohort):
    table = cohort_table(cohort).set_index(["feature", "level"])
    # Three girls came back: with 20 children in the column, the boys' number would give them away.
    assert list(table.loc[("sex", "Female")].iloc[1:3]) == ["c", "c"]
    assert list(table.loc[("sex", "Male")].iloc[1:3]) == ["c", "c"]
    assert table.loc["sex", "difference"].isna().all()
    assert list(group_counts(cohort, "sex")["second_plans"]) == ["c", "c"]


def test_few_children_have_no_median_and_the_missing_a_row(cohort):
    few = cohort.take(np.arange(14, 40))
    few = dataclasses.replace(few, X=few.X.assign(age_at_end=few.X["age_at_end"].mask(np.arange(26) > 19)))
    table = cohort_table(few).set_index(["feature", "level"])
    assert table.loc[(feature_label("age_at_end"), ""), "second plan"] == "c"
    assert table.loc[(feature_label("age_at_end"), "not recorded"), "all"] == "6 (23.1 %)"


def test_every_feature_has_words():
    assert not [name for name in FEATURES if "_" in feature_label(name)]
