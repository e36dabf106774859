"""Intervals by the delta method: brute force, conditioning, eligibility, coverage, blocks, bundles."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import secondplan.models.estimator.delta_interval as module
from secondplan.models import DiscreteTimeHazard, ParametricAFT, load_model

MODELS = {
    "weibull": ParametricAFT("weibull"),
    "lognormal": ParametricAFT("lognormal"),
    "loglogistic": ParametricAFT("loglogistic"),
    "spline": DiscreteTimeHazard(period_days=60, period_df=3),
    "indicator": DiscreteTimeHazard(period_days=180, period_effect="indicator"),
}
TIMES = [0.0, 30.0, 91.0, 182.0, 365.0, 730.0]
# Central differences with STEP err by about its square, and by rounding over it.
STEP, DIFFERENCE = 1e-5, 1e-6
LOCATION, SIGMA = np.array([6.6, 7.2]), np.array([0.9, 1.1])


def simulate(n_rows, rng):
    """Weibull causes; the first depends on x, the second on group."""
    X = pd.DataFrame({"x": rng.normal(size=n_rows), "group": rng.choice(["a", "b", "c"], n_rows)})
    location = LOCATION + np.column_stack([0.5 * X["x"], -0.4 * (X["group"] == "b")])
    times = np.exp(location + SIGMA * np.log(rng.exponential(size=(n_rows, 2))))
    end = rng.uniform(200, 1200, n_rows)
    first = times.argmin(axis=1)
    duration = np.minimum(times.min(axis=1), end)
    return X, pd.DataFrame({"duration": duration, "event": np.where(duration == end, 0, first + 1)})


X, Y = simulate(500, np.random.default_rng(0))


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return clone(MODELS[request.param]).fit(X, Y, cluster=np.arange(len(X)) // 2)


def moved(model, position, step):
    """A copy of the model with one parameter moved, in the order of the covariance."""
    other = clone(model)
    vars(other).update(vars(model))
    theta = np.zeros(len(model._parameter_covariance()))
    theta[position] = step
    theta = theta.reshape(2, -1)
    n_features = len(model.feature_names_out_)
    if isinstance(model, ParametricAFT):
        other.coef_ = model.coef_ + theta[:, :n_features].T
        other.intercept_ = model.intercept_ + theta[:, -2]
        other.sigma_ = model.sigma_ * np.exp(theta[:, -1])
    else:
        other.coef_ = model.coef_ + theta[:, :n_features]
        other.period_log_odds_ = model.period_basis_ @ (model.period_coef_ + theta[:, n_features:]).T
    return other


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"event": 2, "elapsed": 100.0},
        {"elapsed": np.arange(12) * 20.0, "eligible_days": np.arange(12) * 60.0 + 1, "level": 0.8},
    ],
)
def test_is_the_delta_method_with_numeric_derivatives(model, options):
    rows = X.iloc[:12]
    predict = {name: value for name, value in options.items() if name != "level"}
    covariance = model._parameter_covariance()
    risk = model.predict_cumulative_incidence(rows, TIMES, **predict)
    away = [
        [moved(model, q, step).predict_cumulative_incidence(rows, TIMES, **predict) for step in (STEP, -STEP)]
        for q in range(len(covariance))
    ]
    gradient = np.array([(up - down) / (2 * STEP) for up, down in away])
    error = np.sqrt(np.einsum("pnt,pq,qnt->nt", gradient, covariance, gradient))
    found = model.predict_cumulative_incidence_interval(rows, TIMES, **options)
    assert found.shape == (12, len(TIMES), 2)
    inside = risk > 0
    assert np.all(found[~inside] == 0) and inside.any()
    scaled = np.log(-np.log(1 - found[inside]))
    np.testing.assert_allclose(scaled.mean(axis=1), np.log(-np.log(1 - risk[inside])), atol=1e-9)
    reach = (
        norm.ppf(0.5 + options.get("level", 0.95) / 2)
        * error
        / ((1 - risk) * -np.log1p(-np.minimum(risk, 1 - 1e-16)) + ~inside)
    )
    np.testing.assert_allclose(np.diff(scaled)[:, 0] / 2, reach[inside], rtol=DIFFERENCE, atol=1e-7)


def test_is_flat_after_the_last_eligible_day(model):
    found = model.predict_cumulative_incidence_interval(X[:3], TIMES, eligible_days=[0.0, 91.0, np.inf])
    whole = model.predict_cumulative_incidence_interval(X[:3], TIMES)
    assert np.all(found[0] == 0)
    np.testing.assert_array_equal(found[1, 2:], np.broadcast_to(whole[1, 2], (4, 2)))
    np.testing.assert_array_equal(found[2], whole[2])


def test_days_passed_leave_nothing_behind_and_less_ahead(model):
    found = model.predict_cumulative_incidence_interval(X[:4], TIMES, elapsed=91.0)
    assert np.all(found[:, :3] == 0)
    assert np.all(found[:, 3:, 0] > 0) and np.all(found[:, 3:, 0] < found[:, 3:, 1])


def test_wider_for_more_coverage_and_holds_the_incidence(model):
    risk = model.predict_cumulative_incidence(X, TIMES)
    narrow = model.predict_cumulative_incidence_interval(X, TIMES, level=0.5)
    wide = model.predict_cumulative_incidence_interval(X, TIMES, level=0.99)
    for bounds in (narrow, wide):
        assert np.all((bounds[..., 0] <= risk + 1e-12) & (risk <= bounds[..., 1] + 1e-12))
    assert np.all((wide[:, 1:, 0] < narrow[:, 1:, 0]) & (narrow[:, 1:, 1] < wide[:, 1:, 1]))


def test_does_not_depend_on_blocks_or_on_being_saved(model, tmp_path, monkeypatch):
    options = {"event": 2, "elapsed": np.arange(len(X)) % 7 * 10.0}
    whole = model.predict_cumulative_incidence_interval(X, TIMES, **options)
    loaded = load_model(model.save(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_cumulative_incidence_interval(X, TIMES, **options), whole)
    monkeypatch.setattr(module, "NUMBERS_PER_BLOCK", 1000)
    parts = model.predict_cumulative_incidence_interval(X, TIMES, **options)
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-14)
    assert model.predict_cumulative_incidence_interval(X[:0], TIMES).shape == (0, len(TIMES), 2)


def test_arguments_are_checked(model):
    with pytest.raises(NotFittedError):
        clone(model).predict_cumulative_incidence_interval(X, TIMES)
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        model.predict_cumulative_incidence_interval(X[:0], TIMES, level=95)
    with pytest.raises(ValueError, match="event 3 is not modelled"):
        model.predict_cumulative_incidence_interval(X, TIMES, event=3)
    with pytest.raises(ValueError, match="elapsed: missing"):
        model.predict_cumulative_incidence_interval(X, TIMES, elapsed=np.nan)


@pytest.mark.parametrize("name", ["weibull", "spline"])
def test_an_estimate_that_is_not_finite_says_that_nothing_is_known(name):
    rare = X.assign(rare=(np.arange(len(X)) < 12).astype(float))
    y = Y.assign(event=np.where(np.arange(len(X)) < 12, 2, Y["event"]))
    with pytest.warns(match="rare"):
        fitted = clone(MODELS[name]).fit(rare, y)
    bounds = fitted.predict_cumulative_incidence_interval(rare, [365.0])[:, 0]
    assert np.all(np.isfinite(bounds)) and np.all((bounds >= 0) & (bounds <= 1))
    assert np.all(np.ptp(bounds[:12], axis=1) > 0.9) and np.all(np.ptp(bounds[12:], axis=1) < 0.4)


@pytest.mark.parametrize("name", ["weibull", "spline"])
def test_covers_the_truth_as_often_as_it_says(name):
    rows = pd.DataFrame({"x": [0.0, 1.5], "group": ["a", "b"]})
    truth = _true_risk(rows, 365.0)
    n_draws, covered = 200, []
    rng = np.random.default_rng(7)
    for _ in range(n_draws):
        fitted = clone(MODELS[name]).fit(*simulate(300, rng))
        lower, upper = np.moveaxis(fitted.predict_cumulative_incidence_interval(rows, [365.0])[:, 0], -1, 0)
        covered.append((lower <= truth) & (truth <= upper))
    # Three binomial standard errors of 200 draws at 0.95.
    assert np.all(np.abs(np.mean(covered, axis=0) - 0.95) < 0.047)


def _true_risk(rows, day):
    location = LOCATION + np.column_stack([0.5 * rows["x"], -0.4 * (rows["group"] == "b")])
    middle = (np.arange(20_000) + 0.5) * day / 20_000
    hazard = (middle[:, None, None] / np.exp(location)) ** (1 / SIGMA)
    density = hazard[:, :, 0] / (SIGMA[0] * middle[:, None]) * np.exp(-hazard.sum(axis=2))
    return density.sum(axis=0) * day / 20_000
