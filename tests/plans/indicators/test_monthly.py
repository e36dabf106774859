"""Monthly shares agree with the indicators of each month, and sum to those of the whole."""

from pathlib import Path

import pandas as pd
import pytest

import secondplan as sp

STORE = Path(__file__).parents[3] / "data" / "synthetic" / "store"


@pytest.fixture(scope="module")
def store():
    return sp.read_plans(STORE)


def test_each_month_is_the_indicator_of_that_month(store):
    ended = sp.monthly_shares(store, first="2017-04-01", last="2018-03-31")
    second = sp.monthly_shares(store, "second_plans", first="2017-04-01", last="2018-03-31")
    reported = sp.monthly_shares(store, "second_plans_reported", first="2017-04-01", last="2018-03-31")
    assert list(ended.index) == list(pd.date_range("2017-04-01", periods=12, freq="MS"))
    for month in (0, 11):
        first = ended.index[month]
        result = sp.indicators(store, period=(first, first + pd.offsets.MonthEnd(0)))
        assert ended["count"].iloc[month] == result.value("ended_up_to_3_months")
        assert ended["n"].iloc[month] == result.value("plans_ended")
        assert second["count"].iloc[month] == result.value("second_plans")
        assert reported["count"].iloc[month] == result.value("second_plans_reported")
    year = sp.indicators(store, 2018)
    assert ended["count"].sum() == year.value("ended_up_to_3_months")
    assert second[["count", "n"]].sum().tolist() == [year.value("second_plans"), year.value("plans_started")]


def test_only_whole_months_that_the_data_cover(store, make_plans):
    assert len(sp.monthly_shares(store)) == 84
    made = make_plans([("a", "2017-01-01", "2017-02-15")], extract=[("2016-12-15", "2017-03-20")])
    months = sp.monthly_shares(made)
    assert [f"{month:%Y-%m}" for month in months.index] == ["2017-01", "2017-02"]
    assert months["n"].tolist() == [0, 1]
    assert months["count"].tolist() == [0, 1]
    with pytest.raises(ValueError, match="no whole month"):
        sp.monthly_shares(made, first="2017-01-05", last="2017-02-10")
    with pytest.raises(ValueError, match="give first and last"):
        sp.monthly_shares(make_plans([("a", "2017-01-01", None)], extract=()))
    with pytest.raises(ValueError, match="indicator must be one of"):
        sp.monthly_shares(store, "all")


def test_a_funnel_of_authorities_leaves_out_what_is_withheld(store):
    result = sp.indicators(store, 2018, by="la_code")
    chart = result.funnel("ended_up_to_3_months", overdispersion=None)
    shown = result.to_frame()
    shown = shown[(shown["key"] == "ended_up_to_3_months") & (shown["la_code"] != "all")]
    shown = shown[(shown["n"] != "c") & (shown["of_n"] != "c")]
    assert chart.table.index.tolist() == shown["la_code"].tolist()
    assert chart.target == pytest.approx(result.value("ended_up_to_3_months", "pct") / 100)
    with pytest.raises(ValueError, match="needs groups"):
        sp.indicators(store, 2018).funnel()
