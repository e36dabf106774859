"""Rows whose delayed entry is their duration: left out and counted, on every way in, as R does."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import secondplan as sp
from secondplan.models import (
    CauseSpecificCox,
    CoxElasticNetCV,
    CoxPH,
    aalen_johansen,
    compare_distributions,
    kaplan_meier,
    logrank_test,
    nelson_aalen,
)
from secondplan.models.inputs.at_risk import rows_at_risk
from secondplan.models.metrics import brier_score, concordance_index

from ..all_models import MODELS, TIMES, X, outcome_for

NEVER = np.array([3, 50, 51, 238])
LEFT_OUT = "^4 of 240 rows are left out: their entry equals their duration"
KEPT = np.setdiff1d(np.arange(len(X)), NEVER)
WEIGHT = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
FAMILY = np.arange(len(X)) // 2


def with_rows_never_at_risk(y):
    """Delayed entry in some rows, on the last day in four; these have events, weights and days like no others."""
    y = y.assign(entry=np.where(np.arange(len(y)) % 5 == 1, np.floor(y["duration"] / 3), 0.0))
    y.loc[NEVER, "duration"] = [1.0, 3000.0, 40.0, 900.0]
    y.loc[NEVER, "entry"] = y.loc[NEVER, "duration"]
    y.loc[NEVER, "event"] = [1, 0, 1, 1]
    return y


@pytest.mark.filterwarnings("ignore:.*(instead of|degrees of freedom|training data have competing)")
@pytest.mark.parametrize("name", MODELS)
def test_a_fit_is_that_of_the_other_rows(name):
    y, model = with_rows_never_at_risk(outcome_for(MODELS[name])), MODELS[name]
    given = {"sample_weight": WEIGHT, "cluster": FAMILY}
    with pytest.warns(UserWarning, match=LEFT_OUT):
        found = clone(model).fit(X, y, **given)
    expected = clone(model).fit(X.loc[KEPT], y.loc[KEPT], sample_weight=WEIGHT[KEPT], cluster=FAMILY[KEPT])
    np.testing.assert_array_equal(
        found.predict_cumulative_incidence(X, TIMES), expected.predict_cumulative_incidence(X, TIMES)
    )
    assert found.average_risk_ == expected.average_risk_ and found.n_rows_ == len(KEPT)
    if hasattr(found, "predict_cumulative_incidence_interval"):
        bounds = (model.predict_cumulative_incidence_interval(X[:4], TIMES) for model in (found, expected))
        np.testing.assert_array_equal(*bounds)


def test_what_a_cox_model_says_of_each_row_is_nan_there_and_stays_in_order():
    y = with_rows_never_at_risk(outcome_for(CoxPH()))
    levels = pd.DataFrame({"family": FAMILY, "authority": FAMILY % 9})
    with pytest.warns(UserWarning, match=LEFT_OUT):
        found = CoxPH().fit(X, y, cluster=levels)
    expected = CoxPH().fit(X.loc[KEPT], y.loc[KEPT], cluster=levels.loc[KEPT])
    assert np.flatnonzero(np.isnan(found.martingale_residuals_)).tolist() == NEVER.tolist()
    np.testing.assert_array_equal(found.martingale_residuals_[KEPT], expected.martingale_residuals_)
    for kind in ("martingale", "deviance", "score", "dfbeta", "dfbetas"):
        residuals = np.asarray(found.residuals(kind))
        assert len(residuals) == len(X) and np.isnan(residuals[NEVER]).all()
        np.testing.assert_array_equal(residuals[KEPT], expected.residuals(kind))
    by_family = found.residuals("score", collapse=FAMILY)
    pd.testing.assert_frame_equal(by_family, expected.residuals("score", collapse=FAMILY[KEPT]))
    np.testing.assert_array_equal(found.covariance_by_level_["family"], expected.covariance_by_level_["family"])
    with pytest.warns(UserWarning, match=LEFT_OUT):
        causes = CauseSpecificCox().fit(X, y)
    assert np.isnan(causes.cause_models_[1].martingale_residuals_[NEVER]).all()


def test_folds_that_are_given_are_those_of_the_given_rows():
    y, folds = with_rows_never_at_risk(outcome_for(CoxPH())), np.arange(len(X)) % 3
    model = CoxElasticNetCV(lambdas=[0.1, 0.01])
    with pytest.warns(UserWarning, match=LEFT_OUT):
        found = clone(model).fit(X, y, foldid=folds)
    expected = clone(model).fit(X.loc[KEPT], y.loc[KEPT], foldid=folds[KEPT])
    np.testing.assert_array_equal(found.cv_mean_, expected.cv_mean_)


@pytest.mark.parametrize("curve", [kaplan_meier, nelson_aalen, aalen_johansen])
def test_a_curve_is_that_of_the_other_rows(curve):
    y = with_rows_never_at_risk(outcome_for(CauseSpecificCox()))
    for strata in (None, X["category"]):
        with pytest.warns(UserWarning, match=LEFT_OUT):
            found = curve(
                y["duration"], y["event"], entry=y["entry"], strata=strata, sample_weight=WEIGHT, cluster=FAMILY
            )
        kept = y.loc[KEPT]
        expected = curve(
            kept["duration"],
            kept["event"],
            entry=kept["entry"],
            strata=None if strata is None else strata[KEPT],
            sample_weight=WEIGHT[KEPT],
            cluster=FAMILY[KEPT],
        )
        pd.testing.assert_frame_equal(found.at(TIMES), expected.at(TIMES))


def test_a_stratum_of_such_rows_only_has_no_curve():
    with pytest.warns(UserWarning, match="^1 of 4 rows are left out"):
        curves = kaplan_meier([2, 3, 3, 5], [1, 1, 0, 1], entry=[0, 0, 3, 0], strata=["a", "a", "b", "c"])
    assert list(curves) == ["a", "c"]


def test_a_test_of_groups_is_that_of_the_other_rows():
    y, group = with_rows_never_at_risk(outcome_for(CauseSpecificCox())), X["category"]
    kept = y.loc[KEPT]
    with pytest.warns(UserWarning, match=LEFT_OUT):
        found = logrank_test(y["duration"], y["event"], group, entry=y["entry"])
    expected = logrank_test(kept["duration"], kept["event"], group[KEPT], entry=kept["entry"])
    assert found.statistic == expected.statistic and found.n_rows.sum() == len(KEPT)


def test_distributions_and_metrics_leave_them_out():
    y = with_rows_never_at_risk(outcome_for(CauseSpecificCox()))
    with pytest.warns(UserWarning, match=LEFT_OUT):
        found = compare_distributions(y["duration"], y["event"], entry=y["entry"])
    assert found.n_rows == len(KEPT)
    risk = np.linspace(0.1, 0.5, len(X))
    for metric in (lambda y, risk: brier_score(y, risk, 365), concordance_index):
        with pytest.warns(UserWarning, match="rows are left out: their entry equals their duration"):
            found = metric(y, risk)
        assert found == metric(y.loc[KEPT], risk[KEPT])


def test_nothing_is_expected_or_observed_of_them():
    y = with_rows_never_at_risk(outcome_for(CoxPH()))
    model, start = CoxPH().fit(X.loc[KEPT], y.loc[KEPT]), pd.Series(pd.Timestamp("2016-01-01"), X.index)
    with pytest.warns(UserWarning, match=LEFT_OUT):
        found = sp.expected_events(model, X, y, start)
    expected = sp.expected_events(model, X.loc[KEPT], y.loc[KEPT], start[KEPT])
    assert found.days["observed"].sum() == expected.days["observed"].sum()


def test_an_event_on_day_0_stays():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curve = kaplan_meier([0, 3, 4, 5], [1, 0, 1, 0], entry=[0, 0, 0, 0])
    assert curve.estimate[0] == 0.75


def test_times_equal_but_for_rounding_are_equal():
    with pytest.warns(UserWarning, match="^1 of 3 rows"):
        curve = kaplan_meier([0.1 + 0.2, 3.0, 4.0], [1, 1, 0], entry=[0.3, 0.0, 0.0])
    assert curve.times.tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (
            {"entry": [5, 7], "duration": [5, 7], "event": [1, 0]},
            "no row is at risk on any day: entry equals duration in 2",
        ),
        ({"entry": [8, 0], "duration": [5, 7], "event": [1, 0]}, "entry must be before duration in 1 of 2 rows"),
    ],
)
def test_nothing_left_or_entry_after_duration_is_an_error(given, rule):
    with pytest.raises(ValueError, match=rule):
        CoxPH().fit([[1.0], [2.0]], given)
    with pytest.raises(ValueError, match=rule):
        kaplan_meier(**given)


def test_weights_of_rows_at_risk_must_be_above_0_somewhere():
    outcome = sp.check_outcome({"entry": [5, 0], "duration": [5, 7], "event": [1, 0]})
    with pytest.raises(
        ValueError, match="no row of positive weight is at risk on any day: entry equals duration in 1 of 2"
    ):
        rows_at_risk(outcome, [1.0, 0.0])
