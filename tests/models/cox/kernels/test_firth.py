"""Firth's penalised likelihood: its gradient against differences, its maximum against a direct search."""

import numpy as np
import pytest
from scipy.optimize import minimize

from secondplan.models.cox.kernels.firth import log_penalty, penalty_gradient
from secondplan.models.cox.kernels.fit import fit_cox
from secondplan.models.numerics.information import inverse
from secondplan.models.risk_sets.partial_likelihood import evaluate
from secondplan.models.risk_sets.risk_sets import build_risk_sets

ALL = np.ones(3, dtype=bool)


def data(seed, n_rows=60):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 12, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.5, np.floor(duration * rng.random(n_rows)), -1.0)
    outcome = entry, duration, rng.random(n_rows) < 0.6, rng.uniform(0.3, 2.0, n_rows), rng.integers(0, 2, n_rows)
    return rng.normal(size=(n_rows, 3)), outcome


def objective(beta, x, sets, efron):
    """Penalised log likelihood, written as its definition."""
    found = evaluate(x, x @ beta, sets, efron)
    return found.value + log_penalty(found.information, ALL)


@pytest.mark.parametrize("efron", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_gradient_of_the_penalty_is_that_of_differences(seed, efron):
    x, outcome = data(seed)
    sets = build_risk_sets(*outcome)
    x, beta = x[sets.rows], np.random.default_rng(seed).normal(size=3) * 0.5

    def penalty(point):
        return log_penalty(evaluate(x, x @ point, sets, efron).information, ALL)

    inverted = inverse(evaluate(x, x @ beta, sets, efron).information, ALL)
    found = 0.5 * penalty_gradient(x, x @ beta, sets, efron, inverted)
    for column, shift in enumerate(1e-5 * np.eye(3)):
        slope = (penalty(beta + shift) - penalty(beta - shift)) / 2e-5
        assert found[column] == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("is_separated", [False, True])
def test_the_maximum_is_that_of_a_direct_search(ties, is_separated):
    x, (entry, duration, is_event, weight, stratum) = data(7)
    if is_separated:
        x[:, 1] = is_event & (np.arange(len(x)) % 2 == 0)
        duration = np.where(x[:, 1] > 0, 1.0, duration + 1.0)
        entry = np.minimum(entry, 0.0)
    fit = fit_cox(x, entry, duration, is_event, weight=weight, stratum=stratum, ties=ties, firth=True)
    sets = build_risk_sets(entry, duration, is_event, weight, stratum)
    rows = x[sets.rows]
    found = minimize(
        lambda beta: -objective(beta, rows, sets, ties == "efron"), np.zeros(3), method="BFGS", options={"gtol": 1e-7}
    )
    assert fit.converged and not fit.diverging.any()
    np.testing.assert_allclose(fit.coef, found.x, rtol=1e-4, atol=1e-5)
    assert fit.log_likelihood[1] == pytest.approx(-found.fun, rel=1e-10)
    assert fit.log_likelihood[0] == pytest.approx(objective(np.zeros(3), rows, sets, ties == "efron"), rel=1e-12)
    information = evaluate(rows, rows @ fit.coef, sets, ties == "efron").information
    np.testing.assert_allclose(fit.naive_covariance, np.linalg.inv(information), rtol=1e-8)


def test_two_rows_by_hand():
    # One event at x = 1 with one other row at x = 0: l = b - log(1 + e^b), I = p (1 - p), so that the penalised score
    # is 1 - p + (1 - 2 p) / 2 = 0 at p = 3 / 4.
    fit = fit_cox(np.array([[1.0], [0.0]]), np.full(2, -1.0), np.array([1.0, 2.0]), np.array([True, False]), firth=True)
    assert fit.coef[0] == pytest.approx(np.log(3.0), rel=1e-9)


def test_large_weights_converge():
    x, (entry, duration, is_event, weight, stratum) = data(1)
    fit = fit_cox(x, entry, duration, is_event, weight=1e6 * weight, stratum=stratum, firth=True)
    plain = fit_cox(x, entry, duration, is_event, weight=1e6 * weight, stratum=stratum)
    assert fit.converged
    np.testing.assert_allclose(fit.coef, plain.coef, rtol=1e-4)
