"""Score residuals against their definition, and their sums."""

import numpy as np
import pytest

from secondplan.models.risk_sets import score_residuals as module
from secondplan.models.risk_sets.partial_likelihood import evaluate, hazard_increments, risk_sums
from secondplan.models.risk_sets.score_residuals import (
    mean_increments,
    own_mean_increments,
    score_residuals,
    tied_means,
)

BETA = np.array([0.5, -0.4])


def by_row(x, sums, sets):
    return score_residuals(x, sums, sets, weight=np.ones(len(x)), target=np.arange(len(x)), n_targets=len(x))


def test_without_efron_they_are_the_definition(random_sets):
    sets, at_risk, _ = random_sets
    x = np.random.default_rng(5).normal(size=(sets.rows.size, 2))
    sums = risk_sums(x, x @ BETA, sets, efron=False)
    hazard, _ = hazard_increments(sums, sets)
    expected = np.where(sets.is_event[:, None], x - sums.mean[sets.last], 0.0)
    for row, times in enumerate(at_risk[sets.rows]):
        expected[row] -= np.exp(x[row] @ BETA) * hazard[times] @ (x[row] - sums.mean[times])
    np.testing.assert_allclose(by_row(x, sums, sets), expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(tied_means(sums, sets), sums.mean, rtol=1e-12, atol=1e-14)
    for found in (mean_increments(sums, sets), own_mean_increments(sums, sets)):
        np.testing.assert_allclose(found, hazard[:, None] * sums.mean, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("efron", [False, True])
@pytest.mark.parametrize("clusters_per_chunk", [5, module.CLUSTERS_PER_CHUNK])
def test_they_add_up_to_the_gradient_and_by_cluster(random_sets, efron, clusters_per_chunk, monkeypatch):
    monkeypatch.setattr(module, "CLUSTERS_PER_CHUNK", clusters_per_chunk)
    sets, _, _ = random_sets
    rng = np.random.default_rng(6)
    x, cluster = rng.normal(size=(sets.rows.size, 2)), rng.integers(0, 40, sets.rows.size)
    sums = risk_sums(x, x @ BETA, sets, efron)
    weighted = sets.weight[:, None] * by_row(x, sums, sets)
    gradient = evaluate(x, x @ BETA, sets, efron).gradient
    np.testing.assert_allclose(weighted.sum(axis=0), gradient, rtol=1e-9, atol=1e-9)
    found = score_residuals(x, sums, sets, weight=sets.weight, target=cluster, n_targets=40)
    expected = np.array([weighted[cluster == code].sum(axis=0) for code in range(40)])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
