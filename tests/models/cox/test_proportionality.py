"""The test of proportional hazards as a table that draws what it tests."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from secondplan import CauseSpecificCox, CoxPH

RNG = np.random.default_rng(7)
N = 150
X = pd.DataFrame({"age": RNG.uniform(0, 17, N), "sex": RNG.choice(["F", "M"], N)})
Y = pd.DataFrame({"duration": RNG.integers(5, 900, N), "event": RNG.integers(0, 3, N)})


@pytest.fixture(scope="module")
def model():
    return CauseSpecificCox().fit(X, Y)


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_causes_are_tested_each_for_itself(model):
    table = model.test_proportional_hazards("identity", terms=False)
    assert table.index.names == ["event", "term"]
    for event, own in model.cause_models_.items():
        expected = own.test_proportional_hazards("identity", terms=False)
        np.testing.assert_array_equal(table.loc[event], expected)
    assert type(table.loc[1]) is type(table.copy()) is pd.DataFrame


def test_residuals_stand_at_their_days_around_the_coefficient(model):
    own = model.cause_models_[1]
    axes = own.test_proportional_hazards("identity").plot()
    assert [ax.get_title(loc="left") for ax in axes] == ["age", "sex[M]"]
    residuals = own.residuals("scaledsch")
    days, drawn = axes[0].get_lines()[0].get_data()
    np.testing.assert_array_equal(days, residuals.index)
    np.testing.assert_array_equal(drawn, residuals["age"])
    assert axes[0].get_lines()[2].get_ydata()[0] == own.coef_[0]


def test_the_line_is_the_least_squares_spline_of_the_residuals(model):
    own = model.cause_models_[1]
    line = own.test_proportional_hazards("identity").plot(["age"])[0].get_lines()[1]
    residuals = own.residuals("scaledsch")["age"]
    straight = np.polyval(np.polyfit(residuals.index, residuals, 1), line.get_xdata())
    # The spline holds all straight lines, so that what it smooths has the same straight part.
    at = np.interp(residuals.index, *line.get_data())
    np.testing.assert_allclose(np.polyfit(residuals.index, at, 1), np.polyfit(residuals.index, residuals, 1), rtol=0.02)
    assert np.ptp(line.get_ydata()) > 0 and straight.size == 60


def test_panels_by_event_and_choice(model):
    test = model.test_proportional_hazards()
    titles = [ax.get_title(loc="left") for ax in test.plot()]
    assert titles == ["age, event 1", "sex[M], event 1", "age, event 2", "sex[M], event 2"]
    assert len(test.plot(event=2)) == 2 and len(test.plot(["age"])) == 2
    with pytest.raises(ValueError, match=r"no such feature or event in the test; its features are: age, sex\[M\]"):
        test.plot(["length"])


def test_few_days_of_events_get_a_simpler_line():
    y = pd.DataFrame({"duration": np.arange(N) % 2 + 1, "event": 1})
    axes = CoxPH().fit(X[["age"]], y).test_proportional_hazards().plot()
    assert np.isfinite(axes[0].get_lines()[1].get_ydata()).all()
    with pytest.raises(ValueError, match="not defined for a penalised fit"):
        CoxPH(alpha=0.1).fit(X[["age"]], y).test_proportional_hazards()
