"""What a fitted model shows of itself, and its tables in other units and with labels."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from secondplan import AalenJohansen, CauseSpecificCox, CoxPH, ParametricAFT, load_model
from secondplan.models.estimator.description import ratio_table
from secondplan.names_elsewhere import OF_MODELS

from ..all_models import INTERVALS, MODELS, NUMBERS, REGRESSIONS, X, Y, outcome_for


@pytest.mark.parametrize("name", MODELS)
def test_a_fitted_model_says_what_it_holds(name, fitted):
    model = fitted[name]
    text, html = repr(model), model._repr_mimebundle_()["text/html"]
    counts = outcome_for(model)["event"].value_counts()
    assert text.startswith(type(model).__name__)
    for shown in (text, html, model._repr_html_()):
        assert f"240 rows, {counts[1]} with event 1" in shown and f"{counts[0]} censored" in shown
        assert "model.predict_risk_table(X, [365, 730])" in shown
    assert ("model.summary_" in text) == hasattr(model, "summary_")
    if name in REGRESSIONS:
        assert f"{model.ratio_name} " in text and "95 % interval" in text
        assert "sk-top-container" in html and '<table class="dataframe">' in html
    assert repr(clone(model)) == repr(MODELS[name]) == repr(model).splitlines()[0]


def test_what_to_call_next_keeps_to_the_follow_up():
    short = {"duration": np.arange(1.0, 41.0) * 5, "event": np.tile([1, 0], 20)}
    for model in (CoxPH(), AalenJohansen(), AalenJohansen(horizon=90)):
        text = repr(model.fit(X[["age"]][:40], short))
        days = [45, 90] if model.horizon == 90 else [100, 200]
        assert f"model.predict_risk_table(X, {days})" in text and "nan" not in text
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert model.predict_risk_table(X[["age"]][:2], days).notna().all(axis=None)
    assert "not known (training was not followed to it)" in repr(AalenJohansen().fit(X[["age"]][:40], short))


def test_ratios_are_those_of_the_summary():
    text = repr(CoxPH().fit(X[["age"]], outcome_for(CoxPH())))
    row = CoxPH().fit(X[["age"]], outcome_for(CoxPH())).summary_.iloc[0]
    assert f"{row['hazard_ratio']:.3f}  {row['hazard_ratio_lower']:.3f} to {row['hazard_ratio_upper']:.3f}" in text


def test_a_coefficient_without_a_finite_estimate_is_shown_without_a_warning_of_numpy():
    y = {"duration": np.arange(1.0, 61.0), "event": np.tile([1, 0], 30)}
    with pytest.warns(UserWarning, match="without a finite estimate"):
        model = ParametricAFT().fit(pd.DataFrame({"s": np.tile([1.0, 0.0], 30)}), y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "to inf" in repr(model)


def test_a_coefficient_held_at_0_has_no_interval_of_no_width():
    zero = pd.DataFrame({"coef": [0.0], "se": [0.0], "lower": [0.0], "upper": [0.0], "hazard_ratio": [1.0], "p": [1.0]})
    table, _ = ratio_table(zero, "hazard ratio")
    assert table.to_numpy().tolist() == [["1.000", "held at 1", "-"]]


def test_names_of_other_packages_say_what_a_model_has_here(fitted):
    with pytest.raises(AttributeError, match=r"'print_summary'; here it is model\.summary_$"):
        fitted["CoxPH"].print_summary()
    with pytest.raises(AttributeError, match=r"'params_'$"):
        fitted["AalenJohansen"].params_  # noqa: B018
    cox = {call for call in OF_MODELS.values() if not call.startswith("sp.")}
    assert all(hasattr(fitted["CoxPH"], call.partition("(")[0]) for call in cox)


def test_in_a_pipeline_and_as_text(fitted):
    pipeline = make_pipeline(CauseSpecificCox()).fit(X, Y)
    assert repr(pipeline) == "Pipeline(steps=[('causespecificcox', CauseSpecificCox())])"
    assert "sk-top-container" in pipeline._repr_html_()
    with config_context(display="text"):
        assert set(fitted["CoxPH"]._repr_mimebundle_()) == {"text/plain"}
        assert not hasattr(fitted["CoxPH"], "_repr_html_")


def test_many_coefficients_are_cut_and_a_loaded_model_shows_the_same(tmp_path):
    many = np.hstack([NUMBERS, np.random.default_rng(0).normal(size=(len(X), 58))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = [CoxPH().fit(many, outcome_for(CoxPH())), CauseSpecificCox().fit(many, Y)]
    for place, model in enumerate(models):
        assert len(repr(model).splitlines()) < 30
        assert f"20 of {len(model.summary_)} coefficients (all: model.summary_)" in repr(model)
        assert repr(load_model(model.save(tmp_path / str(place)))) == repr(model)
    assert "\n2 " in repr(models[1])


@pytest.mark.parametrize("name", REGRESSIONS)
def test_the_summary_in_other_units_is_that_of_a_scaled_column(name, fitted):
    model = fitted[name]
    table = model.summary(per={"age": 5})
    if name != "CoxElasticNetCV" and "RoystonParmar" not in name:
        scaled = clone(MODELS[name]).fit(X.assign(age=X["age"] / 5), outcome_for(model)).summary_
        pd.testing.assert_frame_equal(table.rename(index={"age (per 5)": "age"}), scaled, rtol=1e-5, atol=1e-7)
    same = model.summary_
    pd.testing.assert_frame_equal(model.summary(), same, rtol=1e-12)
    row = table.xs("age (per 5)", level=-1).iloc[0] if table.index.nlevels > 1 else table.loc["age (per 5)"]
    plain = same.xs("age", level=-1).iloc[0] if same.index.nlevels > 1 else same.loc["age"]
    np.testing.assert_allclose(row[["coef", "se", "lower"]], 5 * plain[["coef", "se", "lower"]], rtol=1e-12)
    assert row["p"] == plain["p"]
    ratio = model.ratio_name.split()[-2] + "_ratio"
    np.testing.assert_allclose(row[ratio], plain[ratio] ** 5, rtol=1e-10)
    narrow = model.summary(level=0.5)
    assert (narrow["upper"] - narrow["lower"] < same["upper"] - same["lower"]).all()


def test_units_that_cannot_be_are_refused(fitted):
    model = fitted["CoxPH"]
    with pytest.raises(ValueError, match="per names what is no feature of the model: length"):
        model.summary(per={"length": 91})
    with pytest.raises(ValueError, match="per: age must be a number of units above 0, got -3"):
        model.summary(per={"age": -3})
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        model.summary(level=95)
    with pytest.raises(ValueError, match="BoostedHazard has no coefficients"):
        fitted["BoostedHazard"].summary()
    aft = ParametricAFT(distribution="lognormal").fit(X[["age"]], Y)
    assert "hazard_ratio" not in aft.summary(per={"age": 2})


@pytest.mark.parametrize("name", MODELS)
def test_risks_as_a_table_have_the_labels_of_the_rows(name, fitted):
    model, rows = fitted[name], X.iloc[[7, 3]].set_axis(["b", "a"])
    table = model.predict_risk_table(rows, [91, 182.5])
    assert table.index.tolist() == ["b", "a"] and table.columns.tolist() == ["risk_91", "risk_182.5"]
    np.testing.assert_array_equal(table, model.predict_cumulative_incidence(rows, [91, 182.5]))
    one = model.predict_risk_table(rows.iloc[1], eligible_days=50)
    assert one.index.tolist() == ["a"] and one.columns.tolist() == ["risk_730"]
    if name in INTERVALS:
        bounds = model.predict_risk_table(rows, [91], interval=True, level=0.9)
        assert bounds.columns.tolist() == ["risk_91", "lower_91", "upper_91"]
        expected = model.predict_cumulative_incidence_interval(rows, [91], level=0.9)[:, 0]
        np.testing.assert_array_equal(bounds[["lower_91", "upper_91"]], expected)
    else:
        with pytest.raises(ValueError, match="has no intervals: leave interval=False"):
            model.predict_risk_table(rows, [91], interval=True)
