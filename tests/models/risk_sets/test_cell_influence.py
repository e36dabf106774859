"""Second moments of influences by cluster, against a table of every row's influence on every event time."""

import numpy as np
import pytest

from secondplan.models.risk_sets import cell_influence as module
from secondplan.models.risk_sets.cell_influence import CellHazard, influence_moments


@pytest.mark.parametrize("clusters_per_chunk", [3, module.CLUSTERS_PER_CHUNK])
def test_is_the_sum_of_the_products_of_clusters(clusters_per_chunk, monkeypatch):
    monkeypatch.setattr(module, "CLUSTERS_PER_CHUNK", clusters_per_chunk)
    rng = np.random.default_rng(7)
    n_rows, n_times, n_clusters, begin = 60, 11, 17, 4
    cell = np.sort(rng.integers(0, 3, n_times))
    coef, hazards, tables = rng.normal(size=(n_clusters, 2)), [], []
    for _ in range(2):
        first = rng.integers(0, n_times, n_rows)
        last = first + rng.integers(-1, 4, n_rows).clip(max=n_times - 1 - first)
        increment, risk = rng.random(n_times), rng.random(n_rows)
        jump = np.where((rng.random(n_rows) < 0.5) & (last >= first), rng.random(n_rows), 0.0)
        by_cell = np.where(cell[:, None] == np.arange(3), increment[:, None], 0.0)
        until = np.concatenate([np.zeros((1, 3)), np.cumsum(by_cell, axis=0)])
        hazards.append(CellHazard(begin, cell, until, first + begin, last + begin, risk, jump))
        time = np.arange(n_times)
        at_risk = (first[:, None] <= time) & (time <= last[:, None])
        of_times = -risk[:, None] * increment * at_risk + jump[:, None] * (last[:, None] == time)
        tables.append(np.stack([of_times[:, cell == one].sum(axis=1) for one in range(3)], axis=1))
    cluster = rng.integers(0, n_clusters, n_rows)
    rows = np.argsort(cluster, kind="stable")
    clusters, starts = np.unique(cluster[rows], return_index=True)
    found = influence_moments(hazards, coef, rows, starts, clusters)
    of_rows = np.hstack(tables)
    influence = np.array([[*of_rows[cluster == code].sum(axis=0), *coef[code]] for code in clusters])
    np.testing.assert_allclose(found, influence.T @ influence, rtol=1e-11, atol=1e-13)
