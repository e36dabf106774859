"""Parametric shapes against our own fits, by hand, under weights and late entry; cumulative hazards and words."""

import gc
import sys
import warnings

import lifelines
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

import secondplan.models.aft.univariate_fits as fits
from secondplan.models.aft.distributions import compare_distributions
from secondplan.models.aft.model import ParametricAFT
from secondplan.models.curves.nonparametric import nelson_aalen

# lifelines stops its search within about this of the highest log likelihood.
OF_THE_SEARCH = 1e-5


def simulate(n_rows, rng, *, entry=False):
    days = 900 * rng.weibull(0.7, n_rows)
    end = rng.uniform(100, 2000, n_rows)
    duration = np.floor(np.minimum(days, end))
    event = np.where(days <= end, rng.choice([1, 2], n_rows, p=[0.6, 0.4]), 0)
    y = pd.DataFrame({"entry": 0.0, "duration": duration, "event": event})
    if entry:
        y["entry"] = np.floor(np.where(rng.random(n_rows) < 0.5, rng.uniform(0, 300, n_rows), 0))
        y = y[(y["entry"] < y["duration"]) | (y["entry"] == 0)].reset_index(drop=True)
    return y


def compare(y, **options):
    return compare_distributions(y["duration"], y["event"], entry=y["entry"], **options)


@pytest.mark.parametrize("entry", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_shapes_are_those_of_accelerated_failure_time_models_without_features(entry, weighted):
    y = simulate(150, np.random.default_rng(3), entry=entry)
    weight = np.arange(len(y)) % 3 if weighted else None
    found = compare(y, sample_weight=weight)
    for shape in ("exponential", "weibull", "lognormal", "loglogistic"):
        own = ParametricAFT(shape).fit(np.ones((len(y), 0)), y, sample_weight=weight)
        row = found.table.loc[shape]
        assert row["log_likelihood"] == pytest.approx(own.log_likelihood_[1], abs=OF_THE_SEARCH)
        assert row["aic"] == pytest.approx(2 * row["n_parameters"] - 2 * row["log_likelihood"])
        n_rows = len(y) if weight is None else weight.sum()
        assert row["bic"] == pytest.approx(row["n_parameters"] * np.log(n_rows) - 2 * row["log_likelihood"])
        location = found.parameters.loc[shape, "estimate"].iloc[0]
        location = location if shape == "lognormal" else np.log(location)
        assert location == pytest.approx(own.intercept_[1], abs=1e-3)


def test_exponential_by_hand():
    found = compare_distributions([10, 20, 30, 40], [1, 2, 1, 0], entry=[0, 5, 0, 0])
    # Two events in 10 + 15 + 30 + 40 days.
    rate = 2 / 95
    assert found.table.loc["exponential", "log_likelihood"] == pytest.approx(2 * np.log(rate) - 2)
    estimate, error, lower, upper = found.parameters.loc[("exponential", "lambda")]
    assert (estimate, error) == pytest.approx((1 / rate, 1 / rate / np.sqrt(2)), rel=1e-5)
    half = 1.959964 / np.sqrt(2)
    assert (lower, upper) == pytest.approx((np.exp(-half) / rate, np.exp(half) / rate), rel=1e-5)
    curve = found.cumulative_hazards.query("distribution == 'exponential'")
    np.testing.assert_allclose(curve["estimate"], rate * curve["day"], rtol=1e-6)
    np.testing.assert_allclose(curve["upper"] / curve["estimate"], np.exp(half), rtol=1e-5)
    steps = found.cumulative_hazards.query("distribution == 'Nelson-Aalen'")
    assert steps["estimate"].tolist() == [1 / 4, 1 / 4 + 1 / 2]


def test_intervals_are_those_of_lifelines():
    y = simulate(400, np.random.default_rng(4))
    y["duration"] = y["duration"].clip(lower=1)
    found = compare(y, level=0.9)
    days = found.cumulative_hazards.query("distribution == 'loglogistic'")
    theirs = lifelines.LogLogisticFitter().fit(y["duration"], y["event"] == 1, timeline=days["day"], alpha=0.1)
    bounds = theirs.confidence_interval_cumulative_hazard_.to_numpy()
    error = np.log(days["upper"] / days["estimate"]) * days["estimate"]
    np.testing.assert_allclose(error, (bounds[:, 1] - bounds[:, 0]) / 2, rtol=1e-3)


@pytest.mark.parametrize("entry", [False, True])
def test_the_yardstick_is_where_the_search_of_lifelines_ends(entry):
    y = simulate(150, np.random.default_rng(14), entry=entry)
    y["duration"] = y["duration"].clip(lower=1)
    found = compare(y)
    # Between days: at a break itself lifelines takes the mean of both rates.
    breaks = np.floor(np.quantile(y.loc[y["event"] == 1, "duration"], [0.3, 0.6])) + 0.5
    columns = y["entry"].to_numpy(), y["duration"].to_numpy(), (y["event"] == 1).to_numpy()
    times = fits.UnivariateTimes(*columns, np.ones(len(y)), np.ones(len(y)), is_robust=False)
    own = fits._piecewise(lifelines.PiecewiseExponentialFitter(breaks), times, breaks)
    late = y["entry"] if entry else None
    theirs = lifelines.PiecewiseExponentialFitter(breaks).fit(
        y["duration"], y["event"] == 1, entry=late, initial_point=1.2 * own.theta
    )
    assert own.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=OF_THE_SEARCH)
    np.testing.assert_allclose(own.theta, theirs.params_, rtol=0.01)
    assert len(found.parameters.loc[fits.YARDSTICK]) == found.table.loc[fits.YARDSTICK, "n_parameters"] == 8


def test_case_weights_are_repeated_rows():
    y = simulate(200, np.random.default_rng(5), entry=True)
    weight = np.arange(len(y)) % 3
    repeated = y.loc[y.index.repeat(weight)]
    weighted, by_hand = compare(y, sample_weight=weight), compare(repeated.reset_index(drop=True))
    pd.testing.assert_frame_equal(weighted.table, by_hand.table)
    assert weighted.n_events == by_hand.n_events


def test_the_shape_that_the_days_have_is_found():
    rng = np.random.default_rng(6)
    days = np.round(np.exp(6 + 0.9 * rng.normal(size=2000)), -1) + 5
    found = compare_distributions(np.minimum(days, 1500), days < 1500)
    assert found.table.index[0] == "lognormal" and found.table["verdict"].iloc[0] == "best by AIC"
    assert found.table.loc["lognormal", "outside"] < 0.05 < found.table.loc["exponential", "outside"]
    assert found.table.loc["exponential", "verdict"] == "hardly any support"
    # Both the lognormal and the Weibull distribution are special cases of it.
    assert found.table.loc["generalised gamma", "log_likelihood"] >= found.table["log_likelihood"].iloc[0] - 0.01
    assert found.table.loc["generalised gamma", "verdict"].startswith("as good")


def test_no_shape_is_said_where_the_yardstick_is_ahead():
    rng = np.random.default_rng(7)
    days = np.where(rng.random(500) < 0.5, rng.integers(20, 30, 500), rng.integers(400, 440, 500))
    found = compare_distributions(days, np.ones(500))
    assert found.table.index[-1] == fits.YARDSTICK and found.table["aic_difference"].iloc[-1] < -2
    assert any(note.startswith("No shape follows the hazard well") for note in found.notes)


def test_events_on_day_0_count_at_half_a_day_and_are_counted():
    y = simulate(300, np.random.default_rng(8))
    y.loc[:4, "duration"], y.loc[:4, "event"] = 0.0, [1, 1, 1, 2, 0]
    found, moved = compare(y), compare(y.assign(duration=y["duration"].where(y["duration"] > 0, 0.5)))
    n_first_day = int(((y["duration"] == 0) & (y["event"] == 1)).sum())
    assert f"{n_first_day} events on day 0 count at half a day" in repr(found)
    pd.testing.assert_frame_equal(found.table, moved.table)
    assert not moved.notes


def test_cumulative_hazards_count_from_where_observation_begins():
    y = simulate(500, np.random.default_rng(9))
    later = y.assign(entry=200.0)[y["duration"] > 200]
    found = compare(later)
    assert any("Nobody is observed before day 200" in note for note in found.notes)
    curve = nelson_aalen(later["duration"], later["event"] == 1, entry=later["entry"])
    at = found.cumulative_hazards.query("distribution == 'weibull'").set_index("day")
    band = curve.at(at.index, level=0.999)
    assert np.mean((at["estimate"] >= band["lower"]) & (at["estimate"] <= band["upper"])) > 0.95
    assert found.table.loc["weibull", "outside"] < 0.2


def test_other_events_and_rows_of_weight_0_count_as_they_should():
    y = simulate(300, np.random.default_rng(10))
    second = compare(y, event_of_interest=2)
    as_first = compare(y.assign(event=(y["event"] == 2).astype(int)))
    pd.testing.assert_frame_equal(second.table, as_first.table)
    assert second.event == 2 and second.n_rows == 300


def test_without_lifelines_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lifelines", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs lifelines: pip install 'secondplan\[lifelines\]'"):
        compare_distributions([10, 20, 30], [1, 0, 1])


def test_holds_no_object_of_lifelines():
    found = compare(simulate(60, np.random.default_rng(11)))
    held, seen = [found], set()
    while held:
        item = held.pop()
        if id(item) not in seen and not isinstance(item, type):
            seen.add(id(item))
            assert not type(item).__module__.startswith("lifelines")
            if not callable(item) and type(item).__name__ != "module":
                held += gc.get_referents(item)


def test_a_search_that_fails_is_warned_of_and_left_empty(monkeypatch):
    def fails(*args, **options):
        raise lifelines.exceptions.ConvergenceError("no")

    monkeypatch.setattr(lifelines.LogNormalFitter, "fit", fails)
    with pytest.warns(ConvergenceWarning, match="lognormal: not fitted; lifelines' search"):
        found = compare(simulate(200, np.random.default_rng(12)))
    assert found.table.loc["lognormal"].drop("verdict").isna().all()
    assert found.table.loc["lognormal", "verdict"] == "not fitted"
    assert "lognormal: not fitted" in found._repr_html_()


def test_few_events():
    found = compare_distributions([10, 20, 30, 40], [1, 2, 1, 0])
    assert found.notes == ("generalised gamma: not fitted; it takes events on four days or more.",)
    assert "generalised gamma" not in found.table.index
    assert np.isfinite(found.table.loc["weibull", "aic"])


@pytest.mark.parametrize("duration, event, rule", [
    ([10, 20], [0, 2], "no row has event 1"),
    ([10], [1], "event 1: all its events are on the last day"),
    ([30, 30, 20], [1, 1, 0], "event 1: all its events are on the last day"),
    ([], [], "y has no rows"),
    ([-1, 3], [1, 0], "duration: negative in 1 of 2 rows"),
])  # fmt: skip
def test_errors(duration, event, rule):
    with pytest.raises(ValueError, match=rule):
        compare_distributions(duration, event)


def test_a_level_is_checked():
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        compare_distributions([10, 20], [1, 0], level=95)


def test_no_warning_of_lifelines_comes_through():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = compare(simulate(300, np.random.default_rng(13)))
    assert caught == []
    assert found.table["aic"].notna().all()
