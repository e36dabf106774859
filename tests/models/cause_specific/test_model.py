import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.models import AalenJohansen, CauseSpecificCox, CoxPH

FOLDER = Path(__file__).parents[2] / "reference"
REFERENCE = json.loads((FOLDER / "cause_specific.json").read_text())
MELANOMA = pd.read_csv(FOLDER / "cause_specific_melanoma.csv")
MGUS2 = pd.read_csv(FOLDER / "cause_specific_mgus2.csv")
CASES = {
    "melanoma": (MELANOMA, ["sex", "age", "thick"], None, False),
    "mgus2": (MGUS2, ["age", "hgb", "mspike"], None, False),
    "mgus2_strata": (MGUS2, ["age", "hgb", "mspike", "sex"], "sex", False),
    "mgus2_delayed": (MGUS2, ["age", "hgb", "mspike"], None, True),
}
X, Y = MGUS2[["age", "hgb", "mspike", "sex"]], MGUS2[["duration", "event"]]


@pytest.mark.parametrize("form", ["exponential", "product_limit"])
@pytest.mark.parametrize("case", CASES)
def test_agrees_with_r(case, form):
    data, columns, strata, delayed = CASES[case]
    expected = REFERENCE[case]
    y = data[["entry", "duration", "event"]] if delayed else data[["duration", "event"]]
    model = CauseSpecificCox(strata=strata, form=form).fit(data[columns], y)
    for cause in (1, 2):
        assert model.coef_[cause].to_dict() == pytest.approx(expected["coef"][cause - 1], rel=1e-6)
        risk = model.predict_cumulative_incidence(data[columns].iloc[:25], expected["times"], event=cause)
        np.testing.assert_allclose(risk, expected[form][cause - 1], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("case", ["melanoma", "mgus2", "mgus2_strata"])
def test_elapsed_days_agree_with_the_landmark_of_r(case):
    data, columns, strata, _ = CASES[case]
    expected = REFERENCE[case]
    model = CauseSpecificCox(strata=strata).fit(data[columns], data[["duration", "event"]])
    new, since, times = data[columns].iloc[:25], expected["landmark"], expected["times"][1:]
    for cause in (1, 2):
        risk = model.predict_cumulative_incidence(new, times, event=cause, elapsed=since)
        np.testing.assert_allclose(risk, expected["conditional"][cause - 1], rtol=1e-6, atol=1e-12)


def test_product_limit_without_features_is_aalen_johansen():
    no_features = np.ones((len(MGUS2), 0))
    y = MGUS2[["entry", "duration", "event"]]
    ours = CauseSpecificCox(ties="breslow", form="product_limit").fit(no_features, y)
    theirs = AalenJohansen().fit(no_features, y)
    times = [1, 6, 30, 120, 400]
    for event in (1, 2):
        np.testing.assert_allclose(
            ours.predict_cumulative_incidence(no_features[:1], times, event=event),
            theirs.predict_cumulative_incidence(no_features[:1], times, event=event),
            rtol=1e-10,
        )


def test_each_cause_is_its_own_cox_model():
    family = np.arange(len(MGUS2)) // 2
    model = CauseSpecificCox(ties="breslow").fit(X, Y, cluster=family)
    for cause in (1, 2):
        alone = CoxPH(event=cause, ties="breslow").fit(X, Y, cluster=family)
        pd.testing.assert_frame_equal(model.summary_.loc[cause], alone.summary_, check_names=False)
        np.testing.assert_array_equal(model.covariance_[cause], alone.covariance_)
    assert list(model.summary_.index.names) == ["event", "feature"]
    assert list(model.coef_.index) == ["age", "hgb", "mspike", "sex[M]"]


def test_strata_equal_separate_models():
    model = CauseSpecificCox(strata="sex", form="product_limit").fit(X[["sex"]], Y)
    for sex in ("F", "M"):
        own = (MGUS2["sex"] == sex).to_numpy()
        alone = CauseSpecificCox(form="product_limit").fit(np.ones((own.sum(), 0)), Y[own])
        ours = model.predict_cumulative_incidence(X[["sex"]][own], [12, 60, 240])
        expected = alone.predict_cumulative_incidence(np.ones((own.sum(), 0)), [12, 60, 240])
        np.testing.assert_allclose(ours, expected, rtol=1e-12)
    assert list(model.baseline_cumulative_hazard_.columns) == [(1, "sex=F"), (1, "sex=M"), (2, "sex=F"), (2, "sex=M")]
    with pytest.raises(ValueError, match=r"strata .sex.: 1 rows are in a stratum that the model was not fitted to"):
        model.predict(X[["sex"]].iloc[:1].assign(sex="other"))


def test_a_known_end_leaves_the_risk_sets_and_flattens_the_curve():
    y = Y.assign(event=Y["event"].where(MGUS2.index % 5 != 0, 4))
    model = CauseSpecificCox(known_end_event=4).fit(X, y)
    censored = CauseSpecificCox().fit(X, y.assign(event=y["event"].where(y["event"] != 4, 0)))
    assert model.events_ == (1, 2)
    times = [12.0, 60.0, 120.0]
    expected = censored.predict_cumulative_incidence(X, times)
    np.testing.assert_array_equal(model.predict_cumulative_incidence(X, times), expected)
    eligible = np.full(len(X), np.inf)
    eligible[0] = 60.5
    flat = model.predict_cumulative_incidence(X, times, eligible_days=eligible)
    np.testing.assert_allclose(flat[1:], expected[1:], rtol=1e-13)  # other sums where rows have times of their own
    assert flat[0, 2] == flat[0, 1] < expected[0, 2]
    assert flat[0, 1] == pytest.approx(expected[0, 1], rel=1e-13)


def test_baseline_at_features_0():
    model = CauseSpecificCox(form="exponential").fit(X[["mspike"]], Y)
    hazards = model.baseline_cumulative_hazard_
    zero = pd.DataFrame({"mspike": [0.0]})
    assert hazards.shape[1] == 2 and (hazards.diff().dropna() >= 0).all(axis=None)
    first = hazards.index[:3]
    before = np.exp(-hazards.sum(axis=1).shift(fill_value=0.0))
    expected = (before * hazards[1].diff().fillna(hazards[1])).cumsum()[first]
    np.testing.assert_allclose(model.predict_cumulative_incidence(zero, first)[0], expected, rtol=1e-10)


def test_recovers_the_truth_under_delayed_entry():
    rng = np.random.default_rng(8)
    n_rows = 8000
    frame = pd.DataFrame({"x": rng.normal(size=n_rows), "z": rng.normal(size=n_rows)})
    rates = np.exp([-7.0 + 0.4 * frame["x"], -7.4 - 0.5 * frame["z"]])
    duration = np.ceil(rng.exponential(1 / rates.sum(axis=0)))
    event = np.where(rng.random(n_rows) < rates[0] / rates.sum(axis=0), 1, 2)
    entry = np.where(rng.random(n_rows) < 0.4, rng.integers(1, 400, n_rows), 0)
    seen = entry < duration
    y = pd.DataFrame(
        {"entry": entry, "duration": np.minimum(duration, 1000), "event": np.where(duration > 1000, 0, event)}
    )
    model = CauseSpecificCox().fit(frame[seen], y[seen])
    for cause, truth in ((1, {"x": 0.4, "z": 0.0}), (2, {"x": 0.0, "z": -0.5})):
        table = model.summary_.loc[cause]
        assert np.all(np.abs(table["coef"] - pd.Series(truth)) < 3 * table["se"])
    typical = pd.DataFrame({"x": [0.0], "z": [0.0]})
    total = np.exp(-7.0) + np.exp(-7.4)
    expected = np.exp(-7.0) / total * (1 - np.exp(-total * 730))
    assert model.predict(typical)[0] == pytest.approx(expected, abs=0.02)


def test_warnings_name_the_cause():
    y = Y.assign(event=np.where(np.arange(len(Y)) < 5, 1, Y["event"] * 2 // 2))
    frame = X[["age"]].assign(rare=(np.arange(len(Y)) < 5).astype(float))
    y = y.assign(event=np.where(frame["rare"] == 1, 2, y["event"]))
    with pytest.warns(UserWarning, match="^event 1: .*rare"):
        CauseSpecificCox().fit(frame, y)


def test_errors():
    with pytest.raises(ValueError, match="form must be one of exponential, product_limit"):
        CauseSpecificCox(form="log").fit(X, Y)
    with pytest.raises(ValueError, match="ties must be one of"):
        CauseSpecificCox(ties="exact").fit(X, Y)
    with pytest.raises(ValueError, match="no row has an event to model"):
        CauseSpecificCox(known_end_event=1).fit(X, Y.assign(event=1))
    with pytest.raises(ValueError, match="strata names columns that X does not have: region"):
        CauseSpecificCox(strata="region").fit(X, Y)
    with pytest.raises(ValueError, match=r"column sex .strata.: missing in 1 of 600 rows"):
        CauseSpecificCox(strata="sex").fit(X.assign(sex=X["sex"].mask(X.index == 3)), Y)
