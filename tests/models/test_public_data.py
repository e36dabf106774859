"""Results of R on public data that no other test uses: every option, residual, test, curve and interval together."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.models import CoxPH, ParametricAFT, aalen_johansen, gray_test, kaplan_meier, nelson_aalen

FOLDER = Path(__file__).parents[1] / "reference"
CASES = json.loads((FOLDER / "public.json").read_text())
# R's numbers are stored with twelve digits, and coxph stops at 1e-11 of the log likelihood.
CLOSE = {"rtol": 1e-6, "atol": 1e-9}
INTERVALS = ("plain", "log", "log-log")


def read(case):
    return pd.read_csv(FOLDER / "data" / f"{case['data']}.csv")


def name(case):
    return "/".join(str(case.get(key) or "-") for key in ("data", "ties", "strata", "weights", "cluster", "offset"))


def listed(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def column(data, case, key):
    return data[case[key]] if case.get(key) else None


@pytest.fixture(scope="module", params=CASES["cox"], ids=name)
def fitted(request):
    case = request.param
    data = read(case)
    X = data[listed(case["x"]) + listed(case["strata"]) + listed(case["offset"])]
    y = pd.DataFrame({"entry": data["start"], "duration": data["stop"], "event": data["event"]})
    model = CoxPH(ties=case["ties"], strata=case["strata"], offset=case["offset"], std_error="survfit")
    model.fit(X, y, sample_weight=column(data, case, "weights"), cluster=column(data, case, "cluster"))
    return case, X, model


def test_estimates_and_tests(fitted):
    case, _, model = fitted
    error = np.sqrt(np.diag(np.reshape(case["naive"], model.covariance_.shape)))
    np.testing.assert_allclose(model.coef_ / error, listed(case["coef"]) / error, **CLOSE)
    for found, r in ((model.covariance_, case["var"]), (model.naive_covariance_, case["naive"])):
        np.testing.assert_allclose(found / np.outer(error, error), r / np.outer(error, error), **CLOSE)
    np.testing.assert_allclose(model.log_likelihood_, case["loglik"], rtol=1e-9)
    statistics = model.global_tests_["statistic"]
    for test, r in (("score", "score"), ("Wald", "wald"), ("robust score", "robust_score")):
        if case[r] is not None:
            np.testing.assert_allclose(statistics[test], case[r], **CLOSE)
    np.testing.assert_allclose([model.concordance_, model.concordance_std_error_], case["concordance"], **CLOSE)


def test_residuals_and_proportional_hazards(fitted):
    case, _, model = fitted
    for kind, r in case["residual"].items():
        found = np.asarray(model.residuals(kind))[case["rows"]]
        np.testing.assert_allclose(found.reshape(np.shape(r)), r, rtol=1e-6, atol=1e-7)
    for kind, r in case["by_event"].items():
        np.testing.assert_allclose(model.residuals(kind), r, rtol=1e-6, atol=1e-6)
    for transform, r in case["zph"].items():
        np.testing.assert_allclose(model.test_proportional_hazards(transform)["chisq"], listed(r), **CLOSE)


def test_proportional_hazards_of_a_category_by_term_and_by_level():
    data, r = pd.read_csv(FOLDER / "data" / "kidney.csv"), CASES["terms"]
    y = pd.DataFrame({"duration": data["stop"], "event": data["event"]})
    model = CoxPH().fit(data[["age", "sex", "disease"]], y)
    together, each = (model.test_proportional_hazards(terms=terms) for terms in (True, False))
    assert together.index.tolist() == ["age", "sex", "disease", "GLOBAL"]
    assert together["df"].tolist() == [1, 1, 3, 5] and each["df"].tolist() == [1, 1, 1, 1, 1, 5]
    np.testing.assert_allclose(together["chisq"], r["together"], **CLOSE)
    np.testing.assert_allclose(each["chisq"], r["each"], **CLOSE)


def test_predictions_and_their_errors(fitted):
    case, X, model = fitted
    new = X.iloc[[0, 7]]
    survival, error = model.predict_survival(new, case["times"], return_std=True)
    for interval, r in case["curves"].items():
        bounds = model.predict_cumulative_incidence_interval(new, case["times"], interval=interval)
        np.testing.assert_allclose(1 - bounds, np.stack([r["upper"], r["lower"]], axis=-1), **CLOSE)
        np.testing.assert_allclose(survival, r["surv"], **CLOSE)
        np.testing.assert_allclose(error, r["se"], **CLOSE)
    ratio, error = model.predict_log_hazard_ratio(X.iloc[case["rows"]], return_std=True)
    np.testing.assert_allclose(ratio, case["lp"], **CLOSE)
    np.testing.assert_allclose(error, case["lp_se"], **CLOSE)
    against, none = model.predict_log_hazard_ratio(X, X.iloc[[7]], return_std=True)
    assert against[7] == none[7] == 0
    with pytest.raises(ValueError, match="reference must be one row, got 2"):
        model.predict_log_hazard_ratio(X, new)


@pytest.mark.parametrize("case", CASES["curve"], ids=name)
def test_curves_intervals_and_quantiles(case):
    data = read(case)
    options = {"entry": data["start"], "sample_weight": column(data, case, "weights")}
    options["cluster"] = column(data, case, "cluster")
    curve, hazard = (function(data["stop"], data["event"], **options) for function in (kaplan_meier, nelson_aalen))
    for interval, r in case["curves"].items():
        at = curve.at(case["times"], interval=interval)
        quantile = curve.quantile([0.25, 0.5, 0.75], interval=interval)
        pairs = [("estimate", "surv"), ("std_error", "se"), ("lower", "lower"), ("upper", "upper")]
        for ours, key in pairs:
            np.testing.assert_allclose(at[ours], r[key], **CLOSE)
        for ours, key in (("estimate", "quantile"), ("lower", "quantile_lower"), ("upper", "quantile_upper")):
            np.testing.assert_allclose(quantile[ours], np.array(r[key], dtype=float), **CLOSE)
        at = hazard.at(case["times"])
        np.testing.assert_allclose(at[["estimate", "std_error"]].T, [r["cumhaz"], r["cumhaz_se"]], **CLOSE)


@pytest.mark.parametrize("case", CASES["incidence"], ids=name)
def test_incidence_under_delayed_entry_and_weights(case):
    data = read(case)
    weight = column(data, case, "weights")
    curve = aalen_johansen(data["stop"], data["event"], entry=data["start"], sample_weight=weight)
    for interval, r in case["curves"].items():
        for state, event in enumerate((0, *curve.events)):
            at = curve.at(case["times"], event, interval=interval)
            for key, values in r.items():
                expected = np.array(values, dtype=float)[:, state]
                # Bounds of an incidence of 0 are NaN in R, and 0 here.
                np.testing.assert_allclose(at[key], np.where(np.isnan(expected), at["estimate"], expected), **CLOSE)


@pytest.mark.parametrize("case", CASES["gray"], ids=lambda case: f"{case['data']}/{case['strata'] or '-'}")
def test_tests_of_gray(case):
    data = read(case)
    for code, statistic in zip(case["code"], case["stat"], strict=True):
        strata = column(data, case, "strata")
        found = gray_test(data["stop"], data["event"], data[case["group"]], event_of_interest=code, strata=strata)
        assert found.statistic == pytest.approx(statistic, rel=1e-6)


@pytest.mark.parametrize("case", CASES["exponential"], ids=lambda case: f"{case['weights']}/{case['cluster']}")
def test_exponential_times_are_those_of_survreg(case):
    data = pd.read_csv(FOLDER / "data" / "kidney.csv")
    y = pd.DataFrame({"duration": data["stop"], "event": data["event"]})
    options = {"sample_weight": column(data, case, "weights"), "cluster": column(data, case, "cluster")}
    model = ParametricAFT("exponential").fit(data[["age", "sex"]], y, **options)
    np.testing.assert_allclose([model.intercept_[1], *model.coef_[1]], case["coef"], **CLOSE)
    order = ["(intercept)", "age", "sex"]
    covariance = model.covariance_[1]
    np.testing.assert_allclose(covariance.loc[order, order], case["var"], **CLOSE)
    assert model.sigma_[1] == 1 and np.all(covariance["(log sigma)"] == 0)
    assert model.log_likelihood_[1] == pytest.approx(case["loglik"], rel=1e-9)


def test_exponential_rates_are_events_by_time_under_delayed_entry():
    data = pd.read_csv(FOLDER / "data" / "burn.csv")
    entry, groups = np.where(data["stop"] > 3, 2.0, 0.0), data[["treatment"]]
    y = pd.DataFrame({"entry": entry, "duration": data["stop"], "event": data["event"]})
    model = ParametricAFT("exponential").fit(groups, y)
    exposed = (data["stop"] - entry).groupby(data["treatment"]).sum()
    rates = pd.DataFrame(
        {event: (data["event"] == event).groupby(data["treatment"]).sum() / exposed for event in (1, 2)}
    )
    location = model.intercept_.to_numpy() + np.outer(rates.index, model.coef_.loc["treatment"])
    np.testing.assert_allclose(np.exp(-location), rates, rtol=1e-8)
    total = rates.sum(axis=1).to_numpy()[:, None]
    expected = rates[[1]].to_numpy() / total * -np.expm1(-total * [[5.0, 30.0]])
    found = model.predict_cumulative_incidence(pd.DataFrame({"treatment": rates.index}), [5.0, 30.0])
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    bounds = model.predict_cumulative_incidence_interval(groups[:3], [5.0, 30.0])
    assert np.isfinite(bounds).all() and np.all(bounds[..., 0] < bounds[..., 1])
