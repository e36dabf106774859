"""The maximum of a quadratic less an elastic-net penalty: by hand, and by the conditions of an optimum."""

import numpy as np
import pytest

from secondplan.models.numerics.penalised_quadratic import quadratic_maximum, sweep


def test_one_coordinate_is_the_soft_threshold():
    # Gradient 3 at 1 and curvature 2: the quadratic is largest at 2.5; less the lasso 2 and the ridge 1 at 3 / (2 + 1).
    one = np.ones((1, 1))
    step = quadratic_maximum(np.ones(1), np.array([3.0]), 2.0 * one, np.array([2.0]), np.ones(1), 1e-12)
    assert step[0] == pytest.approx(1.0 - 1.0, abs=1e-12)
    step = quadratic_maximum(np.ones(1), np.array([3.0]), 2.0 * one, np.array([6.0]), np.ones(1), 1e-12)
    assert step[0] == -1.0  # the lasso outweighs the pull of 5: to 0


def test_without_lasso_it_is_the_solution_of_the_linear_system():
    rng = np.random.default_rng(0)
    root, gradient, beta, ridge = rng.normal(size=(9, 4)), rng.normal(size=4), rng.normal(size=4), rng.random(4)
    matrix = root.T @ root
    step = quadratic_maximum(beta, gradient, matrix, np.zeros(4), ridge, 1e-12)
    np.testing.assert_allclose((matrix + np.diag(ridge)) @ step, gradient - ridge * beta, rtol=1e-10)


@pytest.mark.parametrize("n_rows", [3, 40])  # with fewer rows than columns the matrix is singular
@pytest.mark.parametrize("strength", [0.1, 3.0, 1e4])
@pytest.mark.parametrize("seed", range(3))
def test_conditions_of_the_optimum(n_rows, strength, seed):
    rng = np.random.default_rng(seed)
    root, beta = rng.normal(size=(n_rows, 8)), rng.normal(size=8)
    matrix, gradient = root.T @ root, root.T @ rng.normal(size=n_rows) * 5
    lasso, ridge = strength * rng.random(8), rng.random(8)
    lasso[0] = 0.0  # a column without penalty
    target = beta + quadratic_maximum(beta, gradient, matrix, lasso, ridge, 1e-14)
    pull = gradient - matrix @ (target - beta) - ridge * target
    free = (target != 0) | (lasso == 0)
    rounding = 1e-6 * np.abs(gradient).max()
    np.testing.assert_allclose(pull[free], (lasso * np.sign(target))[free], atol=rounding)
    assert np.all(np.abs(pull[~free]) <= lasso[~free] + rounding)
    assert strength < 1e4 or not target[1:].any()


def test_a_sweep_tells_whether_it_has_settled_and_keeps_the_gradient():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(9, 3))
    matrix, start, lasso = root.T @ root, 10.0 * rng.normal(size=3), np.full(3, 0.5)
    target, gradient = np.zeros(3), start.copy()
    assert not sweep(target, gradient, matrix, lasso, np.zeros(3), 0.0, 1)
    np.testing.assert_allclose(gradient, start - matrix @ target, atol=1e-12)
    assert sweep(target, gradient, matrix, lasso, np.zeros(3), 1e-20, 1000)
    matrix[1], matrix[:, 1] = 0.0, 0.0  # a column that cannot move is left
    target, gradient = np.zeros(3), np.ones(3)
    assert sweep(target, gradient, matrix, lasso, np.zeros(3), 1e-20, 1000) and target[1] == 0.0
