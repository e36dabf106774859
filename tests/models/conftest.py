"""What tests of all models, and of standard errors by influence functions, share."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from .all_models import MODELS, X, outcome_for


@pytest.fixture(scope="session")
def fitted():
    """Every model of ``all_models``, fitted to its data."""
    return {name: clone(model).fit(X, outcome_for(model)) for name, model in MODELS.items()}


@pytest.fixture
def a_cell_each(monkeypatch):
    """Each event time is a cell of its own, and the mean at risk of each is kept: a saved model is exact."""
    monkeypatch.setattr("secondplan.models.incidence.moments.N_CELLS", 10**6)
    monkeypatch.setattr("secondplan.models.incidence.moments.FEWEST_EVENTS", 1)
    monkeypatch.setattr("secondplan.models.incidence.moments.LEAST_CHILDREN", 0)
    monkeypatch.setattr("secondplan.models.cause_specific.errors.LEAST_CHILDREN_AS_R", 0)


@pytest.fixture
def jackknife_error() -> Callable[..., np.ndarray]:
    """The infinitesimal jackknife by brute force."""

    def error(fit, weight, cluster):
        """``fit(weight)`` gives what the error is of, shape (n, m)."""
        step = 1e-4
        slopes = []
        for row in range(weight.size):
            change = np.zeros(weight.size)
            change[row] = step * weight[row]
            slopes.append((fit(weight + change) - fit(weight - change)) / (2 * step))
        return np.sqrt(sum(part**2 for part in pd.Series(slopes).groupby(cluster).sum()))

    return error
