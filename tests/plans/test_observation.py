import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans.observation import BEGINNING, last_dates, observed_spans, span_at


def extract(*rows):
    frame = pd.DataFrame(rows, columns=["la_code", "first_date", "extract_date"])
    dates = {name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in ("first_date", "extract_date")}
    return frame.assign(la_code=frame["la_code"].astype("string"), **dates)


def spans(*rows, authorities=("330",), as_of=None):
    as_of = None if as_of is None else pd.Timestamp(as_of)
    found = observed_spans(extract(*rows), pd.Series(authorities, dtype="string"), as_of)
    return [(la, str(first.date()), str(last.date())) for la, first, last in found.itertuples(index=False)]


def test_years_that_follow_each_other_or_overlap_are_one_span():
    assert spans(
        ("330", "2016-04-01", "2017-03-31"),
        ("330", "2015-04-01", "2016-03-31"),
        ("330", "2016-10-01", "2016-12-31"),
        ("330", "2017-02-01", "2017-09-30"),
    ) == [("330", "2015-04-01", "2017-09-30")]


def test_a_missing_day_makes_two_spans():
    found = spans(("330", "2015-04-01", "2016-03-30"), ("330", "2016-04-01", "2017-03-31"))
    assert found == [("330", "2015-04-01", "2016-03-30"), ("330", "2016-04-01", "2017-03-31")]


def test_authorities_are_apart():
    found = spans(("331", "2015-04-01", "2016-03-31"), ("330", "2015-04-01", "2018-03-31"), authorities=("330", "331"))
    assert found == [("330", "2015-04-01", "2018-03-31"), ("331", "2015-04-01", "2016-03-31")]


def test_nothing_is_observed_after_as_of():
    rows = ("330", "2015-04-01", "2016-03-31"), ("330", "2017-04-01", "2018-03-31")
    assert spans(*rows, as_of="2015-06-30") == [("330", "2015-04-01", "2015-06-30")]
    assert spans(*rows, as_of="2017-01-01") == [("330", "2015-04-01", "2016-03-31")]
    assert spans(*rows, as_of="2014-01-01") == []


def test_an_authority_without_dates_is_observed_always_up_to_as_of():
    assert spans(as_of="2018-03-31") == [("330", str(BEGINNING.date()), "2018-03-31")]
    assert spans(("330", None, "2018-03-31")) == [("330", str(BEGINNING.date()), "2018-03-31")]
    with pytest.raises(InputError, match="2 authorities have plans but no extract date"):
        spans(("332", "2015-04-01", "2018-03-31"), authorities=("330", "331", "330"))


def test_the_span_at_a_date_or_the_next():
    found = observed_spans(
        extract(("330", "2015-04-01", "2016-03-31"), ("330", "2017-04-01", "2018-03-31")),
        pd.Series(["330"], dtype="string"),
    )
    dates = ["2018-03-31", "2014-01-01", "2015-04-01", "2016-04-01", "2018-04-01"]
    asked = pd.Series(pd.to_datetime(dates), index=[9, 7, 5, 3, 1]).astype("datetime64[us]")
    at = span_at(pd.Series("330", index=asked.index, dtype="string"), asked, found)
    assert at.index.tolist() == [9, 7, 5, 3, 1]
    assert at["span_first"].dt.year.tolist()[:4] == [2017, 2015, 2015, 2017]
    assert at.loc[1].isna().all()
    assert last_dates(found).to_dict() == {"330": pd.Timestamp("2018-03-31")}
