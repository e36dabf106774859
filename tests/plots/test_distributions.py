import numpy as np
import pytest

import secondplan as sp
from secondplan.plots.style import new_figure


@pytest.fixture(scope="module")
def found():
    days = np.ceil(500 * np.random.default_rng(0).weibull(1.5, 120))
    return sp.compare_distributions(np.minimum(days, 700), days < 700)


def test_each_fit_is_a_line_beside_nelson_aalen(found):
    axes = new_figure()[1]
    assert found.plot(axes, title="Second plans") is axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert list(lines) == ["Nelson-Aalen", *found.table.index]
    curve = found.cumulative_hazards.query("distribution == 'weibull'")
    np.testing.assert_array_equal(lines["weibull"].get_ydata(), curve["estimate"])
    steps = found.cumulative_hazards.query("distribution == 'Nelson-Aalen'")
    assert lines["Nelson-Aalen"].get_ydata()[-1] == steps["estimate"].iloc[-1]
    assert lines["Nelson-Aalen"].get_xdata()[-1] == 700
    assert axes.get_ylabel() == "cumulative hazard of event 1"


def test_some_only(found):
    axes = new_figure()[1]
    found.plot(axes, only=["exponential"])
    assert [line.get_label() for line in axes.get_lines()] == ["Nelson-Aalen", "exponential"]
    with pytest.raises(ValueError, match=r"only must name fitted distributions \(.*\), got gompertz"):
        found.plot(axes, only=["gompertz"])
