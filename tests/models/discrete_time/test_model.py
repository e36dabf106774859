"""DiscreteTimeHazard: R's multinom, statsmodels, a hand-made sandwich, recovery of true hazards, and edges."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning

from secondplan.models.discrete_time.fit import fit_discrete_time
from secondplan.models.discrete_time.model import DiscreteTimeHazard
from secondplan.models.discrete_time.period_logit import PeriodLogit
from secondplan.models.discrete_time.person_period import period_ends, person_periods
from secondplan.models.inputs.outcome import check_outcome, outcome_from_arrays

REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(REFERENCE / "discrete_time_data.csv"), json.loads((REFERENCE / "discrete_time.json").read_text())


def simulated(n, seed, *, delayed=0.0, longest=730.0):
    """Piecewise constant cause-specific hazards over quarters; their odds in a period are those of the model."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    ends = period_ends(longest, 91)
    alpha = np.log([0.03, 0.02]) + np.outer(np.linspace(0.4, -0.8, ends.size), [1.0, -0.5])
    beta = np.array([[0.5, -0.3], [0.0, 0.4]])
    log_odds = (x @ beta.T)[:, None, :] + alpha
    odds = np.exp(log_odds)
    hazard = odds / (1 + odds.sum(axis=2, keepdims=True))
    duration, event = np.full(n, ends[-1]), np.zeros(n, int)
    alive = np.ones(n, bool)
    for period, end in enumerate(ends):
        total = hazard[:, period].sum(axis=1)
        rate = -np.log1p(-total)
        wait = rng.exponential(1 / rate)
        now = alive & (wait < 1)
        duration[now] = end - 91 + 91 * wait[now]
        first = rng.random(n) < hazard[:, period, 0] / total
        event[now] = np.where(first, 1, 2)[now]
        alive &= ~now
    censor = rng.uniform(30, longest, n)
    event[duration > censor] = 0
    duration = np.minimum(duration, censor)
    entry = np.where(rng.random(n) < delayed, rng.uniform(1, 400, n), 0.0)
    seen = entry < duration
    X = pd.DataFrame(x, columns=["a", "b"])
    y = pd.DataFrame({"entry": entry, "duration": duration, "event": event})
    return X[seen].reset_index(drop=True), y[seen].reset_index(drop=True), beta, alpha


@pytest.mark.parametrize("kind", ["plain", "weighted"])
def test_equals_multinom_of_r(reference, kind):
    data, expected = reference
    weight = data["weight"] if kind == "weighted" else None
    model = DiscreteTimeHazard(max_days=819, period_effect="polynomial", period_df=2)
    model.fit(data[["x1", "x2"]], data, sample_weight=weight)
    # multinom stops its quasi-Newton search about 1e-7 away from the maximum.
    assert_allclose(model.coef_, expected[kind]["coef"], atol=1e-6)
    assert_allclose(model.summary_["se"].to_numpy().reshape(2, 2), expected[kind]["se"], rtol=1e-5)
    assert_allclose(model.log_likelihood_[1], expected[kind]["log_likelihood"], rtol=1e-10)
    n_periods = model.period_ends_.size
    assert_allclose(model.period_log_odds_, np.array(expected[kind]["log_odds"])[:n_periods], atol=2e-5)


@pytest.mark.parametrize("kind", ["plain", "weighted"])
def test_interval_is_that_of_multinom_with_numeric_derivatives(reference, kind):
    data, expected = reference
    weight = data["weight"] if kind == "weighted" else None
    model = DiscreteTimeHazard(max_days=819, period_effect="polynomial", period_df=2)
    model.fit(data[["x1", "x2"]], data, sample_weight=weight)
    rows = pd.DataFrame({"x1": [data["x1"][0], 1.5], "x2": [data["x2"][0], 1]})
    risk, error = np.reshape(expected[kind]["risk_and_se"], (2, 2, 3)).swapaxes(0, 1)[..., :2]
    assert_allclose(model.predict_cumulative_incidence(rows, [91, 200]), risk, rtol=1e-5)
    bounds = model.predict_cumulative_incidence_interval(rows, [91, 200])
    scaled = np.log(-np.log(1 - bounds))
    assert_allclose(scaled.mean(axis=2), np.log(-np.log(1 - risk)), rtol=1e-5)
    half = norm.ppf(0.975) * error / ((1 - risk) * -np.log(1 - risk))
    assert_allclose(np.diff(scaled)[..., 0] / 2, half, rtol=1e-5)


def test_equals_statsmodels_on_expanded_lines_without_partial_periods():
    X, y, _, _ = simulated(800, 0)
    y["duration"] = np.where(y["event"] > 0, y["duration"], 91 * np.ceil(y["duration"] / 91))
    y = y.drop(columns="entry")
    model = DiscreteTimeHazard(max_days=455, period_effect="indicator").fit(X, y)
    lines = person_periods(check_outcome(y), model.period_ends_)
    exog = np.hstack([X.to_numpy()[lines.row], np.eye(model.period_ends_.size)[lines.period]])
    expected = sm.MNLogit(lines.event, exog).fit(disp=0, tol=1e-12)
    assert_allclose(model.coef_, expected.params[:2].T, atol=1e-10)
    assert_allclose(model.period_log_odds_, expected.params[2:], atol=1e-10)
    assert_allclose(model.covariance_, expected.cov_params(), atol=1e-10)
    assert_allclose(model.log_likelihood_[1], expected.llf)


def test_one_cause_is_a_binomial_glm():
    X, y, _, _ = simulated(800, 1, delayed=0.3)
    y["event"] = (y["event"] == 1).astype(int)
    model = DiscreteTimeHazard(period_effect="polynomial", period_df=3).fit(X, y)
    lines = person_periods(check_outcome(y), model.period_ends_)
    exog = np.hstack([X.to_numpy()[lines.row], np.vander(lines.period / 8, 4)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels says that it has not verified freq_weights with this family
        expected = sm.GLM(lines.event, exog, sm.families.Binomial(), freq_weights=lines.weight).fit(tol=1e-12)
    assert_allclose(model.coef_[0], expected.params[:2], atol=1e-9)
    assert_allclose(model.summary_["se"], expected.bse[:2], atol=1e-9)


def test_gradient_and_hessian_are_derivatives():
    X, y, _, _ = simulated(60, 2, delayed=0.3)
    ends = period_ends(730, 91)
    lines = person_periods(check_outcome(y), ends)
    rows, number = np.unique(lines.row, return_inverse=True)
    lines = type(lines)(number, lines.period, lines.event, lines.weight)
    basis = np.vander(np.arange(ends.size) / 8, 3)
    model = PeriodLogit(X.to_numpy()[rows], lines, basis, 2)
    params = np.random.default_rng(0).normal(size=model.n_full) / 3
    step = 1e-6 * np.eye(params.size)
    numeric = [(model.loglike(params + s) - model.loglike(params - s)) / 2e-6 for s in step]
    assert_allclose(model.score(params), numeric, rtol=1e-6, atol=1e-6)
    numeric = [(model.score(params + s) - model.score(params - s)) / 2e-6 for s in step]
    assert_allclose(model.hessian(params), numeric, rtol=1e-6, atol=1e-6)


def test_sandwich_by_hand():
    X, y, _, _ = simulated(300, 3, delayed=0.2)
    cluster = np.random.default_rng(0).integers(0, 120, len(X))
    model = DiscreteTimeHazard(period_effect="polynomial", period_df=2).fit(X, y, cluster=cluster)
    lines = person_periods(check_outcome(y), model.period_ends_)
    terms = np.hstack([X.to_numpy()[lines.row], model.period_basis_[lines.period]])
    eta = terms @ np.hstack([model.coef_, model.period_coef_]).T
    hazard = np.exp(eta) / (1 + np.exp(eta).sum(axis=1, keepdims=True))
    residual = lines.weight[:, None] * (np.eye(3)[lines.event][:, 1:] - hazard)
    score = np.hstack([residual[:, [0]] * terms, residual[:, [1]] * terms])
    summed = np.array([score[cluster[lines.row] == label].sum(axis=0) for label in range(120)])
    expected = model.naive_covariance_ @ summed.T @ summed @ model.naive_covariance_
    assert_allclose(model.covariance_, expected, rtol=1e-8, atol=1e-12)
    assert_allclose(model.summary_["robust_se"].iloc[:2], np.sqrt(np.diag(expected)[:2]))


@pytest.mark.parametrize("n_causes", [1, 2])
def test_sandwich_is_that_of_statsmodels(n_causes):
    X, y, _, _ = simulated(600, 16)
    y["event"] = y["event"].where(y["event"] <= n_causes, 0)
    y["duration"] = np.where(y["event"] > 0, y["duration"], 91 * np.ceil(y["duration"] / 91))
    y = y.drop(columns="entry")
    cluster = np.random.default_rng(1).integers(0, 200, len(X))
    model = DiscreteTimeHazard(max_days=455, period_effect="indicator").fit(X, y, cluster=cluster)
    lines = person_periods(check_outcome(y), model.period_ends_)
    exog = np.hstack([X.to_numpy()[lines.row], np.eye(model.period_ends_.size)[lines.period]])
    options = {"cov_type": "cluster", "cov_kwds": {"groups": cluster[lines.row], "use_correction": False}}
    expected = sm.MNLogit(lines.event, exog).fit(disp=0, tol=1e-12, **options)
    assert_allclose(model.covariance_, expected.cov_params(), rtol=1e-6, atol=1e-9)


def test_blocks_do_not_change_the_fit(monkeypatch):
    X, y, _, _ = simulated(400, 4, delayed=0.2)
    cluster = np.arange(len(X)) // 3
    whole = DiscreteTimeHazard().fit(X, y, cluster=cluster)
    monkeypatch.setattr("secondplan.models.discrete_time.period_logit.LINES_PER_BLOCK", 37)
    monkeypatch.setattr("secondplan.models.discrete_time.period_incidence.HAZARDS_PER_BLOCK", 100)
    parts = DiscreteTimeHazard().fit(X, y, cluster=cluster)
    assert_allclose(parts.coef_, whole.coef_, atol=1e-10)
    assert_allclose(parts.covariance_, whole.covariance_, atol=1e-10)
    assert_allclose(
        parts.predict_cumulative_incidence(X, [100, 500]), whole.predict_cumulative_incidence(X, [100, 500]), atol=1e-10
    )


def test_weights_equal_duplicated_rows():
    X, y, _, _ = simulated(300, 5, delayed=0.2)
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    cluster = np.arange(len(X)) // 2
    repeated = np.repeat(np.arange(len(X)), weight)
    weighted = DiscreteTimeHazard().fit(X, y, sample_weight=weight, cluster=cluster)
    copied = DiscreteTimeHazard().fit(
        X.iloc[repeated].reset_index(drop=True), y.iloc[repeated].reset_index(drop=True), cluster=cluster[repeated]
    )
    assert_allclose(weighted.coef_, copied.coef_, atol=1e-9)
    assert_allclose(weighted.period_log_odds_, copied.period_log_odds_, atol=1e-8)
    assert_allclose(weighted.covariance_, copied.covariance_, atol=1e-9)
    assert_allclose(weighted.naive_covariance_, copied.naive_covariance_, atol=1e-9)


def test_tiny_and_huge_weights_scale_the_covariance_only():
    X, y, _, _ = simulated(300, 6)
    plain = DiscreteTimeHazard().fit(X, y)
    for factor in (1e-7, 1e7):
        scaled = DiscreteTimeHazard().fit(X, y, sample_weight=np.full(len(X), factor))
        assert_allclose(scaled.coef_, plain.coef_, atol=1e-8)
        assert_allclose(scaled.naive_covariance_ * factor, plain.naive_covariance_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("delayed", [0.0, 0.5])
def test_recovers_the_true_hazards(delayed):
    deviations = []
    for seed in range(10):
        X, y, beta, alpha = simulated(4000, 100 + seed, delayed=delayed)
        model = DiscreteTimeHazard(period_effect="spline", period_df=3).fit(X, y)
        se = model.summary_["se"].to_numpy()
        deviations.append((model.coef_.ravel() - beta.ravel()) / se)
        spread = model.period_basis_ @ np.linalg.cholesky(model.naive_covariance_[2:6, 2:6])
        of_period = (model.period_log_odds_ - alpha[: model.period_ends_.size])[:, 0] / np.sqrt((spread**2).sum(axis=1))
        deviations.append(of_period[[0, 2, 5, 7]])
    z = np.array(deviations)
    # 80 standard normal deviations: mean within 3 standard errors (those of one fit are correlated), variance near 1.
    assert abs(z.mean()) < 0.34
    assert 0.6 < np.mean(z**2) < 1.5
    assert np.abs(z).max() < 4


def test_siblings_need_the_cluster():
    X, y, _, _ = simulated(500, 7)
    twice = pd.concat([X, X], ignore_index=True), pd.concat([y, y], ignore_index=True)
    cluster = np.tile(np.arange(len(X)), 2)
    robust = DiscreteTimeHazard().fit(*twice, cluster=cluster).summary_
    single = DiscreteTimeHazard().fit(X, y, cluster=np.arange(len(X))).summary_
    assert_allclose(robust["robust_se"], single["robust_se"], rtol=1e-8)
    assert_allclose(robust["se"], single["se"] / np.sqrt(2), rtol=1e-6)


def test_incidence_is_that_of_aalen_johansen_without_features():
    # With one level a period, no features and no partial periods the model is the life table.
    rng = np.random.default_rng(0)
    duration = 91.0 * rng.integers(1, 8, 500)
    event = rng.integers(0, 3, 500)
    model = DiscreteTimeHazard(period_effect="indicator")
    X = pd.DataFrame({"noise": np.tile([0.0, 1.0], 250)})
    both = np.tile(np.repeat(np.arange(250), 2), 1)
    model.fit(X, pd.DataFrame({"duration": duration[both], "event": event[both]}))
    assert_allclose(model.coef_, 0, atol=1e-9)
    free, incidence = 1.0, 0.0
    expected = []
    for end in model.period_ends_:
        at_risk = np.sum(duration[:250] >= end)
        incidence += free * np.sum((duration[:250] == end) & (event[:250] == 1)) / at_risk
        free *= 1 - np.sum((duration[:250] == end) & (event[:250] > 0)) / at_risk
        expected.append(incidence)
    assert_allclose(model.predict_cumulative_incidence(X.iloc[:1], model.period_ends_)[0], expected, atol=1e-7)


def test_sum_to_one_monotone_and_flat_after_the_last_period_of_complete_data():
    X, y, _, _ = simulated(500, 8, delayed=0.2)
    model = DiscreteTimeHazard().fit(X, y.assign(event=y["event"].clip(lower=1)))
    days = np.arange(0.0, 1200.0, 7.0)
    curves = [model.predict_cumulative_incidence(X, days, event=event) for event in model.events_]
    assert_allclose(sum(curves) + model.predict_event_free(X, days), 1.0, atol=1e-13)
    for curve in curves:
        assert np.all(np.diff(curve, axis=1) >= 0)
        assert_array_equal(curve[:, days > model.period_ends_[-1]], curve[:, [-1]].repeat(54, axis=1))
    assert_allclose(model.predict(X), model.predict_cumulative_incidence(X, [730])[:, 0])


def test_known_end_event_is_censoring():
    X, y, _, _ = simulated(500, 9)
    known = y.copy()
    known.loc[y["event"] == 0, "event"] = np.where(np.arange((y["event"] == 0).sum()) % 3 == 0, 4, 0)
    model = DiscreteTimeHazard(known_end_event=4).fit(X, known)
    assert model.events_ == (1, 2)
    assert_allclose(model.coef_, DiscreteTimeHazard().fit(X, y).coef_)


def test_events_on_day_0_belong_to_the_first_period():
    n = 200
    X = pd.DataFrame({"a": np.tile([0.0, 1.0], n // 2)})
    y = pd.DataFrame(
        {"duration": np.where(np.arange(n) % 10 < 2, 0.0, 91.0), "event": (np.arange(n) % 10 < 2).astype(int)}
    )
    model = DiscreteTimeHazard().fit(X, y)
    assert_allclose(model.predict_cumulative_incidence(X.iloc[:2], [91])[:, 0], 0.2)
    assert_allclose(model.predict_cumulative_incidence(X.iloc[:2], [0])[:, 0], 0.0)


def test_unscaled_features_and_row_order():
    X, y, _, _ = simulated(500, 10)
    plain = DiscreteTimeHazard().fit(X, y)
    scaled = DiscreteTimeHazard().fit(X * [1e6, 1e-4] + [1e7, 0.0], y)
    assert_allclose(scaled.coef_ * [1e6, 1e-4], plain.coef_, atol=1e-7)
    order = np.random.default_rng(0).permutation(len(X))
    shuffled = DiscreteTimeHazard().fit(X.iloc[order].reset_index(drop=True), y.iloc[order].reset_index(drop=True))
    assert_allclose(shuffled.coef_, plain.coef_, atol=1e-9)


def test_combination_of_others_is_named_and_left_out():
    X, y, _, _ = simulated(500, 11)
    plain = DiscreteTimeHazard().fit(X, y)
    with pytest.warns(UserWarning, match=r"combinations of others have coefficient 0: c$"):
        model = DiscreteTimeHazard().fit(X.assign(c=X["a"] - 2 * X["b"] + 3), y)
    assert_allclose(model.coef_[:, 2], 0)
    assert_allclose(model.coef_[:, :2], plain.coef_, atol=1e-8)
    assert model.summary_.loc[(1, "c"), ["se", "z", "p"]].isna().all()
    assert not model.estimated_[:, 2].any()


def test_separation_is_named_and_finite():
    X, y, _, _ = simulated(1000, 12)
    X["rare"] = (np.arange(len(X)) % 20 == 0).astype(float)
    y.loc[(X["rare"] == 1) & (y["event"] == 2), "event"] = 0
    with pytest.warns(ConvergenceWarning, match=r"separation\): rare \(event 2\);"):
        model = DiscreteTimeHazard().fit(X, y, cluster=np.arange(len(X)))
    assert np.isfinite(model.coef_).all()
    assert model.summary_.loc[(2, "rare"), ["se", "robust_se", "z", "p"]].isna().all()
    assert np.isfinite(model.summary_.drop(index=(2, "rare"))).all(axis=None)
    incidence = model.predict_cumulative_incidence(X[X["rare"] == 1], [700], event=2)
    assert incidence.max() < 1e-3


def test_no_events():
    X = pd.DataFrame({"a": np.arange(10.0)})
    with pytest.raises(ValueError, match="every row is censored"):
        DiscreteTimeHazard().fit(X, pd.DataFrame({"duration": np.arange(1, 11), "event": 0}))


def test_a_rare_event_gets_one_hazard_for_all():
    X, y, _, _ = simulated(500, 13)
    y["entry"] = 0.0
    y.loc[:1, "event"] = 3
    with pytest.warns(UserWarning, match=r"no more events than features: event 3 \(fewer than 6\)"):
        model = DiscreteTimeHazard().fit(X, y, cluster=np.arange(len(X)))
    assert_allclose(model.coef_[2], 0)
    assert not model.estimated_[2].any() and model.estimated_[:2].all()
    assert_allclose(model.period_log_odds_[:, 2], model.period_log_odds_[0, 2])
    lines = person_periods(check_outcome(y), model.period_ends_)
    hazard = model._hazards(X.to_numpy(), model.period_ends_.size)[lines.row, lines.period]
    # The score of the one free level: expected events are those observed.
    assert_allclose(lines.weight @ hazard, np.bincount(lines.event)[1:], rtol=1e-8)
    assert model.summary_.loc[3, ["se", "z", "p"]].isna().all(axis=None)
    others = DiscreteTimeHazard().fit(X, y.assign(event=y["event"].replace(3, 0)))
    assert_allclose(model.coef_[:2], others.coef_, atol=0.05)


def test_an_event_after_the_last_period_is_an_error():
    X, y, _, _ = simulated(500, 13)
    y.loc[0, ["entry", "duration", "event"]] = [0.0, 700.0, 3]
    with pytest.raises(ValueError, match="kind: 3;"):
        DiscreteTimeHazard(max_days=600).fit(X, y)


def test_everybody_has_the_event_in_the_first_period():
    X = pd.DataFrame({"a": np.arange(40.0)})
    y = pd.DataFrame({"duration": np.full(40, 5.0), "event": 1})
    with pytest.warns(ConvergenceWarning):
        model = DiscreteTimeHazard().fit(X, y)
    assert_allclose(model.predict_cumulative_incidence(X, [91]), 1.0, atol=1e-3)


def test_constant_feature_array_input():
    _, y, _, _ = simulated(300, 14)
    x = np.random.default_rng(0).normal(size=(len(y), 3))
    model = DiscreteTimeHazard().fit(x, y)
    assert model.coef_.shape == (2, 3)
    assert list(model.summary_.index.names) == ["event", "feature"]


def test_holds_no_rows():
    X, y, _, _ = simulated(3000, 15)
    model = DiscreteTimeHazard().fit(X, y, cluster=np.arange(len(X)))
    for name in model._bundle_attributes:
        value = getattr(model, name)
        assert np.size(value) < 1000, name


def test_fit_without_features():
    outcome = outcome_from_arrays([10.0, 100, 100, 180, 20, 30, 50], [1, 1, 1, 0, 1, 1, 0])
    ends = np.array([91.0, 182.0])
    fit = fit_discrete_time(np.empty((7, 0)), outcome, (1,), ends, period_effect="indicator")
    # Period 1: 3 events, 3 observed throughout and one for 50 of 91 days; period 2: 2 events, one for 89 of 91 days.
    odds = np.array([3 / (3 + 50 / 91), 2 / (89 / 91)])
    assert_allclose(fit.period_log_odds[:, 0], np.log(odds), atol=1e-9)
