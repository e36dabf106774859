"""Products of influences against the same sums over a table of rows and event times."""

import numpy as np
import pytest

from secondplan.models.fine_gray.kernels.influence import baseline_increments, influence_products
from secondplan.models.fine_gray.kernels.likelihood import evaluate_subdistribution, subdistribution_sums
from secondplan.models.fine_gray.kernels.subdistribution import build_subdistribution


@pytest.mark.parametrize("efron", [False, True])
def test_products_with_known_weights_are_those_of_score_residuals(fitted, weights_table, efron):
    sub, x, eta, convention = fitted
    beta = np.array([0.4, -0.3])
    sums = subdistribution_sums(x, eta, sub, efron)
    cell = np.arange(sub.sets.n_times) // 4
    increments = baseline_increments(sums, sub, cell)
    cluster = np.arange(sub.sets.rows.size) // 3
    found = influence_products(x, sums, sub, increments, factor=sub.sets.weight, cluster=cluster, convention="finegray")
    if efron:
        # What all rows add to score and baseline: the gradient, and nothing.
        one = influence_products(
            x, sums, sub, increments, factor=sub.sets.weight, cluster=np.zeros_like(cluster), convention="finegray"
        )
        gradient = np.append(evaluate_subdistribution(x, beta, sub, efron).gradient, np.zeros(cell.max() + 1))
        np.testing.assert_allclose(one, np.outer(gradient, gradient), atol=1e-10)
        return
    table, hazard = weights_table(sub, convention), sub.sets.tied_weight / sums.total
    at_risk = table * np.exp(eta)[:, None] * hazard
    jumps = np.zeros_like(table)
    jumps[sub.sets.is_event, sub.sets.last[sub.sets.is_event]] = 1.0
    martingale = jumps - at_risk
    score = martingale.sum(axis=1)[:, None] * x - martingale @ sums.mean
    baseline = np.stack([(martingale / sums.total)[:, cell == code].sum(axis=1) for code in np.unique(cell)], axis=1)
    influence = sub.sets.weight[:, None] * np.hstack([score, baseline])
    by_cluster = np.array([influence[cluster == code].sum(axis=0) for code in np.unique(cluster)])
    np.testing.assert_allclose(found, by_cluster.T @ by_cluster, rtol=1e-9, atol=1e-12)


def test_what_the_rows_add_through_the_censoring_sums_to_0(rows):
    # The estimated distributions solve their own equations, so that all rows together add only the gradient.
    *arrays, x = rows(seed=4, n_rows=300)
    sub = build_subdistribution(*arrays, convention="crr")
    x = x[sub.sets.rows]
    beta = np.array([0.4, -0.3])
    eta = x @ beta
    sums = subdistribution_sums(x, eta, sub, efron=False)
    increments = baseline_increments(sums, sub, np.zeros(sub.sets.n_times, dtype=np.int64))
    products = [
        influence_products(x, sums, sub, increments, factor=sub.sets.weight, cluster=cluster, convention="crr")
        for cluster in (np.zeros(eta.size, dtype=np.int64), None)
    ]
    gradient = np.append(evaluate_subdistribution(x, beta, sub, efron=False).gradient, 0.0)
    np.testing.assert_allclose(products[0], np.outer(gradient, gradient), atol=1e-9)
    assert np.all(np.linalg.eigvalsh(products[1]) > 0)


def test_blocks_do_not_change_the_products(rows, monkeypatch):
    *arrays, x = rows(seed=4, n_rows=300)
    sub = build_subdistribution(*arrays, convention="crr")
    x = x[sub.sets.rows]
    sums = subdistribution_sums(x, x @ np.array([0.4, -0.3]), sub, efron=True)
    increments = baseline_increments(sums, sub, np.zeros(sub.sets.n_times, dtype=np.int64))

    def products(cluster):
        return influence_products(x, sums, sub, increments, factor=sub.sets.weight, cluster=cluster, convention="crr")

    clusters = np.random.default_rng(1).integers(0, 40, len(x))
    whole = products(None), products(clusters)
    monkeypatch.setattr("secondplan.models.fine_gray.kernels.influence.ROWS_PER_BLOCK", 17)
    np.testing.assert_allclose(products(None), whole[0], rtol=1e-10)
    np.testing.assert_allclose(products(clusters), whole[1], rtol=1e-10)
