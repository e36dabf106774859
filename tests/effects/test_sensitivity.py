"""How strong a hidden confounder would have to be."""

import numpy as np
import pytest

import secondplan as sp


def effect(risk, error=0.02):
    """Two levels at one day, with independent errors."""
    influence = error * np.eye(2)[:, None, :]
    return sp.EffectResult(("early", "late"), [730], np.array(risk)[:, None], influence)


def test_e_values_are_those_of_the_formula():
    # VanderWeele and Ding (2017): a ratio of 3.9 has an E-value of 7.26.
    table = sp.e_value(effect([0.39, 0.1]), "late")
    assert table["e_value"].item() == pytest.approx(7.26, abs=0.005)
    assert 1.0 < table["e_value_of_interval"].item() < 7.26
    assert sp.e_value(effect([0.39, 0.1]), "early")["e_value"].item() == pytest.approx(7.26, abs=0.005)


def test_an_interval_that_holds_1_needs_no_confounder():
    table = sp.e_value(effect([0.21, 0.2], 0.05))
    assert table["e_value_of_interval"].item() == 1.0
    assert "nothing to explain away" in sp.tipping_point(effect([0.21, 0.2], 0.05)).words


def test_a_confounder_as_strong_as_the_e_value_of_the_interval_just_reaches_1():
    found = sp.tipping_point(effect([0.3, 0.2], 0.01), reference="late")
    needed = found.table["e_value_of_interval"].item()
    assert found.at(needed)["lowest"].item() == pytest.approx(1.0)
    assert found.at(needed * 1.01)["explained_away"].item()
    assert not found.at(needed * 0.99)["explained_away"].item()


def test_the_bound_holds_for_a_hidden_confounder_of_that_strength():
    """A binary confounder of known strengths cannot move the ratio beyond the bound."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        share_treated, share_other = rng.uniform(0.05, 0.95, 2)
        raises = rng.uniform(1.0, 4.0)
        confounded = (1 + (raises - 1) * share_treated) / (1 + (raises - 1) * share_other)
        strength = max(share_treated / share_other, (1 - share_treated) / (1 - share_other), 1.0)
        strength = max(strength, share_other / share_treated, (1 - share_other) / (1 - share_treated))
        found = sp.tipping_point(effect([0.1 * confounded, 0.1], 1e-9), reference="late").at(strength, raises)
        assert found["lowest"].item() <= 1.0 + 1e-6 and found["highest"].item() >= 1.0 - 1e-6


def test_measured_features_are_the_yardstick():
    found = sp.tipping_point(effect([0.30, 0.20]), {"neglect": effect([0.34, 0.20])}, reference="late")
    row = found.yardsticks.iloc[0]
    assert (row["moved"], row["times_as_strong"]) == pytest.approx((0.04, 2.5))
    moved = "early: leaving out neglect moves the difference by +4.0 percentage points; something unmeasured"
    assert f"{moved} would have to move it 2.5 times as much to leave nothing." in repr(found)
    assert "raise the chance of “early” and raise the risk" in found.words
    assert "lower the chance of “late” and raise the risk" in sp.tipping_point(found.result, reference="early").words
    other_way = sp.tipping_point(effect([0.30, 0.20]), {"neglect": effect([0.28, 0.20])}, reference="late")
    assert "by -2.0 percentage points: something unmeasured that works like it would hide" in other_way._repr_html_()


def test_the_plot_passes_through_the_e_value():
    found = sp.tipping_point(effect([0.3, 0.2], 0.01), reference="late")
    line = found.plot().lines[0].get_xydata()
    e = found.table["e_value"].item()
    assert np.interp(e, line[:, 0], line[:, 1]) == pytest.approx(e, rel=0.01)


def test_wrong_parameters_are_named():
    with pytest.raises(ValueError, match=r"treatment must be 1 or more, got 0\.5"):
        sp.tipping_point(effect([0.3, 0.2])).at(0.5)
    other = sp.EffectResult(("a", "b"), [730], [[0.1], [0.2]])
    with pytest.raises(ValueError, match="must have the levels and times"):
        sp.tipping_point(effect([0.3, 0.2]), {"neglect": other})
