"""Pairs of rows, against all pairs written out."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.concordance import comparable_pairs
from secondplan.models.risk_sets.risk_sets import build_risk_sets


@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    n_rows = 80
    duration = rng.integers(1, [6, 40][seed % 2], n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.5, np.floor(duration * rng.random(n_rows)), -1.0)
    is_event, stratum = rng.random(n_rows) < 0.5, rng.integers(0, 3, n_rows)
    weight, rank = rng.integers(0, 4, n_rows) / 2.0, rng.integers(0, 9, n_rows)
    sets = build_risk_sets(entry, duration, is_event, weight, stratum)
    pairs = comparable_pairs(sets, rank[sets.rows], 9)
    expected = np.zeros((3, n_rows))
    for i in np.flatnonzero(is_event & (weight > 0)):
        for j in np.flatnonzero(weight > 0):
            later = duration[j] > duration[i] or (duration[j] == duration[i] and not is_event[j])
            if stratum[i] == stratum[j] and entry[j] < duration[i] and later:
                added = np.array([rank[i] > rank[j], rank[i] == rank[j], 1.0])
                expected[:, i] += weight[j] * added
                expected[:, j] += weight[i] * added
    np.testing.assert_allclose(np.array(pairs), expected[:, sets.rows], atol=1e-9)


def test_no_pair():
    sets = build_risk_sets(np.array([-1.0]), np.array([3.0]), np.array([True]), np.ones(1), np.zeros(1, np.int64))
    assert not np.array(comparable_pairs(sets, np.zeros(1, np.int64), 1)).any()
