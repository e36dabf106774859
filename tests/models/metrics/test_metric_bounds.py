import numpy as np
import pytest

from secondplan.models.metrics.metric_bounds import holm, metric_bounds, normal_p_value

Z = 1.959963984540054


@pytest.mark.parametrize(
    ("scale", "turned"),
    [("logit", lambda p: np.log(p / (1 - p))), ("log", np.log), ("log of the rest", lambda p: np.log(1 - p))],
)
def test_symmetric_on_its_scale_and_as_wide_as_the_error(scale, turned):
    low, high = metric_bounds(0.8, 1e-4, 0.95, scale)
    assert turned(low) + turned(high) == pytest.approx(2 * turned(0.8), abs=1e-12)
    assert high - low == pytest.approx(2 * Z * 1e-4, rel=1e-4)
    low, high = metric_bounds(0.8, 0.5, 0.95, scale)
    assert low < 0.8 < high
    assert high < 1 or scale == "log"
    assert low > 0 or scale == "log of the rest"


def test_borders():
    assert metric_bounds(1.0, 0.0, 0.95, "logit") == (1.0, 1.0)
    assert np.isnan(metric_bounds(1.0, 0.1, 0.95, "logit")).all()
    assert np.isnan(normal_p_value(0.1, float("nan")))


def test_holm_by_hand():
    # 0.01 * 3, 0.03 * 2, and 0.04 * 1, which may not be less than the one before it.
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, np.nan, 0.03])), [0.06, 0.03, np.nan, 0.06])
