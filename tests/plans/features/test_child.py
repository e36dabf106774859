import numpy as np
import pandas as pd
import pytest

from secondplan.plans import build_cohort

PLAN = ("c", "2016-01-10", "2016-12-31")


def row(make_plans, **child):
    return build_cohort(make_plans([PLAN, ("known", *PLAN[1:])], children={"c": child})).X.iloc[0]


def test_age_in_years(make_plans):
    assert row(make_plans, date_of_birth="2010-12-31")["age_at_end"] == pytest.approx(6, abs=0.002)
    assert np.isnan(row(make_plans, date_of_birth=None)["age_at_end"])


def test_the_unborn_are_0_years_old_and_of_unknown_sex(make_plans):
    due = row(make_plans, date_of_birth=None, expected_date_of_birth="2017-02-01", sex="0")
    born_since = row(make_plans, date_of_birth="2017-02-03", expected_date_of_birth="2017-02-01", sex="2")
    for child in (due, born_since):
        assert (child["age_at_end"], child["sex"]) == (0, "0")
    assert row(make_plans, date_of_birth="2016-12-31", sex="2")["sex"] == "2"


@pytest.mark.parametrize(
    ("ethnicity", "group"),
    [
        ("WROM", "White"),
        ("MWBC", "Mixed"),
        ("APKN", "Asian"),
        ("BAFR", "Black"),
        ("OOTH", "Other"),
        ("REFU", "Unknown"),
        ("NOBT", "Unknown"),
        (None, "Unknown"),
    ],
)
def test_ethnicity_groups(make_plans, ethnicity, group):
    assert row(make_plans, ethnicity=ethnicity)["ethnicity_group"] == group


def test_disabled_is_missing_where_nothing_is_recorded(make_plans):
    assert row(make_plans, disabilities="AUT;LD")["disabled"]
    assert not row(make_plans, disabilities="NONE")["disabled"]
    assert row(make_plans, disabilities=None)["disabled"] is pd.NA


def test_sex_not_recorded(make_plans):
    assert row(make_plans, sex=None)["sex"] == "0"


def test_what_no_child_has_is_left_out(make_plans):
    nothing = dict.fromkeys(["sex", "date_of_birth", "ethnicity", "disabilities"])
    cohort = build_cohort(make_plans([PLAN], children={"c": nothing}))
    assert {"age_at_end", "sex", "ethnicity_group", "disabled"} <= set(cohort.missing_features)
