import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from secondplan.models.numerics.ridge_logit import RidgeLogit, fit_ridge_logit, information

# Newton's last step is quadratic from a decrement of 1e-12.
EXACT = 1e-8


def _rows(with_levels=True):
    rng = np.random.default_rng(1)
    n, n_levels = 400, 7
    level = np.sort(rng.integers(0, n_levels, n))
    design = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    outcome = (rng.random(n) < expit(design @ [0.2, 0.8, -0.5] + 0.3 * level - 1)).astype(float)
    outcome[level == 2] = 0.0  # a level without events
    first = np.flatnonzero(np.diff(level, prepend=-1)) if with_levels else np.zeros(1, dtype=int)
    return RidgeLogit(design, outcome, np.array([0.0, 0.5, 0.5]), first, 0.5), level, rng.integers(0, 3, n) + 0.0


@pytest.mark.parametrize("with_levels", [True, False])
def test_it_is_the_fit_of_the_expanded_design(with_levels):
    rows, level, weight = _rows(with_levels)
    theta, converged = fit_ridge_logit(rows, weight)
    columns = [rows.design[:, 1:]] + ([np.eye(7)[level]] if with_levels else [])
    peer = LogisticRegression(C=2.0, tol=1e-12, solver="newton-cholesky")
    peer.fit(np.hstack(columns), rows.outcome, sample_weight=weight)
    assert converged
    assert np.allclose(theta, np.append(peer.intercept_, peer.coef_), atol=1e-6)  # the peer's own tolerance


def test_parts_solve_as_the_whole_matrix():
    rows, level, weight = _rows()
    theta, _ = fit_ridge_logit(rows, weight)
    probability = expit(rows.linear_predictor(theta))
    whole = np.hstack([rows.design, np.eye(7)[level]])
    matrix = whole.T @ (whole * (weight * probability * (1 - probability))[:, None]) + np.diag([0.0] + [0.5] * 9)
    vector = rows.sums(np.arange(400.0))
    assert np.allclose(vector, whole.T @ np.arange(400.0), atol=EXACT)
    assert np.allclose(
        information(rows, weight, probability).solve(vector), np.linalg.solve(matrix, vector), rtol=EXACT
    )


def test_a_warm_start_ends_at_the_same_place():
    rows, _, weight = _rows()
    cold, _ = fit_ridge_logit(rows, weight)
    warm, _ = fit_ridge_logit(rows, weight, cold + 0.1)
    assert np.allclose(cold, warm, atol=EXACT)
