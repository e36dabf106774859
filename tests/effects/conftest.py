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
    y = pd.DataFrame(
        {
            "entry": np.where(rng.random(n) < 0.3, rng.integers(0, 5, n), 0),
            "duration": rng.integers(5, 25, n),
            "event": rng.integers(0, 3, n),
        }
    )
    return X, y, np.arange(n) // 2, rng.choice([7.0, 12.0, 99.0], n)
