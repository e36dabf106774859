"""Messages that name the columns of a fit with problems."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from secondplan.models import FeatureEncoder
from secondplan.models.fit_problems import fit_problems, warn_of_dropped

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
    with pytest.warns(UserWarning, match="constant in training, without a coefficient: flat$"):
        warn_of_dropped(FeatureEncoder(drop=["gone"]).fit(frame))
    warn_of_dropped(FeatureEncoder(drop=["gone", "flat"]).fit(frame))
