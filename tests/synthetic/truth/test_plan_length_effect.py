"""The true effect of plan length, and what it seems to be where severity is not seen."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import secondplan
from secondplan.models.cox.model import CoxPH
from secondplan.models.metrics import concordance_index
from secondplan.plans.bands import PLAN_LENGTH_BANDS
from secondplan.plans.cohort import build_cohort
from secondplan.synthetic import true_incidence
from secondplan.synthetic.truth.expected_coefficients import expected_coefficients
from secondplan.synthetic.truth.plan_length_effect import COUNTERFACTUAL_DAYS, COUNTERFACTUAL_HORIZONS


@pytest.fixture(scope="module")
def cohort(england):
    return build_cohort(england[0])


@pytest.fixture(scope="module")
def index_plans(england):
    """Truth and features of first plans at risk, beside their counterfactuals."""
    truth = england[1]
    rows = truth.frame["observed_incidence_730"].notna().to_numpy()
    found = pd.concat([truth.frame[rows], truth.features[rows]], axis=1).reset_index(drop=True)
    assert found["plan_id"].tolist() == truth.counterfactuals["plan_id"].tolist()
    return found.join(truth.counterfactuals.drop(columns="plan_id"))


def test_the_risk_after_a_length_in_the_own_band_is_the_risk(index_plans):
    """England's effect is that of the band alone."""
    for band, days in zip(PLAN_LENGTH_BANDS, COUNTERFACTUAL_DAYS, strict=True):
        own = index_plans[index_plans["plan_length_band"] == band]
        assert len(own) > 100
        for kind in ("incidence", "observed_incidence"):
            for horizon in COUNTERFACTUAL_HORIZONS:
                after = own[f"{kind}_{horizon}_after_{days}"]
                # The integral is cut at other horizons, which shows where nearly every child comes back.
                np.testing.assert_allclose(after, own[f"{kind}_{horizon}"], rtol=3e-4)


def test_only_the_length_changes(england, index_plans):
    scenario, rows = england[1].scenario, index_plans.iloc[:500]
    effect = scenario.log_hazard_ratios["plan_length_band"]
    own = rows["plan_length_band"].astype(object).map(effect).to_numpy(dtype=float)
    changed = rows["log_hazard_ratio"].to_numpy() - own + effect["2 years and over"]
    expected = true_incidence(
        scenario, changed, rows["care_log_hazard_ratio"].to_numpy(), rows["eligible_days"].to_numpy(), (365, 730)
    )
    np.testing.assert_allclose(rows[["incidence_365_after_900", "incidence_730_after_900"]], expected, rtol=1e-5)


def test_risks_given_the_record_are_right_on_average_in_every_band_and_at_every_risk(index_plans):
    """Families are the independent units."""
    risk = index_plans["observed_incidence_730"]
    difference = index_plans["incidence_730"] - risk
    for group in (index_plans["plan_length_band"], pd.qcut(risk, 5), index_plans["n_siblings_on_plan"].clip(upper=3)):
        for _, rows in (
            difference.groupby([group, index_plans["family_id"]], observed=True).sum().groupby(level=0, observed=True)
        ):
            # 13 groups: one beyond 3.7 is expected once in 350 data sets.
            assert abs(rows.sum()) < 3.7 * np.sqrt((rows**2).sum())


def test_the_effect_is_the_mean_over_all_and_what_is_seen_is_another(england, index_plans):
    effect = england[1].plan_length_effect().set_index(["horizon_days", "plan_length_days"])
    row = effect.loc[(730, 900)]
    assert row["risk"] == pytest.approx(index_plans["observed_incidence_730_after_900"].mean())
    assert row["risk_difference"] == pytest.approx(row["risk"] - index_plans["observed_incidence_730_after_270"].mean())
    in_band = index_plans.loc[index_plans["plan_length_band"] == "2 years and over", "observed_incidence_730"]
    assert row["risk_in_band"] == pytest.approx(in_band.mean())
    # Long plans lower the risk, but severe children have them.
    assert row["risk_difference"] < 0 < row["difference_in_band"]
    with pytest.raises(ValueError, match="reference_days must be one of"):
        england[1].plan_length_effect(reference_days=100)


def test_expected_coefficients_of_the_right_model_are_the_true_ones(england, index_plans):
    scenario = england[1].scenario
    effects = [name for name in scenario.log_hazard_ratios if name != "severity"]
    known = index_plans["authority_log_hazard"] + index_plans["log_frailty"]
    X = index_plans[[*effects, "severity"]].assign(known=known)
    X = X.astype({name: float for name in X if X[name].dtype == "boolean"})
    found = expected_coefficients(scenario, index_plans, X, offset="known")
    bands = scenario.log_hazard_ratios["plan_length_band"]
    true = {f"plan_length_band[{name}]": bands[name] - bands[PLAN_LENGTH_BANDS[0]] for name in PLAN_LENGTH_BANDS[1:]}
    true |= {name: value for name, value in scenario.log_hazard_ratios.items() if isinstance(value, float)}
    for name, value in true.items():
        assert found[name] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize("offset", ["known_log_hazard", None])
def test_without_severity_estimates_tend_to_the_stated_biased_coefficients(england, cohort, offset):
    truth = england[1]
    X = truth.covariates(cohort).drop(columns=["severity"] + ([] if offset else ["known_log_hazard"]))
    model = CoxPH(offset=offset).fit(X, cohort.y, cluster=cohort.cluster)
    expected, true = truth.expected_coefficients(cohort, X, offset=offset), truth.log_hazard_ratios(model)
    z = (model.summary_["coef"] - expected) / model.summary_["robust_se"]
    # Of 18 standardised differences one beyond 3.7 is expected once in 250 data sets.
    assert np.abs(z).max() < 3.7
    longest = "plan_length_band[2 years and over]"
    bias = expected[longest] - true[longest]
    assert bias > 0.15
    # The data tell the biased coefficients from the true ones, in the contrast that tells them apart best: standard
    # normal if the true ones were right, about 5 on average if the biased ones are.
    apart = (expected - true)[model.summary_.index].to_numpy()
    weight = np.linalg.solve(model.covariance_, apart)
    assert weight @ (model.summary_["coef"] - true[model.summary_.index]) / np.sqrt(weight @ apart) > 2.5


def test_a_model_that_knows_the_truth_discriminates_as_models_of_such_data_do(england, cohort):
    rows = england[1].frame.set_index("plan_id").loc[cohort.keys["plan_id"]]
    at_risk = rows["observed_incidence_730"].notna().to_numpy()
    risk, y = rows.loc[at_risk, "observed_incidence_730"].to_numpy(), cohort.y[at_risk]
    c = concordance_index(y, risk, horizon=730)
    n_events = ((y["event"] == 1) & (y["duration"] <= 730)).sum()
    # The standard error is about 0.3 / sqrt(events); siblings' events come together.
    margin = 3 * 0.4 / np.sqrt(n_events)
    assert 0.62 + margin < c < 0.72 - margin


def test_nothing_that_fits_or_judges_models_reads_the_truth():
    """Neither by import nor by the name of a file."""
    package = Path(secondplan.__file__).parent
    for folder in ("models", "plans", "scoring", "evaluation", "effects", "tracking", "report"):
        for file in sorted((package / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom | ast.Import):
                    names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                    words = {word for name in names for word in name.split(".")}
                    assert not words & {"synthetic", "truth"}, file
                if isinstance(node, ast.Attribute):
                    assert node.attr != "truth", file
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    assert not node.value.endswith(("truth.parquet", "/truth")), file
