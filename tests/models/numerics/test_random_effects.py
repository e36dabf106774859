import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from secondplan.models.numerics.random_effects import random_effects

THETA = np.array([0.61, 0.70, 0.55, 0.82, 0.66, 0.74])
VARIANCE = np.array([0.004, 0.002, 0.009, 0.003, 0.001, 0.006])


def test_equal_variances_have_a_closed_form():
    found = random_effects(THETA, np.full(6, 0.002))
    assert found.mean == pytest.approx(THETA.mean())
    assert found.tau2 == pytest.approx(THETA.var(ddof=1) - 0.002)
    assert found.std_error == pytest.approx(np.sqrt(THETA.var(ddof=1) / 6))
    assert found.i2 == pytest.approx(found.tau2 / (found.tau2 + 0.002))


def test_the_variance_between_leaves_what_chance_leaves_and_the_rest_is_that_of_statsmodels():
    found = random_effects(THETA, VARIANCE)
    # Paule and Mandel: with it the weighted squares are what chance alone would make of them.
    w = 1 / (found.tau2 + VARIANCE)
    assert w @ (THETA - found.mean) ** 2 == pytest.approx(THETA.size - 1, rel=1e-6)
    # statsmodels, given that variance as one of the estimates' own, so that it finds none between them.
    theirs = combine_effects(THETA, VARIANCE + found.tau2, method_re="pm", use_t=True)
    assert theirs.mean_effect_fe == pytest.approx(found.mean, rel=1e-10)
    scale = max(1.0, theirs.scale_hksj_fe)
    assert found.std_error == pytest.approx(np.sqrt(scale) * theirs.sd_eff_w_fe, rel=1e-10)
    assert found.upper - found.mean == pytest.approx(2.570582 * found.std_error, rel=1e-6)
    half = 2.776445 * np.sqrt(found.tau2 + found.std_error**2)
    assert found.prediction_upper - found.mean == pytest.approx(half, rel=1e-6)


def test_alike_authorities_have_no_variance_between_them_and_no_narrower_interval():
    found = random_effects(np.array([0.5, 0.501, 0.499, np.nan]), np.array([0.01, 0.01, 0.01, 0.01]))
    assert (found.tau2, found.i2, found.n) == (0, 0, 3)
    assert found.std_error == pytest.approx(np.sqrt(0.01 / 3))
    two = random_effects(THETA[:2], VARIANCE[:2])
    assert np.isfinite(two.lower) and np.isnan(two.prediction_lower)
    assert np.isnan(random_effects(THETA[:1], VARIANCE[:1]).mean)
