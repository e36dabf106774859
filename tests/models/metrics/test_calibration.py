import numpy as np
import pytest

from secondplan.models.metrics import MetricWarning, calibration_curve, observed_expected_ratio, pseudo_values
from secondplan.models.metrics.calibration_estimate import clustered_std_error


def test_bins_are_equally_large_and_ascending(reference):
    curve = calibration_curve(reference.y, reference.risk[:, 1], reference.times[1])
    assert curve.n.sum() == reference.n
    assert np.ptp(curve.n) <= 2
    assert np.all(np.diff(curve.predicted) > 0)
    assert np.all((curve.lower <= curve.observed) & (curve.observed <= curve.upper))


def test_one_bin_observes_the_incidence(reference):
    for k, time in enumerate(reference.times):
        curve = calibration_curve(reference.y, reference.risk[:, k], time, n_bins=1)
        np.testing.assert_allclose(curve.observed, [reference.r["incidence"][k]], atol=1e-11)
        np.testing.assert_allclose(curve.predicted, [reference.risk[:, k].mean()])


def test_without_censoring_a_bin_observes_its_share_of_events():
    y = {"duration": [1.0] * 100, "event": [1] * 10 + [2] * 40 + [1] * 25 + [2] * 25}
    curve = calibration_curve(y, [0.1] * 50 + [0.4] * 50, 1, n_bins=10)
    np.testing.assert_allclose(curve.observed, [0.2, 0.5])
    np.testing.assert_array_equal(curve.n_events, [10, 25])
    # cloglog interval of 10 of 50, with the standard error sqrt(0.2 * 0.8 / 49)
    half = 1.959963984540054 * np.sqrt(0.2 * 0.8 / 49) / (0.8 * -np.log(0.8))
    np.testing.assert_allclose(curve.lower[0], 1 - 0.8 ** np.exp(-half))
    np.testing.assert_allclose(curve.upper[0], 1 - 0.8 ** np.exp(half))


def test_bins_without_events_or_only_events_have_an_exact_interval():
    y = {"duration": [1.0] * 40, "event": [2] * 20 + [1] * 20}
    curve = calibration_curve(y, [0.1] * 20 + [0.9] * 20, 1, n_bins=2)
    np.testing.assert_allclose(curve.upper, [1 - 0.025 ** (1 / 20), 1])
    np.testing.assert_allclose(curve.lower, [0, 0.025 ** (1 / 20)])


def test_same_risk_for_all_is_one_bin(censored):
    curve = calibration_curve(censored.y, np.full(300, 0.3), 12)
    assert curve.n.tolist() == [300]
    assert list(curve.to_frame().columns) == ["bin", "predicted", "observed", "lower", "upper", "n", "n_events"]


def test_bin_whose_follow_up_ends_early_is_nan():
    y = {"duration": [5] * 10 + [20] * 10, "event": [0] * 10 + [1] * 10}
    curve = calibration_curve(y, [0.1] * 10 + [0.9] * 10, 15, n_bins=2)
    np.testing.assert_array_equal(np.isnan(curve.observed), [True, False])


def test_clusters_of_copies_have_the_standard_error_of_one_copy(censored):
    theta = pseudo_values(censored.y, [12])[:, 0]
    copies, family = np.tile(theta, 2), np.tile(np.arange(300), 2)
    assert clustered_std_error(copies, family) == pytest.approx(clustered_std_error(theta))
    assert clustered_std_error(theta) == pytest.approx(theta.std(ddof=1) / np.sqrt(300))


def test_observed_expected_ratio_by_hand():
    y = {"duration": [1.0] * 50, "event": [1] * 10 + [2] * 40}
    ratio = observed_expected_ratio(y, [0.25] * 50, 1)
    assert ratio.estimate == pytest.approx(0.8)
    spread = np.exp(1.959963984540054 * np.sqrt(0.2 * 0.8 / 49) / 0.2)
    assert (ratio.lower, ratio.upper) == pytest.approx((0.8 / spread, 0.8 * spread))


def test_observed_expected_ratio_edges():
    nobody = observed_expected_ratio({"duration": [1, 2], "event": [2, 0]}, [0.1, 0.2], 1)
    assert nobody.estimate == 0
    assert np.isnan(nobody.upper)
    assert np.isnan(observed_expected_ratio({"duration": [1, 2], "event": [1, 0]}, [0, 0], 1).estimate)
    with pytest.warns(MetricWarning, match="nobody is observed"):
        assert np.isnan(observed_expected_ratio({"duration": [1, 2], "event": [1, 0]}, [0.1, 0.1], 5).estimate)


def test_bad_arguments():
    y = {"duration": [1, 2], "event": [1, 0]}
    with pytest.raises(ValueError, match="n_bins must be at least 1"):
        calibration_curve(y, [0.1, 0.2], 1, n_bins=0)
    with pytest.raises(ValueError, match="cluster: missing in 1 of 2"):
        calibration_curve(y, [0.1, 0.2], 1, cluster=["a", None])
    with pytest.raises(ValueError, match=r"cluster has shape \(1,\), expected \(2,\)"):
        observed_expected_ratio(y, [0.1, 0.2], 1, cluster=["a"])


def test_a_single_bin_of_late_entries_is_observed_over_expected():
    rng = np.random.default_rng(2)
    duration = rng.integers(10, 40, 80)
    y = {"entry": rng.integers(0, 10, 80), "duration": duration, "event": rng.choice([0, 1, 2], 80)}
    risk, family = rng.uniform(0.1, 0.6, 80), rng.integers(0, 30, 80)
    point = calibration_curve(y, risk, 25, n_bins=1, cluster=family).to_frame().iloc[0]
    ratio = observed_expected_ratio(y, risk, 25, cluster=family)
    assert point["observed"] / point["predicted"] == pytest.approx(ratio.estimate, rel=1e-12)
    assert point["predicted"] != pytest.approx(risk.mean(), rel=1e-4)
    assert point["lower"] < point["observed"] < point["upper"]


def test_a_calibration_curve_shows_a_line_a_bin():
    y = {"duration": [1.0] * 20, "event": [1] * 5 + [2] * 5 + [1] * 6 + [2] * 4}
    curve = calibration_curve(y, [0.2] * 10 + [0.6] * 10, 1)
    lines = repr(curve).splitlines()
    assert [line.split()[:4] for line in lines[3:]] == [
        ["1", "10", "0.2000", "0.5000"],
        ["2", "10", "0.6000", "0.6000"],
    ]
    assert "<td>0.5000 (" in curve._repr_html_()
