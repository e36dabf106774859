"""Whether an authority's practice changed on a date."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp


def counts(jump=0.0, n_units=21, seed=3):
    """Quarters of authorities, of which the first jumps on 1 April 2017."""
    rng = np.random.default_rng(seed)
    periods = pd.date_range("2015-04-01", periods=16, freq="QS")
    rows = []
    for unit in range(n_units):
        base = 0.2 + rng.normal(0, 0.03)
        for k, period in enumerate(periods):
            own = base + 0.005 * k + (jump if unit == 0 and k >= 8 else 0.0)
            rows.append((f"{301 + unit}", period, rng.binomial(300, own), 300))
    return pd.DataFrame(rows, columns=["la_code", "period", "count", "n"])


def test_a_jump_is_found_and_a_common_trend_is_not_one():
    found = sp.change_of_practice(counts(0.12), "301", "2017-04-01")
    row = found.table.loc[("difference in differences", "change")]
    assert row["lower"] < 0.12 < row["upper"] and row["p_value"] < 0.01
    jump = found.table.loc[("interrupted time series", "change of level")]
    assert jump["lower"] < 0.12 < jump["upper"]
    assert "rose by" in found.words
    still = sp.change_of_practice(counts(0.0), "301", "2017-04-01")
    assert still.table.loc[("difference in differences", "change"), "p_value"] > 0.05
    assert "by no more than chance" in still.words


def test_the_series_returns_to_the_counts():
    given = counts(0.1)
    series = sp.change_of_practice(given, "301", "2017-04-01").series
    own = given[given["la_code"] == "301"].set_index("period")
    assert series["share"].to_numpy() == pytest.approx((own["count"] / own["n"]).to_numpy())
    assert (series["lower"] < series["share"]).all() and (series["share"] < series["upper"]).all()
    before = series.index < "2017-04-01"
    assert abs(series.loc[before, "difference"].mean()) < 1e-9 + 0.02


def test_a_trend_of_its_own_before_the_date_is_told():
    given = counts()
    own = given["la_code"] == "301"
    given.loc[own, "count"] = 30 + 8 * np.arange(own.sum())
    assert "the comparison with them is not sound" in sp.change_of_practice(given, "301", "2017-04-01").words


def test_without_controls_only_the_own_series_is_used():
    found = sp.change_of_practice(counts(0.1), "301", "2017-04-01", controls=[])
    assert found.difference is None and "controls" not in found.series
    assert found.plot() is not None


def test_plans_are_counted_in_quarters_from_the_date(two_authorities):
    found = sp.change_of_practice(two_authorities, "501", "2015-01-01", indicator="ended_within_3_months")
    monthly = sp.monthly_shares(two_authorities)
    assert pd.Timestamp("2015-01-01") in found.series.index
    assert found.series["share"].between(0, 1).all()
    assert len(found.series) <= len(monthly) / 3
    mid_month = sp.change_of_practice(two_authorities, "501", "2015-01-15").series.index
    assert pd.Timestamp("2015-02-01") in mid_month and pd.Timestamp("2015-01-01") not in mid_month


def test_published_counts_are_taken_as_they_are():
    found = sp.change_of_practice(sp.published_second_plans(), "330", "2017-04-01", last="2020-03-31")
    assert found.difference.n_controls > 100
    assert "330" in repr(found) and "second and later plans" in found._repr_html_()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"la_code": "999"}, "la_code must be an authority of the data, got '999'"),
        ({"controls": ["301"]}, "controls must be other authorities of the data, got 301"),
        ({"date": "2015-04-01"}, "3 or more periods before and after the date, got 0 and 16"),
        ({"plans": pd.DataFrame({"la_code": ["1"]})}, "missing: period, count, n"),
    ],
)
def test_wrong_parameters_are_named(changed, message):
    given = {"plans": counts(), "la_code": "301", "date": "2017-04-01"} | changed
    with pytest.raises(ValueError, match=message):
        sp.change_of_practice(given.pop("plans"), given.pop("la_code"), given.pop("date"), **given)
