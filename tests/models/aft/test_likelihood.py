import numpy as np
import pytest
from scipy.stats import fisk, lognorm, weibull_min

from secondplan.models.aft.likelihood import FIXED_SCALE, HAZARDS, SLOPES, AFTLikelihood, collinear_columns, fit_aft

# The exponential distribution is the Weibull distribution with sigma 1.
WITH_SCALE = [distribution for distribution in HAZARDS if distribution not in FIXED_SCALE]


@pytest.mark.parametrize("distribution", WITH_SCALE)
def test_hazard_is_that_of_scipy(distribution):
    location, sigma = 5.0, 0.7
    scale = np.exp(location)
    known = {
        "weibull": weibull_min(1 / sigma, scale=scale),
        "lognormal": lognorm(sigma, scale=scale),
        "loglogistic": fisk(1 / sigma, scale=scale),
    }[distribution]
    times = np.array([0.5, 30.0, 400.0, 1500.0])
    cumulative, rate = HAZARDS[distribution]((np.log(times) - location) / sigma)
    np.testing.assert_allclose(cumulative, -known.logsf(times), rtol=1e-10)
    np.testing.assert_allclose(rate / (sigma * times), known.pdf(times) / known.sf(times), rtol=1e-10)


@pytest.mark.parametrize("distribution", HAZARDS)
def test_slopes_are_the_finite_differences(distribution):
    z, step = np.array([-6.0, -1.0, 0.2, 3.0]), 1e-5

    def log_rate(at):
        return np.log(HAZARDS[distribution](at)[1])

    rate = HAZARDS[distribution](z)[1]
    rate_slope, found_log_rate, log_rate_slope, log_rate_curvature = SLOPES[distribution](z, rate)
    np.testing.assert_allclose(found_log_rate, log_rate(z), atol=1e-12)
    difference = (HAZARDS[distribution](z + step)[1] - HAZARDS[distribution](z - step)[1]) / (2 * step)
    np.testing.assert_allclose(rate_slope, difference, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(log_rate_slope, (log_rate(z + step) - log_rate(z - step)) / (2 * step), atol=1e-7)
    slopes = [SLOPES[distribution](at, HAZARDS[distribution](at)[1])[2] for at in (z + step, z - step)]
    np.testing.assert_allclose(log_rate_curvature, (slopes[0] - slopes[1]) / (2 * step), atol=1e-7)


@pytest.mark.parametrize("distribution", WITH_SCALE)
def test_scores_and_information_are_the_derivatives_of_the_likelihood(distribution):
    rng = np.random.default_rng(3)
    design = rng.normal(size=(40, 2))
    duration = rng.exponential(300, 40) + 1
    entry = np.where(rng.random(40) < 0.4, duration * 0.5, 0.0)
    data = (design, entry, duration, rng.random(40) < 0.6, rng.uniform(0.5, 2, 40))
    found = fit_aft(distribution, *data, np.r_[0.0, 0.0, np.log(300), 0.0])
    assert found.converged
    np.testing.assert_allclose(found.scores.sum(axis=0), 0, atol=1e-6)
    step = 1e-4
    away = [found.theta + step * direction for direction in np.vstack([np.eye(4), -np.eye(4)])]
    likelihood = AFTLikelihood(distribution, *data)
    scores = np.array([likelihood.evaluate(theta).gradient for theta in away])
    np.testing.assert_allclose((scores[4:] - scores[:4]) / (2 * step), found.information, rtol=1e-4, atol=1e-4)
    values = np.array([likelihood.evaluate(theta).value for theta in away])
    centre = likelihood.evaluate(found.theta + 0.1)
    around = [likelihood.evaluate(found.theta + 0.1 + s * d) for d in np.eye(4) for s in (step, -step)]
    slopes = np.diff([point.value for point in around])[::2] / (-2 * step)
    np.testing.assert_allclose(centre.gradient, slopes, rtol=1e-5, atol=1e-4)
    assert np.all(values < found.log_likelihood)


def test_collinear_columns():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 3))
    design = np.column_stack([x[:, 0], 1e6 + x[:, 1], np.full(30, 0.1), x[:, 0] - 2 * x[:, 1], x[:, 2] * 1e-9])
    np.testing.assert_array_equal(collinear_columns(design, np.ones(30)), [False, False, True, True, False])
    assert collinear_columns(np.empty((5, 0)), np.ones(5)).shape == (0,)
