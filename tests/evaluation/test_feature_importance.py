"""Permutation importance: by hand, its errors, and how values are lent."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.evaluation.feature_importance import _lenders

RNG = np.random.default_rng(3)
FAMILY = np.repeat(np.arange(90), RNG.integers(1, 4, 90))
N = FAMILY.size
X = pd.DataFrame({"length": RNG.uniform(30, 800, N), "noise": RNG.normal(size=N), "band": RNG.choice(["a", "b"], N)})
Y = pd.DataFrame(
    {"duration": np.ceil(RNG.exponential(400 * np.exp(X["length"] / 250))), "event": RNG.integers(0, 3, N)}
)


@pytest.fixture(scope="module")
def model():
    return sp.CauseSpecificCox(horizon=365).fit(X[:80], Y[:80])


class Straight:
    """Its risk by any day is the first column."""

    def predict_cumulative_incidence(self, X, times, **options):
        return np.repeat(X["a"].to_numpy(float)[:, None], len(times), axis=1)


def test_by_hand():
    """Two rows lend each other their risks: the Brier score goes from 0.04 to 0.64, whatever the permutation."""
    frame = pd.DataFrame({"a": [0.2, 0.8]})
    y = {"duration": [10, 5], "event": [0, 1]}
    found = sp.permutation_importance(Straight(), frame, y, times=7, n_repeats=3)
    assert found.score["estimate"][0] == pytest.approx(0.04)
    row = found.table.iloc[0]
    assert row["importance"] == pytest.approx(0.6) and row["std_error"] == pytest.approx(0)
    ranked = sp.permutation_importance(Straight(), frame, y, times=7, metric="auc")
    assert ranked.table["importance"][0] == pytest.approx(1.0)


def test_the_error_is_that_of_the_pairs_by_family():
    """Without censoring: row i adds what it loses by k's value, and what it makes others lose by its own."""
    rng = np.random.default_rng(1)
    frame, families = pd.DataFrame({"a": rng.random(30)}), np.arange(30) // 2
    y = pd.DataFrame({"duration": rng.integers(1, 15, 30), "event": 1})
    found = sp.permutation_importance(
        Straight(), frame, y, times=7, n_repeats=1, cluster=families, random_state=5
    ).table.iloc[0]
    lenders = _lenders(families, np.random.default_rng(5).spawn(1)[0])
    had, risk = (y["duration"] <= 7).to_numpy(float), frame["a"].to_numpy()
    change = (had - risk[lenders]) ** 2 - (had - risk) ** 2
    assert found["importance"] == pytest.approx(change.mean())
    change = change - change.mean()
    by_row = change + np.array([change[lenders == row][0] for row in range(30)])
    assert found["std_error"] == pytest.approx(np.sqrt((pd.Series(by_row).groupby(families).sum() ** 2).sum()) / 30)


def test_no_family_lends_to_itself_and_siblings_get_what_siblings_have():
    families = np.repeat(np.arange(20), 3)
    for seed in range(5):
        lenders = _lenders(families, np.random.default_rng(seed))
        assert sorted(lenders) == list(range(60))
        assert not np.any(families[lenders] == families)
        assert pd.Series(families[lenders]).groupby(families).nunique().max() <= 2
    with pytest.raises(ValueError, match="4 of 6 rows are of one family"):
        _lenders(np.array([0, 0, 0, 0, 1, 2]), np.random.default_rng(0))


def test_what_matters_is_found_and_what_does_not_is_called_noise(model):
    rows, y = X[80:], Y[80:]
    found = sp.permutation_importance(model, rows, y, cluster=FAMILY[80:], times=[182, 365], n_repeats=4)
    table = found.table
    assert table["feature"].tolist() == [name for name in table["feature"].unique() for _ in range(2)]
    assert table["feature"][0] == "length" and table["time"][:2].tolist() == [182, 365]
    assert (table["finding"] == "not distinguishable from 0").all() == (table["p_adjusted"] >= 0.05).all()
    assert table.loc[table["feature"] == "noise", "finding"].eq("not distinguishable from 0").all()
    assert (table["p_adjusted"] >= table["p_value"]).all()
    both = sp.permutation_importance(
        model, rows, y, features={"both": ["length", "noise"]}, n_repeats=4, metric="ipa", level=0.5
    )
    assert both.table["feature"].tolist() == ["both"] and both.table["importance"][0] > 0
    assert "ipa" in repr(both) and "50 % intervals" in repr(both)
    axes = found.plot(182)
    assert {tick.get_text() for tick in axes.get_yticklabels()} == {"length", "noise", "band"}
    with pytest.raises(ValueError, match="not measured by day 5"):
        found.plot(5)


def test_an_integrated_metric_is_of_all_days(model):
    found = sp.permutation_importance(
        model, X[80:], Y[80:], features="length", metric="integrated_brier", times=[91, 182, 365], n_repeats=2
    )
    assert found.table["time"].tolist() == [365] and found.table["importance"].notna().all()


def test_rows_of_training_are_warned_of_and_what_cannot_be_is_refused(model):
    with pytest.warns(UserWarning, match="rows that the model was fitted to"):
        sp.permutation_importance(model, X[:80], Y[:80], features=["noise"], n_repeats=1)
    with pytest.raises(ValueError, match="y is needed where X is no cohort"):
        sp.permutation_importance(model, X)
    with pytest.raises(ValueError, match="features: 'size' is no column of X"):
        sp.permutation_importance(model, X, Y, features=["size"])
    with pytest.raises(ValueError, match="metric must be"):
        sp.permutation_importance(model, X, Y, metric="calibration_slope")
    with pytest.raises(ValueError, match="n_repeats must be 1 or more"):
        sp.permutation_importance(model, X, Y, n_repeats=0)
