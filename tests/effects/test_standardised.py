"""Standardised risks: averages of predictions, and the derivatives of the whole estimate by the weights of rows."""

import warnings

import numpy as np
import pandas as pd
import pytest

import secondplan as sp

DAYS = [8, 15, 20]
MODELS = {
    "exponential": sp.CauseSpecificCox(),
    "product limit, breslow": sp.CauseSpecificCox(form="product_limit", ties="breslow"),
    "discrete time": sp.DiscreteTimeHazard(period_days=7, period_effect="polynomial", period_df=2),
    "Fine-Gray": sp.FineGray(),
    "splines": sp.RoystonParmar(knots=[12.0]),
}


def standardised(model, few_rows, weight=None, **asked):
    X, y, family, _ = few_rows
    fitted = model.fit(X, y, sample_weight=weight)
    asked = {"levels": [0.0, 2.0], "times": DAYS, "sample_weight": weight, **asked}
    return sp.standardised_risk(fitted, X, treatment="length", cluster=family, **asked)


@pytest.mark.parametrize("eligible", [False, True], ids=["", "eligible days"])
@pytest.mark.parametrize("name", MODELS)
def test_influence_is_the_derivative_by_the_weight_of_a_family(name, eligible, few_rows, is_derivative):
    asked = {"eligible_days": few_rows[3]} if eligible else {}
    found = standardised(MODELS[name], few_rows, **asked)
    assert is_derivative(found.influence, lambda w: standardised(MODELS[name], few_rows, w, **asked).risk, few_rows[2])


def test_risks_are_averages_of_predictions(few_rows):
    X, _, _, eligible = few_rows
    model = sp.CauseSpecificCox().fit(X, few_rows[1])
    levels = {"own": lambda rows: rows["length"], "less": sp.ShiftBy(-1, lowest=0)}
    found = sp.standardised_risk(model, X, treatment="length", levels=levels, times=DAYS, eligible_days=eligible)
    less = X.assign(length=np.maximum(X["length"] - 1, 0))
    for row, frame in zip(found.risk, (X, less), strict=True):
        risk = model.predict_cumulative_incidence(frame, DAYS, eligible_days=eligible)
        assert row == pytest.approx(risk.mean(axis=0), abs=1e-12)
    assert found.n_clusters == 60
    assert found.time_lost(20)["std_error"].min() > 0
    assert "ended sooner" not in repr(found)


def test_rows_of_others_are_independent_of_training(few_rows):
    X, y, family, _ = few_rows
    model = sp.CauseSpecificCox().fit(X, y, cluster=family)
    asked = {"treatment": "length", "levels": [0.0, 2.0], "times": DAYS}
    own = sp.standardised_risk(model, X, **asked)
    others = sp.standardised_risk(model, X.iloc[:50].assign(x=0.0), **asked)
    assert own.n_clusters == 30
    assert others.n_clusters == 50 + 30


def test_weights_count_as_repeated_rows(few_rows):
    X, y, _, _ = few_rows
    weight = np.arange(60) % 3 + 1
    model = sp.CauseSpecificCox(ties="breslow")
    asked = {"treatment": "length", "levels": [0.0, 2.0], "times": DAYS}
    one = sp.standardised_risk(model.fit(X, y, sample_weight=weight), X, sample_weight=weight, **asked)
    rows = np.repeat(np.arange(60), weight)
    repeated = sp.standardised_risk(model.fit(X.iloc[rows], y.iloc[rows]), X.iloc[rows], **asked)
    pd.testing.assert_frame_equal(one.table, repeated.table, rtol=1e-8)


def test_events_with_other_columns_have_the_errors_of_the_smaller_model(few_rows):
    X, y, _, _ = few_rows
    asked = {"treatment": "length", "levels": [0.0, 2.0], "times": DAYS}
    model = sp.CauseSpecificCox(columns_by_event={1: ["length"], 2: ["length"]}).fit(X, y)
    smaller = sp.CauseSpecificCox().fit(X[["length"]], y)
    found, expected = sp.standardised_risk(model, X, **asked), sp.standardised_risk(smaller, X[["length"]], **asked)
    assert found.influence == pytest.approx(expected.influence, abs=1e-10)


def test_strata_and_many_rows_by_few_event_times(monkeypatch):
    rng = np.random.default_rng(2)
    n = 1200
    X = pd.DataFrame({"length": rng.integers(0, 2, n), "x": rng.normal(size=n), "place": rng.choice(["a", "b"], n)})
    y = {"duration": rng.integers(1, 300, n), "event": rng.integers(0, 3, n)}
    days, eligible = [100, 250], rng.integers(1, 400, n)
    for form in ("exponential", "product_limit"):
        model = sp.CauseSpecificCox(form=form, strata="place").fit(X, y)
        asked = {"treatment": "length", "levels": [0, 1], "times": days, "eligible_days": eligible}
        exact = sp.standardised_risk(model, X, **asked)
        with monkeypatch.context() as patch:
            patch.setattr("secondplan.models.cause_specific.total_influence.NUMBERS_FOR_QUADRATURE", 0)
            fast = sp.standardised_risk(model, X, **asked)
        assert fast.influence == pytest.approx(exact.influence, abs=1e-7 * np.abs(exact.influence).max())


def test_boosted_hazards_are_fitted_again(few_rows):
    X, y, family, _ = few_rows
    model = sp.BoostedHazard(max_iter=3, period_days=7).fit(X, y, cluster=family)
    asked = {"treatment": "length", "levels": [0.0, 2.0], "times": [15], "random_state": 0, "n_bootstrap": 4}
    found = sp.standardised_risk(model, X, **asked)
    assert found.draws.shape == (4, 2, 1)
    assert np.ptp(found.draws[:, 0, 0]) > 0
    assert found.table["estimate"].to_numpy() == pytest.approx(
        [model.predict_cumulative_incidence(X.assign(length=v), [15]).mean() for v in (0.0, 2.0)]
    )


@pytest.fixture(scope="module")
def of_plans():
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"plan_length_days": rng.uniform(30, 400, 80), "age_at_end": rng.uniform(0, 17, 80)})
    y = pd.DataFrame({"duration": rng.integers(5, 400, 80), "event": rng.integers(0, 3, 80)})
    return sp.CauseSpecificCox().fit(X, y), X


def test_columns_that_follow_from_length_are_recomputed_held_or_refused(of_plans):
    model, X = of_plans
    asked = {"treatment": "plan_length_days", "levels": [60, 270], "times": [300]}
    with pytest.raises(ValueError, match="would differ had plan_length_days been another: age_at_end; say for each"):
        sp.standardised_risk(model, X, **asked)
    older = {"age_at_end": lambda new, old: old.age_at_end + (new.plan_length_days - old.plan_length_days) / 365.25}
    older["eligible_days"] = lambda new, old: old.eligible_days - (new.plan_length_days - old.plan_length_days)
    eligible = (18 - X["age_at_end"]) * 365.25
    moved = sp.standardised_risk(model, X, **asked, recompute=older, eligible_days=eligible)
    held = sp.standardised_risk(model, X, **asked, hold=["age_at_end"], eligible_days=eligible)
    frame = X.assign(plan_length_days=60, age_at_end=X.age_at_end + (60 - X.plan_length_days) / 365.25)
    days = np.maximum(eligible - (60 - X.plan_length_days), 0)
    risk = model.predict_cumulative_incidence(frame, [300], eligible_days=days).mean()
    assert moved.risk[0, 0] == pytest.approx(risk, abs=1e-12)
    assert held.risk[0, 0] != pytest.approx(risk, abs=1e-6)
    assert held.levels == ("60", "270")


def test_what_cannot_be_is_refused(few_rows, tmp_path):
    X, y, _, _ = few_rows
    model = sp.CauseSpecificCox().fit(X, y)
    with pytest.raises(ValueError, match="'sex' is no column of X"):
        sp.standardised_risk(model, X, treatment="sex", levels=[0], times=[5])
    with pytest.raises(ValueError, match="a function needs a name"):
        sp.standardised_risk(model, X, treatment="x", levels=[lambda rows: rows.x], times=[5])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = sp.load_model(model.save(tmp_path / "model"))
    with pytest.warns(UserWarning, match="holds no rows of its training"):
        found = sp.standardised_risk(loaded, X, treatment="x", levels=[0.0, 1.0], times=[5])
    assert found.influence is None
    assert found.table["lower"].isna().all()
