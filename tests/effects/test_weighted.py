"""Risks by weighting: derivatives by the weights of rows, with everything fitted again."""

import numpy as np
import pytest

import secondplan as sp

DAYS = [8, 15, 20]
pytestmark = pytest.mark.filterwarnings("ignore:some children all but never")


def weighted(few_rows, case_weight=None, *, entry=True, censoring=None, days=DAYS, errors="influence", **options):
    X, y, family, _ = few_rows
    y = y if entry else y.drop(columns="entry")
    band = np.array(["short", "middle", "long"])[X["length"].astype(int)]
    length = X["length"] * 3 + 1 + X["x"] ** 2 if options.get("kind") == "density_ratio" else band
    weights = sp.plan_length_weights(X.drop(columns="length"), length, sample_weight=case_weight, **options)
    return sp.weighted_risk(y, band, weights, days, censoring=censoring, X=X, cluster=family, errors=errors)


CASES = {
    "stabilised": {},
    "bare": {"stabilised": False},
    "overlap": {"estimand": "overlap"},
    "density ratio": {"kind": "density_ratio"},
    "left out": {"trim": "drop_5"},
}


@pytest.mark.parametrize("censoring", [None, sp.CoxPH(event=0)], ids=["product limit", "Cox"])
@pytest.mark.parametrize("name", CASES)
def test_influence_is_the_derivative_by_the_weight_of_a_family(name, censoring, few_rows, is_derivative):
    asked = {"entry": censoring is None, "censoring": censoring, **CASES[name]}
    found = weighted(few_rows, **asked)
    assert is_derivative(found.influence, lambda w: weighted(few_rows, w, **asked).risk, few_rows[2])


@pytest.mark.parametrize("censoring", [None, sp.CoxPH(event=0)], ids=["product limit", "Cox"])
@pytest.mark.parametrize("name", CASES)
def test_leave_one_out_is_what_leaving_a_row_out_changes(name, censoring, few_rows):
    X, y, _, _ = few_rows
    rows = (X.assign(**dict(zip("uv", np.random.default_rng(0).normal(size=(2, 60)), strict=True))), y, None, None)
    asked = {"entry": censoring is None, "censoring": censoring, **CASES[name]}
    whole = weighted(rows, **asked)
    exact = np.stack([whole.risk - weighted(rows, 1.0 - np.eye(60)[row], **asked).risk for row in range(0, 60, 5)], -1)
    left_out = weighted(rows, errors="leave_one_out", **asked)
    wrong = [np.square(found.influence[..., ::5] - exact).sum() for found in (whole, left_out)]
    assert wrong[1] < 0.5 * wrong[0]
    assert left_out.risk == pytest.approx(whole.risk, abs=1e-9)


def test_equal_weights_give_aalen_johansen(few_rows):
    X, y, _, _ = few_rows
    found = sp.weighted_risk(y, X["length"], np.full(60, 3.0), DAYS)
    for level, risk in zip((0, 1, 2), found.risk, strict=True):
        own = X["length"] == level
        curve = sp.aalen_johansen(y["duration"][own], y["event"][own], entry=y["entry"][own])
        assert risk == pytest.approx(curve.at(DAYS, event=1)["estimate"].to_numpy(), abs=1e-12)
    assert found.counts.shape == (3, 3)
    assert found.time_lost(20)["estimate"].min() > 0


def test_stabilising_changes_no_risk(few_rows):
    assert weighted(few_rows).risk == pytest.approx(weighted(few_rows, stabilised=False).risk, abs=1e-12)


def test_unknown_days_and_wrong_models_are_said(few_rows):
    X, y, _, _ = few_rows
    with pytest.warns(UserWarning, match="not known"):
        assert np.isnan(weighted(few_rows, days=[500]).risk).any()
    with pytest.raises(ValueError, match="delayed entry, whom weights for censoring do not stand for"):
        weighted(few_rows, censoring=sp.CoxPH(event=0))
    y = y.drop(columns="entry")
    with pytest.raises(ValueError, match="needs X"):
        sp.weighted_risk(y, X["length"], np.ones(60), DAYS, censoring=sp.CoxPH(event=0))
    with pytest.raises(ValueError, match="fitted to the same rows in the same order"):
        sp.weighted_risk(y, X["length"], np.ones(60), DAYS, censoring=sp.CoxPH().fit(X, y))


@pytest.mark.parametrize("name", CASES)
def test_rows_censored_on_their_first_day_are_as_if_they_were_not_there(name, few_rows):
    X, y, family, _ = few_rows
    gone = np.arange(60) % 9 == 0
    y = y.assign(duration=y["duration"].mask(gone, y["entry"]), event=y["event"].mask(gone, 0))
    kept = [part[~gone] for part in (X, y, family)]
    left, alone = weighted((X, y, family, None), **CASES[name]), weighted((*kept, None), **CASES[name])
    assert left.risk == pytest.approx(alone.risk, abs=1e-12)
    assert left.table["std_error"].to_numpy() == pytest.approx(alone.table["std_error"].to_numpy(), abs=1e-12)
    assert "followed after the plan's end" in left.estimand and left.n_children == 53
