"""Slopes with others partialled out, and intervals of their ratio."""

import numpy as np
import pytest
import statsmodels.api as sm

from secondplan.models.numerics.partialled import PartialledRegressor, ratio_interval


def test_slope_and_error_are_those_of_the_whole_regression():
    rng = np.random.default_rng(0)
    features, regressor, cluster = rng.normal(size=(300, 2)), rng.normal(size=300), np.arange(300) % 20
    outcome = 0.5 * regressor + features @ [1.0, -1.0] + rng.normal(size=20)[cluster] + rng.normal(size=300)
    slope, moved = PartialledRegressor(regressor, features, cluster).slope(outcome)
    design = sm.add_constant(np.column_stack([regressor, features]))
    options = {"groups": cluster, "use_correction": False}
    whole = sm.OLS(outcome, design).fit(cov_type="cluster", cov_kwds=options)
    assert slope == pytest.approx(whole.params[1])
    assert np.sqrt(moved @ moved) == pytest.approx(whole.bse[1] * np.sqrt(20 / 19))


def test_the_ends_of_a_ratio_are_where_the_difference_is_as_far_as_chance_goes():
    rng = np.random.default_rng(1)
    of_a, of_b = 0.02 * rng.normal(size=(2, 40))
    for end in ratio_interval(0.3, 1.0, of_a, of_b, 0.95):
        moved = of_a - end * of_b
        assert abs(0.3 - end) == pytest.approx(2.02269 * np.sqrt(moved @ moved), rel=1e-5)
    assert ratio_interval(0.01, 0.001, of_a, of_b, 0.95) == (-np.inf, np.inf)
