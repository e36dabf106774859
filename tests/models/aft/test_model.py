import json
import warnings
from pathlib import Path

import lifelines
import numpy as np
import pandas as pd
import pytest
from scipy.stats import gumbel_l, logistic, norm
from sklearn.exceptions import ConvergenceWarning

import secondplan.models.aft.model as module
from secondplan.models.aft.model import ParametricAFT

FOLDER = Path(__file__).parents[2] / "reference"
REFERENCE = json.loads((FOLDER / "parametric.json").read_text())
LUNG = pd.read_csv(FOLDER / "parametric_lung.csv")
X, Y = LUNG[["age", "sex", "ecog"]], LUNG[["duration", "event"]]
# optim, by which the reference for delayed entry was found, stops within about this of the maximum.
OPTIM = 2e-4


def simulate(n_rows, rng, *, entry=False):
    frame = pd.DataFrame({"x": rng.normal(size=n_rows), "group": rng.choice(["a", "b", "c"], n_rows)})
    first = np.exp(6.5 + 0.5 * frame["x"] + 0.8 * np.log(rng.exponential(size=n_rows)))
    second = np.exp(7.0 - 0.3 * frame["x"] + 1.2 * np.log(rng.exponential(size=n_rows)))
    end = rng.uniform(100, 1500, n_rows)
    duration = np.minimum.reduce([first, second, end])
    event = np.where(duration == end, 0, np.where(duration == first, 1, 2))
    y = pd.DataFrame({"duration": duration, "event": event})
    if entry:
        y["entry"] = np.where(rng.random(n_rows) < 0.5, rng.uniform(0, 600, n_rows), 0.0)
        seen = (y["entry"] < y["duration"]).to_numpy()
        return frame[seen].reset_index(drop=True), y[seen].reset_index(drop=True)
    return frame, y


@pytest.mark.parametrize("distribution", REFERENCE)
@pytest.mark.parametrize("case", ["plain", "weighted", "clustered"])
def test_agrees_with_survreg(distribution, case):
    expected = REFERENCE[distribution][case]
    model = ParametricAFT(distribution).fit(
        X,
        Y,
        sample_weight=LUNG["weight"] if case == "weighted" else None,
        cluster=LUNG["cluster"] if case == "clustered" else None,
    )
    coef = dict(expected["coef"])
    assert model.intercept_[1] == pytest.approx(coef.pop("(Intercept)"), rel=1e-6)
    assert model.coef_[1].to_dict() == pytest.approx(coef, rel=1e-6)
    assert model.sigma_[1] == pytest.approx(expected["sigma"], rel=1e-6)
    assert model.log_likelihood_[1] == pytest.approx(expected["log_likelihood"], rel=1e-9)
    errors = [*expected["se"][1:4], expected["se"][0], expected["se"][4]]
    robust = [*expected["robust_se"][1:4], expected["robust_se"][0], expected["robust_se"][4]]
    np.testing.assert_allclose(model.summary_["se"], errors[:3], rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(model.covariance_[1])), robust, rtol=1e-6)
    if case == "clustered":
        np.testing.assert_allclose(model.summary_["robust_se"], robust[:3], rtol=1e-6)
    else:
        assert model.summary_["robust_se"].isna().all()


@pytest.mark.parametrize("distribution", REFERENCE)
def test_agrees_with_a_likelihood_maximised_in_r_under_delayed_entry(distribution):
    expected = REFERENCE[distribution]["delayed"]
    model = ParametricAFT(distribution).fit(X, LUNG[["entry", "duration", "event"]])
    assert model.log_likelihood_[1] == pytest.approx(expected["log_likelihood"], abs=1e-6)
    assert model.log_likelihood_[1] >= expected["log_likelihood"] - 1e-9
    found = [model.intercept_[1], *model.coef_[1], np.log(model.sigma_[1])]
    np.testing.assert_allclose(found, expected["theta"], atol=OPTIM)


@pytest.mark.parametrize("distribution", REFERENCE)
@pytest.mark.parametrize("case", ["plain", "weighted", "clustered"])
def test_interval_is_that_of_the_quantiles_of_survreg(distribution, case):
    expected = REFERENCE[distribution][case]
    model = ParametricAFT(distribution).fit(
        X,
        Y,
        sample_weight=LUNG["weight"] if case == "weighted" else None,
        cluster=LUNG["cluster"] if case == "clustered" else None,
    )
    log_errors = {"weibull": gumbel_l, "lognormal": norm, "loglogistic": logistic}[distribution]
    for row, (log_days, errors) in enumerate(zip(expected["log_day"], expected["log_day_se"], strict=True)):
        for risk, log_day, error in zip([0.1, 0.5], log_days, errors, strict=True):
            found = model.predict_cumulative_incidence_interval(X.iloc[[row]], [np.exp(log_day)], level=0.9)[0, 0]
            slope = log_errors.pdf(log_errors.ppf(risk)) / expected["sigma"]
            half = norm.ppf(0.95) * slope * error / ((1 - risk) * -np.log(1 - risk))
            bounds = 1 - np.exp(np.log(1 - risk) * np.exp([-half, half]))
            np.testing.assert_allclose(found, bounds, rtol=1e-6)


def test_causes_are_joint_where_rows_are_in_clusters():
    frame, y = simulate(400, np.random.default_rng(12))
    frame = frame[["x"]]
    twice, both = pd.concat([frame, frame]), pd.concat([y, y])
    assert np.all(ParametricAFT().fit(frame, y).joint_covariance_[:3, 3:] == 0)
    one_by_one = ParametricAFT().fit(frame, y, cluster=np.arange(400))
    pairs = ParametricAFT().fit(twice, both, cluster=np.tile(np.arange(400), 2))
    np.testing.assert_allclose(pairs.joint_covariance_, one_by_one.joint_covariance_, rtol=1e-5, atol=1e-9)
    left_out = []
    for cluster in range(40):
        kept = np.arange(400) % 40 != cluster
        model = ParametricAFT().fit(frame[kept], y[kept])
        theta = [[*model.coef_[cause], model.intercept_[cause], np.log(model.sigma_[cause])] for cause in (1, 2)]
        left_out.append(np.ravel(theta))
    change = np.array(left_out) - np.mean(left_out, axis=0)
    found = ParametricAFT().fit(frame, y, cluster=np.arange(400) % 40).joint_covariance_
    # Leaving out and linearising differ by about a share of 1 / 40 and the curvature of the likelihood.
    scale = np.sqrt(np.diag(found))
    np.testing.assert_allclose(change.T @ change / np.outer(scale, scale), found / np.outer(scale, scale), atol=0.12)


def test_weights_inside_clusters_equal_repeated_rows():
    repeated = LUNG.loc[LUNG.index.repeat(LUNG["weight"])].reset_index(drop=True)
    expected = ParametricAFT().fit(repeated[X.columns], repeated[Y.columns], cluster=repeated["cluster"])
    model = ParametricAFT().fit(X, Y, sample_weight=LUNG["weight"], cluster=LUNG["cluster"])
    pd.testing.assert_frame_equal(model.summary_, expected.summary_, rtol=1e-6)


@pytest.mark.parametrize("distribution", REFERENCE)
@pytest.mark.parametrize("case", ["plain", "entry", "weighted", "tied", "few events"])
def test_the_maximum_is_the_same_from_where_lifelines_ends_without_features(distribution, case, monkeypatch):
    frame, y = simulate(300, np.random.default_rng(15), entry=case == "entry")
    weight = np.arange(len(y)) % 3 + 1 if case == "weighted" else None
    if case == "tied":
        y["duration"] = np.ceil(y["duration"] / 91) * 91
    if case == "few events":
        y["event"] = y["event"].where(np.arange(len(y)) % 12 == 0, 0)
    ours = ParametricAFT(distribution).fit(frame, y, sample_weight=weight)
    fitter = {
        "weibull": lifelines.WeibullFitter,
        "lognormal": lifelines.LogNormalFitter,
        "loglogistic": lifelines.LogLogisticFitter,
    }[distribution]

    def start(entry, duration, is_event, weight):
        late = entry if case == "entry" else None
        found = fitter().fit(duration, is_event, entry=late, weights=weight)
        location, scale = found.params_
        is_lognormal = distribution == "lognormal"
        return (location, np.log(scale)) if is_lognormal else (np.log(location), -np.log(scale))

    monkeypatch.setattr(module, "_start_from_rate", start)
    from_there = ParametricAFT(distribution).fit(frame, y, sample_weight=weight)
    # Both within a Newton decrement of 1e-14 of the one maximum.
    np.testing.assert_allclose(ours.log_likelihood_, from_there.log_likelihood_, rtol=1e-12)
    np.testing.assert_allclose(ours.coef_, from_there.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.sigma_, from_there.sigma_, rtol=1e-6)


@pytest.mark.parametrize("distribution", REFERENCE)
def test_is_where_the_regression_of_lifelines_ends(distribution):
    fitter = {
        "weibull": lifelines.WeibullAFTFitter,
        "lognormal": lifelines.LogNormalAFTFitter,
        "loglogistic": lifelines.LogLogisticAFTFitter,
    }[distribution]
    columns = ["entry", "duration", "event", *X.columns]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifelines' own, by version of pandas
        theirs = fitter().fit(LUNG[columns], "duration", "event", entry_col="entry")
    ours = ParametricAFT(distribution).fit(X, LUNG[["entry", "duration", "event"]])
    assert ours.log_likelihood_[1] >= theirs.log_likelihood_ - 1e-9
    assert ours.log_likelihood_[1] == pytest.approx(theirs.log_likelihood_, abs=1e-4)
    location = theirs.params_.groupby("param").get_group(
        {"weibull": "lambda_", "lognormal": "mu_"}.get(distribution, "alpha_")
    )
    np.testing.assert_allclose(ours.coef_[1], location.droplevel("param")[X.columns], rtol=0.02)


def test_weibull_hazard_ratio_is_that_of_its_time_ratio():
    summary = ParametricAFT("weibull").fit(X, Y).summary_
    sigma = REFERENCE["weibull"]["plain"]["sigma"]
    np.testing.assert_allclose(summary["hazard_ratio"], np.exp(-summary["coef"] / sigma), rtol=1e-6)
    assert list(summary.index.names) == ["event", "feature"]
    assert "hazard_ratio" not in ParametricAFT("lognormal").fit(X, Y).summary_


@pytest.mark.parametrize("entry", [False, True])
def test_recovers_the_truth(entry):
    frame, y = simulate(6000, np.random.default_rng(11), entry=entry)
    model = ParametricAFT().fit(frame, y)
    for cause, truth in ((1, 0.5), (2, -0.3)):
        row = model.summary_.loc[(cause, "x")]
        assert abs(row["coef"] - truth) < 3 * row["se"] and row["se"] < 0.05
    np.testing.assert_allclose(model.sigma_, [0.8, 1.2], rtol=0.06)


def test_delayed_entry_matters():
    frame, y = simulate(4000, np.random.default_rng(5), entry=True)
    right = ParametricAFT().fit(frame, y)
    wrong = ParametricAFT().fit(frame, y.drop(columns="entry"))
    assert abs(right.intercept_[1] - 6.5) < 0.05 < wrong.intercept_[1] - 6.5


def test_a_known_end_is_censoring():
    frame, y = simulate(400, np.random.default_rng(1))
    y.loc[y["event"] == 0, "event"] = np.where(np.arange((y["event"] == 0).sum()) % 2, 4, 0)
    model = ParametricAFT(known_end_event=4).fit(frame, y)
    plain = ParametricAFT().fit(frame, y.assign(event=y["event"].where(y["event"] != 4, 0)))
    assert model.events_ == plain.events_ == (1, 2)
    pd.testing.assert_frame_equal(model.summary_, plain.summary_)


def test_a_duration_of_0_days_counts_as_half_a_day():
    frame, y = simulate(300, np.random.default_rng(2))
    y["duration"] = np.floor(y["duration"] / 100) * 100
    model = ParametricAFT().fit(frame, y)
    other = ParametricAFT().fit(frame, y.assign(duration=y["duration"].where(y["duration"] > 0, 0.5)))
    pd.testing.assert_frame_equal(model.summary_, other.summary_)
    assert (y["duration"] == 0).any()
    assert np.all(model.predict_cumulative_incidence(frame, [0]) == 0)


def test_no_features_is_an_intercept():
    y = pd.DataFrame({"duration": [10.0, 20, 30, 40, 50, 60], "event": [1, 1, 1, 0, 1, 0]})
    model = ParametricAFT().fit(np.ones((6, 0)), y)
    assert model.coef_.empty and model.summary_.empty
    rate_scale = np.exp(model.intercept_[1])
    assert rate_scale ** (1 / model.sigma_[1]) == pytest.approx(
        np.sum(y["duration"] ** (1 / model.sigma_[1])) / 4, rel=1e-6
    )


def test_collinear_columns_are_held_at_0_and_named():
    frame, y = simulate(300, np.random.default_rng(3))
    with pytest.warns(ConvergenceWarning, match="event [12]: coefficients held at 0.*: twice"):
        model = ParametricAFT().fit(frame.assign(twice=2 * frame["x"]), y)
    assert np.all(model.coef_.loc["twice"] == 0)
    plain = ParametricAFT().fit(frame, y)
    np.testing.assert_allclose(model.coef_.loc["x"], plain.coef_.loc["x"], rtol=1e-7)


def test_separation_is_warned_of_by_name_and_finite():
    frame, y = simulate(300, np.random.default_rng(4))
    frame["rare"] = (np.arange(300) < 12).astype(float)
    y.loc[:11, "event"] = 2
    with pytest.warns(ConvergenceWarning, match="event 1: coefficients without a finite estimate.*: rare$"):
        model = ParametricAFT().fit(frame, y)
    assert np.all(np.isfinite(model.predict_cumulative_incidence(frame, [91, 730])))
    assert np.all(np.isfinite(model.summary_.drop(columns=["robust_se", "time_ratio", "hazard_ratio"])))


def test_fewer_events_than_features_is_warned_of_and_finite():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(rng.normal(size=(200, 12)), columns=[f"x{number}" for number in range(12)])
    frame["rare"] = rng.random(200) < 0.03
    y = pd.DataFrame({"duration": rng.integers(1, 900, 200), "event": np.where(np.arange(200) < 8, 1, 0)})
    for distribution in REFERENCE:
        with pytest.warns(ConvergenceWarning, match="event 1: coefficients"):
            model = ParametricAFT(distribution).fit(frame, y)
        assert np.all(np.isfinite(model.summary_[["coef", "se", "lower", "upper", "z", "p"]]))
        assert np.all(np.isfinite(model.predict_cumulative_incidence(frame, [91, 730])))


def test_errors():
    frame, y = simulate(20, np.random.default_rng(0))
    with pytest.raises(ValueError, match="distribution must be one of weibull, exponential, lognormal, loglogistic"):
        ParametricAFT("gamma").fit(frame, y)
    with pytest.raises(ValueError, match="event 1: all its events are on the last day that is observed"):
        ParametricAFT().fit(frame, y.assign(event=1, duration=30))
    with pytest.raises(ValueError, match="event 1: too few events for these features"):
        ParametricAFT().fit(frame[["x"]].iloc[:2], y.iloc[:2].assign(event=1, duration=[30, 60]))
    with pytest.raises(ValueError, match="no row has an event to model"):
        ParametricAFT().fit(frame, y.assign(event=0))
    with pytest.raises(ValueError, match="no row has an event to model"):
        ParametricAFT(known_end_event=4).fit(frame, y.assign(event=4))
    with pytest.raises(ValueError, match="no row has an event to model"):
        ParametricAFT().fit(frame, y.assign(event=np.arange(20) == 3), sample_weight=np.arange(20) != 3)


def test_everybody_enters_late():
    """Age as the time scale: the likelihood has a ridge towards a hazard of 1 / t, on which the search must not end."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=1500)
    days = np.ceil(np.exp(8.2 + 0.1 * x + 0.1 * rng.logistic(size=1500)))
    entry = np.floor(rng.uniform(3000, 6000, 1500))
    seen, end = entry < days, entry + 300
    y = pd.DataFrame({"entry": entry, "duration": np.minimum(days, end), "event": (days <= end).astype(int)})[seen]
    model = ParametricAFT(distribution="loglogistic").fit(pd.DataFrame({"x": x[seen]}), y)
    assert model.sigma_[1] == pytest.approx(0.1, abs=0.015)
    assert model.coef_.loc["x", 1] == pytest.approx(0.1, abs=3 * model.summary_["se"].iloc[0])
