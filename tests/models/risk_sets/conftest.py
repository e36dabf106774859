"""Rows with delayed entry, ties, weights (some 0) and strata, as the risk sets take them."""

import numpy as np
import pytest

from secondplan.models.risk_sets.risk_sets import build_risk_sets


def random_rows(seed, n_days, n_rows=300, n_strata=3):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, n_days, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.6, np.floor(duration * rng.random(n_rows)), -1.0)
    is_event = rng.random(n_rows) < 0.5
    weight = rng.integers(0, 4, n_rows).astype(float)
    return entry, duration, is_event, weight, rng.integers(0, n_strata, n_rows)


@pytest.fixture(params=range(8))
def random_sets(request):
    """Risk sets; a table (n, K), by the definition, of which row is at risk at which event time; the rows' arrays."""
    arrays = entry, duration, _, _, stratum = random_rows(request.param, n_days=[3, 8, 70, 1000][request.param % 4])
    sets = build_risk_sets(*arrays)
    at_risk = (entry[:, None] < sets.time) & (sets.time <= duration[:, None]) & (stratum[:, None] == sets.time_stratum)
    return sets, at_risk, arrays
