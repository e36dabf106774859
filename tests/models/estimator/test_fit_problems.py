"""Messages that name the columns of a fit with problems."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from secondplan.models import FeatureEncoder
from secondplan.models.estimator.fit_problems import fit_problems, warn_of_dropped

from ..all_models import MODELS, WITHOUT_STRATA

NAMES = np.array(["age", "sex", "size"], dtype=object)


def found(constant=(), collinear=(), diverging=(), converged=True):
    masks = {"constant": constant, "collinear": collinear, "diverging": diverging}
    return SimpleNamespace(
        **{kind: np.isin(NAMES, list(names)) for kind, names in masks.items()}, converged=converged, n_iterations=60
    )


def test_a_sound_fit_has_no_message():
    assert fit_problems(found(), NAMES) == []


def test_each_problem_names_its_columns():
    messages = fit_problems(found(["age"], ["sex", "size"], ["size"], converged=False), NAMES, "use a penalty")
    assert messages[0].endswith("coefficient left at 0: age")
    assert messages[1].endswith("coefficient left at 0: sex, size")
    assert "no finite estimate: size; merge rare levels, drop them, or use a penalty" in messages[2]
    assert "did not converge in 60 iterations" in messages[3]


def test_only_columns_that_nobody_asked_to_drop_are_warned_of():
    frame = pd.DataFrame({"age": [1.0, 2.0], "flat": [3.0, 3.0], "gone": [1.0, 2.0]})
    with pytest.warns(UserWarning, match="constant in training, left out: flat$"):
        warn_of_dropped(FeatureEncoder(drop=["gone"]).fit(frame))
    warn_of_dropped(FeatureEncoder(drop=["gone", "flat"]).fit(frame))


@pytest.mark.parametrize("name", [name for name in WITHOUT_STRATA if name != "AalenJohansen"])
def test_every_model_warns_of_a_column_without_variation_in_the_name_of_its_caller(name):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"age": rng.normal(size=80), "flat": 3.0})
    y = pd.DataFrame({"duration": rng.integers(1, 400, 80), "event": rng.integers(0, 2, 80)})
    with pytest.warns(UserWarning, match="constant in training, left out: flat$") as caught:
        clone(MODELS[name]).fit(frame, y)
    assert [warning.filename for warning in caught] == [__file__]
