import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from secondplan.models import CoxPH, FeatureEncoder, ParametricAFT, RoystonParmar, load_model

FOLDER = Path(__file__).parents[2] / "reference"
REFERENCE = json.loads((FOLDER / "royston_parmar.json").read_text())
MGUS = pd.read_csv(FOLDER / "data" / "mgus2.csv").iloc[::2].rename(columns={"time": "duration", "late": "entry"})
FEATURES = ["male", "hgb", "mspike"]
ROWS = pd.DataFrame(REFERENCE["x"])[FEATURES]
PLAIN, LATE = ["duration", "event"], ["entry", "duration", "event"]
Z = norm.ppf(0.975)
# Of the numerical derivatives by which the reference was found.
NUMERICAL = 1e-6


def fitted(case):
    X = MGUS[FEATURES]
    if case in ("plain", "clustered"):
        return RoystonParmar(df=4).fit(X, MGUS[PLAIN], cluster=MGUS["pair"] if case == "clustered" else None)
    if case == "weighted":
        model = RoystonParmar(knots=[30, 80], time_varying={"mspike": 1})
        return model.fit(X, MGUS[PLAIN], sample_weight=MGUS["w"])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="event 1: its hazard is negative at some time in 1 of 680 rows")
        return RoystonParmar(df=3, time_varying={"male": 1, "hgb": 2}).fit(X, MGUS[LATE])


@pytest.mark.parametrize("case", ["plain", "delayed", "elapsed", "clustered", "weighted"])
def test_agrees_with_a_likelihood_written_out_in_r(case):
    expected, model = REFERENCE[case], fitted(case)
    for position, event in enumerate((1, 2)):
        table = model.terms_.loc[event]
        error = np.array(expected["se"][position])
        assert np.all(np.abs(table["coef"] - expected["theta"][position]) < NUMERICAL * error)
        np.testing.assert_allclose(table["se"], expected["se"][position], rtol=NUMERICAL)
        assert model.log_likelihood_[event] == pytest.approx(expected["log_likelihood"][position], abs=1e-9)
        np.testing.assert_allclose(np.log(model.knots_[event]), expected["knots"][position], rtol=1e-12)
        error = np.sqrt(np.diag(model.covariance_[event]))
        np.testing.assert_allclose(error, expected["robust_se"][position], rtol=NUMERICAL)
        assert model.is_robust_ == (case in ("clustered", "weighted")) == table["robust_se"].notna().all()


@pytest.mark.parametrize("case", ["plain", "delayed", "elapsed", "clustered", "weighted"])
def test_predictions_agree_with_r(case):
    expected, model = REFERENCE[case], fitted(case)
    first, second, times = ROWS.iloc[[0]], ROWS.iloc[[1]], expected["times"]
    elapsed = 24.0 if case == "elapsed" else 0.0
    risk = model.predict_cumulative_incidence(first, times, elapsed=elapsed)[0]
    np.testing.assert_allclose(risk, expected["risk"], atol=2e-10)  # that of R's integrate
    bounds = model.predict_cumulative_incidence_interval(first, times, elapsed=elapsed)[0]
    half = np.diff(np.log(-np.log1p(-bounds)), axis=1)[:, 0] / 2 / Z
    np.testing.assert_allclose(half * (1 - risk) * -np.log1p(-risk), expected["risk_se"], rtol=NUMERICAL)
    np.testing.assert_allclose(np.log(model.predict_hazard(first, times)[0]), expected["log_hazard"], rtol=NUMERICAL)
    bounds = model.predict_hazard_interval(first, times, level=0.9)[0]
    half = np.diff(np.log(bounds), axis=1)[:, 0] / 2 / norm.ppf(0.95)
    np.testing.assert_allclose(half, expected["log_hazard_se"], rtol=NUMERICAL)
    ratio = model.hazard_ratio(first, second, times)
    np.testing.assert_allclose(np.log(ratio["hazard_ratio"]), expected["log_ratio"], rtol=NUMERICAL)
    half = np.log(ratio["upper"] / ratio["lower"]) / 2 / Z
    np.testing.assert_allclose(half, expected["log_ratio_se"], rtol=NUMERICAL)


def test_one_degree_of_freedom_is_survreg():
    expected = REFERENCE["weibull"]
    model = RoystonParmar(df=1).fit(MGUS[FEATURES], MGUS[PLAIN])
    table = model.terms_.loc[2]
    np.testing.assert_allclose(table["coef"].drop("(log days)"), expected["coef"], rtol=1e-6)
    np.testing.assert_allclose(table["se"].drop("(log days)"), expected["se"], rtol=1e-6)
    assert table.loc["(log days)", "coef"] == pytest.approx(expected["shape"], rel=1e-6)
    assert model.log_likelihood_[2] == pytest.approx(expected["log_likelihood"], abs=1e-7)


def test_one_degree_of_freedom_predicts_as_the_weibull_model_under_delayed_entry():
    # Two ways of integrating, and two optimisers.
    X, y = MGUS[FEATURES], MGUS[LATE]
    spline, weibull = (
        RoystonParmar(df=1).fit(X, y, cluster=MGUS["pair"]),
        ParametricAFT().fit(X, y, cluster=MGUS["pair"]),
    )
    options = {"elapsed": 20.0, "eligible_days": 250.0}
    for method in ("predict_cumulative_incidence", "predict_cumulative_incidence_interval", "predict_event_free"):
        given = options if "free" in method else options | {"event": 2}
        found = getattr(spline, method)(X, [0, 30, 120, 300], **given)
        np.testing.assert_allclose(found, getattr(weibull, method)(X, [0, 30, 120, 300], **given), atol=1e-7)


def test_agrees_with_published_results_of_stata():
    # German breast cancer study, 2.5 years on: stpm2 of Lambert and Royston, whose knots are Stata's 33rd and 67th
    # centiles, with late entry of those without hormone treatment; rstpm2 for the first, a hazard ratio of 0.697.
    gbsg = pd.read_csv(FOLDER / "royston_parmar_gbsg.csv")
    X, y = gbsg[["hormon"]], pd.DataFrame({"duration": gbsg["rfstime"], "event": gbsg["status"]})
    plain = RoystonParmar(df=3).fit(X, y).summary_.loc[(1, "hormon")]
    assert plain["coef"] == pytest.approx(-0.36140, abs=5e-6) and plain["se"] == pytest.approx(0.1249, abs=5e-5)
    y["entry"] = np.where(gbsg["hormon"] == 0, gbsg["rfstime"] / 2, 0.0)
    late = RoystonParmar(knots=[500, 883]).fit(X, y)
    assert late.coef_.loc["hormon", 1] == pytest.approx(-1.162504, abs=1e-6)


def test_approaches_cox_with_many_knots():
    cox = CoxPH(event=2).fit(MGUS[FEATURES], MGUS[PLAIN]).summary_
    summary = RoystonParmar(df=7).fit(MGUS[FEATURES], MGUS[PLAIN]).summary_.loc[2]
    np.testing.assert_allclose(summary["coef"], cox["coef"], atol=0.1 * cox["se"].min())
    np.testing.assert_allclose(summary["se"], cox["se"], rtol=0.02)


def simulate(n_rows, rng, *, late=False):
    """Hazard 0.002 (t / 100)^(-0.3) of event 1, in the treated times 0.3 (t / 100)^0.5; 0.0008 of event 2."""
    treated = (rng.random(n_rows) < 0.5).astype(float)
    power = 0.7 + 0.5 * treated
    scale = 0.2 / 0.7 * np.where(treated == 1, 0.3 * 0.7 / 1.2, 1.0)
    first = 100 * (rng.exponential(size=n_rows) / scale) ** (1 / power)
    second = rng.exponential(1 / 0.0008, n_rows)
    end = rng.uniform(300, 1200, n_rows)
    duration = np.minimum.reduce([first, second, end])
    y = pd.DataFrame({"duration": duration, "event": np.select([duration == first, duration == second], [1, 2], 0)})
    y["entry"] = np.where(rng.random(n_rows) < 0.4, rng.uniform(0, 300, n_rows), 0.0) if late else 0.0
    seen = y["entry"] < y["duration"]
    return pd.DataFrame({"treated": treated})[seen], y[seen]


@pytest.mark.parametrize("late", [False, True])
def test_recovers_hazards_that_cross(late):
    X, y = simulate(6000, np.random.default_rng(3), late=late)
    model = RoystonParmar(df=3, time_varying={"treated": 2}).fit(X, y)
    rows, times = pd.DataFrame({"treated": [1.0, 0.0]}), np.array([30.0, 100.0, 300.0, 800.0])
    ratio = model.hazard_ratio(rows.iloc[[0]], rows.iloc[[1]], times)
    error = np.log(ratio["upper"] / ratio["lower"]) / 2 / Z
    assert np.all(np.abs(np.log(ratio["hazard_ratio"]) - np.log(0.3 * (times / 100) ** 0.5)) < 3 * error)
    assert error.max() < 0.15
    hazard = model.predict_hazard(rows, times)
    np.testing.assert_allclose(hazard[1], 0.002 * (times / 100) ** -0.3, rtol=0.15)
    np.testing.assert_allclose(model.predict_hazard(rows, times, event=2), 0.0008, rtol=0.25)
    grid = np.linspace(0, 800, 20_001)[1:] - 0.02
    true = 0.002 * (grid / 100) ** -0.3
    risk = np.sum(true * np.exp(-0.2 / 0.7 * (grid / 100) ** 0.7 - 0.0008 * grid)) * 0.04
    bounds = model.predict_cumulative_incidence_interval(rows, [800.0])[1, 0]
    assert bounds[0] - 0.01 < risk < bounds[1] + 0.01 and bounds[1] - bounds[0] < 0.06


def test_ignoring_late_entry_is_wrong():
    X, y = simulate(6000, np.random.default_rng(4), late=True)
    rows = pd.DataFrame({"treated": [0.0]})
    true = RoystonParmar(df=1, time_varying={"treated": 1})
    right = true.fit(X, y).predict_hazard(rows, [30.0])[0, 0]
    wrong = true.fit(X, y.drop(columns="entry")).predict_hazard(rows, [30.0])[0, 0]
    assert abs(right / (0.002 * 0.3**-0.3) - 1) < 0.2 and wrong < 0.8 * right


def test_weights_equal_repeated_rows_with_their_errors():
    weight = np.arange(len(MGUS)) % 3
    rows = MGUS.loc[MGUS.index.repeat(weight)]
    options = {"df": 3, "time_varying": {"hgb": 1}}
    once = RoystonParmar(**options).fit(MGUS[FEATURES], MGUS[PLAIN], sample_weight=weight)
    repeated = RoystonParmar(**options).fit(rows[FEATURES], rows[PLAIN])
    pd.testing.assert_frame_equal(once.terms_, repeated.terms_, rtol=1e-7)
    pd.testing.assert_series_equal(once.bic_, repeated.bic_)
    once = RoystonParmar(**options).fit(MGUS[FEATURES], MGUS[PLAIN], sample_weight=weight, cluster=MGUS["pair"])
    repeated = RoystonParmar(**options).fit(rows[FEATURES], rows[PLAIN], cluster=rows["pair"])
    pd.testing.assert_frame_equal(once.terms_, repeated.terms_, rtol=1e-7)


def test_the_unit_of_weights_does_not_matter_to_robust_errors():
    X, y, weight = MGUS[FEATURES], MGUS[PLAIN], MGUS["w"].to_numpy()
    base = RoystonParmar(df=2).fit(X, y, sample_weight=weight)
    for unit in (1e-40, 0.37):
        other = RoystonParmar(df=2).fit(X, y, sample_weight=unit * weight)
        columns = ["coef", "robust_se"]
        np.testing.assert_allclose(other.terms_[columns], base.terms_[columns], rtol=1e-6)


def test_a_change_of_the_time_unit_shifts_the_log_likelihood():
    X, y = MGUS[FEATURES], MGUS[LATE]
    months, days = (
        RoystonParmar(df=3).fit(X, y),
        RoystonParmar(df=3).fit(X, y.assign(duration=y.duration * 30, entry=y.entry * 30)),
    )
    np.testing.assert_allclose(days.log_likelihood_, months.log_likelihood_ - months.n_events_ * np.log(30), rtol=1e-11)
    np.testing.assert_allclose(days.coef_, months.coef_, rtol=1e-7)
    np.testing.assert_allclose(
        days.predict_cumulative_incidence(X, [900.0, 3000.0]),
        months.predict_cumulative_incidence(X, [30.0, 100.0]),
        rtol=1e-8,
    )


def test_order_of_rows_and_units_of_features_do_not_matter():
    X, y = MGUS[FEATURES], MGUS[LATE]
    options = {"df": 3, "time_varying": {"mspike": 2}, "horizon": 300}
    base = RoystonParmar(**options).fit(X, y)
    order = np.random.default_rng(0).permutation(len(X))
    moved = RoystonParmar(**options).fit(X.iloc[order], y.iloc[order])
    np.testing.assert_allclose(moved.terms_[["coef", "se"]], base.terms_[["coef", "se"]], rtol=1e-6)
    scaled = RoystonParmar(**options).fit(X.assign(mspike=X["mspike"] * 1e4, hgb=X["hgb"] - 1e3), y)
    np.testing.assert_allclose(
        scaled.predict(X.assign(mspike=X["mspike"] * 1e4, hgb=X["hgb"] - 1e3)), base.predict(X), rtol=1e-7
    )


def test_hazard_curves_are_the_derivatives_of_their_cumulative_hazards():
    model, rows = fitted("plain"), ROWS
    times = np.array([5.0, 40.0, 200.0])
    step = 1e-4
    slope = (
        model.predict_cumulative_hazard(rows, times + step) - model.predict_cumulative_hazard(rows, times - step)
    ) / (2 * step)
    np.testing.assert_allclose(model.predict_hazard(rows, times), slope, rtol=1e-6)
    assert np.all(model.predict_cumulative_hazard(rows, [0.0]) == 0)
    curves = model.hazard_curves(rows, times, event=2)
    np.testing.assert_array_equal(curves["hazard"].to_numpy().reshape(2, 3), model.predict_hazard(rows, times, event=2))
    assert list(curves["row"]) == [0] * 3 + [1] * 3 and np.all(curves["lower"] < curves["upper"])
    at_zero = model.baseline_hazard(times, event=2)
    np.testing.assert_allclose(at_zero["hazard"], model.predict_hazard(0 * rows, times, event=2)[0], rtol=1e-12)
    bounds = model.predict_hazard_interval(0 * rows, times, event=2)[0]
    np.testing.assert_allclose(at_zero[["lower", "upper"]], bounds, rtol=1e-12)


def test_a_proportional_hazard_ratio_is_that_of_the_summary():
    model = fitted("plain")
    row = ROWS.iloc[[0]]
    ratio = model.hazard_ratio(row.assign(hgb=row["hgb"] + 1), row, event=2)
    summary = model.summary_.loc[(2, "hgb")]
    np.testing.assert_allclose(ratio["hazard_ratio"], summary["hazard_ratio"], rtol=1e-9)
    np.testing.assert_allclose(ratio["upper"], summary["hazard_ratio_upper"], rtol=1e-9)
    assert len(ratio) == 200 and ratio["time"].iloc[-1] == pytest.approx(model.knots_[2][-1])


def test_a_varying_feature_has_no_one_hazard_ratio():
    summary = fitted("weighted").summary_
    assert summary["hazard_ratio"].isna().tolist() == [False, False, True] * 2
    assert np.isfinite(summary[["coef", "se", "lower", "upper", "z", "p"]]).all(axis=None)
    names = fitted("weighted").terms_.loc[1].index
    assert list(names) == [
        "(intercept)",
        "(log days)",
        "(spline 1)",
        "(spline 2)",
        "male",
        "hgb",
        "mspike: (intercept)",
        "mspike: (log days)",
    ]


def test_a_column_of_categories_varies_with_all_its_levels():
    frame = MGUS[["hgb"]].assign(group=np.array(["a", "b", "c"])[np.arange(len(MGUS)) % 3])
    model = RoystonParmar(df=2, time_varying={"group": 1}, encoder=FeatureEncoder()).fit(frame, MGUS[PLAIN])
    assert sum(name.endswith(": (log days)") for name in model.terms_.loc[1].index) == 2
    one = RoystonParmar(df=2, time_varying={"group[b]": 1}).fit(frame, MGUS[PLAIN])
    assert [name for name in one.terms_.loc[1].index if ":" in name] == [
        "group[b]: (intercept)",
        "group[b]: (log days)",
    ]


def test_an_event_on_day_0_counts_as_half_a_day():
    y = MGUS[PLAIN].assign(duration=MGUS["duration"].where(np.arange(len(MGUS)) % 20 > 0, 0.0))
    model = RoystonParmar(df=2).fit(MGUS[FEATURES], y)
    assert model.knots_[2][0] == pytest.approx(0.5)
    half = RoystonParmar(df=2).fit(MGUS[FEATURES], y.assign(duration=y["duration"].where(y["duration"] > 0, 0.5)))
    pd.testing.assert_frame_equal(model.terms_, half.terms_)


def test_aic_and_bic_are_those_of_the_log_likelihood():
    model = RoystonParmar(df={1: 2, 2: 4}).fit(MGUS[FEATURES], MGUS[PLAIN])
    assert model.n_estimated_.to_dict() == {1: 6, 2: 8}
    assert model.n_events_[1] == (MGUS["event"] == 1).sum()
    np.testing.assert_allclose(model.aic_, -2 * model.log_likelihood_ + 2 * np.array([6, 8]))
    np.testing.assert_allclose(model.bic_, model.aic_ + (np.log(model.n_events_) - 2) * np.array([6, 8]))


def test_a_bundle_says_the_same(tmp_path):
    model = fitted("weighted")
    loaded = load_model(model.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(loaded.terms_, model.terms_)
    pd.testing.assert_frame_equal(loaded.hazard_curves(ROWS), model.hazard_curves(ROWS))
    pd.testing.assert_series_equal(loaded.aic_, model.aic_)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"df": 0}, "event 1: df must be a whole number"),
        ({"df": 2.5}, "event 1: df must be a whole number"),
        ({"df": {1: 3}}, "event 2: df is a mapping without this event"),
        ({"knots": [-3]}, "event 1: knots must be days above 0"),
        ({"knots": [1e6]}, "event 1: knots must be between the first and the last event"),
        ({"time_varying": {"age": 1}}, "time_varying names age, which is neither a feature nor a column of X"),
        ({"time_varying": {"hgb": 0}}, "time_varying of hgb must be a whole number"),
    ],
)
def test_parameters_are_checked(options, rule):
    with pytest.raises(ValueError, match=rule):
        RoystonParmar(**options).fit(MGUS[FEATURES], MGUS[PLAIN])


def test_arguments_of_hazards_are_checked():
    model = fitted("plain")
    for use, rule in (
        (lambda: model.predict_hazard(ROWS, [0.0]), "times of a hazard must be above 0"),
        (lambda: model.predict_hazard(ROWS, [10.0], event=9), "event 9 is not modelled"),
        (lambda: model.hazard_ratio(ROWS, ROWS.iloc[[0]]), "X must be one row, got 2"),
        (lambda: model.predict_hazard_interval(ROWS, [10.0], level=95), "level must be between 0 and 1"),
    ):
        with pytest.raises(ValueError, match=rule):
            use()


def test_too_few_days_with_events_lower_the_degrees_of_freedom():
    y = MGUS[PLAIN].assign(event=(MGUS["event"] > 0).astype(int))
    coarse = y.assign(duration=np.where(y["event"] == 1, np.where(y["duration"] < 60, 30.0, 90.0), y["duration"]))
    with pytest.warns(UserWarning, match="event 1: 1 degrees of freedom instead of 4; its events fall on too few days"):
        model = RoystonParmar().fit(MGUS[FEATURES], coarse)
    assert model.n_estimated_[1] == 5
    same = coarse.assign(duration=np.where(y["event"] == 1, 90.0, y["duration"]))
    with pytest.warns(UserWarning, match="1 degrees of freedom instead of 4"):
        assert np.isfinite(RoystonParmar(horizon=300).fit(MGUS[FEATURES], same).predict(MGUS[FEATURES])).all()
    last = coarse.assign(duration=np.where(y["event"] == 1, 500.0, y["duration"]))
    with pytest.raises(ValueError, match="event 1: all its events are on the last day that is observed"):
        RoystonParmar().fit(MGUS[FEATURES], last)


def test_columns_without_an_estimate_are_named():
    X = MGUS[FEATURES].assign(
        twice=2 * MGUS["hgb"], never=((MGUS["event"] != 1) & (MGUS["duration"] > 100)).astype(float)
    )
    with pytest.warns(UserWarning) as caught:
        model = RoystonParmar(df=2).fit(X, MGUS[PLAIN])
    text = " | ".join(str(warning.message) for warning in caught)
    assert "event 1: determined by the features before them (collinear), coefficient left at 0: twice" in text
    assert "event 1: the event is separated by these features" in text and "estimate: never;" in text
    assert np.all(model.coef_.loc["twice"] == 0) and np.isfinite(model.summary_["coef"]).all()
    without = RoystonParmar(df=2).fit(X.drop(columns="twice"), MGUS[PLAIN].assign(event=2 * (MGUS["event"] == 2)))
    np.testing.assert_allclose(model.coef_.loc[FEATURES, 2], without.coef_.loc[FEATURES, 2], rtol=1e-6)


def test_a_hazard_that_would_be_negative_counts_as_0():
    rows = pd.DataFrame({"male": [0.0], "hgb": [60.0], "mspike": [0.5]})
    model, times = fitted("delayed"), np.linspace(0, 340, 30)
    with pytest.warns(UserWarning, match="a hazard is negative at some time in 1 of 1 rows and counts as 0 there"):
        risks = [model.predict_cumulative_incidence(rows, times, event=event) for event in (1, 2)]
    assert all(np.all(np.diff(risk) >= 0) for risk in risks)
    np.testing.assert_allclose(sum(risks) + model.predict_event_free(rows, times), 1.0, atol=1e-12)
    assert np.any(model.predict_hazard(rows, times[1:], event=1) == 0)
    with pytest.raises(ValueError, match="the hazard of X is not above 0 at all these times"):
        model.hazard_ratio(rows, ROWS.iloc[[0]])


def test_features_that_fit_the_times_exactly_are_an_error():
    X = pd.DataFrame({"x": np.log(np.arange(1.0, 41.0))})
    y = pd.DataFrame({"duration": np.arange(1.0, 41.0), "event": 1})
    with pytest.raises(ValueError, match="event 1: too few events for these features, which fit their times exactly"):
        RoystonParmar(df=1).fit(X, y)


def test_a_hazard_that_runs_away_before_everybody_entered_is_an_error():
    # Only increments of the cumulative hazard after the first entry are seen; here its level there grows for ever.
    rng = np.random.default_rng(9)
    entry = rng.uniform(40, 70, 150)
    day = entry + rng.exponential(30, 150)
    end = np.minimum(entry + 12, 90)
    y = pd.DataFrame({"entry": entry, "duration": np.minimum(day, end), "event": (day <= end).astype(int)})
    no_features = np.ones((150, 0))
    with pytest.raises(ValueError, match="event 1: every row enters late, and the hazard before the first entry grows"):
        RoystonParmar(df=2).fit(no_features, y)
    model = RoystonParmar(df=2).fit(
        no_features, y.assign(entry=entry - entry.min(), duration=y["duration"] - entry.min())
    )
    assert model.converged_[1]
