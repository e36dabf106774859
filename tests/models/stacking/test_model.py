import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from sklearn.base import clone

import secondplan as sp
from secondplan.errors import BundleError
from secondplan.models import (
    AalenJohansen,
    BoostedHazard,
    CauseSpecificCox,
    CoxPH,
    FeatureEncoder,
    FineGray,
    ParametricAFT,
    RoystonParmar,
    StackedIncidence,
    load_model,
)

TIMES = [91, 365, 730]


def simulate(n_rows, seed=0, effect=1.0):
    """Proportional hazards of event 1 in ``x``; ``noise`` says nothing; a quarter come late."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"x": rng.normal(size=n_rows), "noise": rng.normal(size=n_rows), "group": rng.choice(["A", "B"], n_rows)}
    )
    first = np.ceil(rng.exponential(900 * np.exp(-effect * X["x"])))
    second, end = np.ceil(rng.exponential(2500, n_rows)), np.floor(rng.uniform(740, 1200, n_rows))
    times = np.array([first, second, end])
    y = pd.DataFrame({"duration": times.min(axis=0), "event": np.array([1, 2, 0])[times.argmin(axis=0)]})
    y["entry"] = np.floor(rng.uniform(-600, 200, n_rows)).clip(0)
    seen = y["entry"] < y["duration"]
    return X[seen].reset_index(drop=True), y[seen].reset_index(drop=True)


X, Y = simulate(700)
ON_X, ON_NOISE = FeatureEncoder(columns=["x"]), FeatureEncoder(columns=["noise"])
MODELS = {
    "average": AalenJohansen(),
    "right": CauseSpecificCox(encoder=ON_X),
    "wrong": CauseSpecificCox(encoder=ON_NOISE),
}


@pytest.fixture(scope="module")
def stack():
    return StackedIncidence(MODELS).fit(X, Y)


def test_the_model_that_is_right_gets_the_weight(stack):
    weights = stack.weights_["weight"]
    assert weights["right"] > 0.9 and weights.sum() == pytest.approx(1.0) and weights.min() >= 0
    assert list(stack.models_) == list(weights.index[weights > 0])
    assert stack.weights_["brier_730"].idxmin() == "right" and list(stack.times_) == [365.0, 730.0]


def test_where_nothing_is_known_the_average_gets_the_weight():
    frame, y = simulate(700, seed=1, effect=0.0)
    assert StackedIncidence(MODELS).fit(frame, y).weights_.loc["average", "weight"] > 0.5


def test_risks_are_the_weighted_mean(stack):
    for options in ({}, {"event": 2}, {"eligible_days": 400.0}):
        parts = [part.predict_cumulative_incidence(X, TIMES, **options) for part in stack.models_.values()]
        shares = stack.weights_["weight"][list(stack.models_)].to_numpy()
        np.testing.assert_allclose(
            stack.predict_cumulative_incidence(X, TIMES, **options), np.tensordot(shares, parts, 1), atol=1e-12
        )
    assert not hasattr(stack, "predict_cumulative_incidence_interval")


def test_the_scores_are_those_of_rows_that_were_not_fitted(stack):
    table = sp.evaluate_risks(
        {name: clone(MODELS[name]).fit(X, Y).predict_cumulative_incidence(X, [730]) for name in ("right", "wrong")},
        Y,
        [730],
        metrics=("brier",),
    ).table.set_index("model")["estimate"]
    for name in ("right", "wrong"):  # a little worse than in training
        assert 0 < stack.weights_.loc[name, "brier_730"] - table[name] < 0.01


def test_families_stay_together_and_other_folds_give_other_scores(stack):
    alone = StackedIncidence(MODELS).fit(X, Y, cluster=np.arange(len(X)))
    together = StackedIncidence(MODELS).fit(X, Y, cluster=np.arange(len(X)) // 3)
    assert alone.weights_["brier_730"]["right"] != together.weights_["brier_730"]["right"]
    assert (
        StackedIncidence(MODELS, random_state=5).fit(X, Y).weights_["brier_730"]["right"]
        != (stack.weights_["brier_730"]["right"])
    )


def test_models_of_one_event_leave_that_event_alone():
    frame, y = simulate(300, seed=2, effect=0.2)
    models = {"Fine-Gray": FineGray(encoder=ON_NOISE), "Weibull": ParametricAFT(encoder=ON_X)}
    found = StackedIncidence(models, n_folds=2).fit(frame, y)
    with pytest.warns(sp.FollowUpWarning, match="not known"):
        beyond = found.predict_cumulative_incidence(frame[:2], [5000])
    assert found.weights_["weight"].min() > 0
    assert found.events_ == (1,) and np.isnan(beyond).all() and not found._goes_on
    formula = StackedIncidence({"Weibull": ParametricAFT(), "splines": RoystonParmar(df=1)}, n_folds=2).fit(X, Y)
    with pytest.warns(sp.FollowUpWarning, match="rests on the form"):
        assert np.isfinite(formula.predict_cumulative_incidence(X[:2], [5000])).all()


def test_strata_missing_values_and_rare_levels():
    frame = X.assign(x=X["x"].mask(X.index % 50 == 0), group=X["group"].mask(X.index == 3, "only once"))
    lenient = FeatureEncoder(columns=["x", "group"], numeric_missing="median")
    models = {"curves": AalenJohansen(strata="group"), "Cox": CauseSpecificCox(encoder=lenient)}
    bad = StackedIncidence(models | {"curves": AalenJohansen(strata="x")}, n_folds=2)
    with pytest.raises(ValueError, match="strata of numbers; make a category of them"):
        bad.fit(X, Y)
    kept = X.index != 3
    stacked = StackedIncidence(models, n_folds=2).fit(frame[kept], Y[kept])
    assert np.isfinite(stacked.predict(frame[kept])).all()
    with pytest.warns(UserWarning, match=r"^Cox: event 1: the event is separated"):
        rare = StackedIncidence(models, n_folds=2).fit(frame, Y)
    assert np.isfinite(rare.predict(frame)).all()
    with pytest.raises(ValueError, match=r"Cox, fold . of 2: .*stratum that the model was not fitted to"):
        StackedIncidence({"Cox": CauseSpecificCox(strata="group", encoder=ON_X)}, n_folds=2).fit(
            X.assign(group=frame["group"]), Y
        )


def test_an_end_whose_day_is_known_is_no_event_of_any_model():
    y = Y.assign(event=Y["event"].where((Y["event"] > 0) | (Y.index % 2 == 0), 4))
    models = {"average": AalenJohansen(), "Cox": CauseSpecificCox(known_end_event=4, encoder=ON_X)}
    stacked = StackedIncidence(models).fit(X, y)
    plain = StackedIncidence({"average": AalenJohansen(), "Cox": CauseSpecificCox(encoder=ON_X)}).fit(X, Y)
    assert stacked.events_ == (1, 2)
    np.testing.assert_array_equal(stacked.predict(X), plain.predict(X))
    with pytest.raises(ValueError, match="known_end_event differs between the models: 4, 2"):
        StackedIncidence(models | {"other": CauseSpecificCox(known_end_event=2)}).fit(X, y)


def test_parameters_of_the_models_are_reached_by_name():
    stacked = clone(StackedIncidence({"Cox": CauseSpecificCox(), "trees": BoostedHazard()}))
    assert stacked.get_params()["trees__max_iter"] == 100
    stacked.set_params(trees__max_iter=7, Cox=CoxPH(), n_folds=3)
    assert stacked.models["trees"].max_iter == 7 and isinstance(stacked.models["Cox"], CoxPH) and stacked.n_folds == 3


@pytest.mark.parametrize(
    ("models", "rule"),
    [
        (None, "a mapping of name to model is needed"),
        ({}, "a mapping of name to model is needed"),
        ({"a__b": CoxPH()}, "cannot be the name of a model"),
        ({"Cox": 3}, "Cox is a int, not a model"),
        ({"Cox": CoxPH(offset="x")}, "a stack takes strata of one column, and no offset"),
    ],
)
def test_what_cannot_be_stacked_is_an_error(models, rule):
    with pytest.raises(ValueError, match=rule):
        StackedIncidence(models).fit(X, Y)


def test_days_past_the_follow_up_are_left_out():
    short = Y.assign(event=Y["event"].where(Y["duration"] <= 300, 0), duration=Y["duration"].clip(upper=300))
    cox = {"Cox": CauseSpecificCox(encoder=ON_X)}
    assert list(StackedIncidence(cox).fit(X, short).times_) == [300.0]
    with pytest.warns(UserWarning, match="followed to day 300 only, later ones do not count"):
        assert list(StackedIncidence(cox, times=[100, 365]).fit(X, short).times_) == [100.0]
    with pytest.raises(ValueError, match="followed to day 300 only, no day of 365 can be measured"):
        StackedIncidence(cox, times=[365]).fit(X, short)


def test_it_is_saved_with_its_models_unless_one_never_is(stack, tmp_path):
    loaded = load_model(stack.save(tmp_path / "stack"))
    pd.testing.assert_frame_equal(loaded.weights_, stack.weights_)
    np.testing.assert_array_equal(loaded.predict_event_free(X, TIMES), stack.predict_event_free(X, TIMES))
    assert loaded.models_["right"].summary_.equals(stack.models_["right"].summary_)
    theirs = StackedIncidence({"theirs": sp.ExternalModel(CoxPHFitter(), encoder=ON_X)}, n_folds=2)
    assert "holds rows of its training" in theirs.why_never_saved
    with pytest.raises(BundleError, match="ExternalModel"):
        theirs.fit(X, Y).save(tmp_path / "theirs")


def test_it_shows_its_weights(stack):
    assert "right" in repr(stack) and "weight" in repr(stack)
