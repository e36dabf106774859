"""What scikit-learn asks: its own checks, and beyond them and ``test_common`` that refits forget, copies hold no rows,
searches run in processes."""

import pickle
import struct
import sys
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from secondplan.models import DiscreteTimeHazard, FeatureEncoder

from .all_models import MODELS, TIMES, WITHOUT_STRATA, X, Y, outcome_for

FAMILY = np.arange(len(X)) // 2


def outcome_of(X, y):
    """Durations to event 1, made of the numbers that scikit-learn's checks give; the same for equal rows."""
    if y is None or np.asarray(y).dtype.kind not in "biuf":
        return y
    mixed = 78.233 * np.asarray(y, dtype=float)
    with suppress(TypeError, ValueError, np.exceptions.AxisError):  # what is wrong with X is for the model to say
        mixed = mixed + 12.9898 * np.nan_to_num(np.asarray(X, dtype=float)).sum(axis=1)
    return pd.DataFrame({"duration": 50.0 + mixed % 1000.0, "event": 1})


class OfNumbers:
    """Lets a model be fitted to the ``y`` of scikit-learn's checks."""

    def fit(self, X, y, *, sample_weight=None, cluster=None):
        return super().fit(X, outcome_of(X, y), sample_weight=sample_weight, cluster=cluster)

    def score(self, X, y, *, sample_weight=None):
        return super().score(X, outcome_of(X, y), sample_weight=sample_weight)


def of_numbers(model):
    """The model, of a class in this file (so that it can be pickled) that is fitted to numbers."""
    name = f"{type(model).__name__}OfNumbers"
    made = type(name, (OfNumbers, type(model)), {"__module__": __name__})
    setattr(sys.modules[__name__], name, made)
    return made(**model.get_params(deep=False))


# Checks that no model passes, and those that some do not, with the reason.
OTHER_WORDS = "the error is raised, in other words: "
FAILED = {
    "check_n_features_in_after_fitting": OTHER_WORDS + "it names the columns that are missing or too many",
    "check_estimators_nan_inf": OTHER_WORDS + "it names the column, and says missing or infinite",
    "check_all_zero_sample_weights_error": OTHER_WORDS + "it says 0, not zero",
    "check_complex_data": OTHER_WORDS + "y must be a frame of durations and events",
    "check_dtype_object": OTHER_WORDS + "y must be a frame of durations and events",
    "check_sample_weights_pandas_series": "the names of columns must be text, and are numbers there",
    "check_estimators_empty_data_messages": "without columns the model is that of the baseline, which some ask for",
}
EVENTS = "there must be more events than coefficients, and of one row nothing can be learnt"
FAILED_BY = {
    "AalenJohansen": {"check_n_features_in": "covariates play no part and are not counted"},
    "CoxElasticNetCV": {"check_fit2d_1sample": OTHER_WORDS + "each fold needs an event"},
    "StackedIncidence": {
        "check_fit2d_1sample": OTHER_WORDS + "each fold needs an event",
        "check_sample_weight_equivalence_on_dense_data": EVENTS,
    },
    "CoxPH": {
        "check_sample_weight_equivalence_on_dense_data": "Efron's ties, as in R, take no weight for repeated rows"
    },
    "CauseSpecificCox": {"check_dict_unchanged": "sums over event times are made when first asked for, and kept"},
    "ParametricAFT": dict.fromkeys(["check_sample_weight_equivalence_on_dense_data", "check_fit2d_1sample"], EVENTS),
    "RoystonParmar": dict.fromkeys(
        [
            "check_sample_weight_equivalence_on_dense_data",
            "check_fit2d_1sample",
            "check_sample_weights_shape",
            "check_sample_weights_not_overwritten",
        ],
        EVENTS,
    ),
    "BoostedHazard": {"check_sample_weight_equivalence_on_dense_data": "the smallest leaf counts lines, not weights"},
}


def failed_checks(model):
    return FAILED | FAILED_BY.get(type(model).__name__.removesuffix("OfNumbers"), {})


@parametrize_with_checks(
    [of_numbers(MODELS[name]) for name in WITHOUT_STRATA],
    expected_failed_checks=failed_checks,
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_check_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", MODELS)
def test_a_second_fit_forgets_the_first(name):
    y = outcome_for(MODELS[name])
    other = X.assign(more=np.random.default_rng(5).normal(size=len(X)))
    fresh = clone(MODELS[name]).fit(X, y)
    again = clone(MODELS[name]).fit(other, y, cluster=FAMILY).fit(X, y)
    assert vars(again).keys() == vars(fresh).keys()
    np.testing.assert_array_equal(again.predict(X), fresh.predict(X))
    assert list(again.feature_names_in_) == list(fresh.feature_names_in_)
    if hasattr(type(again), "summary_"):
        pd.testing.assert_frame_equal(again.summary_, fresh.summary_)


@pytest.mark.parametrize("name", MODELS)
def test_a_copy_for_another_process_predicts_the_same_and_holds_no_row(name):
    marks = 8.0 + np.array([0.123456789, 0.234567891, 0.345678912, 0.456789123])
    rows = [17, 61, 103, 199]
    marked = X.assign(age=X["age"].to_numpy())
    marked.loc[rows, "age"] = marks
    model = clone(MODELS[name]).fit(marked, outcome_for(MODELS[name]), cluster=FAMILY)
    stored = pickle.dumps(model)
    assert not any(struct.pack("<d", mark) in stored for mark in marks)
    copy = pickle.loads(stored)
    for event in model.events_:
        np.testing.assert_allclose(
            copy.predict_cumulative_incidence(X, TIMES, event=event),
            model.predict_cumulative_incidence(X, TIMES, event=event),
            rtol=1e-12,
        )


@pytest.mark.parametrize("name", WITHOUT_STRATA)
def test_pipeline(name):
    y = outcome_for(MODELS[name])
    pipeline = make_pipeline(FeatureEncoder(), clone(MODELS[name])).fit(X, y)
    np.testing.assert_allclose(pipeline.predict(X), clone(MODELS[name]).fit(X, y).predict(X), rtol=1e-6)
    assert np.isfinite(pipeline.score(X, y))


@pytest.mark.parametrize("name", MODELS)
def test_grid_search_by_family_with_weights(name):
    family = np.arange(len(X)) // 2
    encoders = [FeatureEncoder(), FeatureEncoder(drop=["age"])]
    with config_context(enable_metadata_routing=True):
        model = clone(MODELS[name]).set_params(horizon=365.0).set_fit_request(cluster=True, sample_weight=True)
        search = GridSearchCV(model, {"encoder": encoders}, cv=GroupKFold(2), error_score="raise")
        search.fit(X, outcome_for(model), cluster=family, groups=family, sample_weight=np.ones(len(X)))
    assert np.all(np.isfinite(search.cv_results_["mean_test_score"]))
    assert search.predict(X).shape == (len(X),)


@pytest.mark.parametrize("name", WITHOUT_STRATA)
def test_a_pipeline_passes_weights_and_clusters_on(name):
    y = outcome_for(MODELS[name])
    weight = 1.0 + np.arange(len(X)) % 3
    with config_context(enable_metadata_routing=True):
        model = clone(MODELS[name]).set_fit_request(sample_weight=True, cluster=True)
        pipeline = Pipeline([("encode", FeatureEncoder()), ("model", model)])
        pipeline.fit(X, y, sample_weight=weight, cluster=FAMILY)
    direct = clone(MODELS[name]).fit(FeatureEncoder().fit_transform(X), y, sample_weight=weight, cluster=FAMILY)
    np.testing.assert_allclose(pipeline.predict(X), direct.predict(FeatureEncoder().fit(X).transform(X)), rtol=1e-9)
    if hasattr(type(direct), "summary_"):
        pd.testing.assert_frame_equal(pipeline["model"].summary_, direct.summary_)


@pytest.mark.parametrize("name", WITHOUT_STRATA)
def test_a_pipeline_scores_with_the_weights_it_is_given(name):
    y = outcome_for(MODELS[name])
    weight = 1.0 + np.arange(len(X)) % 3
    pipeline = Pipeline([("encode", FeatureEncoder()), ("model", clone(MODELS[name]))]).fit(X, y)
    plain, weighted = pipeline.score(X, y), pipeline.score(X, y, sample_weight=weight)
    assert plain != weighted
    with config_context(enable_metadata_routing=True):
        assert pipeline.score(X, y) == plain
        assert pipeline.score(X, y, sample_weight=weight) == weighted


def test_a_search_over_pipelines_routes_weights_and_clusters():
    model = DiscreteTimeHazard(period_effect="indicator").set_params(max_days=730, horizon=365)
    weight = 1.0 + np.arange(len(X)) % 3
    with config_context(enable_metadata_routing=True):
        model.set_fit_request(cluster=True, sample_weight=True)
        pipeline = Pipeline([("encode", FeatureEncoder()), ("model", model)])
        pipeline.set_score_request(sample_weight=True)  # scikit-learn 1.6 does not ask the model
        for given in ({}, {"cluster": FAMILY}, {"cluster": FAMILY, "sample_weight": weight}):
            search = GridSearchCV(pipeline, {"encode__drop": [None, ["age"]]}, cv=GroupKFold(2), error_score="raise")
            search.fit(X, Y, groups=FAMILY, **given)
            assert np.ptp(search.cv_results_["mean_test_score"]) > 0


def test_a_search_in_two_processes_finds_what_one_finds():
    grid = {"period_df": [1, 3], "encoder__drop": [None, ["age"]]}
    with config_context(enable_metadata_routing=True):
        model = DiscreteTimeHazard(encoder=FeatureEncoder()).set_fit_request(cluster=True, sample_weight=True)
        scores = []
        for n_jobs in (1, 2):
            search = GridSearchCV(model, grid, cv=GroupKFold(2), n_jobs=n_jobs, error_score="raise")
            search.fit(X, Y, cluster=FAMILY, groups=FAMILY, sample_weight=np.ones(len(X)))
            scores.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)
    assert np.ptp(scores[0]) > 0
