import pytest

from secondplan.plans import build_cohort
from secondplan.plans.features.assessments import FACTOR_FEATURES

PLAN = ("c", "2016-01-10", "2016-12-31")


def found(make_plans, assessments):
    plans = make_plans([PLAN, ("other", *PLAN[1:])], assessments=[*assessments, ("other", "2016-01-01", None, "21")])
    row = build_cohort(plans).X.iloc[0]
    if row[list(FACTOR_FEATURES)].isna().all():
        return None
    return {name.removeprefix("factor_") for name in FACTOR_FEATURES if row[name]}


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ("3B", {"domestic_abuse"}),
        ("4B", {"parental_mental_health"}),
        ("4A", {"other"}),
        ("1A;2C", {"alcohol", "drugs"}),
        ("16A;17A", {"neglect", "emotional_abuse"}),
        ("18A;19C", {"physical_abuse", "sexual_abuse"}),
        ("5C;20", {"learning_disability", "other"}),
        ("21", set()),
    ],
)
def test_codes_of_factors(make_plans, factors, expected):
    assert found(make_plans, [("c", "2015-12-01", "2016-01-05", factors)]) == expected


@pytest.mark.parametrize(
    ("assessments", "expected"),
    [
        ([], None),
        # The later of two; both of one day; one without recorded factors does not replace an earlier one.
        ([("c", "2015-01-01", "2015-02-01", "1B"), ("c", "2016-03-01", "2016-04-01", "2B")], {"drugs"}),
        ([("c", "2015-01-01", "2016-04-01", "1B"), ("c", "2016-03-01", "2016-04-01", "2B")], {"drugs", "alcohol"}),
        ([("c", "2015-01-01", "2015-02-01", "1B"), ("c", "2016-03-01", "2016-04-01", None)], {"alcohol"}),
        # Known on the day of authorisation, not before.
        ([("c", "2016-11-20", "2016-12-31", "1B")], {"alcohol"}),
        ([("c", "2016-11-20", "2017-01-01", "1B")], None),
        # Without that date, 63 days after the start: 29 October is 63 days before the end.
        ([("c", "2016-10-29", None, "1B")], {"alcohol"}),
        ([("c", "2016-10-30", None, "1B")], None),
    ],
)
def test_which_assessment_counts(make_plans, assessments, expected):
    assert found(make_plans, assessments) == expected


def test_without_assessments_there_are_no_factor_features(make_plans):
    cohort = build_cohort(make_plans([PLAN]))
    assert set(FACTOR_FEATURES) <= set(cohort.missing_features)
    assert not set(FACTOR_FEATURES) & set(cohort.X)
    assert (
        str(
            build_cohort(make_plans([PLAN], assessments=[("c", "2015-12-01", "2016-01-05", "1A")])).X.dtypes[
                "factor_alcohol"
            ]
        )
        == "boolean"
    )
