"""Restricted mean times against R's survfit, by hand, and by their identities."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.models.curves.nonparametric import aalen_johansen, kaplan_meier, nelson_aalen
from secondplan.models.curves.restricted_mean import area
from secondplan.models.curves.results import IncidenceCurve
from secondplan.models.inputs.follow_up import FollowUpWarning

REFERENCE = Path(__file__).parents[2] / "reference"
CASES = json.loads((REFERENCE / "restricted_mean.json").read_text())
SURVIVAL = [case for case in CASES if case["kind"] == "survival"]
COMPETING = [case for case in CASES if case["kind"] == "competing"]


def name(case):
    return "/".join(str(case.get(key) or "-") for key in ("data", "entry", "weights", "cluster", "taus"))


def options_of(case, data):
    options = {"entry": data[case["entry"]]} if case["entry"] else {}
    if case["weights"] == "whole":
        options["sample_weight"] = np.arange(len(data)) % 3 + 1
    elif case["weights"]:
        options["sample_weight"] = data[case["weights"]]
    if case.get("cluster"):
        options["cluster"] = data[case["cluster"]]
    return options


@pytest.mark.parametrize("case", SURVIVAL, ids=name)
def test_agrees_with_survfit(case):
    data = pd.read_csv(REFERENCE / "data" / f"{case['data']}.csv")
    curve = kaplan_meier(data[case["time"]], data[case["event"]], **options_of(case, data))
    table = curve.restricted_mean_time(case["taus"])
    np.testing.assert_allclose(table["estimate"], case["estimate"], rtol=1e-10)
    np.testing.assert_allclose(table["std_error"], case["std_error"], rtol=1e-10)
    lost = curve.restricted_mean_time_lost(case["taus"])
    np.testing.assert_allclose(lost["estimate"] + table["estimate"], case["taus"])
    for interval, expected in case["quantiles"].items():
        quantiles = curve.quantile(case["probs"], interval=interval)
        for column, values in expected.items():
            np.testing.assert_allclose(quantiles[column], np.array(values, dtype=float), err_msg=f"{interval} {column}")


@pytest.mark.parametrize("case", COMPETING, ids=name)
def test_agrees_with_multistate_survfit(case):
    data = pd.read_csv(REFERENCE / "data" / f"{case['data']}.csv")
    curve = aalen_johansen(data[case["time"]], data[case["event"]], **options_of(case, data))
    tau = case["taus"]
    tables = [curve.restricted_mean_time(tau), *(curve.restricted_mean_time_lost(tau, event) for event in curve.events)]
    for table, estimate, error in zip(tables, case["estimate"], case["std_error"], strict=True):
        assert table.loc[tau, "estimate"] == pytest.approx(estimate, rel=1e-10)
        assert table.loc[tau, "std_error"] == pytest.approx(error, rel=1e-8)


def test_area_by_hand():
    times, values = np.array([2.0, 5.0]), np.array([0.5, 0.2])
    np.testing.assert_allclose(area(times, values, 1.0, np.array([0, 1, 2, 4, 5, 8])), [0, 1, 2, 3, 3.5, 4.1])


def test_by_hand():
    # S is 1 until day 2 and 3/4 until day 4; Greenwood: the area after day 2 is (4 - 2) 3/4, and d / (Y (Y - d)) 1/12.
    table = kaplan_meier([2, 6, 7, 8], [1, 1, 0, 0]).restricted_mean_time(4)
    assert table.loc[4.0, "estimate"] == 3.5
    assert table.loc[4.0, "std_error"] == pytest.approx(1.5 * np.sqrt(1 / 12))
    assert table.loc[4.0, "upper"] == 4.0


def rows(seed, n_rows=80):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 20, n_rows).astype(float)
    late = rng.random(n_rows) < 0.4
    return {
        "duration": duration,
        "event": rng.integers(0, 3, n_rows),
        "entry": np.where(late, np.floor(duration * rng.random(n_rows) * 0.7), 0.0),
        "sample_weight": rng.uniform(0.2, 3.0, n_rows),
        "cluster": rng.integers(0, 30, n_rows),
    }


def test_days_lost_and_kept_sum_to_tau():
    curve = aalen_johansen(**rows(1))
    tau = np.array([0.0, 0.5, 7.3, 19])
    lost = sum(curve.restricted_mean_time_lost(tau, event)["estimate"] for event in curve.events)
    np.testing.assert_allclose(lost + curve.restricted_mean_time(tau)["estimate"], tau)
    any_event, kept = curve.restricted_mean_time_lost(tau, 0), curve.restricted_mean_time(tau)
    np.testing.assert_allclose(any_event["estimate"] + kept["estimate"], tau)
    np.testing.assert_allclose(any_event["std_error"], kept["std_error"])
    survival = kaplan_meier(**rows(1)).restricted_mean_time(tau)
    np.testing.assert_allclose(survival, kept, atol=1e-12)


def test_error_is_the_jackknife_of_infinitesimal_weights():
    given, tau, step = rows(2), 11.5, 1e-5
    totals = np.zeros((30, 2))
    for row, (weight, cluster) in enumerate(zip(given["sample_weight"], given["cluster"], strict=True)):
        ends = []
        for sign in (1, -1):
            changed = given["sample_weight"].copy()
            changed[row] += sign * step
            curve = aalen_johansen(**{**given, "sample_weight": changed})
            ends.append(
                [curve.restricted_mean_time(tau).iloc[0, 0], curve.restricted_mean_time_lost(tau, 2).iloc[0, 0]]
            )
        totals[cluster] += weight * (np.array(ends[0]) - ends[1]) / (2 * step)
    expected = np.sqrt((totals**2).sum(axis=0))
    curve = aalen_johansen(**given)
    found = [curve.restricted_mean_time(tau).iloc[0, 1], curve.restricted_mean_time_lost(tau, 2).iloc[0, 1]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_greenwood_and_the_jackknife_agree_without_entry():
    given = rows(3)
    outcome = given["duration"], given["event"]
    greenwood = kaplan_meier(*outcome).restricted_mean_time([5, 15])
    jackknife = kaplan_meier(*outcome, cluster=np.arange(80)).restricted_mean_time([5, 15])
    np.testing.assert_allclose(greenwood["std_error"], jackknife["std_error"], rtol=1e-9)


def test_awkward_data():
    for curve in (kaplan_meier([7, 7], [1, 1]), aalen_johansen([7], [1])):
        assert np.isfinite(curve.restricted_mean_time([0, 5, 100]).to_numpy()).all()
    for curve in (kaplan_meier([3, 4], [0, 0]), aalen_johansen([3, 4], [0, 0])):
        assert curve.restricted_mean_time(4).loc[4.0].tolist() == [4, 0, 4, 4]
        for mean in (curve.restricted_mean_time, curve.restricted_mean_time_lost):
            options = {"event": 0} if isinstance(curve, IncidenceCurve) and mean.__name__.endswith("lost") else {}
            with pytest.warns(FollowUpWarning, match=r"^the curve was followed to day 4,") as caught:
                assert mean([4, 9], **options).notna().all(axis=1).tolist() == [True, False]
            assert len(caught) == 1
    assert kaplan_meier([7, 7], [1, 1]).restricted_mean_time(100).loc[100.0].tolist() == [7, 0, 7, 7]
    for wrong in (-1, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"tau must be days: .*, finite, not negative; got 1 of 1"):
            kaplan_meier([3, 4], [1, 0]).restricted_mean_time(wrong)
    with pytest.raises(ValueError, match="this is a cumulative hazard"):
        nelson_aalen([3, 4], [1, 0]).restricted_mean_time(5)
