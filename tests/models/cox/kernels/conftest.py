"""Rows with delayed entry, ties, weights and strata, for the kernels of Cox models."""

from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture
def cox_rows():
    """Function of a seed that makes the arrays of rows, as keywords of :func:`fit_cox` and its like."""

    def make(seed=0, n_rows=80, *, n_columns=2, days=25):
        rng = np.random.default_rng(seed)
        design = rng.normal(size=(n_rows, n_columns)) + 3.0
        duration = np.ceil(rng.exponential(0.4 * days * np.exp(-0.5 * (design[:, 0] - 3.0)))).clip(max=days)
        arrays = {
            "design": design,
            "entry": np.where(rng.random(n_rows) < 0.4, np.floor(duration * rng.random(n_rows)), -1.0),
            "duration": duration,
            "is_event": (rng.random(n_rows) < 0.7) & (duration < days),
        }
        options = {
            "weight": rng.integers(1, 4, n_rows).astype(float),
            "stratum": rng.integers(0, 2, n_rows),
            "offset": 0.3 * rng.normal(size=n_rows),
        }
        return SimpleNamespace(arrays=arrays, options=options, design=design, **options)

    return make
