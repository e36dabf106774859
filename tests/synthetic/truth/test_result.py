import numpy as np
import pytest
from scipy.integrate import quad

from secondplan.errors import OutputError
from secondplan.models.curves.nonparametric import aalen_johansen
from secondplan.plans.cohort import build_cohort
from secondplan.synthetic import scenario, simulate_with_truth, true_incidence


def test_incidence_with_constant_hazards_has_a_closed_form():
    constant = scenario().replace(second_plan_shape=1.0, care_shape=1.0)
    a, c = constant.second_plan_rate * np.exp(0.4), constant.care_rate * np.exp(-0.2)
    total = a + c + constant.other_exit_rate + constant.death_rate
    expected = a / total * (1 - np.exp(-total * np.array([91, 730]) / 365.25))
    found = true_incidence(constant, np.array([0.4]), np.array([-0.2]), np.array([5000.0]), (91, 730))
    np.testing.assert_allclose(found[0], expected, rtol=1e-10)


def test_incidence_agrees_with_adaptive_quadrature():
    england = scenario()
    a, c = england.second_plan_rate * np.exp(1.0), england.care_rate * np.exp(0.5)
    d, k, m = england.other_exit_rate + england.death_rate, england.second_plan_shape, england.care_shape

    def density(t):
        return a * k * t ** (k - 1) * np.exp(-a * t**k - c * t**m - d * t)

    expected, _ = quad(density, 0, 365 / 365.25, epsabs=1e-12)
    found = true_incidence(england, np.array([1.0]), np.array([0.5]), np.array([9999.0]), (365,))
    # Gauss-Legendre is not exact for the fractional power of the care hazard at 0.
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-6)


def test_incidence_is_flat_after_the_18th_birthday():
    risk = true_incidence(scenario(), np.zeros(2), np.zeros(2), np.array([100.0, 0.0]), (91, 100, 182, 730))
    assert risk[0, 0] < risk[0, 1] == risk[0, 2] == risk[0, 3]
    assert (risk[1] == 0).all()


def test_true_incidence_is_what_happens(england):
    plans, truth = england
    cohort = build_cohort(plans)
    rows = truth.frame.set_index("plan_id").loc[cohort.keys["plan_id"]]
    at_risk = rows["incidence_365"].notna().to_numpy()
    assert at_risk.mean() > 0.9
    y, rows = cohort.y[at_risk], rows[at_risk]
    observed = aalen_johansen(y["duration"], y["event"]).at([182, 365, 730]).reset_index()
    for day in (182, 365, 730):
        row = observed[observed["day"] == day].iloc[0]
        # Siblings come back together: the standard error for independent children is too small by about a half.
        assert abs(row["estimate"] - rows[f"incidence_{day}"].mean()) < 4 * 1.5 * row["std_error"]


def test_true_incidence_separates_low_from_high_risk(england):
    plans, truth = england
    cohort = build_cohort(plans)
    rows = truth.frame.set_index("plan_id").loc[cohort.keys["plan_id"]].reset_index()
    at_risk = rows["incidence_730"].notna().to_numpy()
    rows, y = rows[at_risk], cohort.y[at_risk]
    high = (rows["incidence_730"] > rows["incidence_730"].quantile(0.8)).to_numpy()
    for group in (high, ~high):
        part = y[group]
        observed = aalen_johansen(part["duration"], part["event"]).at([730]).iloc[0]
        assert abs(observed["estimate"] - rows["incidence_730"][group].mean()) < 6 * observed["std_error"]


def test_hazards_are_missing_where_the_child_was_not_at_risk(england):
    plans, truth = england
    frame = truth.frame
    assert frame["plan_id"].tolist() == plans.plans["plan_id"].tolist()
    at_risk = (frame["end_reason"] == "review").fillna(False) & ~plans.plans["other_authority"].astype(bool)
    assert (frame["incidence_365"].notna() == at_risk).all()
    assert (frame["end_reason"].isna() == plans.plans["end_date"].isna()).all()
    assert truth.features["age_at_end"].notna().equals(plans.plans["end_date"].notna())


def test_truth_is_never_written_into_a_plan_store(tmp_path):
    plans, truth = simulate_with_truth(n_children=30, random_state=2)
    store = plans.write(tmp_path / "store")
    for inside in (store, store / "deeper" / "truth"):
        with pytest.raises(OutputError, match="apart from the data"):
            truth.write(inside)
    folder = truth.write(tmp_path / "truth")
    names = {"truth", "features", "counterfactuals", "faults", "sums"}
    assert {path.name for path in folder.iterdir()} == {
        *(f"{name}.parquet" for name in names),
        "scenario.json",
        "effects.json",
    }


def test_no_latent_value_is_in_the_store(england):
    plans, _ = england
    columns = {name for frame in plans.tables.values() for name in frame.columns}
    assert not columns & {"severity", "log_frailty", "log_hazard_ratio", "end_reason"}
