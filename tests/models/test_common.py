"""One test over every model: one that is entered in ``all_models`` is tested the day it exists."""

import copy
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import secondplan as sp
import secondplan.models
from secondplan.models import (
    FeatureEncoder,
    FineGray,
    IncidenceModel,
    aalen_johansen,
    load_model,
)
from secondplan.models.registry import MODELS as REGISTERED

from .all_models import (
    KNOWN_END,
    MODELS,
    NUMBERS,
    ONE_EVENT,
    ONE_HAZARD,
    REGRESSIONS,
    ROUNDING,
    TIMES,
    WITHOUT_STRATA,
    X,
    Y,
    known,
    outcome_for,
)


def assert_whole(model, total):
    """Incidences and event-free sum to 1, or to less where the other events are not modelled."""
    if isinstance(model, FineGray):
        assert total.max() <= 1 + ROUNDING and total.min() > 0
    else:
        np.testing.assert_allclose(total, 1.0, atol=1e-8)


def all_incidences(model, rows, times, **options):
    return {event: model.predict_cumulative_incidence(rows, times, event=event, **options) for event in model.events_}


def test_every_model_is_registered_and_has_an_example_here():
    public = {getattr(secondplan.models, name) for name in secondplan.models.__all__}
    classes = {item.__name__ for item in public if isinstance(item, type) and issubclass(item, IncidenceModel)}
    assert classes - {"IncidenceModel"} == set(REGISTERED)
    assert {type(model).__name__ for model in MODELS.values()} == set(REGISTERED)
    assert all(getattr(sp, name) is getattr(secondplan.models, name) for name in REGISTERED)


@pytest.mark.parametrize("name", MODELS)
def test_parameters_are_only_stored(name):
    model = MODELS[name]
    params = model.get_params(deep=False)
    assert {"horizon", "encoder"} <= set(params)
    copy = clone(model)
    assert copy is not model and repr(copy.get_params(deep=False)) == repr(params)  # models within are copied
    assert copy.set_params(horizon=365.0).horizon == 365.0
    assert vars(type(model)()).keys() == params.keys()
    assert not any(attribute.endswith("_") for attribute in vars(copy))


@pytest.mark.parametrize("name", MODELS)
def test_one_row_may_be_a_series_or_a_mapping(name, fitted):
    model = fitted[name]
    expected = model.predict_cumulative_incidence(X.iloc[[5]], TIMES)
    for row in (X.iloc[5], X.iloc[5].to_dict()):
        np.testing.assert_array_equal(model.predict_cumulative_incidence(row, TIMES), expected)
    with pytest.raises(ValueError, match=r"for one column give X\.to_frame\(\)"):
        model.predict(X["age"])
    with pytest.raises(ValueError, match=r"give pd\.DataFrame\(X\)"):
        model.predict(X.to_dict("list"))
    with pytest.raises(ValueError, match=r"one row: X\.reshape\(1, -1\)"):
        model.predict([1.0, 2.0])


@pytest.mark.parametrize("name", MODELS)
def test_not_fitted_is_an_error(name, tmp_path):
    model = clone(MODELS[name])
    for use in (
        lambda: model.predict(X),
        lambda: model.predict_cumulative_incidence(X, TIMES),
        lambda: model.predict_event_free(X, TIMES),
        lambda: model.save(tmp_path / "model"),
    ):
        with pytest.raises(NotFittedError):
            use()
    with pytest.raises(ValueError, match="duration"):
        model.fit(X, Y.drop(columns="duration"))
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize("name", MODELS)
def test_fit_returns_self_and_leaves_its_input_alone(name):
    model, frame, y = clone(MODELS[name]), X.copy(), outcome_for(MODELS[name]).copy()
    encoder = FeatureEncoder(unseen="reference")
    assert model.set_params(encoder=encoder).fit(frame, y) is model
    model.predict(frame)
    pd.testing.assert_frame_equal(frame, X)
    pd.testing.assert_frame_equal(y, outcome_for(model))
    assert not hasattr(encoder, "columns_")


@pytest.mark.parametrize("name", MODELS)
def test_shapes_and_probabilities(name, fitted):
    model = fitted[name]
    incidences = all_incidences(model, X, TIMES)
    assert model.events_ == ((1,) if isinstance(model, ONE_EVENT) else (1, 2))
    for incidence in incidences.values():
        assert incidence.shape == (len(X), len(TIMES)) and incidence.dtype == float
        assert incidence.min() >= 0 and incidence.max() <= 1 and incidence[:, -1].min() > 0
        assert np.all(np.diff(incidence, axis=1) >= -ROUNDING)
    free = model.predict_event_free(X, TIMES)
    assert_whole(model, sum(incidences.values()) + free)
    assert model.predict_cumulative_incidence(X.iloc[:0], TIMES).shape == (0, len(TIMES))
    assert model.predict_cumulative_incidence(X.iloc[:2], []).shape == (2, 0)


@pytest.mark.parametrize("name", MODELS)
def test_predict_is_the_risk_at_the_horizon_and_score_is_finite(name, fitted):
    model = clone(fitted[name]).set_params(horizon=365.0).fit(X, outcome_for(fitted[name]))
    np.testing.assert_array_equal(model.predict(X), model.predict_cumulative_incidence(X, [365.0])[:, 0])
    assert model.predict(X).shape == (len(X),)
    assert -0.2 < model.score(X, outcome_for(model)) < 0.6


@pytest.mark.parametrize("name", WITHOUT_STRATA)
def test_arrays_and_frames_give_the_same(name):
    model = clone(MODELS[name])
    y = outcome_for(model)
    from_array = clone(model).fit(NUMBERS, y.to_dict("list")).predict(NUMBERS)
    frame = pd.DataFrame(NUMBERS, columns=["x0", "x1"])
    np.testing.assert_array_equal(clone(model).fit(frame, y).predict(frame), from_array)
    structured = y.to_records(index=False)
    np.testing.assert_array_equal(
        clone(model).fit(frame.set_axis(y.index[::-1]), structured).predict(frame), from_array
    )


@pytest.mark.parametrize("name", MODELS)
def test_predictions_depend_on_neither_order_nor_batch(name, fitted, monkeypatch):
    model = fitted[name]
    whole = model.predict_cumulative_incidence(X, TIMES)
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_allclose(
        model.predict_cumulative_incidence(X.iloc[order], TIMES), whole[order], rtol=ROUNDING, atol=1e-14
    )
    single = np.vstack([model.predict_cumulative_incidence(X.iloc[[row]], TIMES) for row in range(8)])
    np.testing.assert_allclose(single, whole[:8], rtol=ROUNDING, atol=1e-14)
    unsorted = model.predict_cumulative_incidence(X, TIMES[::-1])
    np.testing.assert_allclose(unsorted[:, ::-1], whole, rtol=ROUNDING, atol=1e-14)
    monkeypatch.setattr("secondplan.models.estimator.base.ROWS_PER_CHUNK", 7)
    np.testing.assert_allclose(model.predict_cumulative_incidence(X, TIMES), whole, rtol=ROUNDING, atol=1e-14)


@pytest.mark.parametrize("name", MODELS)
def test_fit_does_not_depend_on_the_order_of_rows(name):
    y = outcome_for(MODELS[name])
    order = np.random.default_rng(2).permutation(len(X))
    one = clone(MODELS[name]).fit(X, y)
    other = clone(MODELS[name]).fit(X.iloc[order], y.iloc[order])
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-7)


@pytest.mark.parametrize("name", MODELS)
def test_the_curve_is_flat_after_the_last_eligible_day(name, fitted):
    model = fitted[name]
    eligible = np.full(len(X), np.inf)
    eligible[:3] = [0, 100, 365]
    found = model.predict_cumulative_incidence(X, TIMES, eligible_days=eligible)
    np.testing.assert_allclose(found[3:], model.predict_cumulative_incidence(X, TIMES)[3:], rtol=0, atol=ROUNDING)
    for row, day in enumerate([0, 100, 365]):
        expected = model.predict_cumulative_incidence(X.iloc[[row]], np.minimum(TIMES, day))
        np.testing.assert_allclose(found[[row]], expected, rtol=ROUNDING, atol=1e-14)
    assert np.all(found[1, 3:] == found[1, 3]) and np.all(found[2, 5:] == found[2, 4])
    for wrong, rule in (
        (np.full(len(X), np.nan), "missing or negative in 240"),
        (-1, "negative"),
        ([1, 2], r"240.*\(2,\)"),
    ):
        with pytest.raises(ValueError, match=f"eligible_days.*{rule}"):
            model.predict_cumulative_incidence(X, TIMES, eligible_days=wrong)


@pytest.mark.parametrize("name", MODELS)
def test_given_elapsed_days_the_rest_is_rescaled(name, fitted):
    model = getattr(fitted[name], "model_", fitted[name])
    since = np.where(np.arange(len(X)) % 3 == 0, 0.0, 91.0)
    given = all_incidences(model, X, TIMES, elapsed=since)
    late = since > 0
    total = model.predict_event_free(X, TIMES, elapsed=since)
    for event, incidence in given.items():
        plain = model.predict_cumulative_incidence(X, TIMES, event=event)
        np.testing.assert_allclose(incidence[~late], plain[~late], rtol=1e-13)  # other sums at times of their own
        assert np.all(incidence[late][:, :3] == 0)
        ratio = incidence[late][:, 3:] * model._still_free(model._design(X)[late], since[late, None])
        np.testing.assert_allclose(ratio, (plain[:, 3:] - plain[:, [2]])[late], atol=1e-10)
        total = total + incidence
    assert_whole(model, total)
    both = model.predict_cumulative_incidence(X, TIMES, elapsed=91.0, eligible_days=60.0)
    assert np.all(both == 0)
    for wrong in (np.inf, -1.0, np.nan):
        with pytest.raises(ValueError, match="elapsed: missing, infinite or negative"):
            model.predict_cumulative_incidence(X, TIMES, elapsed=wrong)


@pytest.mark.parametrize("name", MODELS)
def test_weights_equal_repeated_rows(name):
    y = outcome_for(MODELS[name])
    weight = np.arange(len(X)) % 4
    if name == "BoostedHazard":  # the smallest leaf counts lines, not weights
        weight = np.full(len(X), 3)
    rows = np.repeat(np.arange(len(X)), weight)
    model = clone(MODELS[name])
    if "ties" in model.get_params():
        model.set_params(ties="breslow")  # Efron's correction, as in R, does not take weights for repeated rows
    if "censoring_ties" in model.get_params():
        model.set_params(censoring_ties="crr")  # nor does finegray's distribution of censoring
    if name == "BoostedHazard":
        model.set_params(min_samples_leaf=1)
    weighted = clone(model).fit(X, y, sample_weight=weight)
    repeated = clone(model).fit(X.iloc[rows], y.iloc[rows])
    expected = repeated.predict_cumulative_incidence(X, TIMES)
    np.testing.assert_allclose(weighted.predict_cumulative_incidence(X, TIMES), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", MODELS)
def test_weights_and_clusters_are_checked(name):
    model, y = clone(MODELS[name]), outcome_for(MODELS[name])
    for weight, rule in (
        (-np.ones(240), "negative in 240"),
        (np.zeros(240), "0 in every row"),
        ([1.0], r"shape \(1,\)"),
    ):
        with pytest.raises(ValueError, match=f"sample_weight.*{rule}"):
            model.fit(X, y, sample_weight=weight)
    with pytest.raises(ValueError, match="cluster: missing in 1 of 240 rows"):
        model.fit(X, y, cluster=["a", None, *["b"] * 238])


@pytest.mark.parametrize("name", MODELS)
def test_delayed_entry_removes_the_bias_of_late_observation(name):
    rng = np.random.default_rng(4)
    n_rows = 3000
    frame = pd.DataFrame({"age": rng.normal(size=n_rows), "category": rng.choice(["NEG", "EMO"], n_rows)})
    hazards = np.array([1 / 900, 1 / 1800]) if not isinstance(MODELS[name], ONE_HAZARD) else np.array([1 / 600, 0.0])
    total = hazards.sum()
    duration = np.ceil(rng.exponential(1 / total, n_rows))
    event = np.where(rng.random(n_rows) < hazards[0] / total, 1, 2)
    entry = np.where(rng.random(n_rows) < 0.7, rng.integers(1, 500, n_rows), 0)
    seen = entry < duration
    y = pd.DataFrame(
        {"entry": entry, "duration": np.minimum(duration, 900), "event": np.where(duration > 900, 0, event)}
    )
    y = y[seen & (entry < 900)]
    frame = frame.loc[y.index]
    truth = hazards[0] / total * (1 - np.exp(-total * 365))
    right = clone(MODELS[name]).fit(frame, y).predict_cumulative_incidence(frame, [365]).mean()
    wrong = clone(MODELS[name]).fit(frame, y.drop(columns="entry")).predict_cumulative_incidence(frame, [365]).mean()
    assert right == pytest.approx(truth, abs=0.03)  # three standard errors
    assert abs(wrong - truth) > 0.06


@pytest.mark.parametrize("name", KNOWN_END)
def test_a_known_end_counts_as_censoring(name):
    model = clone(MODELS[name])
    y = Y.assign(event=np.where((Y["event"] == 0) & (np.arange(len(Y)) % 2 == 0), 4, Y["event"]))
    assert (y["event"] == 4).any()
    known = clone(model).set_params(known_end_event=4).fit(X, y)
    assert known.events_ == (1, 2)
    np.testing.assert_array_equal(known.predict(X), clone(model).fit(X, Y).predict(X))


@pytest.mark.parametrize("name", REGRESSIONS)
def test_summary(name):
    y = outcome_for(MODELS[name])
    model = clone(MODELS[name]).fit(X, y)
    robust = clone(MODELS[name]).fit(X, y, cluster=np.arange(len(X)) // 2)
    table = model.summary_
    assert {"coef", "se", "robust_se", "lower", "upper", "z", "p"} <= set(table.columns)
    n_causes = len(model.events_)
    assert len(table) == n_causes * len(model.feature_names_out_)
    assert table.index.names[-1] == "feature" and table.index.names[:-1] == (
        ["event"] if table.index.nlevels > 1 else []
    )
    assert list(table.index.get_level_values("feature")) == list(model.feature_names_out_) * n_causes
    # Fine and Gray's inverse information is no covariance, so that theirs is always the sandwich.
    assert table["robust_se"].isna().all() == (not isinstance(model, FineGray))
    assert robust.summary_["robust_se"].notna().all()
    np.testing.assert_allclose(robust.summary_["coef"], table["coef"], rtol=1e-6)
    np.testing.assert_allclose(robust.summary_["se"], table["se"], rtol=1e-4)
    np.testing.assert_allclose(
        robust.summary_["upper"], table["coef"] + 1.959964 * robust.summary_["robust_se"], rtol=1e-4
    )
    assert np.all((robust.summary_["robust_se"] / table["se"]).between(0.5, 2))


@pytest.mark.parametrize("name", MODELS)
def test_an_event_that_is_not_modelled_is_an_error(name, fitted):
    with pytest.raises(ValueError, match="event 9 is not modelled; the model's events are 1"):
        fitted[name].predict_cumulative_incidence(X, TIMES, event=9)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("times", [[-1], [np.nan], [[1.0]], [np.inf]])
def test_times_are_checked(name, times, fitted):
    with pytest.raises(ValueError, match="times must be days"):
        fitted[name].predict_cumulative_incidence(X, times)


@pytest.mark.parametrize("name", [name for name in MODELS if not name.startswith("Aalen")])
def test_bad_features_are_errors_that_name_the_column(name, fitted):
    model, y = clone(MODELS[name]), outcome_for(MODELS[name])
    hole = X.assign(age=X["age"].mask(X.index < 3))
    with pytest.raises(ValueError, match="column age: missing in 3 of 240 rows"):
        model.fit(hole, y)
    with pytest.raises(ValueError, match="column age: missing in 3 of 240 rows"):
        fitted[name].predict(hole)
    with pytest.raises(ValueError, match="column age: infinite in 1 of 240 rows"):
        model.fit(X.assign(age=X["age"].where(X.index != 5, np.inf)), y)
    with pytest.raises(ValueError, match="X lacks columns that training had: age"):
        fitted[name].predict(X.drop(columns="age"))
    with pytest.raises(ValueError, match="X has columns that training did not have: later"):
        fitted[name].predict(X.assign(later=1.0))
    unseen = X.assign(category=X["category"].mask(X.index == 7, "NEW"))
    if getattr(model, "censoring_strata", None):  # which play no part in predictions
        np.testing.assert_array_equal(fitted[name].predict(unseen), fitted[name].predict(X.drop(columns="category")))
        return
    with pytest.raises(
        ValueError, match=r"stratum that the model was not fitted to|level that training did not have in 1"
    ):
        fitted[name].predict(unseen)
    if name in WITHOUT_STRATA:
        lenient = clone(model).set_params(encoder=FeatureEncoder(unseen="reference")).fit(X, y)
        assert np.isfinite(lenient.predict(unseen)).all()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"duration": -1.0}, "duration: negative in 240"),
        ({"duration": np.nan}, "duration: missing or infinite"),
        ({"event": 1.5}, "event: an event code must be a whole number"),
        ({"entry": 5000.0}, "entry: entry must be before duration in 240"),
    ],
)
def test_bad_outcomes_are_errors(name, change, rule):
    with pytest.raises(ValueError, match=rule):
        clone(MODELS[name]).fit(X, Y.assign(**change))
    with pytest.raises(ValueError, match="y has 239 rows, X has 240"):
        clone(MODELS[name]).fit(X, Y.iloc[:-1])


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "case", ["no events", "one row", "two rows", "all on one day", "all on day 0", "constant", "none"]
)
def test_degenerate_input_gives_a_clear_error_or_finite_numbers(name, case):
    model, frame, y = clone(MODELS[name]), X, outcome_for(MODELS[name])
    if case == "no events":
        y = y.assign(event=0)
    elif case == "one row":
        frame, y = X.iloc[:1], y.iloc[:1].assign(event=1, duration=50.0)
    elif case == "two rows":
        frame, y = X.iloc[:2], y.iloc[:2].assign(event=[1, 0])
    elif case == "all on one day":
        y = y.assign(duration=100.0, event=y["event"].where(y["event"] > 0, 1))
    elif case == "all on day 0":
        y = y.assign(duration=0.0)
    elif case == "constant":
        frame = X.assign(age=5.0, disabled=False)
    elif case == "none":
        frame, y = X.iloc[:0], y.iloc[:0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(frame, y)
        except ValueError as error:
            assert case != "constant", error
            assert 10 < len(str(error)) < 300 and "\n" not in str(error)
            return
        for event in model.events_:
            incidence = known(model, model.predict_cumulative_incidence(frame, TIMES, event=event), TIMES)
            assert np.all(np.isfinite(incidence)) and incidence.min() >= 0 and incidence.max() <= 1
            assert np.all(np.diff(incidence, axis=1) >= -ROUNDING)


@pytest.mark.parametrize("name", MODELS)
def test_save_and_load(name, fitted, tmp_path):
    model = fitted[name]
    loaded = load_model(model.save(tmp_path / "model"))
    for event in model.events_:
        options = {"event": event, "eligible_days": 500.0, "elapsed": 20.0}
        np.testing.assert_array_equal(
            loaded.predict_cumulative_incidence(X, TIMES, **options),
            model.predict_cumulative_incidence(X, TIMES, **options),
        )
    np.testing.assert_array_equal(loaded.predict_event_free(X, TIMES), model.predict_event_free(X, TIMES))
    assert repr(loaded) == repr(model)
    if name in REGRESSIONS:
        pd.testing.assert_frame_equal(loaded.summary_, model.summary_)


def test_loaded_models_predict_without_compiler_plots_or_fitting_libraries(fitted, tmp_path):
    for position, model in enumerate(fitted.values()):
        model.save(tmp_path / str(position))
    X.to_csv(tmp_path / "rows.csv", index=False)
    script = f"""
import pickle, sys
from pathlib import Path
def blocked(*args, **kwargs):
    raise RuntimeError("pickle was used")
pickle.load = pickle.loads = pickle._Unpickler.load = blocked
pickle.Unpickler = type("Unpickler", (), {{"__init__": blocked}})
import pandas as pd
from secondplan.models import load_model
folder = Path({str(tmp_path)!r})
rows = pd.read_csv(folder / "rows.csv")
models = [load_model(folder / str(position)) for position in range({len(fitted)})]
risks = [model.predict(rows) for model in models]
for model in models:
    if hasattr(model, "predict_cumulative_incidence_interval"):
        model.predict_cumulative_incidence_interval(rows, [91.0, 730.0], elapsed=30.0)
pd.DataFrame(risks).T.to_csv(folder / "risks.csv", index=False)
heavy = [name for name in ("numba", "mlflow", "matplotlib", "lifelines", "statsmodels") if name in sys.modules]
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    risks = pd.read_csv(tmp_path / "risks.csv").to_numpy()
    np.testing.assert_allclose(risks.T, [model.predict(X) for model in fitted.values()], rtol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_the_average_risk_is_the_incidence_of_training(name, fitted):
    outcome = outcome_for(fitted[name])
    curve = aalen_johansen(outcome["duration"], outcome["event"])
    expected = curve.at([fitted[name].horizon])["estimate"].iloc[0]
    assert fitted[name].average_risk_ == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize("name", MODELS)
def test_the_average_risk_is_of_the_fit_although_computed_later_and_is_in_every_copy(name, fitted, tmp_path):
    model = clone(fitted[name]).fit(X, outcome_for(fitted[name]))
    assert model.set_params(horizon=1.0).average_risk_ == fitted[name].average_risk_
    for rows in ("_training", "_averages"):
        assert not hasattr(copy.deepcopy(fitted[name]), rows)
    assert load_model(fitted[name].save(tmp_path / name)).average_risk_ == fitted[name].average_risk_


@pytest.mark.parametrize("name", MODELS)
def test_outcomes_and_weights_that_the_caller_changes_after_a_fit_change_nothing(name, fitted):
    y = {column: values.to_numpy(float).copy() for column, values in outcome_for(fitted[name]).items()}
    weight = np.ones(len(X))
    model = clone(fitted[name]).fit(X, y, sample_weight=weight)
    y["duration"][:], weight[:] = 1.0, np.arange(len(X))
    assert model.average_risk_ == pytest.approx(fitted[name].average_risk_, abs=ROUNDING)
