import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.plots.style import new_figure

mpl.use("Agg")


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=300)})
    y = pd.DataFrame({"duration": rng.exponential(400, 300), "event": rng.integers(0, 2, 300)})
    return sp.RoystonParmar(df=2, time_varying={"x": 1}).fit(X, y)


@pytest.fixture
def axes():
    return new_figure()[1]


def test_hazards_are_drawn_a_month_in_1000_children(model, axes):
    rows = pd.DataFrame({"x": [0.0, 1.0]}, index=["CHILD1", "CHILD2"])
    assert model.plot_hazard(rows, [100.0, 200.0], ax=axes, title="Hazards") is axes
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 30_000 * model.predict_hazard(rows, [100.0, 200.0])[1])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["row 1", "row 2"]
    assert axes.get_title(loc="left") == "Hazards" and len(axes.collections) == 2


@pytest.mark.parametrize("labels", [["low", "high"], {"CHILD1": "low", "CHILD2": "high"}])
def test_rows_are_called_as_the_user_says(model, axes, labels):
    curves = model.hazard_curves(pd.DataFrame({"x": [0.0, 1.0]}, index=["CHILD1", "CHILD2"]), [100.0, 200.0])
    sp.plot_hazard(curves, labels=labels, ax=axes)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["low", "high"]
    with pytest.raises(ValueError, match="labels has 1 values, curves 2 rows"):
        sp.plot_hazard(curves, labels=["low"], ax=axes)


def test_one_child_shown_twice_is_two_lines(model, axes):
    rows = pd.DataFrame({"x": [0.0, 1.0]}, index=["CHILD1", "CHILD1"])
    model.plot_hazard(rows, [100.0, 200.0], labels=["as it is", "if x were 1"], ax=axes)
    assert [line.get_label() for line in axes.lines] == ["as it is", "if x were 1"]
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 30_000 * model.predict_hazard(rows, [100.0, 200.0])[1])


def test_a_baseline_hazard_is_one_line_without_a_legend(model, axes):
    sp.plot_hazard(model.baseline_hazard(), ax=axes)
    assert len(axes.lines) == 1 and axes.get_legend() is None


def test_a_hazard_ratio_is_drawn_on_a_log_axis_with_a_line_at_1(model, axes):
    row, reference = pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [0.0]})
    assert model.plot_hazard_ratio(row, reference, ax=axes) is axes
    ratio = model.hazard_ratio(row, reference)
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), ratio["hazard_ratio"])
    assert axes.get_yscale() == "log" and set(axes.lines[0].get_ydata()) == {1}
