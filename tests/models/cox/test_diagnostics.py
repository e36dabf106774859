"""Residuals, tests, concordance and standard errors of CoxPH against R (cox_more.R), and against their definitions."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.models.bundle import load_model
from secondplan.models.cox.model import CoxPH

REFERENCE = Path(__file__).parents[2] / "reference"
STORED = json.loads((REFERENCE / "cox_more.json").read_text())


def read(name):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


def fit_case(case):
    data = read(case["data"])
    entry = data[case["entry"]].clip(lower=0) if case["entry"] else 0.0
    y = pd.DataFrame({"entry": entry, "duration": data[case["time"]], "event": data[case["event"]]}, index=data.index)
    X = data[[*case["x"], *([case["strata"]] if case["strata"] else [])]]
    weight = data[case["weights"]] if case["weights"] else None
    cluster = data[case["cluster"]] if case["cluster"] else None
    model = CoxPH(event=case["code"], ties=case["ties"], strata=case["strata"], std_error="survfit")
    return model.fit(X, y, sample_weight=weight, cluster=cluster), X, data


def eight(n_rows):
    """The rows that R's ``round(seq(1, n, length.out = 8))`` picks."""
    return np.round(np.linspace(1, n_rows, 8) + 1e-9).astype(int) - 1


def case_id(case):
    options = [case[key] or "-" for key in ("entry", "strata", "weights", "cluster")]
    return "/".join([case["data"], case["ties"], *options])


@pytest.fixture(params=STORED["cases"], ids=case_id, scope="module")
def fitted(request):
    return request.param, *fit_case(request.param)


def test_concordance_and_its_error_are_those_of_r(fitted):
    case, model, _, _ = fitted
    assert model.concordance_ == pytest.approx(case["concordance"], rel=1e-9)
    assert model.concordance_std_error_ == pytest.approx(case["concordance_se"], rel=1e-7)


def test_robust_tests_are_those_of_r(fitted):
    case, model, _, _ = fitted
    tests = model.global_tests_["statistic"]
    assert tests["Wald"] == pytest.approx(case["wald"], rel=1e-7)
    if case["robust_score"] is None:
        assert "robust score" not in tests
    else:
        assert tests["robust score"] == pytest.approx(np.ravel(case["robust_score"])[0], rel=1e-7)


def test_scaled_residuals_are_those_of_r(fitted):
    case, model, X, _ = fitted
    rows = eight(len(X))
    dfbetas = model.residuals("dfbetas").to_numpy()[rows]
    np.testing.assert_allclose(dfbetas, case["dfbetas"], rtol=1e-6, atol=1e-9)
    scaled = model.residuals("scaledsch").to_numpy()
    np.testing.assert_allclose(scaled.sum(axis=0), np.atleast_1d(case["scaledsch_sum"]), rtol=1e-7)
    np.testing.assert_allclose((scaled**2).sum(axis=0), np.atleast_1d(case["scaledsch_squares"]), rtol=1e-7)


def test_residuals_by_child_are_those_of_r(fitted):
    case, model, _, data = fitted
    for kind in ("martingale", "dfbeta"):
        for suffix, weighted in (("", False), ("_weighted", True)):
            expected = case.get(f"collapsed_{kind}{suffix}")
            if expected is not None:
                found = model.residuals(kind, weighted=weighted, collapse=data[case["id"]])
                assert found.index.name == case["id"] and found.index.is_monotonic_increasing
                values = np.asarray(found).reshape(len(found), -1)[eight(len(found))]
                np.testing.assert_allclose(values, np.reshape(expected, values.shape), rtol=1e-6, atol=1e-7)


def test_deviance_residuals_by_child_are_those_of_r_where_there_is_one_event_at_most():
    case = next(case for case in STORED["cases"] if case["data"] == "heart")
    model, _, data = fit_case(case)
    found = model.residuals("deviance", collapse=data["id"])
    np.testing.assert_allclose(found.iloc[eight(len(found))], np.ravel(case["collapsed_deviance"]), rtol=1e-7)


def test_deviance_residuals_of_weighted_rows_are_those_of_repeated_rows_added_up():
    data = read("lung").iloc[:60]
    y = data[["time", "status"]].rename(columns={"time": "duration", "status": "event"})
    weight = np.arange(60) % 3 + 1
    weighted = CoxPH(ties="breslow").fit(data[["age"]], y, sample_weight=weight)
    again = np.repeat(np.arange(60), weight)
    repeated = CoxPH(ties="breslow").fit(data[["age"]].iloc[again], y.iloc[again])
    by_row = repeated.residuals("deviance", collapse=again)
    np.testing.assert_allclose(weighted.residuals("deviance", weighted=True), by_row, rtol=1e-7, atol=1e-9)


def test_standard_errors_of_curves_are_those_of_r(fitted):
    case, model, X, _ = fitted
    curve = case["curve"]
    hazard, error = model.predict_cumulative_hazard(X.iloc[[0, 4, 11]], curve["days"], return_std=True)
    np.testing.assert_allclose(hazard.T, curve["hazard"], rtol=1e-7)
    np.testing.assert_allclose(error.T, curve["std_error"], rtol=1e-6)
    survival, survival_error = model.predict_survival(X.iloc[[0, 4, 11]], curve["days"], return_std=True)
    np.testing.assert_allclose(survival, np.exp(-hazard), rtol=1e-12)
    np.testing.assert_allclose(survival_error, survival * error, rtol=1e-12)


def test_ridge_without_scaling_is_that_of_coxph():
    data, stored = read("lung"), STORED["ridge"]
    y = data[["time", "status"]].rename(columns={"time": "duration", "status": "event"})
    alpha = stored["theta"] / data["w"].sum()
    model = CoxPH(alpha=alpha, standardize=False).fit(data[["age", "ph.ecog"]], y, sample_weight=data["w"])
    np.testing.assert_allclose(model.coef_, stored["coef"], rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(model.naive_covariance_)), stored["se"], rtol=1e-6)


def test_hazard_after_a_day_is_what_is_added_since():
    data = read("lung")
    y = data[["time", "status"]].rename(columns={"time": "duration", "status": "event"})
    X = data[["age", "ph.ecog"]]
    model = CoxPH().fit(X, y)
    whole, before = model.predict_cumulative_hazard(X, [400.0]), model.predict_cumulative_hazard(X, [150.0])
    since = model.predict_cumulative_hazard(X, [100.0, 400.0], elapsed=150.0)
    np.testing.assert_allclose(since[:, [1]], whole - before, rtol=1e-12)
    assert not since[:, 0].any()
    again, _ = model.predict_cumulative_hazard(X, [100.0, 400.0], elapsed=150.0, return_std=True)
    np.testing.assert_allclose(again, since, rtol=1e-12)


def test_nested_clusters_give_the_errors_of_the_outer_level_and_keep_both():
    data = read("rats")
    data["room"] = data["litter"] % 17
    y = data[["time", "status"]].rename(columns={"time": "duration", "status": "event"})
    both = CoxPH().fit(data[["rx"]], y, cluster=data[["litter", "room"]])
    outer = CoxPH().fit(data[["rx"]], y, cluster=data["room"])
    inner = CoxPH().fit(data[["rx"]], y, cluster=data["litter"])
    np.testing.assert_allclose(both.covariance_, outer.covariance_, rtol=1e-13)
    assert list(both.covariance_by_level_) == ["litter", "room"]
    np.testing.assert_allclose(both.covariance_by_level_["litter"], inner.covariance_, rtol=1e-10)
    assert not outer.covariance_by_level_


def test_residuals_that_cannot_be_collapsed():
    data = read("rats")
    y = data[["time", "status"]].rename(columns={"time": "duration", "status": "event"})
    model = CoxPH().fit(data[["rx"]], y)
    with pytest.raises(ValueError, match="belong to events"):
        model.residuals("schoenfeld", collapse=data["litter"])
    with pytest.raises(ValueError, match=r"collapse has shape \(3,\)"):
        model.residuals(collapse=[1, 2, 3])


def test_both_levels_of_clusters_are_saved_and_training_rows_are_not(tmp_path):
    data = read("rats")
    data["room"] = data["litter"] % 17
    y = data[["time", "status"]].rename(columns={"time": "duration", "status": "event"})
    model = CoxPH().fit(data[["rx"]], y, cluster=data[["room", "litter"]])
    loaded = load_model(model.save(tmp_path / "model"))
    for level, covariance in model.covariance_by_level_.items():
        np.testing.assert_array_equal(loaded.covariance_by_level_[level], covariance)
    pd.testing.assert_frame_equal(loaded.global_tests_, model.global_tests_)
    with pytest.raises(ValueError, match="concordance_ needs the training rows"):
        _ = loaded.concordance_


def test_strata_that_name_two_columns_are_refused_in_words():
    X, y = np.arange(24.0).reshape(8, 3), {"duration": np.arange(1, 9), "event": np.ones(8, dtype=int)}
    frame = pd.DataFrame(X, columns=["x", "group", "group"])
    with pytest.raises(ValueError, match="several columns of the same name"):
        CoxPH(strata="group").fit(frame, y)


def test_a_model_of_no_columns_has_no_test_to_fail():
    y = {"duration": np.arange(1, 9), "event": np.ones(8, dtype=int)}
    for model in (CoxPH(), CoxPH(alpha=0.1)):
        model.fit(pd.DataFrame(index=range(8)), y)
    table = CoxPH().fit(pd.DataFrame(index=range(8)), y).test_proportional_hazards()
    assert table.loc["GLOBAL"].tolist() == [0, 0, 1]


def test_the_unit_of_time_does_not_matter_to_the_test_of_proportionality():
    rng = np.random.default_rng(4)
    X, duration = rng.normal(size=(40, 2)), rng.integers(1, 90, 40)
    tables = [
        CoxPH().fit(X, {"duration": duration * unit, "event": np.ones(40)}).test_proportional_hazards("identity")
        for unit in (1.0, 1e200)
    ]
    np.testing.assert_allclose(tables[1], tables[0], rtol=1e-8)


def test_schoenfeld_rows_follow_the_categories_of_the_strata_as_in_r():
    rng = np.random.default_rng(2)
    kind = pd.Categorical(np.array(["squamous", "adeno", "large"])[np.arange(30) % 3], ["squamous", "large", "adeno"])
    X = pd.DataFrame({"x": rng.normal(size=30), "kind": kind})
    y = {"duration": rng.permutation(30) + 1, "event": np.ones(30, dtype=int)}
    days = CoxPH(strata="kind").fit(X, y).residuals("schoenfeld").index
    expected = [sorted(y["duration"][X["kind"] == level]) for level in kind.categories]
    assert days.tolist() == np.concatenate(expected).tolist()
