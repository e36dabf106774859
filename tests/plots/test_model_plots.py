"""Pictures of fitted models: what stands in them."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

import secondplan as sp

RNG = np.random.default_rng(4)
N = 120
X = pd.DataFrame({"age": RNG.uniform(0, 17, N), "sex": RNG.choice(["F", "M"], N)})
Y = pd.DataFrame({"duration": RNG.integers(5, 900, N), "event": RNG.integers(0, 3, N)})


@pytest.fixture(scope="module")
def model():
    return sp.CauseSpecificCox(horizon=365).fit(X, Y)


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_coefficients_of_a_model_by_event(model):
    axes = sp.plot_coefficients(model)
    assert labels(axes) == ["event 1", "event 2"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["age", "sex[M]"]
    drawn = np.concatenate([line.get_xdata() for line in axes.get_lines()[:2]])
    np.testing.assert_allclose(drawn, model.summary_["hazard_ratio"])
    one = sp.plot_coefficients(model, event=2)
    assert one.get_legend() is None


def test_what_holds_a_model_is_no_model_and_the_line_to_type_says_so(model):
    search = SimpleNamespace(best_estimator_=model)
    for given in (Pipeline([("cox", model)]), search, [model, model]):
        with pytest.raises(ValueError, match=r"no coefficients to draw; .*type: sp") as error:
            sp.plot_coefficients(given)
        names = {"sp": sp, "model": model if isinstance(given, list) else given, "other_model": model}
        axes = eval(str(error.value).rpartition("type: ")[2], names)
        assert len(labels(axes)) == 2
    with pytest.raises(NotFittedError):
        sp.plot_coefficients(sp.CoxPH())


def test_models_side_by_side(model):
    axes = sp.plot_coefficients({"Cox": model, "Fine-Gray": sp.FineGray().fit(X[["sex"]], Y)}, per={"age": 5})
    assert labels(axes) == ["Cox", "Fine-Gray"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["age, per 5", "sex[M]"]
    first = model.summary(per={"age": 5}).loc[1, "hazard_ratio"]
    np.testing.assert_allclose(axes.get_lines()[0].get_xdata(), first)
    with pytest.raises(ValueError, match="different kinds"):
        sp.plot_coefficients({"Cox": model, "Weibull": sp.ParametricAFT().fit(X, Y)})
    with pytest.raises(ValueError, match="AalenJohansen has no coefficients to draw"):
        sp.plot_coefficients(sp.AalenJohansen().fit(X, Y))
    with pytest.warns(FutureWarning, match="units is now called per"):
        sp.plot_coefficients(model, units={"age": 5})


def test_many_coefficients_have_room():
    names = [f"feature {place}" for place in range(200)]
    table = pd.DataFrame({"coef": 0.1, "lower": 0.0, "upper": 0.2}, index=names)
    axes = sp.plot_coefficients(table)
    assert axes.figure.get_size_inches()[1] > 40


def test_risk_of_rows_with_its_band(model):
    axes = model.plot_risk(X.iloc[0], until=300)
    line = axes.get_lines()[0]
    assert line.get_xdata()[[0, -1]].tolist() == [0, 300]
    assert line.get_ydata()[-1] == pytest.approx(100 * model.predict_cumulative_incidence(X[:1], [300])[0, 0])
    bounds = model.predict_cumulative_incidence_interval(X[:1], [300])[0, 0]
    assert axes.collections[0].get_paths()[0].vertices[:, 1].max() == pytest.approx(100 * bounds[1])
    several = model.plot_risk(X[:2], event=2, eligible_days=[100, 900], elapsed=50, labels=["short", "long"])
    assert labels(several) == ["short", "long"] and "event 2" in several.get_ylabel()
    days, risk = several.get_lines()[0].get_data()
    assert np.ptp(risk[days >= 100]) == 0 and not risk[days <= 50].any()
    with pytest.raises(ValueError, match="X has 120 rows; a picture shows up to 8"):
        model.plot_risk(X)
    with pytest.raises(ValueError, match="labels has 1 values, X 2 rows"):
        model.plot_risk(X[:2], labels=["a"])
    with pytest.raises(ValueError, match="until must be a day above 0"):
        model.plot_risk(X[:2], until=-1)


def test_names_of_rows_are_not_those_of_children(model):
    axes = model.plot_risk(X[:2].set_axis(["secret 1", "secret 2"]), until=100)
    assert labels(axes) == ["row 1", "row 2"]


def test_effects(model):
    axes = model.plot_effect("age")
    assert axes.get_yscale() == "log" and "hazard ratio, against " in axes.get_ylabel()
    assert labels(axes) == ["event 1", "event 2"]
    assert [tick.get_text() for tick in model.plot_effect("sex", event=1).get_xticklabels()] == ["F", "M"]
    boosted = sp.BoostedHazard(max_iter=2, min_samples_leaf=5, horizon=365).fit(X, Y)
    risks = boosted.plot_effect("age", values=[1, 5, 9])
    assert risks.get_ylabel() == "average risk by day 365" and len(risks.get_lines()[0].get_xdata()) == 3


def test_the_way_from_the_baseline_to_a_risk(model):
    found = sp.explain_risk(model, X[:2], [91, 365])
    axes = found.plot(1, 91)
    row = found.table[(found.table["row"] == 1) & (found.table["time"] == 91)]
    risk = found.risks[(found.risks["row"] == 1) & (found.risks["time"] == 91)].iloc[0]
    ends = sorted(x for bar in axes.patches for x in (bar.get_x(), bar.get_x() + bar.get_width()))
    assert min(abs(end - 100 * risk["risk"]) for end in ends) < 1e-9
    assert min(abs(end - 100 * risk["baseline"]) for end in ends) < 1e-9
    assert len(axes.patches) == (row["contribution"] != 0).sum()
    assert f"age = {X['age'][1]:.4g}" in [tick.get_text() for tick in axes.get_yticklabels()]
    with pytest.raises(ValueError, match="no risk of row 5 by day 365 is known"):
        found.plot(5)
