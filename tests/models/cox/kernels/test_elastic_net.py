"""The maximum of a penalised partial likelihood meets the conditions of an optimum."""

import numpy as np
import pytest

from secondplan.models.cox.kernels import elastic_net as module
from secondplan.models.cox.kernels.elastic_net import Rows, elastic_net, penalised_maximum, scaled_factors
from secondplan.models.risk_sets.risk_sets import build_risk_sets


@pytest.fixture
def rows():
    rng = np.random.default_rng(4)
    n_rows = 300
    x = rng.normal(size=(n_rows, 6))
    entry = rng.uniform(0, 2, n_rows)
    duration = entry + rng.exponential(np.exp(-x[:, 0] + 0.5 * x[:, 1]))
    is_event = rng.random(n_rows) < 0.7
    sets = build_risk_sets(entry, duration, is_event, np.ones(n_rows), np.zeros(n_rows, dtype=np.int64))
    return Rows(np.ascontiguousarray(x[sets.rows]), np.zeros(sets.rows.size), sets, efron=True)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.6, 1.0])
def test_conditions_of_the_optimum(rows, l1_ratio):
    factor = np.array([1.0, 1.0, 0.0, 1.0, np.inf, 2.0])
    penalty = elastic_net(20.0, l1_ratio, factor, np.zeros(6, dtype=bool))
    found = penalised_maximum(rows, penalty)
    assert found.converged
    allowed, chosen = np.isfinite(penalty.lasso), found.beta != 0
    at_zero = allowed & ~chosen
    pull = found.likelihood.gradient[chosen] - penalty.ridge[chosen] * found.beta[chosen]
    np.testing.assert_allclose(pull, penalty.lasso[chosen] * np.sign(found.beta[chosen]), atol=1e-6)
    gradient = found.likelihood.gradient
    assert np.all(np.abs(gradient[at_zero]) <= penalty.lasso[at_zero])
    assert at_zero.any() == (l1_ratio > 0)
    assert chosen[2]
    assert found.beta[4] == 0.0


def test_factors_sum_to_the_number_of_columns():
    np.testing.assert_allclose(scaled_factors(np.array([0.0, 1.0, 3.0])), [0.0, 0.75, 2.25])
    np.testing.assert_allclose(scaled_factors(np.array([1.0, 2.0, np.inf])), [0.75, 1.5, np.inf])


def test_the_way_there_does_not_matter(rows, monkeypatch):
    penalty = elastic_net(0.5, 0.9, None, np.zeros(6, dtype=bool))
    straight = penalised_maximum(rows, penalty)
    monkeypatch.setattr(module, "SMALL", 0)
    stepwise = penalised_maximum(rows, penalty)
    np.testing.assert_allclose(stepwise.beta, straight.beta, rtol=1e-7)
    assert stepwise.n_iterations > straight.n_iterations
