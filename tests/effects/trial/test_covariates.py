"""Covariates of the weights as columns of numbers."""

import numpy as np
import pandas as pd
import pytest

from secondplan.effects.trial.covariates import as_columns


@pytest.mark.parametrize("share_true", [0.2, 0.8])
def test_a_boolean_is_an_indicator_of_what_is_so_whatever_its_shares(share_true):
    n = 50
    said = pd.array(np.arange(n) < share_true * n, dtype="boolean")
    known = pd.DataFrame({"factor_neglect": said, "sex": pd.Categorical(["1", "2"] * (n // 2))})
    found = as_columns(known, np.ones(n, dtype=bool))
    assert found.names == ("factor_neglect", "sex=2")
    assert ((found.numbers[:, 0] > 0) == np.asarray(said, dtype=bool)).all()


def test_what_is_missing_of_a_boolean_has_its_own_indicator():
    said = pd.array([True] * 6 + [False] * 2 + [None] * 8, dtype="boolean")
    found = as_columns(pd.DataFrame({"disabled": said}), np.ones(16, dtype=bool))
    assert found.names == ("disabled", "disabled=missing")
    never_false = as_columns(pd.DataFrame({"disabled": said[[0, 1, 2, 10, 11]]}), np.ones(5, dtype=bool))
    assert never_false.names == ("disabled=missing",)
