import numpy as np
import pandas as pd
import pytest

from secondplan.scoring.cases import as_cases, check_cases
from secondplan.scoring.drift.inputs import Window, contract_table, input_table, windows_of
from secondplan.scoring.horizons import Horizons


def cohort_with(cohort, **columns):
    X = cohort.X.assign(**columns)
    return type(cohort)(X, cohort.y, cohort.keys, cohort.eligible_days, cohort.flow, cohort.care, cohort.as_of)


@pytest.fixture(scope="module")
def whole(watched):
    """One window of all new plans."""
    month = pd.Period("2018-03", "M")
    return [Window(month, month, np.arange(len(watched.new)))]


@pytest.fixture(scope="module")
def risk(watched):
    return watched.model.predict_cumulative_incidence(watched.new.X, [730])[:, 0]


def contract(watched, cohort, windows):
    checked = check_cases(watched.model, as_cases(cohort), Horizons.of([730], "plan_end"))
    return contract_table(watched.model, watched.profile, cohort, checked, windows, 0.05)


def breaches(watched, cohort, windows):
    return contract(watched, cohort, windows).set_index("column")["rule"].to_dict()


def test_months_are_joined_until_there_are_fifty_plans():
    ended = pd.Series(pd.to_datetime(["2018-01-05"] * 60 + ["2018-02-05"] * 20 + ["2018-03-05"] * 30 + ["2018-05-01"]))
    found = windows_of(ended, pd.Period("2018-01", "M"), pd.Period("2018-05", "M"))
    assert [(window.name, window.rows.size) for window in found] == [("2018-01", 60), ("2018-02 to 2018-03", 50)]


def test_shorter_plans_are_found_and_said_in_words(watched, whole, risk):
    changed = cohort_with(watched.new, plan_length_days=watched.new.X["plan_length_days"] * 0.5)
    table = input_table(watched.profile, changed, risk, whole, 0.5).set_index("column")
    assert "plan_length_days" in table.index[table["alarm"]]
    assert set(table.index[table["alarm"]]) <= {"plan_length_days", "predicted risk"}
    assert "plan length days is lower" in table.loc["plan_length_days", "finding"]
    assert table.loc["plan_length_days", "upper"] < 0.5


def test_a_change_within_what_is_seen_four_times_in_five(watched, whole, risk):
    table = input_table(watched.profile, watched.new, risk, whole, 0.5).set_index("column")
    drugs = table.loc["factor_drugs", "smallest_seen"]
    assert 0.0 < drugs < 0.2
    assert table.loc["factor_drugs", "moved_by_chance"] < drugs


def test_a_unit_that_changed_breaks_the_contract(watched, whole):
    assert breaches(watched, watched.new, whole) == {}
    months = cohort_with(watched.new, age_at_end=watched.new.X["age_at_end"] * 12)
    assert breaches(watched, months, whole)["age_at_end"] == "unit"


def test_a_column_of_one_value_breaks_it(watched, whole):
    never = cohort_with(watched.new, factor_drugs=pd.array(np.zeros(len(watched.new), dtype=bool), dtype="boolean"))
    assert breaches(watched, never, whole) == {"factor_drugs": "one_value"}


def test_unseen_levels_break_it_and_their_number_is_withheld(watched, whole):
    levels = watched.new.X["initial_category"].astype("string").where(np.arange(len(watched.new)) > 2, "XXX")
    table = contract(watched, cohort_with(watched.new, initial_category=levels), whole)
    assert table["rule"].tolist() == ["unseen_level"]
    assert table["finding"].iloc[0].startswith("c of ")


def test_too_many_rejects_break_it(watched, whole):
    negative = watched.new.X["n_siblings_on_plan"].where(np.arange(len(watched.new)) > 100, -1.0)
    found = breaches(watched, cohort_with(watched.new, n_siblings_on_plan=negative), whole)
    assert found[""] == "rejects"
