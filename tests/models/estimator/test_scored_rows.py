"""What scoring takes from a model is what the model predicts, to the same digits in any company."""

import numpy as np
import pytest

from secondplan.models import load_model
from secondplan.models.estimator.scored_rows import Change, Wanted

from ..all_models import MODELS, X

DAYS = np.array([60.0, 150.0, 400.0])
# Bounds of many rows rest on a quadrature: within 1e-5 of the error, relatively.
CLOSE = 1e-6


def asked_of(model, rows, elapsed, eligible):
    return model.rows_asked(rows, elapsed[:, None] + DAYS, eligible_days=eligible, elapsed=elapsed)[0]


def same_bits(name, found, expected):
    # Where the integrals of RoystonParmar are cut depends on all rows of a block.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 if name == "RoystonParmar" else 0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_rows_that_are_scored(name, fitted, tmp_path):
    rng, rows = np.random.default_rng(1), X.iloc[:40].reset_index(drop=True)
    model = load_model(fitted[name].save(tmp_path / "bundle")).made_ready()
    elapsed, eligible = rng.integers(0, 90, len(rows)).astype(float), rng.integers(60, 600, len(rows)).astype(float)
    asked = asked_of(model, rows, elapsed, eligible)
    options = {"eligible_days": eligible, "elapsed": elapsed}
    event = model._stated_event
    risk = model.risk_of_rows(asked, event)
    expected = model.predict_cumulative_incidence(rows, elapsed[:, None] + DAYS, event=event, **options)
    np.testing.assert_allclose(risk, expected, rtol=0, atol=1e-8)
    order = rng.permutation(len(rows))
    part = asked_of(model, rows.iloc[order[:7]], elapsed[order[:7]], eligible[order[:7]])
    same_bits(name, model.risk_of_rows(part, event), risk[order[:7]])
    if hasattr(model, "_asked_interval"):
        bounds = model.interval_of_rows(asked, risk, event)
        of_part = model.interval_of_rows(part, risk[order[:7]], event)
        same_bits(name, of_part, bounds[order[:7]])
        exact = model.predict_cumulative_incidence_interval(rows, elapsed[:, None] + DAYS, **options)
        np.testing.assert_allclose(bounds, exact, rtol=0, atol=CLOSE)
    if model.encoder_.columns_:
        column = next(iter(model.encoder_.columns_))
        changes = [Change.to_typical(model.encoder_, [column])]
        found = model.risk_of_changed_rows(asked, risk[:, -1], event, changes)[0]
        typical = rows.assign(**{column: np.full(len(rows), model.encoder_.reference_[column])})
        last = model.predict_cumulative_incidence(typical, elapsed[:, None] + DAYS[-1:], event=event, **options)
        np.testing.assert_allclose(found, last[:, 0], rtol=0, atol=1e-8)


def test_changes_that_are_not_wanted_may_be_left_out(fitted, tmp_path):
    model = load_model(fitted["CauseSpecificCox"].save(tmp_path / "bundle")).made_ready()
    elapsed, eligible = np.zeros(len(X)), np.full(len(X), 600.0)
    asked = asked_of(model, X, elapsed, eligible)
    risk = model.risk_of_rows(asked, 1)[:, -1]
    changes = [Change.to_typical(model.encoder_, [name]) for name in model.encoder_.columns_]
    size = np.abs(risk - model.risk_of_changed_rows(asked, risk, 1, changes))
    number, least = 1, float(np.quantile(size.max(axis=0), 0.2))
    found = np.abs(risk - model.risk_of_changed_rows(asked, risk, 1, changes, Wanted(number, least)))
    is_wanted = (size == size.max(axis=0)) & (size >= least)
    assert np.array_equal(found[is_wanted], size[is_wanted])
    assert set(found[found != size]) == {0.0}
