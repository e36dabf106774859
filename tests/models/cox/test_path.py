"""CoxElasticNetCV against R's glmnet, against the definition of its optimum, and on awkward data."""

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from secondplan.models.bundle import load_model
from secondplan.models.cox.model import CoxPH
from secondplan.models.cox.path import CoxElasticNetCV

REFERENCE = Path(__file__).parents[2] / "reference"
CASES = json.loads((REFERENCE / "glmnet.json").read_text())
# glmnet stops when no coefficient moves by more than about 1e-7 standard errors.
CLOSE = {"rtol": 1e-6, "atol": 2e-7}


def case_id(case):
    options = [case[key] or "-" for key in ("entry", "strata", "weights", "offset")]
    grid = "given" if case["given"] else "found"
    return "/".join([case["data"], f"{case['l1_ratio']:g}", *options, grid, "pf" if case["factors"] else "-"])


def fit_case(case, **parameters):
    data = pd.read_csv(REFERENCE / "data" / f"{case['data']}.csv")
    entry = data[case["entry"]] if case["entry"] else 0.0
    y = pd.DataFrame({"entry": entry, "duration": data[case["time"]], "event": data[case["event"]]})
    columns = list(dict.fromkeys([*case["x"], *(case[key] for key in ("strata", "offset") if case[key])]))
    X = data[columns]
    factors = None
    if case["factors"]:
        factors = {name: float(str(value).lower()) for name, value in zip(case["x"], case["factors"], strict=True)}
    model = CoxElasticNetCV(
        event=case["code"],
        strata=case["strata"],
        offset=case["offset"],
        l1_ratio=case["l1_ratio"],
        penalty_factor=factors,
        lambdas=case["given"],
        n_lambdas=case["n_lambdas"],
        grouped=case["grouped"],
        standardize=case["standardize"],
        **parameters,
    )
    fold = (np.arange(1, len(data) + 1) * 7) % case["folds"]
    weight = data[case["weights"]] if case["weights"] else None
    return model.fit(X, y, sample_weight=weight, foldid=fold)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_agrees_with_glmnet(case):
    model = fit_case(case)
    np.testing.assert_allclose(model.lambdas_, case["lambda"], rtol=1e-7)
    np.testing.assert_allclose(model.coef_path_.to_numpy()[case["keep"]], case["beta"], **CLOSE)
    np.testing.assert_allclose(model.deviance_ratio_, case["dev_ratio"], **CLOSE)
    assert model.null_deviance_ == pytest.approx(case["nulldev"], rel=1e-10)
    np.testing.assert_allclose(model.cv_mean_, case["cvm"], rtol=1e-6)
    np.testing.assert_allclose(model.cv_std_error_, case["cvsd"], rtol=1e-6)
    n_used = (np.abs(case["beta"]) > 1e-30).sum(axis=1)  # glmnet's ridge starts from numbers that are all but 0
    np.testing.assert_array_equal(model.to_frame()["n_features"].iloc[case["keep"]], n_used)
    assert model.lambda_min_ == pytest.approx(case["lambda_min"], rel=1e-7)
    assert model.lambda_1se_ == pytest.approx(case["lambda_1se"], rel=1e-7)


@pytest.mark.parametrize("case", [CASES[1], CASES[3], CASES[6], CASES[9]], ids=case_id)
def test_the_model_at_a_strength_is_the_point_of_the_path(case):
    model = fit_case(case, select="lambda_1se")
    for name in ("lambda_min", "lambda_1se"):
        single = model.model(name)
        own = model.coef_path_.loc[getattr(model, f"{name}_")]
        np.testing.assert_allclose(single.coef_, own, rtol=1e-7, atol=1e-9)
    assert model.model("lambda_1se") is model.model_
    np.testing.assert_array_equal(model.coef_, model.model_.coef_)


def simulate(n_rows, n_columns, random_state=0, effects=(0.8, -0.6, 0.4)):
    rng = np.random.default_rng(random_state)
    X = rng.normal(size=(n_rows, n_columns)) + 0.5 * rng.normal(size=(n_rows, 1))
    beta = np.zeros(n_columns)
    beta[: len(effects)] = effects
    days = np.ceil(200 * rng.exponential(size=n_rows) * np.exp(-X @ beta))
    end = rng.uniform(50, 600, n_rows)
    y = pd.DataFrame({"duration": np.minimum(days, np.ceil(end)), "event": (days <= end).astype(int)})
    return pd.DataFrame(X, columns=[f"x{place}" for place in range(n_columns)]), y


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_optimum_with_more_columns_than_rows(ties, l1_ratio):
    """The subgradient conditions, with a gradient summed risk set by risk set."""
    X, y = simulate(60, 150)
    model = CoxElasticNetCV(ties=ties, l1_ratio=l1_ratio, n_folds=3).fit(X, y)
    n_used = (model.coef_path_ != 0).sum(axis=1).to_numpy()
    assert n_used[0] == 0 and n_used[-1] >= 20
    scale = X.std(ddof=0).to_numpy()
    for strength in model.lambdas_[[5, len(model.lambdas_) // 2, -1]]:
        coef = model.coef_path_.loc[strength].to_numpy()
        gradient = numeric_gradient(X.to_numpy(), y, coef, ties) / scale / len(X)
        smooth = gradient - strength * (1 - l1_ratio) * coef * scale
        used = coef != 0
        np.testing.assert_allclose(smooth[used], strength * l1_ratio * np.sign(coef[used]), rtol=1e-6, atol=1e-8)
        assert np.all(np.abs(smooth[~used]) <= strength * l1_ratio * (1 + 1e-6))


def numeric_gradient(x, y, coef, ties):
    """Gradient of the log partial likelihood, risk set by risk set."""
    duration, event = y["duration"].to_numpy(), y["event"].to_numpy() == 1
    risk = np.exp(x @ coef)
    gradient = x[event].sum(axis=0)
    for day in np.unique(duration[event]):
        at_risk, tied = duration >= day, event & (duration == day)
        for place in range(tied.sum()):
            weight = risk * at_risk
            if ties == "efron":
                weight = weight - place / tied.sum() * risk * tied
            gradient = gradient - weight @ x / weight.sum()
    return gradient


def test_finds_the_features_that_matter():
    X, y = simulate(1500, 12, random_state=3)
    model = CoxElasticNetCV(select="lambda_1se", ties="efron", n_folds=5).fit(X, y)
    assert set(np.flatnonzero(model.coef_)) >= {0, 1, 2} and (model.coef_ != 0).sum() <= 6
    assert model.lambda_1se_ > model.lambda_min_
    free = CoxElasticNetCV(lambdas=[0.0], n_folds=3).fit(X, y)
    np.testing.assert_allclose(free.coef_, CoxPH(ties="breslow").fit(X, y).coef_, rtol=1e-6, atol=1e-9)


def test_weights_of_rows_are_repeated_rows():
    X, y = simulate(90, 5, random_state=5)
    weight = np.arange(90) % 3
    rows = np.repeat(np.arange(90), weight)
    fold = np.arange(90) % 4
    options = {"lambdas": [0.2, 0.05, 0.01], "l1_ratio": 0.7}
    one = CoxElasticNetCV(**options).fit(X, y, sample_weight=weight, foldid=fold)
    other = CoxElasticNetCV(**options).fit(X.iloc[rows], y.iloc[rows], foldid=fold[rows])
    np.testing.assert_allclose(one.coef_path_, other.coef_path_, rtol=1e-6, atol=1e-9)


def test_siblings_stay_in_one_fold_and_the_seed_decides():
    X, y = simulate(120, 4, random_state=7)
    family = np.arange(120) // 3
    one = CoxElasticNetCV(n_folds=4, random_state=1).fit(X, y, cluster=family)
    again = CoxElasticNetCV(n_folds=4, random_state=1).fit(X, y, cluster=family)
    other = CoxElasticNetCV(n_folds=4, random_state=2).fit(X, y, cluster=family)
    pd.testing.assert_frame_equal(one.fold_deviance_, again.fold_deviance_)
    assert not np.allclose(one.cv_mean_, other.cv_mean_)
    assert one.fold_deviance_.shape == (len(one.lambdas_), 4)
    with pytest.raises(ValueError, match="foldid puts 40 clusters into several folds"):
        CoxElasticNetCV().fit(X, y, cluster=family, foldid=np.arange(120) % 3)


def test_factors_by_column_reach_all_its_features():
    X, y = simulate(200, 3, random_state=9)
    X["kind"] = pd.Series(np.random.default_rng(1).choice(["a", "b", "c"], 200), dtype="string")
    model = CoxElasticNetCV(penalty_factor={"kind": 0, "x0": np.inf}, n_folds=3).fit(X, y)
    first = model.coef_path_.iloc[0]
    assert first[["kind[b]", "kind[c]"]].ne(0).all() and first[["x1", "x2"]].eq(0).all()
    assert model.coef_path_["x0"].eq(0).all() and model.model_.coef_[0] == 0
    for factors, rule in (
        ({"nobody": 1}, "neither a column nor a feature: nobody"),
        ({"x0": -1}, "0 or more; it is not for x0"),
        (dict.fromkeys(X.columns, 0), "above 0 for at least one feature"),
    ):
        with pytest.raises(ValueError, match=rule):
            CoxElasticNetCV(penalty_factor=factors).fit(X, y)


def test_saved_model_predicts_the_same_and_holds_no_rows(tmp_path):
    X, y = simulate(150, 4, random_state=11)
    model = CoxElasticNetCV(n_folds=3).fit(X, y)
    loaded = load_model(model.save(tmp_path / "model"))
    times = [50, 200]
    np.testing.assert_array_equal(
        loaded.predict_cumulative_incidence(X, times), model.predict_cumulative_incidence(X, times)
    )
    pd.testing.assert_frame_equal(loaded.to_frame(), model.to_frame())
    assert loaded.model("lambda_min").alpha == model.lambda_min_
    with pytest.raises(ValueError, match="needs the training rows"):
        loaded.model(0.123)
    with pytest.raises(ValueError, match="needs the training rows"):
        copy.deepcopy(model).model(0.123)
    assert model.model(0.123).alpha == 0.123
    with pytest.raises(ValueError, match="lambda_min, lambda_1se"):
        model.model("lambda_max")


def test_plots():
    X, y = simulate(150, 4, random_state=13)
    model = CoxElasticNetCV(n_folds=3).fit(X, y)
    axes = Figure().subplots()
    assert model.plot(ax=axes) is axes and axes.get_xscale() == "log"
    axes = Figure().subplots()
    assert len(model.plot("path", ax=axes).lines) == 4 + 3  # features, zero and two marks
    with pytest.raises(ValueError, match="cv or path"):
        model.plot("pie")


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"ties": "exact"}, "ties must be one of"),
        ({"l1_ratio": 1.5}, "l1_ratio must be between 0 and 1"),
        ({"event": 0}, "event must be a code"),
        ({"select": "lambda.min"}, "select must be one of"),
        ({"lambda_min_ratio": 2}, "lambda_min_ratio"),
        ({"n_lambdas": 0}, "n_lambdas"),
        ({"lambdas": [-1.0]}, "lambdas must be numbers"),
        ({"lambdas": []}, "lambdas must be numbers"),
        ({"n_folds": 1}, "n_folds must be a whole number of at least 2"),
        ({"n_folds": 500}, "500 folds need an event each"),
        ({"event": 3}, "no row has event 3"),
    ],
)
def test_parameters_are_checked(parameters, rule):
    X, y = simulate(100, 3)
    with pytest.raises(ValueError, match=rule):
        CoxElasticNetCV(**parameters).fit(X, y)


def test_folds_are_checked():
    X, y = simulate(100, 3)
    for fold, rule in (
        (np.zeros(100), "at least two values"),
        (np.arange(90), r"shape \(90,\)"),
        ([None, *np.arange(99)], "missing in 1 of 100"),
        (np.where(y["event"] == 0, 1, 2), "1 of 2 folds have no event"),
    ):
        with pytest.raises(ValueError, match=f"foldid.*{rule}"):
            CoxElasticNetCV().fit(X, y, foldid=fold)


def test_awkward_columns():
    X, y = simulate(120, 3, random_state=15)
    X["same"] = X["x0"]
    X["event_only"] = y["event"].astype(float)
    model = CoxElasticNetCV(n_folds=3, l1_ratio=0.5).fit(X, y)
    assert np.isfinite(model.coef_path_.to_numpy()).all() and np.isfinite(model.cv_mean_).all()
    np.testing.assert_allclose(model.coef_path_["same"], model.coef_path_["x0"], atol=1e-6)
    with pytest.warns(UserWarning, match="grouped=True is used"):
        CoxElasticNetCV(n_folds=30, grouped=False, lambdas=[0.1]).fit(X, y)
