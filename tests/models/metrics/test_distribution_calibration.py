import numpy as np
import pandas as pd
import pytest

from secondplan.models.metrics import d_calibration


@pytest.fixture(scope="module")
def exponential():
    """3,000 rows with two exponential causes and censoring; their true incidence on a grid of days."""
    rng = np.random.default_rng(5)
    n = 3000
    own, other = 0.02 * np.exp(rng.normal(size=n)), 0.01
    days = rng.exponential(1 / (own + other))
    event = np.where(rng.uniform(size=n) < own / (own + other), 1, 2)
    last = rng.uniform(5, 80, n)
    y = {"duration": np.minimum(days, last), "event": np.where(days <= last, event, 0)}
    times = np.arange(1.0, 41.0)
    rate = (own + other)[:, None]
    return y, (own[:, None] / rate) * -np.expm1(-rate * times), times


def test_true_curves_pass_and_wrong_ones_fail(exponential):
    y, risk, times = exponential
    right = d_calibration(y, risk, times)
    assert right.df == 10
    assert right.p_value > 0.05
    np.testing.assert_allclose(right.table["expected"], risk[:, -1].mean() / 10, rtol=1e-9)
    assert right.table["observed"].sum() == pytest.approx(right.table["expected"].sum(), rel=0.05)
    # Events too early: right by the last day, wrong before it.
    late = risk * (times / times[-1])
    assert d_calibration(y, late, times).p_value < 1e-4


def test_p_values_are_uniform_where_curves_are_right():
    rng = np.random.default_rng(6)
    times = np.arange(1.0, 31.0)
    p_values = []
    for _ in range(60):
        rate = np.exp(rng.normal(-4, 0.5, 400))
        days, last = rng.exponential(1 / rate), rng.uniform(10, 60, 400)
        y = {"duration": np.minimum(days, last), "event": (days <= last).astype(int)}
        p_values.append(d_calibration(y, -np.expm1(-rate[:, None] * times), times, n_bins=4).p_value)
    # 60 draws of a uniform: the mean has a standard error of 0.037.
    assert abs(np.mean(p_values) - 0.5) < 0.12


def test_worked_by_hand():
    # Two rows in four have the event, when their curves stand at 0.25 and 0.5: one in each half of what is predicted.
    y = {"duration": [1.0, 2.0, 3.0, 4.0] * 25, "event": [1, 2, 1, 2] * 25}
    table = d_calibration(y, np.tile([0.25, 0.25, 0.5, 0.5], (100, 1)), [1, 2, 3, 4], n_bins=2).table
    np.testing.assert_allclose(table, [[0, 0.25, 0.25, 0.25], [0.25, 0.5, 0.25, 0.25]])


def test_times_must_ascend():
    with pytest.raises(ValueError, match="times must ascend"):
        d_calibration({"duration": [3, 4], "event": [1, 1]}, [[0.1, 0.2], [0.1, 0.2]], [2, 1])


def test_clusters_in_another_order_are_refused():
    y = pd.DataFrame({"duration": [1.0, 2.0, 3.0, 4.0] * 5, "event": [1, 0, 1, 1] * 5})
    with pytest.raises(ValueError, match="cluster has the labels of y in another order"):
        d_calibration(y, [[0.25, 0.5]] * 20, [1, 2], cluster=pd.Series(np.arange(20)).iloc[::-1])
