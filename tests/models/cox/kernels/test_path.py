"""The elastic-net path on arrays: each point is the optimum of its strength, however the path came to it."""

from dataclasses import replace

import numpy as np
import pytest

from secondplan.models.cox.kernels.elastic_net import elastic_net, penalised_maximum
from secondplan.models.cox.kernels.fit import fit_cox
from secondplan.models.cox.kernels.path import (
    PathOptions,
    cox_path,
    deviance,
    path_rows,
    saturated_log_likelihood,
)
from secondplan.models.risk_sets.risk_sets import build_risk_sets

FACTORS = np.array([1.0, 2.0, 0.0, 1.0])
OPTIONS = PathOptions(0.7, FACTORS, None, 30, None, standardize=True, efron=True)


@pytest.fixture
def rows(cox_rows):
    rows = cox_rows(n_rows=150, n_columns=4)
    return path_rows(**rows.arrays, **rows.options, efron=True, standardize=True)


def test_each_point_is_the_optimum_of_its_strength(rows):
    path = cox_path(rows, OPTIONS)
    assert path.converged.all() and np.all(np.diff(path.lambdas) < 0) and np.all(np.diff(path.deviance_ratio) >= 0)
    assert not path.coef[0][[0, 1, 3]].any() and path.coef[0][2] != 0 and (path.coef[-1] != 0).sum() >= 3
    for place in (1, len(path.lambdas) // 2, -1):
        penalty = elastic_net(rows.total_weight * path.lambdas[place], OPTIONS.l1_ratio, FACTORS, ~rows.usable)
        alone = penalised_maximum(rows.rows, penalty).beta / rows.scale
        # The search from 0 and that along the path end within the same tolerance of one optimum.
        np.testing.assert_allclose(path.coef[place], alone, rtol=1e-5, atol=1e-7)


def test_given_strengths_are_all_fitted_and_give_the_same(rows):
    found = cox_path(rows, OPTIONS)
    given = cox_path(rows, replace(OPTIONS, lambdas=np.array([found.lambdas[3], 1e-9])))
    np.testing.assert_allclose(given.coef[0], found.coef[3], rtol=1e-5, atol=1e-7)
    assert given.lambdas.size == 2


def test_next_to_no_penalty_is_the_fit_without(cox_rows, rows):
    source = cox_rows(n_rows=150, n_columns=4)
    fit = fit_cox(**source.arrays, **source.options)
    path = cox_path(rows, replace(OPTIONS, lambdas=np.array([1e-10])))
    np.testing.assert_allclose(path.coef[0], fit.coef, rtol=1e-5)
    ratio = 2 * (fit.log_likelihood[1] - fit.log_likelihood[0]) / path.null_deviance
    assert path.deviance_ratio[0] == pytest.approx(ratio, rel=1e-6)
    assert deviance(rows, fit.coef) == pytest.approx(path.null_deviance * (1 - ratio), rel=1e-10)


@pytest.mark.parametrize("efron", [False, True])
def test_the_saturated_likelihood_by_hand(efron):
    # Day 1: two tied events of weights 1 and 3, the mean weight 2 for each; day 2: one of weight 5.
    weight = np.array([1.0, 3.0, 5.0, 1.0])
    sets = build_risk_sets(
        np.zeros(4), np.array([1.0, 1, 2, 3]), np.array([True, True, True, False]), weight, np.zeros(4, dtype=np.int64)
    )
    first = 2 * np.log(4.0) + 2 * np.log(4.0 - 2.0 if efron else 4.0)
    assert saturated_log_likelihood(sets, efron) == pytest.approx(-first - 5 * np.log(5.0))


def test_nothing_to_follow_is_told(cox_rows):
    rows = cox_rows(n_rows=150, n_columns=4)
    rows.arrays["design"][:, [0, 1, 3]] = 5.0
    rows = path_rows(**rows.arrays, **rows.options, efron=True, standardize=True)
    with pytest.raises(ValueError, match="no column that varies is penalised"):
        cox_path(rows, OPTIONS)
