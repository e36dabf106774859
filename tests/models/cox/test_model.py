"""CoxPH against R's survival, against its definition, and on awkward data."""

import copy
import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.models.bundle import load_model
from secondplan.models.cox.model import CoxPH

REFERENCE = Path(__file__).parents[2] / "reference"
CASES = json.loads((REFERENCE / "cox.json").read_text())
# coxph stops when the log likelihood changes by less than 1e-11 of itself; its coefficients then agree to about this.
CLOSE = {"rtol": 1e-8, "atol": 1e-10}


def read(name):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


def fit_case(case):
    data = read(case["data"])
    entry = data[case["entry"]] if case["entry"] else 0.0
    y = pd.DataFrame({"entry": entry, "duration": data[case["time"]], "event": data[case["event"]]}, index=data.index)
    columns = [*case["x"], *(case[key] for key in ("strata", "offset") if case[key])]
    y["entry"] = y["entry"].clip(lower=0)
    options = {"ties": case["ties"], "strata": case["strata"], "offset": case["offset"], "std_error": "survfit"}
    model = CoxPH(event=case["code"], **options)
    weight = data[case["weights"]] if case["weights"] else None
    cluster = data[case["cluster"]] if case["cluster"] else None
    return model.fit(data[columns], y, sample_weight=weight, cluster=cluster), data[columns], y


def eight(n_rows):
    """The rows that R's ``seq(1, n, length.out = 8)`` picks."""
    return np.floor(np.linspace(1, n_rows, 8) + 1e-9).astype(int) - 1


def case_id(case):
    options = [case[key] or "-" for key in ("entry", "strata", "weights", "cluster")]
    return "/".join([case["data"], str(case["code"]), case["ties"], *options])


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_agrees_with_coxph(case):
    model, X, _ = fit_case(case)
    n_columns = len(case["x"])
    np.testing.assert_allclose(model.coef_, np.atleast_1d(case["coef"]), **CLOSE)
    np.testing.assert_allclose(model.covariance_, np.reshape(case["var"], (n_columns, n_columns)), **CLOSE)
    np.testing.assert_allclose(model.naive_covariance_, np.reshape(case["naive_var"], (n_columns, n_columns)), **CLOSE)
    np.testing.assert_allclose(model.log_likelihood_, case["loglik"], rtol=1e-12)
    np.testing.assert_allclose(model.score_statistic_, case["score_statistic"], rtol=1e-9)
    np.testing.assert_allclose(model.martingale_residuals_[eight(len(X))], case["martingale"], rtol=1e-7, atol=1e-10)
    for part in case["baseline"]:
        hazard = model.baseline_cumulative_hazard_
        if case["strata"]:
            level = part["stratum"].split("=")[-1].strip()
            hazard = hazard[f"{case['strata']}={level}"]
        found = [hazard[hazard.index <= time].iloc[-1] for time in np.atleast_1d(part["time"])]
        np.testing.assert_allclose(found, np.atleast_1d(part["hazard"]), rtol=2e-7)


@pytest.mark.parametrize("case", [case for case in CASES if "zph" in case], ids=case_id)
def test_residuals_and_test_of_proportionality_agree(case):
    model, X, _ = fit_case(case)
    rows = eight(len(X))
    np.testing.assert_allclose(model.residuals("deviance")[rows], np.ravel(case["deviance"]), rtol=1e-7, atol=1e-7)
    for kind in ("score", "dfbeta"):
        np.testing.assert_allclose(model.residuals(kind).to_numpy()[rows], case[kind], rtol=1e-6, atol=1e-9)
    schoenfeld = model.residuals("schoenfeld")
    if not case["strata"]:
        picked = schoenfeld.to_numpy()[eight(len(schoenfeld))]
        np.testing.assert_allclose(picked, case["schoenfeld"], rtol=1e-6, atol=1e-8)
    assert np.abs(schoenfeld.sum()).max() < 1e-6 * len(schoenfeld) or case["weights"]
    for transform, table in case["zph"].items():
        found = model.test_proportional_hazards(transform)
        np.testing.assert_allclose(found.to_numpy(), table, rtol=1e-7)


@pytest.mark.parametrize("case", [case for case in CASES if "curve" in case], ids=case_id)
def test_curves_agree_with_survfit(case):
    model, X, _ = fit_case(case)
    curve = case["curve"]
    new = X.iloc[curve["rows"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # competing events in mgus2
        incidence = model.predict_cumulative_incidence(new, curve["days"], event=case["code"])
        bounds = model.predict_cumulative_incidence_interval(new, curve["days"])
    np.testing.assert_allclose(1.0 - incidence, np.transpose(curve["surv"]), rtol=1e-8)
    np.testing.assert_allclose(1.0 - bounds[..., 1], np.transpose(curve["lower"]), rtol=1e-7)
    np.testing.assert_allclose(1.0 - bounds[..., 0], np.transpose(curve["upper"]), rtol=1e-7)
    assert np.all(np.diff(incidence, axis=1) >= 0)


def small():
    """Six rows with ties, delayed entry and an event on day 0."""
    X = pd.DataFrame({"a": [1.0, 0.0, 2.0, 1.0, 3.0, 0.5]})
    y = pd.DataFrame({"entry": [0, 0, 1, 0, 2, 0], "duration": [4, 0, 4, 2, 5, 6], "event": [1, 1, 1, 0, 1, 0]})
    return X, y


def test_breslow_by_hand():
    # Two rows at risk on day 1 (x = 1 has the event), one of them left on day 2: l(b) = b - log(e^b + 1) for one event.
    # Three rows: events on day 1 (x=1), day 2 (x=0); censored on day 3 (x=1):
    # score: 1 - 2e^b/(2e^b+1) + 0 - e^b/(e^b+1) = 0  ->  e^b solves 2 z^2 = 1, z = e^b.
    X = pd.DataFrame({"x": [1.0, 0.0, 1.0]})
    y = pd.DataFrame({"duration": [1, 2, 3], "event": [1, 1, 0]})
    model = CoxPH(ties="breslow").fit(X, y)
    assert model.coef_[0] == pytest.approx(-0.5 * np.log(2.0), abs=1e-10)
    z = np.sqrt(0.5)
    expected = [1 / (2 * z + 1), 1 / (2 * z + 1) + 1 / (1 + z)]
    np.testing.assert_allclose(model.baseline_cumulative_hazard_, expected, rtol=1e-9)


def test_event_on_day_0_counts():
    X, y = small()
    model = CoxPH().fit(X, y)
    assert model.n_events_ == 4
    assert model.baseline_cumulative_hazard_.index[0] == 0.0
    assert model.predict_cumulative_incidence(X, [0.0]).min() > 0


def test_a_row_of_weight_0_counts_for_nothing():
    rng = np.random.default_rng(4)
    X = pd.DataFrame(rng.normal(size=(120, 2)), columns=["a", "b"])
    y = pd.DataFrame({"duration": rng.integers(1, 40, 120), "event": rng.integers(0, 2, 120)})
    weight = rng.integers(0, 3, 120)
    kept = weight > 0
    whole = CoxPH().fit(X, y, sample_weight=weight)
    fewer = CoxPH().fit(X[kept], y[kept], sample_weight=weight[kept])
    np.testing.assert_allclose(whole.covariance_, fewer.covariance_, rtol=1e-10)
    for kind in ("deviance", "score", "dfbeta"):
        np.testing.assert_allclose(whole.residuals(kind)[kept], fewer.residuals(kind), rtol=1e-7, atol=1e-12)
    for transform in ("km", "rank", "identity", "log"):
        expected = fewer.test_proportional_hazards(transform)
        np.testing.assert_allclose(whole.test_proportional_hazards(transform), expected, rtol=1e-9)


@pytest.mark.parametrize("factor", [1e-12, 1e-6, 1e9])
@pytest.mark.parametrize("penalty", [{}, {"alpha": 0.02, "l1_ratio": 0.5}])
def test_the_unit_of_the_weights_does_not_matter(factor, penalty):
    rng = np.random.default_rng(6)
    X = pd.DataFrame(rng.normal(size=(150, 3)), columns=["a", "b", "c"])
    y = pd.DataFrame({"duration": np.ceil(rng.exponential(20 * np.exp(-X["a"]))), "event": rng.integers(0, 2, 150)})
    weight = rng.uniform(0.2, 3.0, 150)
    one = CoxPH(**penalty).fit(X, y, sample_weight=weight)
    other = CoxPH(**penalty).fit(X, y, sample_weight=factor * weight)
    np.testing.assert_allclose(other.coef_, one.coef_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other.baseline_hazard_, one.baseline_hazard_, rtol=1e-9)
    np.testing.assert_allclose(other.naive_covariance_ * factor, one.naive_covariance_, rtol=1e-7)
    if not penalty:
        np.testing.assert_allclose(other.covariance_, one.covariance_, rtol=1e-7)


def test_a_weight_is_a_repeated_row():
    # Breslow: Efron's treatment of ties is not linear in the weights.
    X, y = small()
    weight = np.array([1, 2, 1, 3, 1, 2])
    rows = np.repeat(np.arange(6), weight)
    weighted = CoxPH(ties="breslow").fit(X, y, sample_weight=weight)
    repeated = CoxPH(ties="breslow").fit(X.iloc[rows], y.iloc[rows])
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-9)
    np.testing.assert_allclose(weighted.covariance_, repeated.covariance_, rtol=1e-8)
    np.testing.assert_allclose(weighted.baseline_cumulative_hazard_, repeated.baseline_cumulative_hazard_, rtol=1e-9)


def test_rows_of_weight_0_are_left_out():
    X, y = small()
    weight = np.array([1.0, 1, 0, 1, 1, 1])
    left = weight > 0
    with_zero, without = CoxPH().fit(X, y, sample_weight=weight), CoxPH().fit(X[left], y[left])
    np.testing.assert_allclose(with_zero.coef_, without.coef_, rtol=1e-12)
    assert with_zero.martingale_residuals_[2] == 0.0


def test_order_and_scale_of_the_data_do_not_matter():
    data = read("lung")
    X = data[["age", "ph.ecog"]].astype(float)
    y = pd.DataFrame({"entry": data["late"], "duration": data["time"], "event": data["status"]})
    model = CoxPH(ties="efron").fit(X, y, cluster=data["inst"])
    order = np.random.default_rng(3).permutation(len(X))
    shuffled = CoxPH(ties="efron").fit(X.iloc[order], y.iloc[order], cluster=data["inst"].iloc[order])
    np.testing.assert_allclose(shuffled.coef_, model.coef_, rtol=1e-10)
    np.testing.assert_allclose(shuffled.covariance_, model.covariance_, rtol=1e-9)
    scaled = CoxPH().fit(X * [1e6, 1e-6] + [1e9, -3.0], y, cluster=data["inst"])
    np.testing.assert_allclose(scaled.coef_ * [1e6, 1e-6], model.coef_, rtol=1e-7)
    np.testing.assert_allclose(scaled.log_likelihood_, model.log_likelihood_, rtol=1e-10)
    np.testing.assert_allclose(scaled.predict(X * [1e6, 1e-6] + [1e9, -3.0]), model.predict(X), rtol=1e-6)


def test_efron_is_breslow_without_ties():
    data = read("veteran").drop_duplicates("time")
    X, y = data[["karno", "age"]], data[["time", "status"]].set_axis(["duration", "event"], axis=1)
    efron, breslow = CoxPH().fit(X, y), CoxPH(ties="breslow").fit(X, y)
    np.testing.assert_allclose(efron.coef_, breslow.coef_, rtol=1e-12)


def test_split_rows_give_the_same_fit():
    # A row cut at some day into (entry, cut] and (cut, duration] carries the same information.
    data = read("veteran")
    X, y = data[["trt", "karno"]], pd.DataFrame({"entry": 0, "duration": data["time"], "event": data["status"]})
    long = y["duration"] > 50
    early = pd.DataFrame({"entry": 0, "duration": 50, "event": 0}, index=y.index[long])
    rest = y[long].assign(entry=50)
    split_y = pd.concat([y[~long], early, rest])
    split_X = pd.concat([X[~long], X[long], X[long]])
    person = np.concatenate([y.index[~long], y.index[long], y.index[long]])
    whole = CoxPH().fit(X, y, cluster=np.arange(len(X)))
    split = CoxPH().fit(split_X, split_y, cluster=person)
    np.testing.assert_allclose(split.coef_, whole.coef_, rtol=1e-9)
    np.testing.assert_allclose(split.covariance_, whole.covariance_, rtol=1e-8)


def test_martingale_residuals_sum_to_0_and_dfbeta_to_the_sandwich():
    data = read("lung")
    X, y = data[["age", "ph.ecog"]], pd.DataFrame({"duration": data["time"], "event": data["status"]})
    model = CoxPH().fit(X, y, sample_weight=data["w"], cluster=data["inst"])
    assert abs(np.sum(data["w"] * model.martingale_residuals_)) < 1e-8
    by_cluster = model.residuals("dfbeta").groupby(data["inst"].to_numpy()).sum().to_numpy()
    np.testing.assert_allclose(by_cluster.T @ by_cluster, model.covariance_, rtol=1e-9)


def test_elapsed_and_eligible_days():
    data = read("lung")
    X, y = data[["age"]], pd.DataFrame({"duration": data["time"], "event": data["status"]})
    model = CoxPH().fit(X, y)
    free = model.predict_event_free(X, [100.0, 300.0])
    conditional = model.predict_cumulative_incidence(X, [300.0], elapsed=100.0)[:, 0]
    np.testing.assert_allclose(conditional, 1.0 - free[:, 1] / free[:, 0], rtol=1e-9)
    flat = model.predict_cumulative_incidence(X, [100.0, 300.0], eligible_days=100.0)
    np.testing.assert_array_equal(flat[:, 0], flat[:, 1])
    bounds = model.predict_cumulative_incidence_interval(X, [50.0, 300.0], elapsed=100.0, interval="log-log")
    assert np.all(bounds[:, 0] == 0.0)
    assert np.all((bounds[:, 1, 0] < conditional) & (conditional < bounds[:, 1, 1]))


@pytest.mark.parametrize("interval", ["plain", "log", "log-log"])
def test_intervals_hold_the_estimate(interval):
    X, y = small()
    model = CoxPH().fit(X, y)
    estimate = model.predict_cumulative_incidence(X, [0.0, 3.0, 5.0, 6.0])
    bounds = model.predict_cumulative_incidence_interval(X, [0.0, 3.0, 5.0, 6.0], interval=interval)
    assert np.isfinite(bounds).all()
    assert np.all(bounds[..., 0] <= estimate + 1e-12)
    assert np.all(estimate <= bounds[..., 1] + 1e-12)


def test_summary():
    data = read("lung")
    y = pd.DataFrame({"duration": data["time"], "event": data["status"]})
    plain = CoxPH().fit(data[["age", "ph.ecog"]], y)
    table = plain.summary_
    assert list(table.columns[:8]) == [
        *("coef", "se", "robust_se", "lower", "upper", "hazard_ratio"),
        *("hazard_ratio_lower", "hazard_ratio_upper"),
    ]
    assert table["robust_se"].isna().all()
    np.testing.assert_allclose(table["z"], table["coef"] / table["se"])
    robust = CoxPH().fit(data[["age", "ph.ecog"]], y, cluster=data["inst"]).summary_
    np.testing.assert_allclose(robust["z"], robust["coef"] / robust["robust_se"])
    np.testing.assert_allclose(robust["se"], table["se"], rtol=1e-12)
    assert plain.global_tests_.loc["likelihood ratio", "statistic"] == pytest.approx(18.9533174421160, rel=1e-10)


def test_competing_events_are_named_at_prediction():
    X, y = small()
    y.loc[3, "event"] = 2
    model = CoxPH(horizon=3).fit(X, y)
    with pytest.warns(UserWarning, match="CauseSpecificCox"):
        model.predict(X)
    with pytest.raises(ValueError, match="not modelled"):
        model.predict_cumulative_incidence_interval(X, [3.0], event=2)


class TestAwkwardData:
    def test_no_event(self):
        X, y = small()
        with pytest.raises(ValueError, match="no row has event 1"):
            CoxPH().fit(X, y.assign(event=0))
        with pytest.raises(ValueError, match="no row has event 1"):
            CoxPH().fit(X, y, sample_weight=1 - y["event"])

    def test_one_row(self):
        with pytest.warns(UserWarning, match="constant in training.*: a"):
            model = CoxPH().fit(pd.DataFrame({"a": [2.0]}), pd.DataFrame({"duration": [3], "event": [1]}))
        np.testing.assert_allclose(model.predict_event_free(pd.DataFrame({"a": [5.0]}), [2, 3]), [[1, np.exp(-1)]])

    def test_everybody_on_one_day(self):
        X, y = small()
        model = CoxPH().fit(X, y.assign(entry=0, duration=7, event=1))
        assert np.isfinite(model.coef_).all()
        assert model.coef_[0] == pytest.approx(0.0, abs=1e-8) or abs(model.coef_[0]) < 5

    def test_constant_and_collinear_columns_are_named(self):
        data = read("lung")
        y = pd.DataFrame({"duration": data["time"], "event": data["status"]})
        X = data[["age", "ph.ecog"]].assign(flat=0.1, months=12.0 * data["age"] - 5.0)
        with pytest.warns(UserWarning) as caught:
            model = CoxPH().fit(X, y, cluster=data["inst"])
        messages = " | ".join(str(warning.message) for warning in caught)
        assert "constant in training, left out: flat" in messages
        assert "collinear), coefficient left at 0: months" in messages
        reduced = CoxPH().fit(data[["age", "ph.ecog"]], y, cluster=data["inst"])
        np.testing.assert_allclose(model.coef_, [*reduced.coef_, 0.0], rtol=1e-10)
        np.testing.assert_allclose(model.covariance_[:2, :2], reduced.covariance_, rtol=1e-9)
        assert model.summary_.drop(columns="robust_se").notna().all(axis=None)
        assert model.test_proportional_hazards().index.tolist() == ["age", "ph.ecog", "GLOBAL"]

    def test_separation_is_named_and_the_rest_converges(self):
        rng = np.random.default_rng(8)
        n_rows = 400
        X = pd.DataFrame({"age": rng.normal(size=n_rows), "never": (np.arange(n_rows) < 30).astype(float)})
        y = pd.DataFrame({"duration": rng.integers(1, 50, n_rows), "event": rng.integers(0, 2, n_rows)})
        y.loc[X["never"] == 1, "event"] = 0
        with pytest.warns(UserWarning, match="separated by these features.*: never;"):
            model = CoxPH(horizon=30).fit(X, y)
        assert np.isfinite(model.summary_.drop(columns=["robust_se", "hazard_ratio_upper"])).all(axis=None)
        assert model.coef_[1] < -8
        kept = X["never"] == 0
        # As the coefficient goes to minus infinity, the rows that never have the event leave the risk sets.
        others = CoxPH().fit(X.loc[kept, ["age"]], y[kept])
        assert model.coef_[0] == pytest.approx(others.coef_[0], abs=1e-4)
        assert np.isfinite(model.predict(X)).all()
        ridge = CoxPH(alpha=0.01).fit(X, y)
        assert -8 < ridge.coef_[1] < 0

    def test_parameters(self):
        X, y = small()
        for wrong in ({"ties": "exact"}, {"alpha": -1.0}, {"l1_ratio": 2.0}, {"event": 0}, {"strata": "b"}):
            with pytest.raises(ValueError, match=r"ties|alpha|l1_ratio|event|strata"):
                CoxPH(**wrong).fit(X, y)
        model = CoxPH().fit(X, y)
        with pytest.raises(ValueError, match="kind must be one of"):
            model.residuals("pearson")
        with pytest.raises(ValueError, match="interval must be one of"):
            model.predict_cumulative_incidence_interval(X, [1.0], interval="normal")
        with pytest.raises(ValueError, match="level must be between"):
            model.predict_cumulative_incidence_interval(X, [1.0], level=95)

    def test_values_that_overflow(self):
        X, y = small()
        with pytest.raises(ValueError, match=r"larger than|beyond"):
            CoxPH().fit(X * 1e120, y)

    def test_unseen_stratum(self):
        X, y = small()
        X["band"] = ["s", "s", "l", "l", "s", "l"]
        model = CoxPH(strata="band").fit(X, y)
        with pytest.raises(ValueError, match="1 rows are in a stratum"):
            model.predict(X.assign(band=["s", "s", "l", "l", "s", "new"]))

    def test_extreme_offset(self):
        X, y = small()
        X["exposure"] = [0.0, 0, 0, 0, 0, 5000.0]
        with pytest.raises(ValueError, match="offset"):
            CoxPH(offset="exposure").fit(X, y)
        shifted = CoxPH(offset="exposure", horizon=5).fit(X.assign(exposure=1e6), y)
        plain = CoxPH(horizon=5).fit(X[["a"]], y)
        np.testing.assert_allclose(shifted.coef_, plain.coef_, rtol=1e-9)
        np.testing.assert_allclose(shifted.predict(X.assign(exposure=1e6)), plain.predict(X[["a"]]), rtol=1e-9)


class TestPenalty:
    def test_ridge_solves_its_equation(self):
        data = read("lung")
        X, y = data[["age", "ph.ecog", "sex"]], pd.DataFrame({"duration": data["time"], "event": data["status"]})
        model = CoxPH(alpha=0.3).fit(X, y)
        gradient = model.residuals("score").sum().to_numpy()
        np.testing.assert_allclose(gradient, len(X) * 0.3 * model.coef_ * X.var(ddof=0), rtol=1e-6)

    def test_lasso_meets_the_optimality_conditions(self):
        data = read("pbc")
        X = data[["age", "logbili", "albumin", "edema", "female"]]
        y = pd.DataFrame({"duration": data["time"], "event": data["status"]})
        alpha, ratio = 0.08, 0.7
        model = CoxPH(event=2, ties="breslow", alpha=alpha, l1_ratio=ratio).fit(X, y)
        scale = X.std(ddof=0).to_numpy()
        beta = model.coef_ * scale
        gradient = model.residuals("score").sum().to_numpy() / scale / len(X)
        chosen = beta != 0
        assert 0 < chosen.sum() < len(beta)
        slope = alpha * ratio * np.sign(beta) + alpha * (1 - ratio) * beta
        np.testing.assert_allclose(gradient[chosen], slope[chosen], atol=1e-7)
        assert np.all(np.abs(gradient[~chosen]) <= alpha * ratio)

    def test_a_large_penalty_leaves_nothing(self):
        X, y = small()
        np.testing.assert_array_equal(CoxPH(alpha=50.0, l1_ratio=1.0).fit(X, y).coef_, 0.0)


def test_a_saved_baseline_tells_nothing_of_single_rows_and_loses_little(tmp_path):
    rng = np.random.default_rng(11)
    X = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "c"])
    time = rng.exponential(300 * np.exp(-0.5 * X["a"]))
    y = pd.DataFrame({"duration": np.minimum(time, 400.0), "event": (time <= 400).astype(int)})
    model = CoxPH().fit(X, y)
    loaded = load_model(model.save(tmp_path / "model"))
    n_steps = len(model.baseline_time_)
    saved = np.load(tmp_path / "model" / "arrays.npz")
    assert not any(saved[name].ndim == 2 and saved[name].shape[0] >= n_steps / 5 for name in saved.files)
    left = np.searchsorted(model.baseline_time_, y["duration"], side="right") - 1
    n_left = np.bincount(left[left >= 0], minlength=n_steps)
    assert np.add.reduceat(n_left, np.append(0, loaded.mean_steps_[:-1] + 1)).min() >= 6
    ends = model.baseline_time_[loaded.mean_steps_[5::10]]
    for times, least in ((ends, 1.0), ([50, 100, 200, 400], 0.5)):
        exact = model.predict_cumulative_incidence_interval(X, times)
        near = loaded.predict_cumulative_incidence_interval(X, times)
        is_stated = ~np.isnan(near)
        assert is_stated.mean() >= least
        np.testing.assert_allclose(near[is_stated], exact[is_stated], atol=1e-6)


def test_saved_and_copied_models_hold_no_rows(tmp_path):
    X, y = small()
    X["band"] = ["s", "s", "l", "l", "s", "l"]
    model = CoxPH(strata="band").fit(X, y)
    loaded = load_model(model.save(tmp_path / "model"))
    times = [0.0, 2.0, 5.0]
    for other in (loaded, pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(
            other.predict_cumulative_incidence(X, times), model.predict_cumulative_incidence(X, times)
        )
        pd.testing.assert_frame_equal(other.summary_, model.summary_)
        assert not hasattr(other, "martingale_residuals_")
        with pytest.raises(ValueError, match="training rows"):
            other.residuals()


class TestOptions:
    def test_firth_gives_a_finite_estimate_under_separation(self):
        X = pd.DataFrame({"first": [1, 1, 1, 0, 0, 0, 0, 0], "age": [3.0, 5, 1, 4, 6, 2, 8, 7]})
        y = pd.DataFrame({"duration": [1, 2, 3, 4, 5, 6, 7, 8], "event": [1, 1, 1, 1, 0, 1, 0, 1]})
        with pytest.warns(UserWarning, match="separated by these features.*first; .*firth=True"):
            CoxPH().fit(X, y)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = CoxPH(firth=True).fit(X, y)
        assert 0 < model.coef_[0] < 10
        assert np.isfinite(model.summary_[["se", "lower", "upper"]].to_numpy()).all()
        with pytest.raises(ValueError, match="two penalties"):
            CoxPH(firth=True, alpha=0.1).fit(X, y)

    @pytest.mark.parametrize("ties", ["efron", "breslow"])
    def test_entry_on_an_event_day_counts_as_in_statsmodels_if_asked_for(self, ties):
        from statsmodels.duration.hazard_regression import PHReg

        rng = np.random.default_rng(5)
        X = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"])
        duration = rng.integers(2, 20, 300)
        entry = np.floor(duration * rng.random(300)) * (rng.random(300) < 0.6)
        y = pd.DataFrame({"entry": entry, "duration": duration, "event": rng.integers(0, 2, 300)})
        expected = PHReg(duration, X.to_numpy(), status=y["event"], entry=entry, ties=ties).fit(disp=0)
        model = CoxPH(ties=ties, entry_convention="statsmodels").fit(X, y)
        np.testing.assert_allclose(model.coef_, expected.params, rtol=1e-6)
        np.testing.assert_allclose(model.summary_["se"], expected.bse, rtol=1e-6)
        assert np.abs(CoxPH(ties=ties).fit(X, y).coef_ - expected.params).max() > 1e-4
        with pytest.raises(ValueError, match="entry_convention must be one of r, statsmodels"):
            CoxPH(entry_convention="stata").fit(X, y)

    def test_a_column_that_orders_all_rows_is_named(self):
        rng = np.random.default_rng(0)
        duration = np.ceil(rng.exponential(20, 200))
        X = pd.DataFrame({"order": -duration, "b": rng.normal(size=200)})
        y = pd.DataFrame({"duration": duration, "event": 1})
        with pytest.warns(UserWarning, match="separated by these features.*: order; ") as caught:
            model = CoxPH().fit(X, y)
        assert len(caught) == 1
        assert np.isfinite(model.summary_[["coef", "se"]].to_numpy()).all()

    def test_few_clusters_are_said_to_be_too_few(self):
        rng = np.random.default_rng(0)
        X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "c"])
        y = pd.DataFrame({"duration": rng.integers(1, 50, 60), "event": 1})
        with pytest.warns(UserWarning, match="3 clusters for 3 coefficients"):
            CoxPH().fit(X, y, cluster=np.arange(60) % 3)
