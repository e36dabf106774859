import numpy as np
import pytest

from secondplan.models.metrics import (
    MetricWarning,
    calibration_intercept,
    calibration_slope,
    integrated_calibration_index,
    pseudo_values,
)

GEESE = 1e-6  # geese stops at a relative change; its last step is below this


def simulated(n, slope=1.0, seed=5):
    """Risks by day 1000; the true risk has ``slope`` times the complementary log-log of the predicted one."""
    rng = np.random.default_rng(seed)
    risk = rng.uniform(0.05, 0.5, n)
    true = 1 - np.exp(-np.exp(slope * np.log(-np.log(1 - risk))))
    has_event = rng.uniform(size=n) < true
    censoring = rng.uniform(0, 3000, n)
    day = np.where(has_event, rng.uniform(1, 1000, n), 1000 + rng.uniform(1, 2000, n))
    y = {"duration": np.minimum(day, censoring), "event": np.where(day <= censoring, np.where(has_event, 1, 2), 0)}
    return y, risk


def test_agrees_with_geese_on_jackknife_pseudo_values(reference):
    for k, time in enumerate(reference.times):
        r = reference.r["calibration"][k]
        slope = calibration_slope(reference.y, reference.risk[:, k], time)
        intercept = calibration_intercept(reference.y, reference.risk[:, k], time)
        np.testing.assert_allclose([slope.estimate, slope.std_error], [r["slope"], r["slope_se"]], rtol=GEESE)
        np.testing.assert_allclose(
            [intercept.estimate, intercept.std_error], [r["intercept"], r["intercept_se"]], rtol=GEESE, atol=GEESE
        )


@pytest.mark.parametrize("slope", [0.6, 1.0, 1.4])
def test_recovers_the_true_slope(slope):
    y, risk = simulated(6000, slope)
    found = calibration_slope(y, risk, 1000)
    assert abs(found.estimate - slope) < 3 * found.std_error
    assert 0.02 < found.std_error < 0.15


def test_recovers_a_shift():
    y, risk = simulated(6000)
    too_low = 1 - (1 - risk) ** 0.5  # complementary log-log lowered by log 2
    found = calibration_intercept(y, too_low, 1000)
    assert abs(found.estimate - np.log(2)) < 3 * found.std_error
    assert integrated_calibration_index(y, too_low, 1000) > 5 * integrated_calibration_index(y, risk, 1000)


def test_clusters_of_copies_have_the_standard_error_of_one_copy():
    y, risk = simulated(500)
    family = np.tile(np.arange(500), 2)
    twice = {name: np.tile(column, 2) for name, column in y.items()}
    one = calibration_slope(y, risk, 1000)
    two = calibration_slope(twice, np.tile(risk, 2), 1000, cluster=family)
    # Pseudo-values of the doubled data differ from the single ones by terms of order 1 / n.
    assert two.std_error == pytest.approx(one.std_error, rel=0.02)
    assert calibration_slope(twice, np.tile(risk, 2), 1000).std_error < 0.8 * one.std_error


def test_index_is_exact_where_the_truth_is_a_line():
    # Three groups whose observed shares lie 0.1 above what was predicted.
    y = {"duration": [1.0] * 300, "event": [1] * 20 + [2] * 80 + [1] * 40 + [2] * 60 + [1] * 60 + [2] * 40}
    assert integrated_calibration_index(y, np.repeat([0.1, 0.3, 0.5], 100), 1) == pytest.approx(0.1, abs=1e-9)


def test_index_of_one_risk_for_all_is_its_distance_from_the_incidence(censored):
    observed = pseudo_values(censored.y, [12])[:, 0].mean()
    assert integrated_calibration_index(censored.y, np.full(300, 0.3), 12) == pytest.approx(
        abs(observed - 0.3), rel=0.01
    )


def test_same_risk_for_all_has_no_slope():
    y, _ = simulated(200)
    assert np.isnan(calibration_slope(y, np.full(200, 0.2), 1000).estimate)
    assert np.isfinite(calibration_intercept(y, np.full(200, 0.2), 1000).estimate)


def test_nobody_has_the_event():
    y = {"duration": [1, 2, 3], "event": [2, 0, 0]}
    assert np.isnan(calibration_slope(y, [0.1, 0.2, 0.3], 2).estimate)
    assert np.isnan(calibration_intercept(y, [0.1, 0.2, 0.3], 2).estimate)


def test_risks_of_zero_and_one_are_left_out_with_a_warning():
    y, risk = simulated(300)
    edge = risk.copy()
    edge[:3] = [0, 1, 0]
    with pytest.warns(MetricWarning, match="3 of 300 rows have a predicted risk of exactly 0 or 1"):
        assert np.isfinite(calibration_slope(y, edge, 1000).estimate)


def test_past_follow_up_is_nan_with_a_warning():
    y, risk = simulated(300)
    for metric in (calibration_slope, calibration_intercept, integrated_calibration_index):
        with pytest.warns(MetricWarning, match="nobody is observed to day 9000"):
            assert np.isnan(float(metric(y, risk, 9000)))


def test_no_convergence_is_nan_with_a_warning():
    # The one event has the highest risk: the best slope is infinite.
    y = {"duration": [1.0] * 6, "event": [2, 2, 2, 2, 2, 1]}
    with pytest.warns(MetricWarning, match="did not converge"):
        assert np.isnan(calibration_slope(y, [0.1, 0.11, 0.12, 0.13, 0.14, 0.9], 1).estimate)


@pytest.mark.parametrize("far", [1e-3, 1e-7])
def test_converges_where_steps_on_the_slope_are_lost_in_rounding(far):
    # Risks all but alike: the slope and its standard error are huge, and their last digits are noise.
    y, risk = simulated(2000, seed=8)
    x = np.log(-np.log1p(-risk))
    close = -np.expm1(-np.exp(x.mean() + far * (x - x.mean())))
    plain, found = calibration_slope(y, risk, 1000), calibration_slope(y, close, 1000)
    noise = 1e-9 + 1e-14 / far  # of risks near 1, relative to how they differ
    assert found.estimate * far == pytest.approx(plain.estimate, rel=noise)
    assert found.std_error * far == pytest.approx(plain.std_error, rel=noise)


def test_converges_from_risks_of_every_size():
    y, risk = simulated(3000, seed=9)
    spoilt = np.random.default_rng(1).random(3000) < 0.02
    for tiny in (1e-4, 1e-8, 1e-16):
        found = calibration_slope(y, np.where(spoilt, tiny, risk), 1000)
        assert 0.0 < found.estimate < 1.0 and found.std_error < 0.2
