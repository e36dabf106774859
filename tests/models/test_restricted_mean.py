"""Restricted mean times against R's survfit, by hand, and by their identities."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.models.nonparametric import aalen_johansen, kaplan_meier

REFERENCE = Path(__file__).parents[1] / "reference"
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
