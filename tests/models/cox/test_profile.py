"""Profile-likelihood intervals of Cox models against R's likelihoods, and where they have no end or no meaning."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from secondplan.models.cox.model import CoxPH

FOLDER = Path(__file__).parents[2] / "reference"
CASES = json.loads((FOLDER / "cox_profile.json").read_text())
# R's limits are roots of a profile that optim finds by numerical derivatives.
CLOSE = {"rtol": 1e-5, "atol": 2e-6}


def case_id(case):
    return "/".join([case["data"], case["ties"], "firth" if case["firth"] else "plain", *case["x"]])


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_agrees_with_the_likelihood_of_r(case):
    data = pd.read_csv(FOLDER / "data" / f"{case['data']}.csv")
    if case["separate"]:
        is_late = data["time"] > data["time"][case["separate"] - 1]
        data["separated"] = (is_late & (np.arange(1, len(data) + 1) % 2 == 0)).astype(int)
    strata = [case["strata"]] if case["strata"] else []
    y = pd.DataFrame({"duration": data["time"], "event": data["status"]})
    model = CoxPH(ties=case["ties"], firth=case["firth"], strata=strata or None).fit(data[case["x"] + strata], y)
    table = model.profile_likelihood()
    np.testing.assert_allclose(model.log_likelihood_, case["loglik"], rtol=1e-9)
    for column in ("coef", "lower", "upper", "chisq"):
        np.testing.assert_allclose(table[column], case[column], **CLOSE)
    np.testing.assert_allclose(table["p"], chi2.sf(case["chisq"], 1), rtol=1e-4)
    np.testing.assert_allclose(table["hazard_ratio_upper"], np.exp(case["upper"]), rtol=1e-4)


def rows(n_rows=80, seed=3):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"x": rng.normal(size=n_rows), "z": rng.integers(0, 2, n_rows)})
    duration = np.ceil(rng.exponential(20 * np.exp(-0.5 * X["x"])))
    return X, pd.DataFrame({"duration": duration, "event": (rng.random(n_rows) < 0.7).astype(int)})


def test_the_limits_are_where_the_test_of_that_value_has_the_level():
    X, y = rows()
    model = CoxPH().fit(X, y)
    table = model.profile_likelihood(level=0.9)
    for bound in ("lower", "upper"):
        held = CoxPH(offset="held").fit(X[["z"]].assign(held=X["x"] * table.loc["x", bound]), y)
        lost = model.log_likelihood_[1] - held.log_likelihood_[1]
        assert 2 * lost == pytest.approx(chi2.ppf(0.9, 1), rel=1e-7)
    without = CoxPH().fit(X[["z"]], y)
    assert table.loc["x", "chisq"] == pytest.approx(2 * (model.log_likelihood_[1] - without.log_likelihood_[1]))


def test_a_separated_column_has_an_end_only_with_the_penalty():
    X, y = rows()
    X["z"] = ((y["event"] == 1) & (np.arange(len(X)) % 5 == 0)).astype(int)
    y["duration"] = np.where(X["z"] == 1, 1.0, y["duration"] + 1)
    with pytest.warns(UserWarning, match="z"):
        plain = CoxPH().fit(X, y)
    limits = CoxPH(firth=True).fit(X, y).profile_likelihood().loc["z", ["lower", "upper"]]
    assert np.isfinite(limits).all() and limits["lower"] > 0
    assert plain.profile_likelihood().loc["z", "upper"] == np.inf


def test_columns_without_a_coefficient_have_no_interval():
    X, y = rows()
    strata = X["z"].map({0: "a", 1: "b"})
    with pytest.warns(UserWarning, match="z"):
        table = CoxPH(firth=True, strata="s").fit(X.assign(s=strata), y).profile_likelihood()
    assert table.loc["z", ["coef", "lower", "upper", "chisq", "p"]].tolist() == [0, 0, 0, 0, 1]


def test_it_is_refused_where_a_likelihood_has_no_meaning():
    X, y = rows()
    fits = (
        CoxPH(alpha=0.1).fit(X, y),
        CoxPH().fit(X, y, cluster=np.arange(len(X)) // 2),
        CoxPH().fit(X, y, sample_weight=np.full(len(X), 0.5)),
    )
    for model in fits:
        with pytest.raises(ValueError, match="not defined with alpha > 0, clusters or fractional weights"):
            model.profile_likelihood()
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        CoxPH().fit(X, y).profile_likelihood(level=95)
