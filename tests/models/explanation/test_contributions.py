"""Contributions to a risk: they add up exactly, and are the integrals that they are defined as."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from secondplan import CoxPH, FeatureEncoder, ParametricAFT, explain_risk, load_model

from ..all_models import REGRESSIONS, Y_ONE, X, Y

ADDS_UP = 1e-12  # rounding of a dozen numbers below 1
SOME = X.iloc[[0, 7, 30, 90]]


@pytest.mark.parametrize("name", REGRESSIONS)
def test_they_add_up_to_the_difference_of_risks(name, fitted):
    model = fitted[name]
    found = explain_risk(model, SOME, [182, 500])
    typical = pd.DataFrame([model.encoder_.reference_] * len(SOME)).assign(category=SOME["category"].to_numpy())
    if "category" in model.encoder_.columns_:
        typical["category"] = model.encoder_.reference_["category"]
    event = model._stated_event
    risk, baseline = (model.predict_cumulative_incidence(rows, [182, 500], event=event) for rows in (SOME, typical))
    np.testing.assert_allclose(found.risks[["risk", "baseline"]].to_numpy().T, [risk.ravel(), baseline.ravel()])
    sums = found.table.groupby(["row", "time"])["contribution"].sum().to_numpy()
    np.testing.assert_allclose(sums, (risk - baseline).ravel(), atol=ADDS_UP)
    assert set(found.table["feature"]) == {*model.encoder_.columns_}


def test_of_one_hazard_they_are_in_proportion_to_what_they_add_to_the_predictor(fitted):
    model = fitted["CoxPH"]
    found = explain_risk(model, SOME, [400])
    step = model.encoder_.design(SOME) - model.encoder_.design(pd.DataFrame([model.encoder_.reference_]))
    by_column = np.column_stack([step[:, own] @ model.coef_[own] for own in model.encoder_.groups_.values()])
    difference = (found.risks["risk"] - found.risks["baseline"]).to_numpy()
    expected = difference[:, None] * by_column / by_column.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.table["contribution"], expected.ravel(), atol=ADDS_UP)


def test_of_two_hazards_they_are_the_integral_along_the_way():
    model = ParametricAFT(distribution="exponential").fit(X[["age", "disabled"]], Y)
    row, day = pd.DataFrame({"age": [15.0], "disabled": [True]}), 600.0
    ends = np.vstack([model.encoder_.design(pd.DataFrame([model.encoder_.reference_])), model.encoder_.design(row)])
    way, coef = ends[1] - ends[0], model.coef_.to_numpy()

    def slope(a, feature):
        """d F_1 / d a of the feature's move, with rates l_k: F_1 = l_1 / L (1 - exp(-L t))."""
        rate = np.exp(-(model.intercept_.to_numpy() + (ends[0] + a * way) @ coef))
        total, free = rate.sum(), np.exp(-rate.sum() * day)
        change = -coef[feature] * way[feature] * rate
        by_total = -rate[0] / total**2 * (1 - free) + rate[0] / total * day * free
        return change[0] / total * (1 - free) + change.sum() * by_total

    expected = [quad(slope, 0, 1, args=(feature,), epsabs=1e-13)[0] for feature in range(2)]
    np.testing.assert_allclose(explain_risk(model, row, day).table["contribution"], expected, atol=1e-11)


def test_each_side_of_an_interaction_is_given_what_its_move_brings():
    encoder = FeatureEncoder(interactions=[("age", "disabled")], splines={"age": 2})
    model = CoxPH(encoder=encoder).fit(X, Y_ONE)
    reference = X.iloc[[3]].assign(age=2.0, disabled=False, category="EMO")
    row = reference.assign(age=14.0, disabled=True)
    found = explain_risk(model, row, 500, reference=reference).table.set_index("feature")["contribution"]
    first, last = (model.encoder_.design(rows)[0, :2] for rows in (reference, row))
    names = list(model.feature_names_out_)
    products = [names.index(f"age[spline {k}]:disabled") for k in (1, 2)]
    difference = np.subtract(*model.predict_cumulative_incidence(pd.concat([row, reference]), [500])[:, 0])
    assert found.sum() == pytest.approx(difference, abs=ADDS_UP)
    hazard = -np.log1p(-model.predict_cumulative_incidence(reference, [500])[0, 0])

    def slope(a):
        """On the way age has gone the part a, and disabled is a; the risk is 1 - exp(-H exp(eta))."""
        move = (last - first) @ (model.coef_[:2] + a * model.coef_[products])
        gone = a * (last - first)
        eta = gone @ model.coef_[:2] + a * model.coef_[names.index("disabled")]
        eta += a * (first + gone) @ model.coef_[products]
        return move * hazard * np.exp(eta - hazard * np.exp(eta))

    assert found["category"] == 0
    assert found["age"] == pytest.approx(quad(slope, 0, 1)[0], abs=1e-10)


def test_groups_add_what_their_columns_have_and_rows_are_averaged(fitted):
    model = fitted["CauseSpecificCox"]
    single = explain_risk(model, SOME, 365).table["contribution"].to_numpy().reshape(-1, 3)
    joint = explain_risk(model, SOME, 365, groups={"who": ["age", "disabled"]}).table
    np.testing.assert_allclose(
        joint["contribution"].to_numpy().reshape(-1, 2), np.c_[single[:, :2].sum(axis=1), single[:, 2]], atol=1e-11
    )
    assert joint["value"][0] is None and joint["feature"].tolist()[:2] == ["who", "category"]
    others = X.iloc[[1, 2]]
    each = [explain_risk(model, SOME, 365, reference=others.iloc[[k]]) for k in (0, 1)]
    both = explain_risk(model, SOME, 365, reference=others)
    np.testing.assert_allclose(
        both.table["contribution"], np.mean([one.table["contribution"] for one in each], axis=0), atol=ADDS_UP
    )
    assert "average risk of the 2 given rows" in both.reference and "NEG" not in repr(both)


def test_a_saved_model_says_the_same_and_eligible_days_are_the_rows_own(fitted, tmp_path):
    model = fitted["CauseSpecificCox"]
    options = {"eligible_days": [100, 900, 900, 900], "elapsed": 30, "event": 2}
    found = explain_risk(model, SOME, [91, 365], **options)
    loaded = explain_risk(load_model(model.save(tmp_path / "model")), SOME, [91, 365], **options)
    pd.testing.assert_frame_equal(found.table, loaded.table)
    risk = model.predict_cumulative_incidence(SOME, [91, 365], **options)
    np.testing.assert_allclose(found.risks["risk"], risk.ravel())


def test_what_cannot_be_explained_is_refused(fitted):
    with pytest.raises(ValueError, match="BoostedHazard has no linear predictor; permutation_importance and partial"):
        explain_risk(fitted["BoostedHazard"], SOME)
    with pytest.raises(ValueError, match="groups: 'length' is no column that the model uses; these are: age"):
        explain_risk(fitted["CoxPH"], SOME, groups={"a": ["length"]})
    with pytest.raises(ValueError, match="groups must name each column once, got 2 names of 1 columns"):
        explain_risk(fitted["CoxPH"], SOME, groups={"a": ["age"], "b": ["age"]})
    with pytest.raises(ValueError, match="event 3 is not modelled"):
        explain_risk(fitted["CoxPH"], SOME, event=3)
    with pytest.raises(ValueError, match="reference has no row"):
        explain_risk(fitted["CoxPH"], SOME, reference=X[:0])
