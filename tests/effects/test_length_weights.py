"""Weights for plan length: what they balance, and what is said of them."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp


@pytest.fixture(scope="module")
def children():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.uniform(0, 17, 900), "sex": rng.choice(["F", "M"], 900)})
    days = np.exp(5 + 0.05 * X["age"] + rng.normal(0, 0.6, 900))
    return X, days, pd.cut(days, [0, 150, 300, np.inf], labels=["short", "middle", "long"])


@pytest.mark.parametrize("estimand", ["ate", "overlap"])
def test_levels_become_alike(children, estimand):
    X, _, band = children
    found = sp.plan_length_weights(X, band, estimand=estimand)
    assert found.levels == ("short", "middle", "long")
    assert found.balance["before"].abs().max() > 0.3
    assert found.balance["after"].abs().max() < 0.1
    assert (found.effective_n["effective_n"] < found.effective_n["n"]).all()
    assert found.probability.sum(axis=1) == pytest.approx(np.ones(900))
    if estimand == "ate":
        # Stabilised weights have mean 1 in each level, but for sampling.
        assert pd.Series(found.weights).groupby(np.asarray(band)).mean().to_numpy() == pytest.approx(1, abs=0.1)


def test_overlap_of_two_levels_is_one_less_the_own_probability(children):
    X, days, _ = children
    found = sp.plan_length_weights(X, days > 200, estimand="overlap")
    own = found.probability[np.arange(900), found.level_of_row]
    assert found.weights == pytest.approx(1 - own, abs=1e-12)
    # Its own property: means are balanced exactly.
    assert found.balance["after"].abs().max() < 1e-10


def test_density_ratios_part_length_from_features(children):
    X, days, _ = children
    found = sp.plan_length_weights(X, days, kind="density_ratio")
    assert found.balance["before"].abs().max() > 0.3
    assert found.balance["after"].abs().max() < 0.08
    with pytest.raises(ValueError, match="no probabilities of levels"):
        found.plot("overlap")


def test_trimming_goes_by_name(children):
    X, _, band = children
    plain = sp.plan_length_weights(X, band)
    cut = sp.plan_length_weights(X, band, trim="cap_95")
    left = sp.plan_length_weights(X, band, trim="drop_10")
    assert cut.weights.max() == pytest.approx(np.quantile(plain.weights, 0.95))
    assert ((left.weights == 0) == (plain.probability.min(axis=1) < 0.1)).all()
    assert "drop_10" in repr(left)
    assert not left.is_plain


def test_pictures(children):
    X, _, band = children
    found = sp.plan_length_weights(X, band)
    assert len(found.plot().lines) == 3
    assert len(found.plot("overlap").lines) == 6
    assert "<table" in found._repr_html_()
    assert "leave_one_out" not in repr(found)
    assert "leave_one_out" in repr(sp.plan_length_weights(X[:90], band[:90]))


def test_what_cannot_be_is_refused(children):
    X, days, band = children
    with pytest.raises(ValueError, match="trim must be one of None, cap_95"):
        sp.plan_length_weights(X, band, trim="some")
    with pytest.raises(ValueError, match="features part the levels"):
        sp.plan_length_weights(X[["age"]], X["age"] > 9)
    with pytest.raises(ValueError, match="not above 0 in 1 of 900"):
        sp.plan_length_weights(X, days.where(days.index > 0, 0.0), kind="density_ratio")
    with pytest.raises(ValueError, match="two levels or more"):
        sp.plan_length_weights(X, np.ones(900))
    with pytest.warns(UserWarning, match="all but never have a level"):
        sp.plan_length_weights(X[["age"]], X["age"] + np.random.default_rng(0).normal(0, 2, 900) > 9)


def test_few_children_of_a_level_do_not_follow_from_what_is_shown(children):
    X, days, _ = children
    few = np.where(days > np.sort(days)[-4], "longest", np.where(days > 500, "long", "short"))
    with pytest.warns(UserWarning, match="all but never have a level"):
        found = sp.plan_length_weights(X[["age"]], few)
    n = pd.Series(few).value_counts()
    assert n["longest"] == 3 and n["long"] < n["short"]
    shown = found.withheld()
    worth = shown.effective_n.set_index("level")
    # The total stands above the table: with two counts shown the third would follow.
    assert (worth.loc[["longest", "long"]] == "c").all(axis=None) and worth.loc["short", "n"] == n["short"]
    assert set(shown.balance.dropna()["level"]) == {"short"} and found.balance.notna().all(axis=None)
    assert "longest" in repr(shown) and shown.withheld() is shown
    assert f"{n['long']}" not in repr(found) and f"{n['short']}" in repr(found)
