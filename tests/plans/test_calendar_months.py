import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondplan.plans.calendar_months import add_months, days_between, eighteenth_birthday


def dates(*texts):
    return pd.Series(pd.to_datetime(list(texts))).astype("datetime64[us]")


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2017-01-15", 3, "2017-04-15"),
        ("2017-11-30", 3, "2018-02-28"),
        ("2015-11-30", 3, "2016-02-29"),
        ("2016-02-29", 12, "2017-02-28"),
        ("2016-08-31", 6, "2017-02-28"),
        ("2017-12-31", 1, "2018-01-31"),
    ],
)
def test_months_are_added_by_the_corresponding_date_rule(start, months, expected):
    assert add_months(dates(start), months).tolist() == dates(expected).tolist()


@given(st.dates(), st.integers(0, 240))
def test_adding_months_agrees_with_the_offset_of_pandas(day, months):
    if not 1700 < day.year < 2200:
        return
    expected = pd.Timestamp(day) + pd.DateOffset(months=months)
    assert add_months(dates(day), months)[0] == expected


@pytest.mark.parametrize(
    ("birth", "birthday"),
    [("2000-02-29", "2018-03-01"), ("2000-02-28", "2018-02-28"), ("2001-12-31", "2019-12-31")],
)
def test_eighteenth_birthday(birth, birthday):
    assert eighteenth_birthday(dates(birth)).tolist() == dates(birthday).tolist()


def test_missing_dates_stay_missing_and_the_index_is_kept():
    births = pd.Series(pd.to_datetime([None, "2000-01-01"]), index=[7, 9]).astype("datetime64[us]")
    assert eighteenth_birthday(births).isna().tolist() == [True, False]
    assert add_months(births, 3).index.tolist() == [7, 9]
    assert str(add_months(births, 3).dtype) == "datetime64[us]"
    assert days_between(births, births).isna().tolist() == [True, False]
