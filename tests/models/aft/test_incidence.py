"""Incidence of competing accelerated failure times: the integral, by hand, and its gradient."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from secondplan.models.aft.incidence import LAST_Z, event_free_gradient, incidence, incidence_gradient
from secondplan.models.aft.likelihood import HAZARDS

# Tanh-sinh with 81 nodes: better than this for sigma of 0.7 to 3.
INTEGRATION = 1e-10


@pytest.mark.parametrize("distribution", HAZARDS)
@pytest.mark.parametrize("sigma", [(0.7, 1.4), (3.0, 1.0)])
def test_incidence_is_the_integral(distribution, sigma):
    location, hazard = np.log([900.0, 500.0]), HAZARDS[distribution]

    def z(log_time):
        return (log_time - location) / np.array(sigma)

    def integrand(log_time):
        cumulative, rate = hazard(z(log_time))
        return rate[0] / sigma[0] * np.exp(-cumulative.sum())

    for time in (1.0, 91.0, 730.0, 3000.0):
        cuts = [-150.0, -50.0, -10.0, 0.0, *np.linspace(0.5, np.log(time), 8)] if time > 2 else [-150, -50, -10, 0]
        expected = sum(quad(integrand, *ends, epsabs=1e-14, epsrel=1e-12)[0] for ends in pairwise(cuts))
        found = incidence(distribution, z(np.log(time))[:, None], np.array(sigma))
        assert found[0, 0] == pytest.approx(expected, abs=INTEGRATION)
        assert found.sum() == pytest.approx(1 - np.exp(-hazard(z(np.log(time)))[0].sum()), abs=1e-14)


def test_incidence_of_weibull_causes_of_one_shape_by_hand():
    z, sigma = np.log(np.array([[0.3, 2.0, 80.0], [0.9, 6.0, 240.0]])), np.array([0.8, 0.8])
    expected = np.array([[0.25], [0.75]]) * (1 - np.exp(-np.array([1.2, 8.0, 320.0])))
    np.testing.assert_allclose(incidence("weibull", z, sigma), expected, atol=1e-12)


@pytest.mark.parametrize("distribution", HAZARDS)
@pytest.mark.parametrize("n_causes", [1, 2, 3])
def test_gradients_are_the_finite_differences(distribution, n_causes):
    rng = np.random.default_rng(1)
    log_time, sigma = np.log([3.0, 91.0, 730.0, 4000.0]), np.array([0.7, 1.4, 1.0])[:n_causes]
    location, step = rng.normal(6.5, 0.6, (n_causes, 4)), 1e-5

    def at(location, log_sigma):
        z = (log_time - location) / np.exp(log_sigma)[:, None]
        return np.vstack([incidence(distribution, z, np.exp(log_sigma)), event_free(z)])

    def event_free(z):
        return np.exp(-sum(HAZARDS[distribution](own)[0] for own in z))[None]

    z = (log_time - location) / sigma[:, None]
    found = [incidence_gradient(distribution, z, sigma, cause) for cause in range(n_causes)]
    found.append(event_free_gradient(distribution, z, sigma))
    for other, move in enumerate(step * np.eye(n_causes)):
        by_location = at(location + move[:, None], np.log(sigma)) - at(location - move[:, None], np.log(sigma))
        by_scale = at(location, np.log(sigma) + move) - at(location, np.log(sigma) - move)
        for cause, (slopes, scale_slopes) in enumerate(found):
            np.testing.assert_allclose(slopes[other], by_location[cause] / (2 * step), atol=1e-8)
            np.testing.assert_allclose(scale_slopes[other], by_scale[cause] / (2 * step), atol=1e-8)


@pytest.mark.parametrize("distribution", HAZARDS)
def test_gradients_are_0_at_the_start_and_long_after_the_end(distribution):
    z, sigma = np.array([[-np.inf, 1e6 * LAST_Z[distribution]], [-np.inf, 0.3]]), np.array([1e-4, 2.0])
    for slopes in (*event_free_gradient(distribution, z, sigma), *incidence_gradient(distribution, z, sigma, 0)):
        assert np.all(slopes[:, 0] == 0) and np.all(np.isfinite(slopes))
    assert np.abs(event_free_gradient(distribution, z, sigma)).max() < 1e-10
