"""Fits that begin near the maximum, against those that begin at 0."""

import pickle

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.models.cox.kernels import subsample_start

# The information is that of a point 1e-7 standard errors away; here a standard error is about 0.03.
CLOSE = {"rtol": 1e-8, "atol": 1e-12}


def data(seed=0, n_rows=32_000):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n_rows, 4)), columns=list("abcd"))
    X["b"] = (X["b"] > 1.0).astype(float)
    X["group"] = rng.integers(0, 3, n_rows)
    days = np.ceil(rng.exponential(200.0 * np.exp(-0.5 * X["a"] + 0.3 * X["b"])))
    entry = np.where(rng.random(n_rows) < 0.2, rng.integers(1, 60, n_rows), 0)
    y = pd.DataFrame({"entry": entry, "duration": np.minimum(days, 300) + entry, "event": (days <= 300).astype(int)})
    return X, y


@pytest.fixture
def small(monkeypatch):
    """Begin near the maximum with few rows too."""
    monkeypatch.setattr(subsample_start, "FEWEST_ROWS", 100)
    monkeypatch.setattr(subsample_start, "FEWEST_EVENTS", 100)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("cluster", [False, True])
def test_the_fit_is_the_same(small, monkeypatch, ties, cluster):
    X, y = data()
    kept = {"cluster": np.arange(len(X)) // 2} if cluster else {}
    weight = np.random.default_rng(1).integers(1, 4, len(X))
    near = sp.CoxPH(ties=ties, strata="group").fit(X, y, sample_weight=weight, **kept)
    assert "_scores" not in vars(near)
    monkeypatch.setattr(subsample_start, "FEWEST_ROWS", len(X) + 1)
    from_0 = sp.CoxPH(ties=ties, strata="group").fit(X, y, sample_weight=weight, **kept)
    assert near.n_iterations_ <= subsample_start.STEPS + 2 and "_scores" in vars(from_0)
    np.testing.assert_allclose(near.coef_, from_0.coef_, rtol=1e-11)
    for name in ("covariance_", "naive_covariance_", "log_likelihood_", "baseline_hazard_", "baseline_variance_"):
        np.testing.assert_allclose(getattr(near, name), getattr(from_0, name), **CLOSE)
    np.testing.assert_allclose(near.martingale_residuals_, from_0.martingale_residuals_, atol=1e-9)
    pd.testing.assert_frame_equal(near.global_tests_, from_0.global_tests_, rtol=1e-8)


def test_score_tests_are_kept_by_what_leaves_the_process(small, tmp_path):
    X, y = data()
    expected = sp.CoxPH().fit(X, y).score_statistic_
    copied, saved = sp.CoxPH().fit(X, y), sp.CoxPH().fit(X, y)
    assert pickle.loads(pickle.dumps(copied)).score_statistic_ == expected
    saved.save(tmp_path / "model")
    assert sp.load_model(tmp_path / "model").score_statistic_ == expected


def test_data_without_a_clear_maximum_begin_at_0(small):
    X, y = data()
    X = X.assign(copy=X["a"] - X["c"])
    with pytest.warns(UserWarning, match="copy"):
        collinear = sp.CoxPH().fit(X, y)
    assert "_scores" in vars(collinear)
    separated = data()[0].assign(never=(y["event"] == 0).to_numpy() & (np.arange(len(y)) % 3 == 0))
    with pytest.warns(UserWarning, match="never"):
        assert "_scores" in vars(sp.CoxPH().fit(separated, y))


def test_few_rows_begin_at_0():
    X, y = data()
    assert "_scores" in vars(sp.CoxPH().fit(X, y))
