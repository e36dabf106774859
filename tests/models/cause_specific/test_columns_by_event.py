"""Other features for other events."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    X = pd.DataFrame(
        {"a": rng.normal(size=600), "b": rng.normal(size=600), "g": pd.Categorical(rng.choice(list("xyz"), 600))}
    )
    first, second = rng.exponential(500 / np.exp(0.5 * X["a"])), rng.exponential(4000, 600)
    days = np.minimum(np.minimum(first, second), 700).round() + 1
    event = np.where(first < second, 1, 2) * (np.minimum(first, second) < 700)
    return X, pd.DataFrame({"duration": days, "event": event})


@pytest.fixture(scope="module")
def model(data):
    return sp.CauseSpecificCox(columns_by_event={2: ["b"]}).fit(*data)


def test_each_event_is_the_cox_model_of_its_own_columns(data, model):
    X, y = data
    for event, columns in ((1, ["a", "b", "g"]), (2, ["b"])):
        alone = sp.CoxPH(event=event).fit(X[columns], y)
        own = model.summary_.loc[event]
        assert list(own.index) == list(alone.feature_names_out_)
        assert own["coef"].to_numpy() == pytest.approx(alone.coef_, abs=1e-9)
        assert own["se"].to_numpy() == pytest.approx(alone.summary_["se"].to_numpy(), abs=1e-9)
    assert (model.coef_.loc[["a", "g[y]", "g[z]"], 2] == 0).all()
    assert model.aic_[2] == pytest.approx(sp.CoxPH(event=2).fit(X[["b"]], y).aic_)


def test_the_error_of_the_risk_is_its_derivative_by_weights(data):
    X, y = (frame[["a", "b"]] if "a" in frame else frame for frame in (part.iloc[:80] for part in data))
    asked = {"columns_by_event": {2: ["b"]}, "std_error": "jackknife"}

    def risk(weight):
        model = sp.CauseSpecificCox(**asked).fit(X, y, sample_weight=weight)
        return model.predict_cumulative_incidence(X[:1], [365])[0, 0]

    step, one = 1e-4, np.eye(80)
    moved = [(risk(1 + step * one[row]) - risk(1 - step * one[row])) / (2 * step) for row in range(80)]
    error = sp.CauseSpecificCox(**asked).fit(X, y).predict_cumulative_incidence_std_error(X[:1], [365])[0, 0]
    assert error == pytest.approx(np.linalg.norm(moved), rel=1e-3)


def test_it_is_saved_cloned_and_standardised(data, model, tmp_path):
    X, _ = data
    model.save(tmp_path / "m")
    loaded = sp.load_model(tmp_path / "m")
    assert loaded.columns_by_event == {2: ["b"]}
    assert loaded.predict_cumulative_incidence(X[:5], [365]) == pytest.approx(
        model.predict_cumulative_incidence(X[:5], [365])
    )
    assert list(loaded.summary_.loc[2].index) == ["b"]
    found = sp.standardised_risk(model, X, treatment="a", levels=[-1.0, 1.0], times=[365])
    assert found.table["std_error"].gt(0).all()


@pytest.mark.parametrize(
    ("given", "message"), [({2: ["none"]}, "event 2 a list of columns .* got none"), ({2: "b"}, "got 'b'")]
)
def test_wrong_columns_are_named(data, given, message):
    with pytest.raises(ValueError, match=message):
        sp.CauseSpecificCox(columns_by_event=given).fit(*data)
