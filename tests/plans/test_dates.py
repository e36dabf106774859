"""Dates as systems deliver them."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondplan.plans.dates import NO_DATE, read_date, read_dates, to_text


@pytest.mark.parametrize(
    ("text", "expected", "how"),
    [
        ("2019-03-31", "2019-03-31", "iso"),
        (" 2019-03-31\n", "2019-03-31", "iso"),
        ("2019-03-31T00:00:00", "2019-03-31", "reformatted"),
        ("2019-03-31T23:59:59.123Z", "2019-03-31", "reformatted"),
        ("2019-03-31 09:30:00+01:00", "2019-03-31", "reformatted"),
        ("2019-03-31Z", "2019-03-31", "reformatted"),
        ("2019/03/31", "2019-03-31", "reformatted"),
        ("20190331", "2019-03-31", "reformatted"),
        ("31/03/2019", "2019-03-31", "reformatted"),
        ("1/4/2019", "2019-04-01", "reformatted"),
        ("31/03/2019 00:00", "2019-03-31", "reformatted"),
        ("31-03-2019", "2019-03-31", "reformatted"),
        ("31.03.2019", "2019-03-31", "reformatted"),
        ("31-Mar-2019", "2019-03-31", "reformatted"),
        ("31 March 2019", "2019-03-31", "reformatted"),
        ("43555", "2019-03-31", "reformatted"),
        ("43555.0", "2019-03-31", "reformatted"),
        ("31/03/19", "2019-03-31", "reformatted"),
        ("31.3.19 00:00", "2019-03-31", "reformatted"),
        ("31-MAR-19", "2019-03-31", "reformatted"),
        ("31MAR2019", "2019-03-31", "reformatted"),
        ("31st MARCH 2019", "2019-03-31", "reformatted"),
        ("Sunday, 31 March 2019", "2019-03-31", "reformatted"),
        ("Mar 31 2019 12:00AM", "2019-03-31", "reformatted"),
        ("Apr  1 2019 12:00AM", "2019-04-01", "reformatted"),
        ("2019-4-1", "2019-04-01", "reformatted"),
        ("2019-03-31 00:00:00.0000000 +00:00", "2019-03-31", "reformatted"),
        ("29/02/24", "2024-02-29", "reformatted"),
        ("Sun 31/03/2019", "2019-03-31", "reformatted"),
        ("31 03 2019", "2019-03-31", "reformatted"),
        ("'31/03/2019", "2019-03-31", "reformatted"),
        ("31st of March 2019", "2019-03-31", "reformatted"),
        ("2019-Mar-31", "2019-03-31", "reformatted"),
        ("Mar-31-2019", "2019-03-31", "reformatted"),
        ("31-MAR-19 12.00.00.000000 AM", "2019-03-31", "reformatted"),
        ("31MAR2019:00:00:00", "2019-03-31", "reformatted"),
        # Of two centuries, the one that is not in the future.
        ("01/05/99", "1999-05-01", "reformatted"),
        ("01/01/68", "1968-01-01", "reformatted"),
    ],
)
def test_dates_of_every_accepted_form(text, expected, how):
    day, got = read_date(text)
    assert (to_text(day), got) == (expected, how)


@pytest.mark.parametrize("text", ["", "  ", "NULL", "null", "N/A", "No Trace", "nan", "-", "1900-01-01", "9999-12-31"])
def test_words_for_no_date(text):
    assert read_date(text) == (NO_DATE, "not-given")


@pytest.mark.parametrize(
    "text",
    [
        "2019-02-30",
        "2019-13-01",
        "03/31/2019",
        "03/31/19",
        "29/02/23",
        "31 Jun 2019",
        "5 Ju 2019",
        "31/03/0019",
        # Neither century is likely: the future, and more than 80 years ago.
        "01/01/36",
        "hello",
        "2019",
        "123456",
        "0000-00-00",
        "2019-3-1x",
        "٢٠١٩-٠٣-٣١",
    ],
)
def test_unreadable(text):
    assert read_date(text) == (NO_DATE, "unreadable")


def test_years_of_two_digits_give_no_day_after_the_one_told():
    days = {text: read_date(text, until=date(2018, 3, 31))[0] for text in ("31/03/18", "01/04/18", "01-APR-19")}
    assert [text for text, day in days.items() if day != NO_DATE] == ["31/03/18"]


@given(st.text(max_size=30))
def test_any_text_gives_an_answer(text):
    day, how = read_date(text)
    assert (day == NO_DATE) == (how in ("not-given", "unreadable"))


@given(st.dates(date(1900, 1, 2), date(2199, 12, 31)))
def test_the_forms_agree(day):
    serial = str((day - date(1899, 12, 30)).days)
    texts = [
        day.isoformat(),
        day.strftime("%d/%m/%Y"),
        day.strftime("%d %b %Y"),
        *([serial] if len(serial) == 5 else []),
    ]
    assert {to_text(read_date(text)[0]) for text in texts} == {day.isoformat()}


def test_columns_of_mixed_kinds():
    values = pd.Series(
        ["2019-03-31", datetime(2019, 3, 31, 5), date(2019, 3, 31), 43555, 43555.0, np.nan, None, pd.NaT, "x"],
        index=range(10, 19),
        dtype=object,
    )
    dates, how = read_dates(values)
    assert dates.dtype == "datetime64[us]"
    assert list(dates.index) == list(values.index)
    assert (dates.iloc[:5] == pd.Timestamp("2019-03-31")).all()
    assert dates.iloc[5:].isna().all()
    assert list(how.iloc[5:]) == ["not-given"] * 3 + ["unreadable"]
