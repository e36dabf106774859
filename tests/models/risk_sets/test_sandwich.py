"""The products of clusters' scores, against the table of score residuals."""

import numpy as np
import pytest

from secondplan.models.risk_sets import score_residuals as score_residuals_module
from secondplan.models.risk_sets.partial_likelihood import risk_sums
from secondplan.models.risk_sets.risk_sets import build_risk_sets
from secondplan.models.risk_sets.sandwich import score_products
from secondplan.models.risk_sets.score_residuals import score_residuals


@pytest.mark.parametrize("rows_per_chunk", [5, 65_536])
@pytest.mark.parametrize("efron", [True, False])
def test_products_are_those_of_the_sums_of_score_residuals(monkeypatch, rows_per_chunk, efron):
    monkeypatch.setattr(score_residuals_module, "CLUSTERS_PER_CHUNK", rows_per_chunk)
    rng = np.random.default_rng(3)
    n_rows = 200
    duration = rng.integers(1, 30, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.6, np.floor(duration * rng.random(n_rows)), -1.0)
    weight = rng.uniform(0.0, 2.0, n_rows)
    sets = build_risk_sets(entry, duration, rng.random(n_rows) < 0.5, weight, rng.integers(0, 3, n_rows))
    x = rng.normal(size=(n_rows, 3))[sets.rows]
    cluster = rng.integers(0, 60, n_rows)[sets.rows]
    states = [risk_sums(x, x @ beta, sets, efron) for beta in ([0.5, -0.5, 1.0], [0.0, 0.0, 0.0])]
    products = score_products(x, states, sets, cluster)
    assert products.shape == (2, 3, 3)
    for sums, found in zip(states, products, strict=True):
        scores = score_residuals(x, sums, sets, weight=sets.weight, target=cluster, n_targets=60)
        np.testing.assert_allclose(found, scores.T @ scores, rtol=1e-10, atol=1e-12)
