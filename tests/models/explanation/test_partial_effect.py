"""The effect of one column: the ratio that the coefficients give, its band, and average risks without them."""

import numpy as np
import pandas as pd
import pytest

from secondplan import (
    BoostedHazard,
    CauseSpecificCox,
    CoxPH,
    FeatureEncoder,
    RoystonParmar,
    load_model,
)

from ..all_models import MODELS, REGRESSIONS, X, Y, outcome_for


@pytest.mark.parametrize("name", REGRESSIONS)
def test_ratios_are_those_of_the_summary(name, fitted):
    model = fitted[name]
    effect = model.partial_effect("disabled")
    assert effect.scale == model.ratio_name and effect.reference is False and effect.times == ()
    ratio = model.ratio_name.split()[-2] + "_ratio"
    summary = model.summary_
    rows = summary if summary.index.nlevels == 1 else summary.xs("disabled", level=1)
    for event, part in effect.table.groupby("event"):
        row = rows.loc["disabled"] if summary.index.nlevels == 1 else rows.loc[event]
        assert part["value"].tolist() == [False, True]
        assert part.iloc[0][["estimate", "lower", "upper"]].tolist() == [1, 1, 1]
        np.testing.assert_allclose(part.iloc[1]["estimate"], row[ratio], rtol=1e-10)
        np.testing.assert_allclose(part.iloc[1]["lower":].to_numpy(float), np.exp(row[["lower", "upper"]]), rtol=1e-6)


def test_numbers_are_shown_over_their_range_against_a_stated_value(fitted):
    model = fitted["CauseSpecificCox"]
    effect = model.partial_effect("age", values=[2, 9], reference=4.0, event=2, level=0.9)
    assert effect.table["event"].tolist() == [2, 2] and effect.reference == 4.0
    np.testing.assert_allclose(effect.table["estimate"], np.exp(model.coef_.loc["age", 2] * np.array([-2, 5])))
    default = model.partial_effect("age")
    values = default.table["value"][:41]
    assert default.reference == X["age"].median()
    np.testing.assert_allclose([values.min(), values.max()], np.quantile(X["age"], [0.02, 0.98]))
    assert model.partial_effect("category").reference == "EMO"


def test_splines_and_products_follow_the_design():
    encoder = FeatureEncoder(splines={"age": 3}, interactions=[("age", "disabled")])
    model = CoxPH(encoder=encoder).fit(X, outcome_for(CoxPH()))
    effect = model.partial_effect("age", values=[3.0])
    rows = pd.DataFrame([model.encoder_.reference_] * 2).assign(age=[3.0, effect.reference])
    step = np.subtract(*model.encoder_.design(rows))
    assert effect.table["estimate"][0] == pytest.approx(np.exp(step @ model.coef_))
    error = np.sqrt(step @ model.covariance_ @ step)
    assert np.log(effect.table["upper"][0] / effect.table["lower"][0]) == pytest.approx(2 * 1.959964 * error, rel=1e-6)
    assert "median or most frequent" in effect.held


@pytest.mark.parametrize("name", ["BoostedHazard", "AalenJohansen by stratum", "CoxPH breslow, strata"])
def test_without_coefficients_it_is_the_average_risk(name, fitted):
    model = fitted[name]
    effect = model.partial_effect("category", values=["NEG", "PHY"])
    expected = [model.predict(X.assign(category=level)).mean() for level in ("NEG", "PHY")]
    np.testing.assert_allclose(effect.table["estimate"], expected)
    assert effect.reference is None and effect.times == (model.horizon,) and "240 rows" in effect.held
    few = model.partial_effect("category", X[:20], values=["NEG"])
    assert few.table["estimate"][0] == pytest.approx(model.predict(X[:20].assign(category="NEG")).mean())


def test_a_risk_that_is_not_known_is_no_empty_picture():
    y = {"duration": np.arange(1.0, 41.0) * 5, "event": np.tile([1, 0], 20)}
    model = BoostedHazard(max_iter=2, min_samples_leaf=5).fit(X[["age"]][:40], y)
    with pytest.raises(ValueError, match="followed to day 200; type: ") as error:
        model.plot_effect("age")
    eval(str(error.value).rpartition("type: ")[2], {"model": model})
    assert model.partial_effect("age").table["estimate"].notna().all()


def test_a_ratio_that_changes_is_that_of_the_horizon():
    model = RoystonParmar(df=2, time_varying={"age": 1}, horizon=400).fit(X, Y)
    effect = model.partial_effect("age", values=[12.0], event=1)
    rows = [X.iloc[[0]].assign(age=age) for age in (12.0, effect.reference)]
    assert effect.times == (400.0,)
    assert effect.table["estimate"][0] == pytest.approx(model.hazard_ratio(*rows, [400])["hazard_ratio"][0])


def test_what_cannot_be_stated_is_refused(fitted, tmp_path):
    with pytest.raises(
        ValueError, match="'length' is no column that the model uses; these are: age, disabled, category"
    ):
        fitted["CoxPH"].partial_effect("length")
    with pytest.raises(ValueError, match="event 3 is not modelled"):
        fitted["CoxPH"].partial_effect("age", event=3)
    loaded = load_model(fitted["BoostedHazard"].save(tmp_path / "boosted"))
    with pytest.raises(ValueError, match=r"does not hold which values age has .*: give X, or values"):
        loaded.partial_effect("age")
    with pytest.raises(ValueError, match=r"averaged over rows, which this model does not hold .*: give X"):
        loaded.partial_effect("category")
    assert len(loaded.partial_effect("age", X).table) == 41
    cox = load_model(fitted["CoxPH"].save(tmp_path / "cox"))
    pd.testing.assert_frame_equal(
        cox.partial_effect("category").table, fitted["CoxPH"].partial_effect("category").table
    )


def test_rows_kept_for_it_are_in_no_copy():
    model = CauseSpecificCox().fit(X, Y)
    assert "_some_rows" in vars(model) and "_some_rows" not in model.__getstate__()
    assert set(MODELS)


def test_a_ratio_that_changes_is_stated_by_day_against_any_value():
    model = RoystonParmar(df=2, time_varying={"age": 1}, horizon=400).fit(X, Y)
    effect = model.partial_effect("age", values=[2.0, 12.0], reference=5.0, times=[91, 365], event=1)
    assert effect.times == (91.0, 365.0)
    assert effect.table[["time", "value"]].to_numpy().tolist() == [[91, 2], [91, 12], [365, 2], [365, 12]]
    rows = [X.iloc[[0]].assign(age=age) for age in (12.0, 5.0)]
    np.testing.assert_allclose(
        effect.table.loc[effect.table["value"] == 12, ["estimate", "lower", "upper"]],
        model.hazard_ratio(*rows, [91, 365], event=1)[["hazard_ratio", "lower", "upper"]],
    )
    assert model.partial_effect("disabled", times=[91, 365]).table["time"].isna().all()
