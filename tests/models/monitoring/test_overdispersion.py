"""Overdispersion against base R, by hand, and recovered from draws."""

import json
from pathlib import Path

import numpy as np
import pytest

from secondplan.models.monitoring.overdispersion import (
    additive_variance,
    binomial_error,
    moving_range_factor,
    multiplicative_factor,
    winsorised,
)

R = json.loads((Path(__file__).parents[2] / "reference" / "monitoring.json").read_text())


def z_scores(case):
    count, n = np.array(case["count"]), np.array(case["n"])
    target = count.sum() / n.sum()
    error = binomial_error(target, n)
    return (count / n - target) / error, error


def test_factor_and_variance_are_those_of_r():
    z, error = z_scores(R["units"])
    assert multiplicative_factor(z, 0.1) == pytest.approx(R["units"]["phi"], rel=1e-10)
    assert additive_variance(z, error, 0.1) == pytest.approx(R["units"]["tau2"], rel=1e-10)


def test_moving_range_is_that_of_r_and_of_a_hand():
    z, _ = z_scores(R["months"])
    assert np.sqrt(moving_range_factor(z)) == pytest.approx(R["months"]["sigma_z"], rel=1e-10)
    # Ranges 2, 1 and 3: their mean is 2.
    assert moving_range_factor(np.array([0.0, 2.0, 1.0, 4.0])) == pytest.approx((2 / 1.128379167) ** 2)


def test_a_factor_is_never_below_one_and_a_variance_never_below_zero():
    quiet = np.array([0.1, -0.1, 0.2, -0.2])
    assert multiplicative_factor(quiet) == 1.0
    assert additive_variance(quiet, np.full(4, 0.05)) == 0.0


def test_winsorising_moves_only_the_ends():
    z = np.arange(11.0)
    assert winsorised(z, 0.1).tolist() == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert winsorised(z, 0.0) is z


def test_the_variance_between_units_is_recovered():
    rng = np.random.default_rng(1)
    n = rng.integers(200, 900, 3000)
    share = rng.binomial(n, np.clip(rng.normal(0.2, 0.04, n.size), 0, 1)) / n
    error = binomial_error(0.2, n)
    assert additive_variance((share - 0.2) / error, error) == pytest.approx(0.04**2, rel=0.06)
