"""Rows for derivatives by case weights: few, with ties, delayed entry and families."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def few_rows():
    """X, y, family and eligible days of 60 rows."""
    rng = np.random.default_rng(1)
    n = 60
    X = pd.DataFrame({"length": rng.integers(0, 3, n).astype(float), "x": rng.normal(size=n)})
    duration, event = rng.integers(5, 25, n), rng.integers(0, 3, n)
    entry = np.where(rng.random(n) < 0.4, np.floor(duration * rng.uniform(0, 0.9, n)), 0)
    y = pd.DataFrame({"entry": entry, "duration": duration, "event": event})
    return X, y, np.arange(n) // 2, rng.choice([7.0, 12.0, 99.0], n)


@pytest.fixture(scope="session")
def is_derivative():
    """Whether the influence (..., n_clusters) of families is the derivative of an estimate by their case weights.

    Of a central difference with steps of 1e-4; relative to the largest derivative.
    """

    def check(influence, estimate, family, step=1e-4, tolerance=1e-6):
        for one in (0, 17):
            up, down = np.ones(family.size), np.ones(family.size)
            up[family == one] += step
            down[family == one] -= step
            exact = (estimate(up) - estimate(down)) / (2 * step)
            assert influence[..., one] == pytest.approx(exact, abs=tolerance * np.abs(exact).max())
        return True

    return check
