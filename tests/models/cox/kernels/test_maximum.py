"""The search for coefficients, on functions whose maximum is known; collinear and diverging columns."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.maximum import cox_maximum
from secondplan.models.risk_sets.partial_likelihood import Likelihood


def quadratic(matrix, top):
    def evaluate(beta):
        distance = beta - top
        return Likelihood(-0.5 * distance @ matrix @ distance, -matrix @ distance, matrix, np.diag(matrix).copy())

    return evaluate


MATRIX = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
TOP = np.array([1.0, -2.0, 0.5])
ALL = np.ones(3, dtype=bool)


def test_quadratic_in_one_step():
    found = cox_maximum(quadratic(MATRIX, TOP), ALL, np.ones(3))
    np.testing.assert_allclose(found.beta, TOP, rtol=1e-12)
    assert found.converged
    assert found.n_iterations == 2


def test_steps_are_halved():
    # -log cosh has its maximum at 3; Newton from 0 without halving runs away.
    def evaluate(beta):
        slope, curvature = -np.tanh(beta - 3.0), 1.0 / np.cosh(beta - 3.0) ** 2
        return Likelihood(float(-np.log(np.cosh(beta - 3.0)).sum()), slope, np.diag(curvature), np.ones(1))

    found = cox_maximum(evaluate, np.ones(1, dtype=bool), np.full(1, 1e-3))
    assert found.converged
    assert found.beta[0] == pytest.approx(3.0, abs=1e-8)


def test_refused_points_shorten_the_step():
    plain = quadratic(MATRIX, TOP)
    found = cox_maximum(lambda beta: plain(beta) if np.abs(beta).max() < 2.5 else None, ALL, np.ones(3))
    np.testing.assert_allclose(found.beta, TOP, rtol=1e-10)


def test_unusable_and_dependent_columns_stay_at_0():
    basis = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    matrix = basis.T @ np.diag([4.0, 2.0]) @ basis  # the third column is the sum of the others
    evaluate = quadratic(matrix, TOP)
    found = cox_maximum(evaluate, ALL, np.ones(3))
    np.testing.assert_array_equal(found.collinear, [False, False, True])
    np.testing.assert_allclose(found.beta, [1.5, -1.5, 0.0], rtol=1e-10)
    found = cox_maximum(evaluate, np.array([False, True, True]), np.ones(3))
    assert found.beta[0] == 0.0


def test_flat_direction_is_reported():
    # log of a logistic: rises for ever and flattens.
    def evaluate(beta):
        p = 1.0 / (1.0 + np.exp(-beta[0]))
        return Likelihood(float(np.log(p)), np.array([1.0 - p]), np.array([[p * (1.0 - p)]]), np.ones(1))

    found = cox_maximum(evaluate, np.ones(1, dtype=bool), np.ones(1))
    assert found.diverging[0]
    assert found.converged
    assert 10 < found.beta[0] < 40
