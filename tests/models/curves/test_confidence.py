"""Intervals: by hand, and where their scale is not defined."""

import numpy as np
import pytest
from scipy.stats import norm

from secondplan.models.curves.confidence import (
    SumShape,
    check_interval,
    hazard_bounds,
    incidence_bounds,
    probability_bounds,
)

Z = norm.ppf(0.975)


def test_by_hand():
    p, error = np.array([0.2]), np.array([0.05])
    lower, upper = probability_bounds(p, error, interval="plain")
    assert (lower[0], upper[0]) == pytest.approx((0.2 - Z * 0.05, 0.2 + Z * 0.05))
    lower, upper = probability_bounds(p, error, interval="log")
    assert (lower[0], upper[0]) == pytest.approx((0.2 * np.exp(-Z * 0.25), 0.2 * np.exp(Z * 0.25)))
    lower, upper = probability_bounds(p, error, interval="log-log")
    half = Z * 0.25 / np.log(0.2)
    expected = sorted(np.exp(-np.exp(np.log(-np.log(0.2)) + sign * half)) for sign in (1, -1))
    assert [lower[0], upper[0]] == pytest.approx(expected)
    lower, upper = hazard_bounds(np.array([2.0]), np.array([0.5]))
    assert (lower[0], upper[0]) == pytest.approx((2 * np.exp(-Z / 4), 2 * np.exp(Z / 4)))


@pytest.mark.parametrize("interval", ["plain", "log", "log-log"])
def test_finite_and_ordered_at_the_ends(interval):
    p, error = np.array([0.0, 0.0, 1.0, 1.0, 1e-12, 0.5]), np.array([0.0, 0.1, 0.0, 0.3, 0.4, 9.0])
    lower, upper = probability_bounds(p, error, interval=interval)
    assert np.all((lower >= 0) & (lower <= p) & (p <= upper) & (upper <= 1))
    lower, upper = hazard_bounds(np.array([0.0, 3.0]), np.array([0.0, 1e4]), interval=interval)
    assert np.all((lower >= 0) & (lower <= [0.0, 3.0]) & (upper >= [0.0, 3.0]))


@pytest.mark.parametrize("interval", ["plain", "log"])
def test_an_infinite_hazard_has_no_interval_and_an_infinite_error_leaves_all_open(interval):
    lower, upper = hazard_bounds(np.array([np.inf, 3.0]), np.array([np.inf, np.inf]), interval=interval)
    np.testing.assert_array_equal([lower, upper], [[np.inf, 0.0], [np.inf, np.inf]])


def test_refused():
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        check_interval(95, "log")
    with pytest.raises(ValueError, match="interval must be one of plain, log, log-log"):
        check_interval(0.9, "loglog")


def test_bounds_of_an_incidence_are_those_of_its_complement():
    incidence, error = np.array([0.01, 0.2, 0.9, 0.2]), np.array([0.004, 0.05, 0.03, 0.0])
    lower, upper = incidence_bounds(incidence, error, 0.9)
    low, high = probability_bounds(1 - incidence, error, 0.9, "log-log")
    np.testing.assert_allclose([lower, upper], [1 - high, 1 - low], rtol=1e-12)
    assert lower[3] == pytest.approx(0.2, rel=1e-14) and upper[3] == pytest.approx(0.2, rel=1e-14)


def test_bounds_of_an_incidence_keep_their_digits_and_stay_between_0_and_1():
    lower, upper = incidence_bounds(np.array([1e-30]), np.array([2e-31]))
    np.testing.assert_allclose([lower[0], upper[0]], 1e-30 * np.exp([-0.2 * Z, 0.2 * Z]), rtol=1e-12)
    edge = np.array([0.0, 1.0, 0.5, 1.0 - 1e-16])
    lower, upper = incidence_bounds(edge, np.array([0.1, 0.1, 1e9, 0.1]))
    assert np.all((lower >= 0) & (lower <= edge) & (edge <= upper) & (upper <= 1))
    assert lower[0] == upper[0] == 0 and lower[1] == upper[1] == 1


def test_bounds_of_a_skewed_sum_hold_the_truth_as_often_on_either_side():
    rng = np.random.default_rng(0)
    draws = rng.standard_exponential((20_000, 15))
    parts = (draws - draws.mean(axis=1, keepdims=True)) / 15
    mean, error = draws.mean(axis=1), np.sqrt((parts**2).sum(axis=1) * 15 / 14)
    lower, upper = SumShape.of(parts).bounds(mean, error, 0.95)
    plain = np.array([np.mean(mean - Z * error > 1), np.mean(mean + Z * error < 1)])
    found = np.array([np.mean(lower > 1), np.mean(upper < 1)])
    assert plain[1] > 0.09
    # By the skewness alone 0.08 in all, by the t distribution alone 0.07 at the upper end.
    assert np.all(np.abs(found - 0.025) < 0.02) and found.sum() < 0.06


def test_shape_of_a_sum_and_what_its_p_value_says():
    parts = np.array([[2.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    shape = SumShape.of(parts)
    np.testing.assert_allclose(shape.skewness, [(8 - 1) / 5**1.5, 0.0])
    np.testing.assert_allclose(shape.freedom, [2 * 25 / 17, 3.0])
    assert SumShape.of(np.ones((1, 2))).freedom[0] == 1.0
    estimate, error = np.array([1.0, 1.0]), np.array([0.4, 0.4])
    lower, upper = shape.bounds(estimate, error, 0.9)
    for bound in (lower, upper):
        np.testing.assert_allclose(shape.p_value(estimate - bound, error), 0.1)
    lower, upper = SumShape(np.zeros(1), np.array([np.inf])).bounds(estimate[:1], error[:1], 0.9)
    np.testing.assert_allclose([lower[0], upper[0]], [1 - 1.6448536 * 0.4, 1 + 1.6448536 * 0.4], rtol=1e-7)
    lower, upper = SumShape(np.array([0.9]), np.array([np.inf])).bounds(np.array([1.0]), np.array([0.4]), 0.05)
    assert lower[0] <= 1.0 <= upper[0]
