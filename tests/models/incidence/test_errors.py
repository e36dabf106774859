import numpy as np
import pandas as pd
import pytest

import secondplan.models.incidence.errors as module
from secondplan.models import CauseSpecificCox

# What the module says of the standard errors of many rows.
CLOSE = 1e-4


def data(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"x": rng.normal(size=n_rows), "z": rng.normal(size=n_rows), "s": rng.choice(["a", "b"], n_rows)})
    rates = np.exp([-6.5 + 0.5 * X["x"], -7.0 - 0.4 * X["z"], -7.5 + 0.3 * X["x"]])
    duration = np.ceil(rng.exponential(1 / rates.sum(axis=0)))
    event = 1 + (rng.random(n_rows) > np.cumsum(rates / rates.sum(axis=0), axis=0)).sum(axis=0)
    end = rng.integers(100, 600, n_rows)
    entry = np.minimum(rng.integers(0, 60, n_rows), duration - 1)
    y = pd.DataFrame({"entry": entry, "duration": duration, "event": np.where(duration <= end, event, 0)})
    return X, y.assign(duration=np.minimum(y["duration"], np.maximum(end, entry + 1)))


@pytest.fixture(scope="module", params=["exponential", "product_limit"])
def model(request):
    X, y = data(700)
    cluster = np.arange(700) // 2
    return CauseSpecificCox(form=request.param, strata="s").fit(
        X, y, sample_weight=np.linspace(0.5, 2.0, 700), cluster=cluster
    )


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"elapsed": 50.0}, {"elapsed": "by row"}, {"eligible_days": "by row", "elapsed": 20.0}]
)
def test_many_rows_get_those_of_few(model, saved, options, monkeypatch):
    X = data(1200, 5)[0]
    by_row = np.random.default_rng(1).choice([30.0, 120.0, 305.5], len(X))
    options = {name: by_row if value == "by row" else value for name, value in options.items()}
    for row in (0, 1):
        X.loc[row, "x"] = [4.6, -40.0][row]  # not covered by the quadrature
    if not saved:  # the influences of all rows in the place of cells
        model.moments_, kept = [{}, {}], model.moments_
    for event in (1, 3):
        model.__dict__.pop("_errors_by_stratum", None)
        monkeypatch.setattr(module, "NUMBERS_FOR_QUADRATURE", np.inf)
        exact = model.predict_cumulative_incidence_std_error(X, [30, 91, 365, 500], event=event, **options)
        monkeypatch.setattr(module, "NUMBERS_FOR_QUADRATURE", 1)
        found = model.predict_cumulative_incidence_std_error(X, [30, 91, 365, 500], event=event, **options)
        assert all(made is not None for made in model._errors(0, not saved)._made.values())
        np.testing.assert_allclose(found, exact, rtol=CLOSE, atol=1e-5)
        assert np.any(found != exact)
    model.__dict__.pop("_errors_by_stratum", None)
    if not saved:
        model.moments_ = kept


def test_incidences_that_would_go_beyond_1_are_summed_exactly(monkeypatch):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(900, 20))
    first, second = rng.exponential(600 * np.exp(X @ rng.normal(0, 0.5, 20))), rng.exponential(900, 900)
    days = np.ceil(np.minimum(first, second))
    event = (days < 900) * np.where(first < second, 1, 2)
    model = CauseSpecificCox().fit(X, pd.DataFrame({"duration": np.minimum(days, 900), "event": event}))
    assert (model.predict_cumulative_incidence(X, [500])[:, 0] == 1.0).sum() > 5
    monkeypatch.setattr(module, "NUMBERS_FOR_QUADRATURE", np.inf)
    exact = model.predict_cumulative_incidence_std_error(X, [30, 500])
    model.__dict__.pop("_errors_by_stratum", None)
    monkeypatch.setattr(module, "NUMBERS_FOR_QUADRATURE", 1)
    np.testing.assert_allclose(model.predict_cumulative_incidence_std_error(X, [30, 500]), exact, rtol=CLOSE)


def test_fewer_rows_get_more_digits(monkeypatch):
    X, y = data(400, 3)
    model = CauseSpecificCox(strata="s").fit(X, y)
    monkeypatch.setattr(module, "NUMBERS_FOR_QUADRATURE", 1)
    found = model.predict_cumulative_incidence_std_error(X, [30, 91, 365, 500])
    (made,) = model._errors(0, True)._made
    assert made[2] == module.FINE_TOLERANCE
    model.__dict__.pop("_errors_by_stratum")
    monkeypatch.setattr(module, "NUMBERS_FOR_QUADRATURE", np.inf)
    exact = model.predict_cumulative_incidence_std_error(X, [30, 91, 365, 500])
    np.testing.assert_allclose(found, exact, rtol=1e-7, atol=1e-8)


def test_groups():
    groups = module._groups(np.array([[0, 5], [2, 5], [0, 5], [0, 4]]))
    assert [(windows.tolist(), rows.tolist()) for windows, rows in groups] == [
        ([0, 4], [3]),
        ([0, 5], [0, 2]),
        ([2, 5], [1]),
    ]
