import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from secondplan.models.features.natural_spline import NaturalSpline, spline_basis
from secondplan.models.royston_parmar.spline import given_log_knots, orthogonal_spline, place_log_knots

TIMES = np.log(np.random.default_rng(0).weibull(0.8, 300) * 400 + 1)
ONE = np.ones(TIMES.size)


def spline(df):
    return orthogonal_spline(place_log_knots(TIMES, ONE, df), TIMES, ONE)


def test_knots_are_quantiles_of_r():
    values = np.log([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    # quantile(log(2^(0:5)), c(1/3, 2/3)) of R is log(2) times 5/3 and 10/3.
    np.testing.assert_allclose(place_log_knots(values, np.ones(6), 3), np.log(2) * np.array([0, 5 / 3, 10 / 3, 5]))


def test_whole_weights_are_repeated_events_and_the_scale_of_others_does_not_matter():
    weight = np.arange(TIMES.size) % 3
    repeated = np.repeat(TIMES, weight)
    used = weight > 0
    found = place_log_knots(TIMES[used], weight[used].astype(float), 5)
    np.testing.assert_allclose(found, place_log_knots(repeated, np.ones(repeated.size), 5))
    uneven = np.random.default_rng(1).random(TIMES.size) + 0.1
    np.testing.assert_allclose(place_log_knots(TIMES, uneven, 4), place_log_knots(TIMES, uneven / 7, 4))
    np.testing.assert_allclose(place_log_knots(TIMES, ONE * 0.5, 4), place_log_knots(TIMES, ONE, 4))


def test_coinciding_quantiles_are_one_knot():
    days = np.log([1.0] * 40 + [5.0] * 40 + [9.0])
    np.testing.assert_allclose(np.exp(place_log_knots(days, np.ones(81), 4)), [1, 5, 9])
    np.testing.assert_allclose(np.exp(place_log_knots(np.zeros(9), np.ones(9), 4)), [1, 1])


@pytest.mark.parametrize("df", [1, 2, 4, 8])
def test_the_basis_is_orthogonal_over_the_events(df):
    weight = np.random.default_rng(2).random(TIMES.size)
    own = orthogonal_spline(place_log_knots(TIMES, weight, df), TIMES, weight)
    basis = own.basis(TIMES)
    assert basis.shape == (300, df + 1) and own.df == df
    gram = basis.T @ (basis * (weight / weight.sum())[:, None])
    np.testing.assert_allclose(gram, np.eye(df + 1), atol=1e-10)


@pytest.mark.parametrize("df", [1, 2, 4, 8])
def test_derivatives_are_finite_differences_and_curves_are_those_of_the_basis(df):
    own, at, step = spline(df), np.linspace(TIMES.min() - 2, TIMES.max() + 2, 97), 1e-5
    difference = (own.basis(at + step) - own.basis(at - step)) / (2 * step)
    np.testing.assert_allclose(own.derivative(at), difference, atol=1e-6)
    coefficients = np.random.default_rng(3).normal(size=(97, df + 1))
    value, slope = own.curve(at, coefficients[0])
    np.testing.assert_allclose(value, own.basis(at) @ coefficients[0], atol=1e-10)
    np.testing.assert_allclose(slope, own.derivative(at) @ coefficients[0], atol=1e-10)
    value, slope = own.curve(at[:, None], coefficients)
    np.testing.assert_allclose(value[:, 0], np.einsum("nb,nb->n", own.basis(at), coefficients), atol=1e-10)
    np.testing.assert_allclose(slope[:, 0], np.einsum("nb,nb->n", own.derivative(at), coefficients), atol=1e-10)


def test_spans_the_natural_splines_and_is_linear_outside():
    own = spline(4)
    at = np.linspace(own.knots[0] - 1, own.knots[-1] + 1, 60)
    natural = spline_basis(at, NaturalSpline(tuple(own.knots[1:-1]), own.knots[0], own.knots[-1]))
    other = np.column_stack([np.ones(60), natural])
    fitted = own.basis(at) @ np.linalg.lstsq(own.basis(at), other, rcond=None)[0]
    np.testing.assert_allclose(fitted, other, atol=1e-9)
    # And the interpolating natural spline of scipy, between the knots.
    target = CubicSpline(own.knots, np.sin(own.knots), bc_type="natural")
    coefficients = np.linalg.solve(own.basis(own.knots), np.sin(own.knots))
    inside = at[(at > own.knots[0]) & (at < own.knots[-1])]
    np.testing.assert_allclose(own.basis(inside) @ coefficients, target(inside), atol=1e-10)


def test_coefficients_on_the_basis_of_royston_and_parmar():
    own = spline(3)
    low, first, second, high = own.knots
    v = np.linspace(low - 1, high + 1, 40)

    def cube(knot):
        return np.maximum(v - knot, 0) ** 3

    columns = [np.ones(40), v]
    for knot in (first, second):
        share = (high - knot) / (high - low)
        columns.append(cube(knot) - share * cube(low) - (1 - share) * cube(high))
    gamma = np.random.default_rng(4).normal(size=4)
    expected = np.column_stack(columns) @ (own.to_royston_parmar() @ gamma)
    np.testing.assert_allclose(own.basis(v) @ gamma, expected, atol=1e-10)


def test_knots_that_the_events_cannot_tell_apart_are_left_out():
    few = np.log([3.0, 3.0, 20.0, 20.0, 20.0, 400.0])
    own = orthogonal_spline(np.log([3.0, 10.0, 20.0, 100.0, 400.0]), few, np.ones(6))
    assert own.df == 2 and np.all(np.isfinite(own.transform))
    one_day = orthogonal_spline(place_log_knots(few[:2], np.ones(2), 3), few[:2], np.ones(2))
    assert one_day.df == 1
    np.testing.assert_allclose(one_day.basis(few)[:, 1], few - np.log(3.0))


@pytest.mark.parametrize(
    ("days", "rule"), [([0.0], "above 0"), ([np.nan], "above 0"), ([1e5], "between the first and the last event, day")]
)
def test_given_knots_are_checked(days, rule):
    with pytest.raises(ValueError, match=rule):
        given_log_knots(TIMES, days)


def test_given_knots_may_come_in_any_order():
    np.testing.assert_allclose(np.exp(given_log_knots(TIMES, [200, 50, 200])[1:-1]), [50, 200])
