"""Typed values as the text that a CSV file would hold."""

import datetime as dt
import uuid
from decimal import Decimal

import pandas as pd
import pytest

from secondplan.plans.dates import read_date, to_text
from secondplan.plans.readers.files.cell_text import cell_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(None, None), (pd.NaT, None), ("", None), (" a\x00b ", "ab"), ("\ud800x", "?x")],
        *[(True, "true"), (0, "0"), (10**30, str(10**30)), (12.0, "12"), (0.5, "0.5")],
        *[(float("nan"), None), (float("inf"), None), (Decimal("12.00"), "12"), (Decimal("1E+999999"), "1E+999999")],
        *[(dt.date(2018, 3, 31), "2018-03-31"), (dt.datetime(2018, 3, 31), "2018-03-31")],
        *[(dt.datetime(2018, 3, 31, 23, 59, 59), "2018-03-31T23:59:59"), (b"\xe9t\xe9", "été"), (b"\xc3\xa9", "é")],
        *[(["1A", "2B"], '["1A", "2B"]'), ({"1A": True}, '{"1A": true}')],
        *[(memoryview(b"x"), "x"), (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001")],
    ],
)
def test_text_of_a_value(value, text):
    assert cell_text(value) == text


@pytest.mark.parametrize(
    "value",
    [
        dt.date(2018, 3, 31),
        dt.datetime(2018, 3, 31, 12, 30, 5, 123456),
        dt.datetime(2018, 3, 31, 12, 30, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    ],
)
def test_dates_are_read_again(value):
    assert to_text(read_date(cell_text(value))[0]) == "2018-03-31"
