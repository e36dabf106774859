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
ROUNDING = 1e-11
X, Y = simulate(120, random_state=11)
_, Y_ONE = simulate(120, random_state=11, events=(1,))
# More columns than rows: coefficients run away.
WIDE = pd.DataFrame(np.random.default_rng(3).normal(size=(120, 150))).rename(columns="c{}".format)
WIDE.insert(0, "category", X["category"])


@pytest.fixture(scope="module")
def fitted_to_wide():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            name: clone(MODELS[name]).fit(WIDE, Y_ONE if isinstance(MODELS[name], ONE_HAZARD) else Y) for name in COX
        }


@pytest.mark.parametrize("factor", [3.0, 30.0, 1e10])
@pytest.mark.parametrize("name", COX)
def test_relative_risks_too_large_for_numbers_are_risks_of_0_or_1(name, factor, fitted_to_wide):
    # How far the coefficients of such data run away depends on the processor; here they do so on any.
    model = deepcopy(fitted_to_wide[name])
    for one in getattr(model, "cause_models_", {1: getattr(model, "model_", model)}).values():
        one.coef_ = one.coef_ * factor
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        for since in (0.0, 91.0):
            options = {"elapsed": since, "eligible_days": 900.0}
            risk = model.predict_cumulative_incidence(WIDE, TIMES, **options)
            bounds = model.predict_cumulative_incidence_interval(WIDE, TIMES, **options)
            for found in (risk, bounds, model.predict_event_free(WIDE, TIMES, **options)):
                assert np.all(np.isfinite(found)) and found.min() >= 0 and found.max() <= 1
            if since == 0:  # a row that the model rules out to be free on day 91 has no risk that would be known
                assert np.all(bounds[..., 0] <= risk + ROUNDING) and np.all(risk <= bounds[..., 1] + ROUNDING)
