"""Funnel limits against base R, how often they are passed, and which units lie outside."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.models.monitoring.funnel_plot import exact_limit

R = json.loads((Path(__file__).parents[2] / "reference" / "monitoring.json").read_text())


def test_exact_limits_are_those_of_r():
    case = R["limits"]
    for p, expected in zip(case["p"], case["limit"], strict=True):
        np.testing.assert_allclose(exact_limit(case["theta"], np.array(case["n"]), p), expected, rtol=1e-9, atol=1e-12)


def test_units_from_one_share_lie_outside_as_often_as_stated():
    rng = np.random.default_rng(7)
    n = rng.integers(50, 1500, 20_000)
    chart = sp.funnel(rng.binomial(n, 0.2), n, overdispersion=None)
    outside = (chart.table["position"] != "inside").mean()
    # Exact limits of a discrete share are passed a little less often than 5 % of the time.
    assert 0.043 < outside < 0.053
    assert 0.001 < chart.table["position"].str.endswith("99.8 %").mean() < 0.0035


@pytest.mark.parametrize("method", ["additive", "multiplicative"])
def test_limits_widen_with_overdispersion_and_hold_the_units(method):
    rng = np.random.default_rng(8)
    n = rng.integers(100, 900, 3000)
    count = rng.binomial(n, rng.beta(32, 128, n.size))
    plain = sp.funnel(count, n, overdispersion=None)
    chart = sp.funnel(count, n, overdispersion=method, winsorise=0.0)
    assert (plain.table["position"] != "inside").mean() > 0.15
    assert 0.03 < (chart.table["position"] != "inside").mean() < 0.07
    assert (chart.limits([300])["upper_95"] > plain.limits([300])["upper_95"]).all()


def test_published_second_plans():
    table = sp.published_authorities().dropna(subset=["n_second", "n_started"]).query("n_started > 0")
    chart = sp.funnel(table["n_second"], table["n_started"], labels=table["la_name"], overdispersion=None)
    assert chart.target == pytest.approx(table["n_second"].sum() / table["n_started"].sum())
    assert chart.table.loc["Birmingham", "position"] == "above 99.8 %"
    assert (
        sp.funnel(table["n_second"], table["n_started"], labels=table["la_name"]).table.loc["Birmingham", "position"]
        == "inside"
    )


def test_order_labels_and_empty_units_do_not_matter():
    count = pd.Series([40, 22, 95, 0], index=list("abcd"))
    n = [200, 110, 250, 0]
    chart = sp.funnel(count, n, overdispersion=None)
    assert chart.table.index.tolist() == ["a", "b", "c"]
    again = sp.funnel(count[::-1], n[::-1], overdispersion=None)
    pd.testing.assert_frame_equal(again.to_frame().sort_index(), chart.to_frame())
    assert "upper_99.8" in chart.to_frame()
    assert "<table" in chart._repr_html_()


def test_p_values_match_the_limits():
    chart = sp.funnel([10, 30, 20], [100, 100, 100], target=0.2, overdispersion=None)
    assert chart.table["p_value"].iloc[2] == pytest.approx(1.0, abs=0.05)
    assert (chart.table["p_value"].iloc[:2] < 0.05).all()


@pytest.mark.parametrize(
    ("count", "n", "options", "match"),
    [
        ([1, 2], [2, 3, 4], {}, "count has 2 values, n has 3"),
        ([5, 2], [4, 3], {}, "between 0 and n; 1 values do not"),
        ([1.5, 2], [4, 3], {}, "whole numbers"),
        ([1], [4], {}, "two units"),
        ([0, 0], [4, 3], {}, "target must lie between 0 and 1"),
        ([1, 2], [4, 3], {"overdispersion": "laney"}, "overdispersion must be"),
        ([1, 2], [4, 3], {"winsorise": 0.5}, "winsorise must"),
        ([1, 2], [4, 3], {"labels": ["a"]}, "labels has 1 values"),
        ([], [], {}, "empty"),
    ],
)
def test_what_cannot_be_charted_is_refused(count, n, options, match):
    with pytest.raises(ValueError, match=match):
        sp.funnel(count, n, **options)
