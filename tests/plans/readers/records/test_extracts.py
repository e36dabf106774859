"""When an extract was made: from names, from what users give, and from the data."""

from datetime import date, datetime
from pathlib import Path

import pytest

from secondplan.errors import InputError
from secondplan.plans.dates import NO_DATE, to_text
from secondplan.plans.readers.records.extracts import extract_table, given_days, latest_day


def test_what_a_user_gives():
    files = [Path("a.csv"), Path("b.csv")]
    days = [given_days(value, files) for value in ("2018-03-31", date(2018, 3, 31), datetime(2018, 3, 31, 9))]
    assert days == [dict.fromkeys(files, 17621)] * 3
    assert given_days({"b.csv": "31/03/2018"}, files) == {Path("b.csv"): 17621}
    assert given_days(None, files) == {}
    with pytest.raises(InputError, match="tell of several days"):
        given_days("2018-03-31", [Path("2018-03-31.csv"), Path("2018-09-30.csv")])
    with pytest.raises(InputError, match="must be a date"):
        given_days("soon", files)


def test_the_latest_date_that_is_not_still_to_come():
    assert to_text(latest_day([["01/02/2018", None, "x"], ["2018-03-31", "2199-01-01"]])) == "2018-03-31"
    assert latest_day([[None, "x"]]) is None


def test_the_extract_table_has_the_types_of_the_schema():
    table = extract_table(["330"], [NO_DATE], [17621], ["test"])
    assert table["first_date"].isna().all()
    assert table["extract_date"].dtype == "datetime64[us]"
