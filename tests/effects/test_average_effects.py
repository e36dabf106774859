"""Against riskRegression's ate: G-formula, IPTW and AIPTW, two and three levels, on mgus2 and pbc."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import secondplan as sp

REFERENCE = Path(__file__).parents[1] / "reference"
FOUND = json.loads((REFERENCE / "average_effects.json").read_text())
# Weights of three levels are as exact as nnet's multinom, which stops early.
ESTIMATE = {"mgus2": 1e-11, "pbc": 1e-8}
ERROR = {"mgus2": 1e-9, "pbc": 1e-6}
ASKED = {"mgus2": ("male", ["hgb", "mspike"], [60, 120, 180]), "pbc": ("level", ["age", "logbili"], [1000, 2000])}


@pytest.fixture(scope="module", params=list(ASKED))
def case(request):
    name, (treatment, columns, times) = request.param, ASKED[request.param]
    data = pd.read_csv(REFERENCE / "data" / f"{name}.csv")
    if name == "pbc":
        data = data.assign(event=data["status"], level=np.maximum(data["stage"], 2))
    # Distinct times, as in the script.
    y = pd.DataFrame({"duration": data["time"] + np.arange(1, len(data) + 1) / 1e4, "event": data["event"]})
    X = data[columns].assign(**{treatment: pd.Categorical(data[treatment].astype(int).astype(str))})
    return name, X, y, treatment, columns, times


def agrees(result, name, estimator):
    """Whether estimates and errors are those of R, which is asserted with what differs; then True."""
    expected = pd.DataFrame({key: FOUND[name][estimator][key] for key in ("level", "time", "estimate", "se")})
    both = result.table.merge(expected.astype({"level": str}), on=["level", "time"], suffixes=("", "_r"))
    assert len(both) == len(expected)
    assert both["estimate"].to_numpy() == pytest.approx(both["estimate_r"].to_numpy(), abs=ESTIMATE[name])
    if estimator != "GFORMULA_product_limit":  # where R leaves a factor out
        assert both["std_error"].to_numpy() == pytest.approx(both["se"].to_numpy(), rel=ERROR[name])
    return True


@pytest.mark.parametrize("form", ["exponential", "product_limit"])
def test_standardised_is_the_g_formula(case, form):
    name, X, y, treatment, _, times = case
    model = sp.CauseSpecificCox(form=form).fit(X, y)
    found = sp.standardised_risk(model, X, treatment=treatment, levels=list(X[treatment].cat.categories), times=times)
    assert agrees(found, name, "GFORMULA" if form == "exponential" else "GFORMULA_product_limit")
    of_r = FOUND[name]["GFORMULA"]
    if form == "exponential":
        pair = of_r["pair"][-1]
        level, reference = pair.split("-")
        rows = [place for place, one in enumerate(of_r["pair"]) if one == pair]
        for found_of, key in ((found.difference(reference), "difference"), (found.ratio(reference), "ratio")):
            own = found_of[found_of["level"] == level]
            assert own["estimate"].to_numpy() == pytest.approx([of_r[key][row] for row in rows], rel=1e-7)
            assert own["std_error"].to_numpy() == pytest.approx([of_r[f"{key}_se"][row] for row in rows], rel=1e-7)


def test_weighted_is_iptw(case):
    name, X, y, treatment, columns, times = case
    weights = sp.plan_length_weights(X[columns], X[treatment])
    assert agrees(sp.weighted_risk(y, X[treatment], weights, times, censoring=sp.CoxPH(event=0), X=X), name, "IPTW")


def test_doubly_robust_is_aiptw(case):
    name, X, y, treatment, columns, times = case
    weights = sp.plan_length_weights(X[columns], X[treatment])
    assert agrees(
        sp.doubly_robust_risk(sp.CauseSpecificCox(), weights, X, y, times, treatment=treatment), name, "AIPTW"
    )
