"""Observed and expected events: by hand, against R's survival, and as a martingale."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import secondplan as sp

REFERENCE = Path(__file__).parents[2] / "reference"
R = json.loads((REFERENCE / "monitoring.json").read_text())["cox"]


def frame(**columns):
    return pd.DataFrame(columns)


def test_worked_by_hand():
    # Three rows at risk on day 1, two on day 3: hazard 1/3 and then 1/2 more.
    X = frame(x=[0.0, 0.0, 0.0])
    y = frame(duration=[1, 3, 5], event=[1, 1, 0])
    with pytest.warns(UserWarning, match=r"constant|column"):
        model = sp.CoxPH(ties="breslow").fit(X, y)
    # One row from 10 January, under observation until its day 3; another that enters late, on its day 2.
    watched = frame(duration=[3, 3], entry=[0, 2], event=[0, 1])
    counted = sp.expected_events(model, X.iloc[:2], watched, ["2018-01-10", "2018-01-20"])
    days = counted.days
    assert days.index[0] == pd.Timestamp("2018-01-10")
    assert days.loc["2018-01-11", "expected"] == pytest.approx(1 / 3)
    assert days.loc["2018-01-13", "expected"] == pytest.approx(1 / 2)
    assert days.loc["2018-01-23", ["expected", "observed", "n_at_risk"]].tolist() == pytest.approx([1 / 2, 1, 1])
    assert days["expected"].sum() == pytest.approx(1 / 3 + 1 / 2 + 1 / 2)
    assert days.loc["2018-01-21":"2018-01-22", "n_at_risk"].sum() == 0
    assert counted.by_month()["observed"].tolist() == [1]


def test_expected_events_are_those_of_r():
    data = pd.read_csv(REFERENCE / "data" / "lung.csv").dropna(subset=["age"]).reset_index(drop=True)
    number = np.arange(1, len(data) + 1)
    start = pd.Timestamp("2015-01-01") + pd.to_timedelta(number * 37 % 900, unit="D")
    y = frame(entry=data["late"], duration=data["time"], event=(data["status"] > 0).astype(int))
    train, watch = number % 2 == 1, number % 2 == 0
    model = sp.CoxPH(ties="breslow").fit(data.loc[train, ["age", "sex"]], y[train])
    watch &= data["time"].to_numpy() <= data["time"][train & (y["event"] == 1)].max()
    counted = sp.expected_events(
        model, data.loc[watch, ["age", "sex"]], y[watch], start[watch], first="2015-06-01", last="2017-05-31"
    )
    months = counted.by_month()
    assert [f"{month:%Y-%m-%d}" for month in months.index] == R["month"]
    np.testing.assert_allclose(months["expected"], R["expected"], rtol=1e-8)
    assert months["observed"].tolist() == R["observed"]


def made(n_rows=600, seed=4):
    rng = np.random.default_rng(seed)
    X = frame(x=rng.normal(size=n_rows), g=rng.choice(["a", "b"], n_rows))
    y = frame(duration=rng.integers(0, 500, n_rows), event=rng.integers(0, 3, n_rows))
    start = pd.Timestamp("2016-01-01") + pd.to_timedelta(rng.integers(0, 700, n_rows), unit="D")
    return X, y, pd.Series(start)


@pytest.mark.parametrize("model", [sp.CoxPH(ties="breslow"), sp.CauseSpecificCox(ties="breslow", strata="g")])
def test_in_training_as_many_are_expected_as_observed(model):
    X, y, start = made()
    counted = sp.expected_events(model.fit(X, y), X, y, start)
    assert counted.days["observed"].sum() == (y["event"] == 1).sum()
    assert counted.days["expected"].sum() == pytest.approx((y["event"] == 1).sum(), rel=1e-9)


def test_periods_add_up_and_order_does_not_matter():
    X, y, start = made()
    model = sp.CoxPH().fit(X, y)
    whole = sp.expected_events(model, X, y, start, first="2016-03-01", last="2017-12-31").days
    parts = [
        sp.expected_events(model, X, y, start, first=first, last=last).days
        for first, last in (("2016-03-01", "2017-01-31"), ("2017-02-01", "2017-12-31"))
    ]
    pd.testing.assert_frame_equal(pd.concat(parts), whole, check_freq=False)
    rows = np.random.default_rng(1).permutation(len(X))
    again = sp.expected_events(
        model, X.iloc[rows], y.iloc[rows], start.iloc[rows], first="2016-03-01", last="2017-12-31"
    )
    pd.testing.assert_frame_equal(again.days, whole)


def test_within_leaves_later_days_out():
    X, y, start = made()
    model = sp.CoxPH(ties="breslow").fit(X, y)
    counted = sp.expected_events(model, X, y, start, horizon=100)
    assert counted.days["observed"].sum() == ((y["event"] == 1) & (y["duration"] <= 100)).sum()
    cut = y.assign(duration=y["duration"].clip(upper=100), event=y["event"].where(y["duration"] <= 100, 0))
    assert counted.days["expected"].sum() == pytest.approx(
        sp.expected_events(model, X, cut, start).days["expected"].sum()
    )


def test_chunks_give_the_same(monkeypatch):
    X, y, start = made()
    model = sp.CoxPH().fit(X, y)
    whole = sp.expected_events(model, X, y, start).days
    monkeypatch.setattr("secondplan.models.monitoring.observed_expected.NUMBERS_PER_CHUNK", 5000)
    pd.testing.assert_frame_equal(sp.expected_events(model, X, y, start).days, whole)


def test_siblings_make_batches():
    X, y, _ = made(6)
    y = frame(duration=[10, 20, 60, 30, 5, 5], event=[1, 1, 1, 1, 1, 0])
    model = sp.CoxPH().fit(*made()[:2])
    counted = sp.expected_events(model, X, y, ["2017-01-01"] * 6, cluster=list("aaabcc"))
    assert counted.batches.tolist() == [3, 1, 1]
    assert sp.expected_events(model, X, y, ["2017-01-01"] * 6).batches.tolist() == [1] * 5


def test_follow_up_beyond_what_the_model_knows_is_warned_of():
    X, y, start = made()
    model = sp.CoxPH().fit(X, y)
    late = y.assign(duration=y["duration"] + 400)
    with pytest.warns(UserWarning, match="give horizon=49") as caught:
        counted = sp.expected_events(model, X, late, start).days["expected"]
    assert len(caught) == 1
    known = float(str(caught[0].message).rpartition("horizon=")[2].split()[0])
    assert counted.sum() == pytest.approx(
        sp.expected_events(model, X, late, start, horizon=known).days["expected"].sum()
    )
    # A row alone is not warned of.
    late = y.assign(duration=y["duration"].where(y.index > 0, 900))
    assert np.isfinite(sp.expected_events(model, X, late, start).days["expected"]).all()


def test_follow_up_beyond_that_of_the_stratum_is_warned_of():
    X, y, start = made()
    short = (X["g"] == "a") & (y["duration"] > 100)
    cut = y.assign(duration=y["duration"].mask(short, 100), event=y["event"].mask(short, 0))
    model = sp.CauseSpecificCox(strata="g").fit(X, cut)
    with pytest.warns(UserWarning, match="until day 100 in every stratum and .*; give horizon=100 or less") as caught:
        counted = sp.expected_events(model, X, y, start).days["expected"]
    assert len(caught) == 1 and np.isfinite(counted).all()
    sp.expected_events(model, X, y, start, horizon=100)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"start": ["2017-01-01"]}, ValueError, "1 dates for 600 rows"),
        ({"start": [None] * 600}, ValueError, "missing in 600 rows"),
        ({"start": ["soon"] * 600}, ValueError, "must hold dates"),
        ({"first": "2018-01-01", "last": "2017-01-01"}, ValueError, "ends before it begins"),
        ({"first": "some day"}, ValueError, "first must be a date"),
        ({"event": 7}, ValueError, "no hazard of event 7"),
        ({"model": sp.FineGray()}, ValueError, "a FineGray, which has none"),
    ],
)
def test_what_cannot_be_is_refused(change, error, match):
    X, y, start = made()
    model = change.pop("model", None) or sp.CauseSpecificCox().fit(X, y)
    with pytest.raises(error, match=match):
        sp.expected_events(model, X, y, change.pop("start", start), **change)


def test_half_days_are_refused():
    X, y, start = made()
    with pytest.raises(ValueError, match="whole days"):
        sp.expected_events(sp.CoxPH().fit(X, y), X, y.assign(duration=y["duration"] + 0.5), start)


def test_the_limits_of_a_ratio_are_poissons_and_wider_where_events_come_together():
    from secondplan.models.monitoring import overdispersion_of, ratio_of_counts

    ratio, lower, upper = ratio_of_counts(10, 8.0, 1.0)
    assert (ratio, lower * 8, upper * 8) == pytest.approx((1.25, 4.795389, 18.390356), rel=1e-6)
    assert ratio_of_counts(0, 8.0, 1.0)[1] == 0.0
    assert overdispersion_of(np.array([1, 1, 2])) == 1.5
    wider = ratio_of_counts(10, 8.0, 1.5)
    assert wider[1] < lower and wider[2] > upper
    assert np.isnan(ratio_of_counts(0, 0.0, 1.0)).all()
