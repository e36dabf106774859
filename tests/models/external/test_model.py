import copy
import functools
import pickle

import numpy as np
import pandas as pd
import pytest
from lifelines import (
    AalenAdditiveFitter,
    CoxPHFitter,
    GeneralizedGammaRegressionFitter,
    KaplanMeierFitter,
    PiecewiseExponentialRegressionFitter,
    WeibullAFTFitter,
)
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from statsmodels.duration.hazard_regression import PHReg

import secondplan as sp
from secondplan.errors import BundleError
from secondplan.models.estimator.bundle_files import save_bundle

N_ROWS = 150
TIMES = [30, 91, 365, 730]
# lifelines ends its iterations earlier than we do.
CONVERGENCE = 1e-6


def simulate(*, whole=False, entry=False, seed=1):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"age": rng.normal(8, 4, N_ROWS), "category": rng.choice(["A", "B"], N_ROWS)})
    first, second = rng.exponential(500 * np.exp(0.05 * X["age"] - 0.3)), rng.exponential(1500, N_ROWS)
    end = rng.uniform(400, 1200, N_ROWS)
    times = np.array([first, second, end])
    times = np.floor(times) if whole else times
    y = pd.DataFrame({"duration": times.min(axis=0), "event": np.array([1, 2, 0])[times.argmin(axis=0)]})
    if entry:
        late = np.floor(y["duration"] * rng.random(N_ROWS))
        y["entry"] = late.where((rng.random(N_ROWS) < 0.4) & (late < y["duration"]), 0.0)
    return X, y


X, Y = simulate()
_, LATE = simulate(entry=True)
WHOLE, WHOLE_LATE = simulate(whole=True)[1], simulate(whole=True, entry=True)[1]


class Steps:
    """scikit-survival's step function."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __call__(self, at):
        return self.y[np.searchsorted(self.x, at, side="right") - 1]


class FakeSurvival(BaseEstimator):
    """An estimator with scikit-survival's methods: Nelson-Aalen's hazard, whatever the features."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        assert y.dtype.names == ("event", "time") and y["event"].dtype == bool
        self.seen_ = list(X.columns)
        self.x_ = np.unique(y["time"])
        at_risk = (y["time"] >= self.x_[:, None]).sum(axis=1)
        events = ((y["time"] == self.x_[:, None]) & y["event"]).sum(axis=1)
        self.hazard_ = np.cumsum(events / at_risk)
        return self

    def predict_survival_function(self, X):
        return [Steps(self.x_, np.exp(-self.hazard_)) for _ in range(len(X))]


class FakeWithHazard(FakeSurvival):
    def predict_cumulative_hazard_function(self, X):
        return [Steps(self.x_, self.hazard_) for _ in range(len(X))]


def mean_fit(X, y, cluster=None):
    return float(np.mean(y["event"] == 1))


def mean_predict(state, X, times):
    return np.outer(np.ones(len(X)), state * np.minimum(times, 730) / 730)


def risk(model, **options):
    return model.predict_cumulative_incidence(X, TIMES, **options)


def external(fitter, y=Y, **options):
    return sp.ExternalModel(fitter, **options).fit(X, y)


@pytest.mark.parametrize("y", [Y, LATE], ids=["from day 0", "late entries"])
@pytest.mark.parametrize("fitter", [CoxPHFitter(), PHReg], ids=["lifelines", "statsmodels"])
def test_cox_models_of_other_libraries_are_ours(fitter, y):
    ours, theirs = sp.CauseSpecificCox().fit(X, y), external(fitter, y)
    for options in ({}, {"event": 2}, {"elapsed": 60.0, "eligible_days": 400.0}):
        np.testing.assert_allclose(risk(theirs, **options), risk(ours, **options), atol=CONVERGENCE)
    np.testing.assert_allclose(
        theirs.predict_event_free(X, TIMES), ours.predict_event_free(X, TIMES), atol=2 * CONVERGENCE
    )


def test_rows_that_enter_on_the_day_of_an_event_come_after_it():
    tied = WHOLE_LATE.assign(
        entry=WHOLE_LATE["entry"].where(WHOLE_LATE["entry"] == 0, WHOLE_LATE["duration"].min() + 5)
    )
    tied.loc[0, ["duration", "event", "entry"]] = [WHOLE_LATE["duration"].min() + 5, 1, 0.0]
    tied = tied[tied["entry"] < tied["duration"]]
    ours = sp.CauseSpecificCox(ties="breslow").fit(X.loc[tied.index], tied)
    np.testing.assert_allclose(risk(sp.ExternalModel(PHReg).fit(X.loc[tied.index], tied)), risk(ours), atol=1e-10)


def test_with_tied_days_only_the_baseline_differs():
    ours = risk(sp.CauseSpecificCox().fit(X, WHOLE))
    for fitter in (CoxPHFitter(), functools.partial(PHReg, ties="efron")):
        assert 1e-6 < np.abs(risk(external(fitter, WHOLE)) - ours).max() < 3e-3


@pytest.mark.parametrize(
    ("fitter", "options"),
    [(AalenAdditiveFitter(coef_penalizer=1.0), {}), (CoxPHFitter(), {"formula": "age + I(age ** 2)"})],
    ids=["additive", "formula"],
)
def test_the_hazard_of_lifelines_is_taken_as_it_is(fitter, options):
    model = sp.ExternalModel(fitter, fit_options=options).fit(X[["age"]], Y)
    own = copy.deepcopy(fitter).fit(X[["age"]].assign(d=Y["duration"], e=Y["event"] == 1), "d", "e", **options)
    curves = own.predict_cumulative_hazard(X[["age"]])
    days = np.array([100.0, 500.0])
    place = np.searchsorted(curves.index, days, side="right") - 1
    stated = model._risks.hazards[0].cumulative(X[["age"]], days)
    np.testing.assert_allclose(stated, curves.to_numpy()[place].T, rtol=1e-9)


def test_what_our_columns_leave_no_place_for_is_refused():
    with pytest.raises(ValueError, match="strata have no place here"):
        external(CoxPHFitter(strata=["age"]))
    with pytest.raises(ValueError, match="is made again only without a formula"):
        external(CoxPHFitter(), LATE, fit_options={"formula": "age"})


@pytest.mark.parametrize(
    "fitter",
    [WeibullAFTFitter, PiecewiseExponentialRegressionFitter([300.0])],
    ids=["Weibull", "piecewise exponential"],
)
@pytest.mark.filterwarnings("ignore:lifelines PiecewiseExponential.*ApproximationWarning in the fit")
def test_parametric_fitters_take_late_entries_and_events_on_day_0(fitter):
    y = WHOLE_LATE.copy()
    y.loc[3, ["duration", "event", "entry"]] = [0.0, 1, 0.0]
    model = sp.ExternalModel(fitter).fit(X[["age"]], y)
    frame = X[["age"]]
    found = model.predict_cumulative_incidence(frame, [0, *TIMES])
    marginal = sp.AalenJohansen().fit(X, y).predict_cumulative_incidence(X[:1], TIMES)
    np.testing.assert_allclose(found[:, 1:].mean(axis=0), marginal[0], atol=0.08)  # two standard errors
    total = sum(model.predict_cumulative_incidence(frame, TIMES, event=event) for event in (1, 2))
    np.testing.assert_allclose(total + model.predict_event_free(frame, TIMES), 1.0, atol=1e-12)
    with pytest.warns(sp.FollowUpWarning, match="rests on the form of the model alone"):
        assert np.isfinite(model.predict_cumulative_incidence(frame, [4000.0])).all()


def test_lifelines_gets_the_constant_that_some_fitters_lack():
    model = sp.ExternalModel(
        {1: GeneralizedGammaRegressionFitter()},
        fit_options={"regressors": {"mu_": ["age", "Intercept"], "sigma_": ["Intercept"], "lambda_": ["Intercept"]}},
    ).fit(X[["age"]], Y)
    marginal = sp.AalenJohansen().fit(X, Y).predict_cumulative_incidence(X[:1], TIMES)[0]
    np.testing.assert_allclose(model.predict_cumulative_incidence(X[["age"]], TIMES).mean(axis=0), marginal, atol=0.05)


@pytest.mark.parametrize("kind", [FakeSurvival, FakeWithHazard])
def test_an_estimator_with_the_methods_of_scikit_survival(kind):
    model = external(kind())
    marginal = sp.ExternalModel({1: None}).fit(X, Y)
    np.testing.assert_allclose(risk(model), risk(marginal), atol=1e-12)
    assert model.fitters_[1].seen_ == ["age", "category[B]"]
    assert model.get_params()["fitter__random_state"] is None
    with pytest.warns(sp.FollowUpWarning, match=r"not known \(NaN\)"):
        assert np.isnan(model.predict_cumulative_incidence(X, [4000.0])).all()


def test_two_functions():
    model = sp.ExternalModel(mean_fit, mean_predict).fit(X, Y, cluster=np.arange(N_ROWS))
    share = float(np.mean(Y["event"] == 1))
    np.testing.assert_allclose(risk(model, eligible_days=365.0)[0], share * np.minimum(TIMES, 365) / 730)
    eligible = np.where(np.arange(N_ROWS) < 5, 100.0, np.inf)
    np.testing.assert_allclose(risk(model, eligible_days=eligible)[[0, 9], 2], share * np.array([100, 365]) / 730)
    with pytest.raises(ValueError, match="not the probability of no event, which elapsed days need"):
        risk(model, elapsed=10.0)
    with pytest.raises(ValueError, match="does not take sample_weight"):
        sp.ExternalModel(mean_fit, mean_predict).fit(X, Y, sample_weight=np.full(N_ROWS, 0.5))
    for predict, rule in (
        (lambda *_: np.full((2, 2), 0.5), r"shape \(2, 2\), expected \(150, 4\)"),
        (lambda s, x, t: 3.0 + mean_predict(s, x, t), "outside 0 to 1 in 150 of 150 rows"),
    ):
        with pytest.raises(ValueError, match=rule):
            risk(sp.ExternalModel(mean_fit, predict).fit(X, Y))


def test_a_known_end_has_no_hazard():
    birthday = Y.assign(event=Y["event"].where(Y["event"] > 0, 4))
    model = external(PHReg, birthday, known_end_event=4)
    assert model.events_ == (1, 2)
    np.testing.assert_array_equal(risk(model), risk(external(PHReg)))


@pytest.mark.parametrize("fitter", [AalenAdditiveFitter(), FakeSurvival()], ids=["lifelines", "scikit-survival"])
def test_late_entries_are_refused_where_there_is_no_place_for_them(fitter):
    with pytest.raises(ValueError, match=r"does not take delayed entry, which rows of y have") as caught:
        external(fitter, LATE)
    assert "\n" not in str(caught.value)


def test_weights_count_or_are_refused():
    weight = np.where(np.arange(N_ROWS) % 2, 2.0, 0.5)
    ours = risk(sp.CauseSpecificCox().fit(X, Y, sample_weight=weight))
    model = sp.ExternalModel(CoxPHFitter()).fit(X, Y, sample_weight=weight)
    np.testing.assert_allclose(risk(model), ours, atol=CONVERGENCE)
    for fitter in (PHReg, FakeSurvival()):
        with pytest.raises(ValueError, match="does not take sample_weight"):
            sp.ExternalModel(fitter).fit(X, Y, sample_weight=weight)


def test_clusters_are_handed_on():
    cluster = np.arange(N_ROWS) // 2
    model = sp.ExternalModel(CoxPHFitter()).fit(X, Y, cluster=cluster)
    ours = sp.CauseSpecificCox().fit(X, Y, cluster=cluster)
    errors = model.fitters_[1].summary["se(coef)"]
    np.testing.assert_allclose(errors, ours.cause_models_[1].summary_["robust_se"], rtol=0.02)


def test_an_error_of_a_library_is_one_line_without_its_message():
    def fit(X, y):
        raise KeyError("Jane Doe, 12.345 years")

    for model in (sp.ExternalModel(fit, mean_predict), sp.ExternalModel(lambda *args, **kwargs: fit(1, 2))):
        with pytest.raises(ValueError, match="KeyError in the fit") as caught:
            model.fit(X, Y)
        assert "Doe" not in str(caught.value) and caught.value.__context__ is None


@pytest.mark.parametrize("fitter", [KaplanMeierFitter(), 3, sp.CoxPH, {1: "cox"}, {7: PHReg}, (PHReg,)])
def test_what_is_no_fitter_is_an_error(fitter):
    with pytest.raises(ValueError, match=r"ExternalModel takes a lifelines|events that no row has: 7|needs arguments"):
        external(fitter)


def test_it_is_cloned_with_its_fitter_and_never_kept(tmp_path):
    fitter = CoxPHFitter(penalizer=0.1)
    model = external(fitter)
    again = clone(model)
    assert again.fitter is not fitter and again.fitter.penalizer == 0.1 and not hasattr(fitter, "params_")
    np.testing.assert_array_equal(risk(again.fit(X, Y)), risk(model))
    for save in (model.save, lambda path: save_bundle(model, path)):
        with pytest.raises(BundleError, match=r"never saved: a model of another library|cannot be saved as data"):
            save(tmp_path / "model")
    assert not list(tmp_path.iterdir())
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert copied.fitter.penalizer == 0.1
        with pytest.raises(NotFittedError):
            copied.predict(X)
    shown = repr(model)
    assert "never saved, registered or made champion: a model of another library (lifelines CoxPHFitter)" in shown
    assert "save(" not in shown and "never saved" in model._repr_html_()
