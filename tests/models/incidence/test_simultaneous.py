import numpy as np
import pytest
from scipy.stats import norm

from secondplan.models.incidence.simultaneous import simultaneous_quantile

DRAWS = np.random.default_rng(0).standard_normal((40_000, 4))


def test_between_one_variable_and_independent_ones():
    scale = np.array([1.0, 2.0, 3.0, 4.0])
    error, quantile = simultaneous_quantile(np.outer(scale, scale), DRAWS, 0.95)
    np.testing.assert_allclose(error, scale)
    assert quantile == pytest.approx(norm.ppf(0.975), abs=0.03)
    _, quantile = simultaneous_quantile(np.diag(scale**2), DRAWS, 0.95)
    assert quantile == pytest.approx(norm.ppf(0.5 + 0.95**0.25 / 2), abs=0.03)


def test_variances_of_0_do_not_count():
    covariance = np.zeros((4, 4))
    assert simultaneous_quantile(covariance, DRAWS, 0.95)[1] == 0.0
    covariance[2, 2] = 4.0
    error, quantile = simultaneous_quantile(covariance, DRAWS, 0.9)
    assert error.tolist() == [0, 0, 2, 0] and quantile == pytest.approx(norm.ppf(0.95), abs=0.03)
    assert simultaneous_quantile(np.full((4, 4), np.inf), DRAWS, 0.9)[1] == np.inf
