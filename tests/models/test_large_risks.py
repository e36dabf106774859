"""Relative risks beyond all numbers: risks of 0 or 1, and no warning of NumPy."""

import warnings
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from .all_models import MODELS, ONE_HAZARD, simulate

COX = [name for name in MODELS if "Cox" in name or "FineGray" in name]
TIMES = [0, 50, 400, 730, 1000]
SINCE = (0.0, 91.0)
ROUNDING = 1e-11
X, Y = simulate(152, random_state=11)
_, Y_ONE = simulate(152, random_state=11, events=(1,))
# As many features as rows, which a fit without a penalty just allows: coefficients run away.
WIDE = pd.DataFrame(np.random.default_rng(3).normal(size=(152, 150))).rename(columns="c{}".format)
WIDE.insert(0, "category", X["category"])


@pytest.fixture(scope="module")
def fitted_to_wide():
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setattr("secondplan.models.incidence.moments.LEAST_CHILDREN", 0)  # a copy, as saved, has intervals too
        models = {
            name: clone(MODELS[name]).fit(WIDE, Y_ONE if isinstance(MODELS[name], ONE_HAZARD) else Y) for name in COX
        }
        for model in models.values():  # what errors rest on is made here, with the coefficients of the fit
            deepcopy(model)
            for since in SINCE:
                model.predict_cumulative_incidence_interval(WIDE, TIMES, elapsed=since)
        return models


@pytest.mark.parametrize("factor", [3.0, 30.0, 1e10])
@pytest.mark.parametrize("name", COX)
def test_relative_risks_too_large_for_numbers_are_risks_of_0_or_1(name, factor, fitted_to_wide, monkeypatch):
    # How far the coefficients of such data run away depends on the processor; here they do so on any.
    model = fitted_to_wide[name]
    for one in getattr(model, "cause_models_", {1: getattr(model, "model_", model)}).values():
        monkeypatch.setattr(one, "coef_", one.coef_ * factor)
    saved, n_stated = deepcopy(model), 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        for since in SINCE:
            options = {"elapsed": since, "eligible_days": 800.0}
            risk = model.predict_cumulative_incidence(WIDE, TIMES, **options)
            bounds = model.predict_cumulative_incidence_interval(WIDE, TIMES, **options)
            for found in (risk, bounds, model.predict_event_free(WIDE, TIMES, **options)):
                assert np.all(np.isfinite(found)) and found.min() >= 0 and found.max() <= 1
            if since == 0:  # a row that the model rules out to be free on day 91 has no risk that would be known
                assert np.all(bounds[..., 0] <= risk + ROUNDING) and np.all(risk <= bounds[..., 1] + ROUNDING)
            stated = saved.predict_cumulative_incidence_interval(WIDE, TIMES, **options)
            stated = stated[np.isfinite(stated)]
            assert stated.min() >= 0 and stated.max() <= 1
            n_stated += stated.size
    assert n_stated > WIDE.shape[0] * len(TIMES)
