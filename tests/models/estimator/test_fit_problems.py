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
    assert messages[2].endswith("no finite estimate: size; leave them out, or use a penalty")
    assert messages[3].endswith("did not converge in 60 iterations; leave features out, or use a penalty")


def test_levels_can_be_merged_and_empty_remedies_are_left_out():
    names = np.array(["category[PHY]", "sex", "size"], dtype=object)
    fit = SimpleNamespace(**{**vars(found()), "diverging": np.array([True, False, False])})
    assert fit_problems(fit, names, "", "lower df")[0].endswith("leave them out, merge rare levels, or lower df")
    assert fit_problems(fit, names, "")[0].endswith("leave them out, or merge rare levels")


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
