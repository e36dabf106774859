"""Weighted risk sets, likelihood and influence against the same sums over a table of rows and event times."""

import numpy as np
import pytest

from secondplan.models.fine_gray.kernels.influence import baseline_increments, influence_products
from secondplan.models.fine_gray.kernels.likelihood import (
    evaluate_subdistribution,
    subdistribution_sums,
    weighted_hazards,
)
from secondplan.models.fine_gray.kernels.subdistribution import build_subdistribution
from secondplan.models.risk_sets.partial_likelihood import hazard_increments


def data(seed=0, n_rows=60, n_strata=2):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 15, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.4, np.floor(rng.uniform(0, duration)), -1.0)
    event, stratum = rng.integers(0, 3, n_rows), rng.integers(0, n_strata, n_rows)
    weight = rng.uniform(0.5, 2, n_rows)
    weight[:2] = 0.0
    return entry, duration, event, weight, stratum, rng.normal(size=(n_rows, 2))


def is_dropped(sub, row, day):
    """Whether finegray drops the interval of a row's stratum that holds the day, by its definition."""
    process = sub.observation[sub.stratum[row]]
    cuts = np.append(np.concatenate([process.censoring.days, process.entries.days]), process.last_day)
    begin = np.max(cuts[cuts < day], initial=-np.inf)
    if sub.duration[row] > begin:  # that of the row's own event
        return False
    end = np.min(cuts[cuts >= day], initial=np.inf)
    own = (sub.stratum == sub.stratum[row]) & (sub.event == 1) & (sub.duration > begin) & (sub.duration <= end)
    return not own.any()


def table_of_weights(sub, convention):
    """Weight of each sorted row at each event time, without case weight, shape (m, K)."""
    table = np.zeros((sub.duration.size, sub.sets.n_times))
    for row, (entry, duration, event) in enumerate(zip(sub.entry, sub.duration, sub.event, strict=True)):
        process = sub.observation[sub.stratum[row]]
        for position, day in enumerate(sub.sets.time):
            if entry < day <= duration:
                table[row, position] = 1.0
            elif event == 2 and day > duration:
                kinds = (process.censoring, process.entries)
                factors = [kind.factor[(kind.days >= duration) & (kind.days < day)] for kind in kinds]
                is_lost = day > process.last_day or (convention == "finegray" and is_dropped(sub, row, day))
                table[row, position] = 0.0 if is_lost else np.prod(np.concatenate(factors))
    return table


@pytest.fixture(params=["crr", "finegray"])
def fitted(request):
    *arrays, x = data()
    sub = build_subdistribution(*arrays, convention=request.param)
    x = x[sub.sets.rows]
    return sub, x, x @ np.array([0.4, -0.3]), request.param


def test_sums_are_those_of_the_table(fitted):
    sub, x, eta, convention = fitted
    assert sub.sets.rows.size == 58
    assert np.any(sub.counted == 0) == (convention == "finegray")
    risk = table_of_weights(sub, convention) * (sub.sets.weight * np.exp(eta))[:, None]
    sums = subdistribution_sums(x, eta, sub, efron=False)
    np.testing.assert_allclose(sums.total, risk.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(sums.mean, risk.T @ x / risk.sum(axis=0)[:, None], rtol=1e-11, atol=1e-14)
    hazard, _ = hazard_increments(sums, sub.sets)
    np.testing.assert_allclose(weighted_hazards(sums, sub), table_of_weights(sub, convention) @ hazard, rtol=1e-12)


@pytest.mark.parametrize("efron", [False, True])
def test_gradient_and_information_are_derivatives(fitted, efron):
    sub, x, _, _ = fitted
    beta, step = np.array([0.4, -0.3]), 1e-5

    def at(change):
        return evaluate_subdistribution(x, beta + change, sub, efron)

    for column, move in enumerate(step * np.eye(2)):
        after, before = at(move), at(-move)
        assert at(0.0).gradient[column] == pytest.approx((after.value - before.value) / (2 * step), rel=1e-6, abs=1e-6)
        curvature = (before.gradient - after.gradient) / (2 * step)
        np.testing.assert_allclose(at(0.0).information[column], curvature, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("efron", [False, True])
def test_products_with_known_weights_are_those_of_score_residuals(fitted, efron):
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
    table, hazard = table_of_weights(sub, convention), sub.sets.tied_weight / sums.total
    at_risk = table * np.exp(eta)[:, None] * hazard
    jumps = np.zeros_like(table)
    jumps[sub.sets.is_event, sub.sets.last[sub.sets.is_event]] = 1.0
    martingale = jumps - at_risk
    score = martingale.sum(axis=1)[:, None] * x - martingale @ sums.mean
    baseline = np.stack([(martingale / sums.total)[:, cell == code].sum(axis=1) for code in np.unique(cell)], axis=1)
    influence = sub.sets.weight[:, None] * np.hstack([score, baseline])
    by_cluster = np.array([influence[cluster == code].sum(axis=0) for code in np.unique(cluster)])
    np.testing.assert_allclose(found, by_cluster.T @ by_cluster, rtol=1e-9, atol=1e-12)


def test_what_the_rows_add_through_the_censoring_sums_to_0():
    # The estimated distributions solve their own equations, so that all rows together add only the gradient.
    *arrays, x = data(seed=4, n_rows=300)
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


def test_blocks_do_not_change_the_products(monkeypatch):
    *arrays, x = data(seed=4, n_rows=300)
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
