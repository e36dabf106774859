"""Siblings against all children."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp


def siblings(n_families=600, seed=0):
    """Families of two; hidden trouble shortens plans and brings children back; length itself halves the hazard."""
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(n_families), 2)
    trouble = rng.normal(size=n_families)[family]
    longer = (rng.normal(size=family.size) - trouble > 0).astype(float)
    days = rng.exponential(900 / np.exp(np.log(0.5) * longer + trouble)) + 1
    y = pd.DataFrame({"duration": np.minimum(days, 1500.0), "event": (days <= 1500).astype(int)})
    return pd.DataFrame({"longer": longer}), y, family


def test_what_siblings_share_does_not_confound_within_families():
    found = sp.within_family_effect(*siblings())
    row = found.table.loc["longer"]
    assert row["within_lower"] < 0.5 < row["within_upper"]
    assert row["overall_upper"] < 0.5
    assert row["p_value"] < 0.05 and "beyond noise from overall" in found.words


def test_coefficients_are_those_of_a_cox_model_with_a_stratum_per_family():
    X, y, family = siblings(200)
    model = sp.CoxPH(strata="family").fit(X.assign(family=family), y)
    found = sp.within_family_effect(X, y, family)
    assert found.table.loc["longer", "within"] == pytest.approx(np.exp(model.coef_[0]))
    assert found.n_children <= 400 and found.n_families < 200
    assert "families with" in repr(found) and "<table" in found._repr_html_()


def test_too_few_families_are_refused():
    X, y, family = siblings(200)
    with pytest.raises(ValueError, match=r"10 or more families .* got 0"):
        sp.within_family_effect(X, y, np.arange(400))
    with pytest.raises(ValueError, match="400 values, one per child, got 3"):
        sp.within_family_effect(X, y, family[:3])
