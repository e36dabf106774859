"""Charts that watch for change: what is drawn is what was computed."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.models.monitoring import ObservedExpected
from secondplan.plots.style import new_figure


@pytest.fixture
def axes():
    return new_figure()[1]


def labels(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_funnel(axes):
    rng = np.random.default_rng(1)
    n = rng.integers(100, 900, 60)
    count = rng.binomial(n, 0.2)
    count[0] = n[0] // 2
    names = [f"unit {i}" for i in range(60)]
    chart = sp.funnel(count, n, labels=names, overdispersion=None)
    assert chart.plot(axes, highlight="unit 5", title="Second plans") is axes
    written = {text.get_text() for text in axes.texts}
    assert {"unit 0", "unit 5"} <= written
    upper = labels(axes)["99.8 % limits"]
    np.testing.assert_allclose(upper.get_ydata(), chart.limits(upper.get_xdata())["upper_99.8"])
    points = [line for line in axes.get_lines() if line.get_marker() in ("o", "D") and line.get_markersize() < 10]
    assert sum(len(line.get_xdata()) for line in points) == 60


def test_p_chart(axes):
    months = pd.date_range("2017-01-01", periods=6, freq="MS")
    chart = sp.p_chart([20, 26, 22, 25, 24, 65], [100] * 6, labels=months, baseline=5)
    assert chart.plot(axes, share="ended within 3 months") is axes
    found = labels(axes)
    assert list(found["signal"].get_ydata()) == [0.65]
    assert list(found["month"].get_ydata()) == chart.table["share"].tolist()
    assert axes.get_ylabel() == "ended within 3 months"


def test_cusum(axes):
    days = pd.DataFrame({"observed": 1.0, "expected": 0.5}, index=pd.date_range("2017-01-01", periods=90, name="day"))
    chart = sp.risk_adjusted_cusum(ObservedExpected(days, np.ones(9, dtype=int)), hazard_ratio=1.5)
    assert chart.plot(axes) is axes
    assert list(labels(axes)["CUSUM"].get_ydata()) == chart.days["cusum"].tolist()
    assert axes.texts[0].get_text() == f"{chart.first_signal.day} {chart.first_signal:%b %Y}"
    quiet = chart.days.assign(observed=0.0)
    silent = sp.risk_adjusted_cusum(ObservedExpected(quiet, np.ones(1, dtype=int)))
    drawn = silent.plot(new_figure()[1])
    assert not drawn.texts
    assert drawn.get_ylim()[1] > 1.2 * silent.limit, "the legend needs room above the limit's line"
