"""Weights that are no whole numbers: their scale means nothing, and errors are those of rows that stand alone."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from secondplan.models import (
    CoxPH,
    DiscreteTimeHazard,
    ParametricAFT,
    aalen_johansen,
    compare_distributions,
    kaplan_meier,
    logrank_test,
    nelson_aalen,
)

from .all_models import INTERVALS, MODELS, REGRESSIONS, TIMES, X, Y, outcome_for

FOLDER = Path(__file__).parents[1] / "reference"
REFERENCE = json.loads((FOLDER / "fractional_weights.json").read_text())
LUNG = pd.read_csv(FOLDER / "parametric_lung.csv")
COLUMNS = ["age", "sex", "ecog"]
WEIGHT = np.random.default_rng(3).uniform(0.5, 2.0, len(X))
# Searches stop within this of the maximum, whatever the scale; lifelines' within more.
SEARCH, LIFELINES = 1e-5, 2e-3


@pytest.fixture(scope="module")
def fits():
    """Each model with weights, with a hundredth of them, and with each row a cluster."""
    found = {}
    for name, model in MODELS.items():
        rows = X, outcome_for(model)
        found[name] = (
            clone(model).fit(*rows, sample_weight=WEIGHT),
            clone(model).fit(*rows, sample_weight=WEIGHT / 100),
            clone(model).fit(*rows, sample_weight=WEIGHT, cluster=np.arange(len(X))),
        )
    return found


@pytest.mark.parametrize("name", MODELS)
def test_risks_do_not_depend_on_the_scale(name, fits):
    plain, scaled, _ = (model.predict_cumulative_incidence(X, TIMES) for model in fits[name])
    np.testing.assert_allclose(scaled, plain, rtol=SEARCH, atol=1e-9)


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_do_not_depend_on_the_scale_and_are_those_of_rows_that_stand_alone(name, fits):
    for options in ({}, {"elapsed": 60.0}):
        plain, *others = (model.predict_cumulative_incidence_interval(X[:5], TIMES, **options) for model in fits[name])
        for other in others:
            np.testing.assert_allclose(other, plain, rtol=SEARCH, atol=1e-8)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_coefficients_have_robust_errors_that_do_not_depend_on_the_scale(name, fits):
    plain, scaled, alone = (model.summary_.drop(columns="se") for model in fits[name])
    assert np.isfinite(plain["robust_se"]).all()
    pd.testing.assert_frame_equal(scaled, plain, rtol=SEARCH, atol=1e-8)
    pd.testing.assert_frame_equal(alone, plain, rtol=SEARCH, atol=1e-8)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_whole_weights_count_rows_and_so_have_plain_errors(name):
    model = clone(MODELS[name]).fit(X, outcome_for(MODELS[name]), sample_weight=np.full(len(X), 2))
    if not name.startswith("FineGray"):  # whose errors are always robust
        assert model.summary_["robust_se"].isna().all()


@pytest.mark.parametrize("curve", [kaplan_meier, nelson_aalen, aalen_johansen])
def test_errors_of_curves_do_not_depend_on_the_scale(curve):
    plain, scaled, alone = (
        curve(Y["duration"], Y["event"], sample_weight=weight, cluster=cluster).at([91, 730])
        for weight, cluster in ((WEIGHT, None), (WEIGHT / 100, None), (WEIGHT, np.arange(len(X))))
    )
    pd.testing.assert_frame_equal(scaled, plain, rtol=1e-9)
    pd.testing.assert_frame_equal(alone, plain, rtol=1e-9)


def test_the_log_rank_test_does_not_depend_on_the_scale():
    plain, scaled = (
        logrank_test(Y["duration"], Y["event"], X["category"], sample_weight=weight)
        for weight in (WEIGHT, WEIGHT / 100)
    )
    assert scaled.statistic == pytest.approx(plain.statistic, rel=1e-9)


def test_fits_of_distributions_do_not_depend_on_the_scale():
    plain, scaled = (
        compare_distributions(Y["duration"], Y["event"], sample_weight=weight) for weight in (WEIGHT, WEIGHT / 100)
    )
    pd.testing.assert_frame_equal(scaled.parameters, plain.parameters, rtol=LIFELINES)
    pd.testing.assert_frame_equal(scaled.table, plain.table, rtol=LIFELINES)
    # Weibull's and the exponential's errors are the sandwich of ParametricAFT.
    model = ParametricAFT("exponential").fit(
        np.empty((len(X), 0)), Y.assign(event=(Y["event"] == 1).astype(int)), sample_weight=WEIGHT
    )
    error, (estimate, *_) = np.sqrt(model.covariance_[1].iloc[0, 0]), plain.parameters.loc[("exponential", "lambda")]
    assert plain.parameters.loc[("exponential", "lambda"), "std_error"] == pytest.approx(estimate * error, rel=1e-3)


@pytest.mark.parametrize("distribution", REFERENCE["aft"])
def test_accelerated_failure_times_have_the_errors_of_r(distribution):
    expected = REFERENCE["aft"][distribution]
    model = ParametricAFT(distribution).fit(
        LUNG[COLUMNS], LUNG.drop(columns="entry"), sample_weight=REFERENCE["weight"]
    )
    np.testing.assert_allclose(model.summary_["coef"], expected["coef"], rtol=1e-6)
    np.testing.assert_allclose(model.summary_["robust_se"], expected["robust_se"], rtol=1e-6)


def test_discrete_time_and_cox_have_the_errors_of_r():
    y = LUNG.assign(duration=np.ceil(LUNG["duration"] / 91) * 91).drop(columns="entry")
    model = DiscreteTimeHazard(period_effect="indicator", max_days=546)
    for fitted, name in (
        (model.fit(LUNG[COLUMNS], y, sample_weight=REFERENCE["weight"]), "discrete"),
        (
            CoxPH().fit(LUNG[COLUMNS], LUNG.drop(columns="entry"), sample_weight=REFERENCE["weight"]),
            "cox",
        ),
    ):
        np.testing.assert_allclose(fitted.summary_["coef"], REFERENCE[name]["coef"], rtol=1e-6)
        np.testing.assert_allclose(fitted.summary_["robust_se"], REFERENCE[name]["robust_se"], rtol=1e-6)


def test_kaplan_meier_has_the_errors_of_r():
    found = kaplan_meier(LUNG["duration"], LUNG["event"], sample_weight=REFERENCE["weight"]).at([91, 182, 365])
    np.testing.assert_allclose(found["estimate"], REFERENCE["curve"]["estimate"], rtol=1e-9)
    np.testing.assert_allclose(found["std_error"], REFERENCE["curve"]["std_error"], rtol=1e-6)
