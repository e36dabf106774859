import numpy as np
import pytest

from secondplan.models.metrics import calibration_errors, integrated_calibration_index, smooth_calibration_curve


@pytest.fixture(scope="module")
def without_censoring():
    """2,000 rows whose risk is the square of what is predicted, by day 1."""
    rng = np.random.default_rng(1)
    predicted = rng.uniform(0.05, 0.95, 2000)
    event = np.where(rng.uniform(size=2000) < predicted**2, 1, 2)
    return {"duration": np.ones(2000), "event": event}, predicted


def test_the_curve_is_what_was_drawn(without_censoring):
    y, predicted = without_censoring
    curve = smooth_calibration_curve(y, predicted, 1, n_points=21)
    # The standard error of the curve is at most sqrt(0.25 * 5 / 2000) = 0.025 on average.
    np.testing.assert_allclose(curve["observed"], curve["predicted"] ** 2, atol=0.08)


def test_errors_are_the_mean_median_and_quantile_of_distances(without_censoring):
    y, predicted = without_censoring
    found = calibration_errors(y, predicted, 1)
    curve = smooth_calibration_curve(y, predicted, 1, n_points=4001)
    distance = np.abs(np.interp(predicted, curve["predicted"], curve["observed"]) - predicted)
    expected = [distance.mean(), np.median(distance), np.quantile(distance, 0.9)]
    np.testing.assert_allclose([found.ici, found.e50, found.e90], expected, atol=1e-6)
    assert found.ici == integrated_calibration_index(y, predicted, 1)
    # The distance of r and r squared is on average 1/6 over 0 to 1, and 0.25 at most.
    assert found.ici == pytest.approx(np.mean(predicted - predicted**2), abs=0.03)
    assert found.e50 < found.e90 < 0.3
