import numpy as np
import pandas as pd
import pytest

from secondplan.evaluation import compare_models, subgroup_table
from secondplan.evaluation.subgroups import _withhold
from secondplan.models.metrics import time_dependent_auc


@pytest.fixture
def comparison(cohort, by_group):
    return compare_models({"disabled": by_group()}, cohort, folds=3)


def test_measures_of_a_group_are_those_of_its_rows(cohort, comparison):
    table = subgroup_table(comparison, cohort, by=("sex",)).set_index("group")
    own = comparison.predictions[comparison.predictions["model"] == "disabled"]
    boys = own[(cohort.X["sex"].iloc[own["row"]] == "male").to_numpy()]
    expected = time_dependent_auc(cohort.y.iloc[boys["row"]], boys["risk_730"], [730])[0]
    assert table.loc["male", "auc"] == pytest.approx(expected)
    assert table.loc["male", "expected"] == pytest.approx(boys["risk_730"].mean())
    assert table.loc["male", "n"] == len(boys)
    assert table.loc["all", "n"] == len(cohort)
    assert table.loc["male", "lower"] < table.loc["male", "observed_expected"] < table.loc["male", "upper"]
    assert table.loc["male", "n"] + table.loc["female", "n"] == len(cohort)


def test_groups_that_the_model_tells_apart_are_calibrated(cohort, comparison):
    table = subgroup_table(comparison, cohort, by=("disabled",)).set_index("group")
    assert table.loc["True", "observed"] > 1.3 * table.loc["False", "observed"]
    assert abs(table["observed_expected"] - 1).max() < 0.05


def test_small_groups_are_blank_and_absent_columns_left_out(cohort, comparison):
    table = subgroup_table(comparison, cohort, by=("la_code", "ethnicity_group"))
    assert table["characteristic"].unique().tolist() == ["all", "la_code"]
    small = table.set_index("group").loc["332"]
    assert small[["expected", "observed", "observed_expected", "auc", "brier"]].isna().all()


def test_missing_values_are_a_group(cohort, comparison):
    sex = cohort.X["sex"].mask(np.arange(len(cohort)) % 5 == 0)
    from dataclasses import replace

    table = subgroup_table(comparison, replace(cohort, X=cohort.X.assign(sex=sex)), by=("sex",))
    assert table.set_index("group").loc["not recorded", "n"] == 240


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([20, 3, 4], [20, "c", "c"]),
        ([20, 3, 40], ["c", "c", 40]),
        ([20, 3, 0], ["c", "c", 0]),
        ([20, 6, 0], [20, 6, 0]),
        ([3], ["c"]),
    ],
)
def test_small_counts_cannot_be_worked_out_from_the_total(counts, shown):
    assert _withhold(pd.Series(counts)).tolist() == shown


def test_unknown_model_or_day_is_an_error(cohort, comparison):
    with pytest.raises(ValueError, match="other is not in the comparison; it has disabled, AalenJohansen"):
        subgroup_table(comparison, cohort, model="other")
    with pytest.raises(ValueError, match="day 100 is not"):
        subgroup_table(comparison, cohort, day=100)
    with pytest.raises(ValueError, match="min_events must be above 5"):
        subgroup_table(comparison, cohort, min_events=3)
