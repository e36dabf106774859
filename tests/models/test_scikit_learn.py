"""What scikit-learn asks beyond ``test_common``: refits forget, copies hold no rows, searches run in processes."""

import importlib.util
import pickle
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline

from secondplan.models import DiscreteTimeHazard, FeatureEncoder

_spec = importlib.util.spec_from_file_location("models_of_test_common", Path(__file__).with_name("test_common.py"))
common = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(common)
MODELS, X = common.MODELS, common.X
FAMILY = np.arange(len(X)) // 2


@pytest.mark.parametrize("name", MODELS)
def test_a_second_fit_forgets_the_first(name):
    y = common.outcome_for(MODELS[name])
    other = X.assign(more=np.random.default_rng(5).normal(size=len(X)))
    fresh = clone(MODELS[name]).fit(X, y)
    again = clone(MODELS[name]).fit(other, y, cluster=FAMILY).fit(X, y)
    assert vars(again).keys() == vars(fresh).keys()
    np.testing.assert_array_equal(again.predict(X), fresh.predict(X))
    assert list(again.feature_names_in_) == list(fresh.feature_names_in_)
    if hasattr(type(again), "summary_"):
        pd.testing.assert_frame_equal(again.summary_, fresh.summary_)


@pytest.mark.parametrize("name", MODELS)
def test_a_clone_of_a_fitted_model_is_not_fitted(name):
    copy = clone(clone(MODELS[name]).fit(X, common.outcome_for(MODELS[name])))
    with pytest.raises(NotFittedError):
        copy.predict(X)


@pytest.mark.parametrize("name", MODELS)
def test_a_copy_for_another_process_predicts_the_same_and_holds_no_row(name):
    marks = 8.0 + np.array([0.123456789, 0.234567891, 0.345678912, 0.456789123])
    rows = [17, 61, 103, 199]
    marked = X.assign(age=X["age"].to_numpy())
    marked.loc[rows, "age"] = marks
    model = clone(MODELS[name]).fit(marked, common.outcome_for(MODELS[name]), cluster=FAMILY)
    stored = pickle.dumps(model)
    assert not any(struct.pack("<d", mark) in stored for mark in marks)
    copy = pickle.loads(stored)
    for event in model.events_:
        np.testing.assert_allclose(
            copy.predict_cumulative_incidence(X, common.TIMES, event=event),
            model.predict_cumulative_incidence(X, common.TIMES, event=event),
            rtol=1e-12,
        )


@pytest.mark.parametrize("name", common.WITHOUT_STRATA)
def test_a_pipeline_passes_weights_and_clusters_on(name):
    y = common.outcome_for(MODELS[name])
    weight = 1.0 + np.arange(len(X)) % 3
    with config_context(enable_metadata_routing=True):
        model = clone(MODELS[name]).set_fit_request(sample_weight=True, cluster=True)
        pipeline = Pipeline([("encode", FeatureEncoder()), ("model", model)])
        pipeline.fit(X, y, sample_weight=weight, cluster=FAMILY)
    direct = clone(MODELS[name]).fit(FeatureEncoder().fit_transform(X), y, sample_weight=weight, cluster=FAMILY)
    np.testing.assert_allclose(pipeline.predict(X), direct.predict(FeatureEncoder().fit(X).transform(X)), rtol=1e-9)
    if hasattr(type(direct), "summary_"):
        pd.testing.assert_frame_equal(pipeline["model"].summary_, direct.summary_)


@pytest.mark.parametrize("name", common.WITHOUT_STRATA)
def test_a_pipeline_scores_with_the_weights_it_is_given(name):
    y = common.outcome_for(MODELS[name])
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
        for given in ({}, {"cluster": FAMILY}, {"cluster": FAMILY, "sample_weight": weight}):
            search = GridSearchCV(pipeline, {"encode__drop": [None, ["age"]]}, cv=GroupKFold(2), error_score="raise")
            search.fit(X, common.Y, groups=FAMILY, **given)
            assert np.ptp(search.cv_results_["mean_test_score"]) > 0


def test_a_search_in_two_processes_finds_what_one_finds():
    grid = {"period_df": [1, 3], "encoder__drop": [None, ["age"]]}
    with config_context(enable_metadata_routing=True):
        model = DiscreteTimeHazard(encoder=FeatureEncoder()).set_fit_request(cluster=True, sample_weight=True)
        scores = []
        for n_jobs in (1, 2):
            search = GridSearchCV(model, grid, cv=GroupKFold(2), n_jobs=n_jobs, error_score="raise")
            search.fit(X, common.Y, cluster=FAMILY, groups=FAMILY, sample_weight=np.ones(len(X)))
            scores.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)
    assert np.ptp(scores[0]) > 0
