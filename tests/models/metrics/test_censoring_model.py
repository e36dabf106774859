import numpy as np
import pandas as pd
import pytest

from secondplan.models import CoxPH
from secondplan.models.inputs.outcome import outcome_from_arrays
from secondplan.models.metrics import evaluate_risks, fit_censoring
from secondplan.models.metrics.auc import auc_value
from secondplan.models.metrics.brier import brier_value
from secondplan.models.metrics.calibration_regression import slope_value
from secondplan.models.metrics.calibration_response import response_of
from secondplan.models.metrics.censoring_model import LateModelWeights, ModelWeights
from secondplan.models.metrics.concordance import BY_STATES, Pairs, concordance_value
from secondplan.models.metrics.ranks import Ranks

from .influence_checks import assert_is_derivative

R_DIGITS = 1e-7  # both fits of the Cox model stop when no digit of theirs changes, not of its predictions
R_ERROR = 3e-5  # see test_risk_evaluation


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    n = 80
    X = pd.DataFrame({"age": rng.normal(size=n), "girl": rng.integers(0, 2, n).astype(float)})
    outcome = outcome_from_arrays(rng.integers(1, 25, n), rng.choice([0, 1, 2], n, p=[0.4, 0.35, 0.25]))
    return X, outcome, rng.uniform(0.05, 0.9, n).round(1), rng.integers(2, 9, n) / 4


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("kind", [ModelWeights, LateModelWeights])
def test_influence_is_the_derivative_by_the_case_weights(rows, ties, kind):
    X, outcome, risk, weight = rows
    if kind is LateModelWeights:
        outcome = outcome_from_arrays(outcome.duration, outcome.event, np.where(risk > 0.4, outcome.duration // 2, 0))

    def values(weight):
        weights = kind(outcome, weight, CoxPH(event=0, ties=ties), X)
        states = weights.states(12.0, 1)
        return [
            brier_value(states, risk),
            auc_value(states, Ranks(risk)),
            slope_value(response_of(states, 1), risk),
            concordance_value(Pairs(weights, 1), Ranks(risk), 12.0, BY_STATES),
        ]

    for k, found in enumerate(values(weight)):
        assert_is_derivative(found.influence(), lambda w, k=k: values(w)[k].value, weight, rows=(0, 3, 11, 30, 52))


@pytest.mark.parametrize("metric", ["brier", "auc"])
def test_agrees_with_riskregression(reference, metric):
    y = reference.y.assign(duration=reference.y["duration"] + (1 + np.arange(reference.n)) / (2 * reference.n))
    X = pd.DataFrame({"x": np.log(reference.risk[:, 0])})
    found = evaluate_risks(
        {"model": reference.risk}, y, reference.times, metrics=[metric], censoring=CoxPH(event=0), X=X
    ).table.query("model == 'model'")
    scores = pd.DataFrame(reference.errors[f"{metric}_cox"])
    np.testing.assert_allclose(found["estimate"], scores[{"brier": "Brier", "auc": "AUC"}[metric]], atol=R_DIGITS)
    factor = np.sqrt(reference.n / (reference.n - 1))
    np.testing.assert_allclose(found["std_error"] * factor, scores["se"], atol=R_ERROR)


def test_a_covariate_that_says_nothing_leaves_the_marginal_weights(rows):
    # One value for all: the Cox model is the Nelson-Aalen estimator of one group, near the Kaplan-Meier.
    rng = np.random.default_rng(2)
    n = 4000
    y = pd.DataFrame({"duration": rng.exponential(50, n), "event": rng.choice([0, 1, 2], n)})
    risk, X = rng.uniform(0.1, 0.5, (n, 1)), pd.DataFrame({"noise": rng.normal(size=n)})
    ask = {"metrics": ["brier", "auc", "concordance"]}
    plain = evaluate_risks({"m": risk}, y, [20], **ask).table
    found = evaluate_risks({"m": risk}, y, [20], censoring=CoxPH(event=0), X=X, **ask).table
    np.testing.assert_allclose(found["estimate"], plain["estimate"], atol=3e-3)
    np.testing.assert_allclose(found["std_error"], plain["std_error"], rtol=0.05)
    # A model fitted elsewhere is known, and a landmark takes what it says from there on.
    known = CoxPH().fit(X, y.assign(event=(y["event"] == 0).astype(int)))
    later = evaluate_risks({"m": risk}, y, [20], censoring=known, X=X, landmark=10, **ask).table
    by_distribution = evaluate_risks({"m": risk}, y, [20], censoring=fit_censoring(y), landmark=10, **ask).table
    np.testing.assert_allclose(later["estimate"], by_distribution["estimate"], atol=3e-3)


def test_covariates_that_drive_censoring_are_allowed_for():
    # Censoring and event both come early where x is high: marginal weights overstate who remains free.
    rng = np.random.default_rng(3)
    n = 6000
    x = rng.normal(size=n)
    days, last = rng.exponential(40 * np.exp(-0.8 * x)), rng.exponential(40 * np.exp(-0.8 * x))
    y = pd.DataFrame({"duration": np.minimum(days, last), "event": (days <= last).astype(int)})
    risk = -np.expm1(-20 / 40 * np.exp(0.8 * x))
    ask = {"metrics": ["observed_expected"]}
    marginal = evaluate_risks({"true": risk}, y, [20], **ask).table.iloc[0]
    by_model = evaluate_risks({"true": risk}, y, [20], censoring=CoxPH(event=0), X=pd.DataFrame({"x": x}), **ask).table
    assert abs(by_model["estimate"].iloc[0] - 1) < 3 * by_model["std_error"].iloc[0]
    assert marginal["estimate"] < 1 - 3 * marginal["std_error"]
    # Half of 3,000 enter late, on whole tenths of days: the Brier score of the true risk is known.
    y = np.ceil(10 * y).assign(event=y["event"], entry=np.ceil(rng.uniform(0, 150, n)) * (rng.uniform(size=n) < 0.5))
    seen = np.flatnonzero((y["duration"] > y["entry"])[:3000])
    y, X, ask = y.iloc[seen], pd.DataFrame({"x": x[seen]}), {"metrics": ["brier"]}
    marginal = evaluate_risks({"true": risk[seen]}, y, [200], **ask).table.iloc[0]
    by_model = evaluate_risks({"true": risk[seen]}, y, [200], censoring=CoxPH(event=0), X=X, **ask).table.iloc[0]
    assert abs(by_model["estimate"] - np.mean(risk * (1 - risk))) < 2 * by_model["std_error"]
    assert marginal["estimate"] < np.mean(risk * (1 - risk)) - 2 * marginal["std_error"]


def test_what_cannot_be_weighted_is_refused(rows):
    X, outcome, risk, _ = rows
    y = outcome.to_frame()
    with pytest.raises(ValueError, match="a model of censoring needs X, with 80 rows; got 0"):
        evaluate_risks({"m": risk}, y, [12], censoring=CoxPH(event=0))
    with pytest.raises(ValueError, match="concordance_uno needs one censoring distribution"):
        evaluate_risks({"m": risk}, y, [12], censoring=CoxPH(event=0), X=X, metrics=["concordance_uno"])
    with pytest.raises(ValueError, match=r"for evaluate_risks, a model such as CoxPH\(event=0\); got int"):
        evaluate_risks({"m": risk}, y, [12], censoring=3)
