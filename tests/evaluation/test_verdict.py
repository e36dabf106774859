"""Verdicts in words, by hand."""

import numpy as np
import pandas as pd
import pytest

from secondplan.evaluation.verdict import pair, pairs, verdict, verdicts

NULL = "AalenJohansen"


def differences(*rows):
    """Pairs (model, reference, difference, p) at 730 days."""
    columns = ["model", "reference", "difference", "p_value"]
    table = pd.DataFrame(rows, columns=columns).assign(metric="brier", time=730.0, std_error=0.001)
    return table.assign(lower=table["difference"] - 0.002, upper=table["difference"] + 0.002)


def test_a_pair_is_found_in_either_order():
    table = differences(("a", "b", 0.003, 0.01))
    turned = pair(table, "b", "a")
    assert turned["difference"] == -0.003 and (turned["lower"], turned["upper"]) == pytest.approx((-0.005, -0.001))
    assert pair(table, "a", "c") is None and pair(table, "a", "b", day=365) is None


def test_each_pair_stands_once_in_the_order_of_the_models():
    table = differences(("b", "a", 0.01, 1e-6), ("a", NULL, 0.004, 0.5), ("b", NULL, 0.02, float("nan")))
    found = pairs(table, ["a", "b", "unmeasured", NULL])
    assert found[["model", "reference", "words"]].to_numpy().tolist() == [
        ["a", "b", "better"],
        ["a", NULL, "may be noise"],
        ["b", NULL, "not known"],
    ]
    assert found["difference"].tolist() == [-0.01, 0.004, 0.02]


def test_noise_is_called_noise():
    table = differences(("a", "b", -0.001, 0.4), ("a", NULL, -0.001, 0.03), ("b", NULL, 0.0, 0.9))
    assert verdicts(table, ["a", "b", NULL], NULL) == {
        "a": "not distinguishable from the average risk",  # 0.03 is 0.09 among three pairs
        "b": "not distinguishable from the average risk; not distinguishable from a",
    }
    words = verdict(table, ["a", "b", NULL], NULL, 400)
    assert words.startswith("No model is better than the average risk beyond noise: the lowest, a, differs from it by")


def test_a_leader_those_close_to_it_and_one_that_is_worse():
    table = differences(
        ("a", "b", -0.001, 0.4), ("a", "c", -0.01, 1e-6), ("b", "c", -0.009, 1e-6),
        ("a", NULL, -0.008, 1e-6), ("b", NULL, -0.007, 1e-6), ("c", NULL, 0.004, 1e-3),
    )  # fmt: skip
    words = verdict(table, ["a", "b", NULL, "c"], NULL, 400)
    assert "a is better than the average risk beyond noise" in words and "Not distinguishable from it: b." in words
    assert "fewer than 100" not in words and "fewer than 100 second plans" in verdict(table, ["a", "b", "c"], NULL, 99)
    assert verdicts(table, ["a", "b", NULL, "c"], NULL)["c"] == (
        "worse than the average risk beyond noise; worse than a beyond noise"
    )


def test_without_an_interval_noise_is_not_judged():
    table = differences(("a", NULL, -0.001, np.nan)).assign(lower=np.nan, upper=np.nan)
    assert verdicts(table, ["a", NULL], NULL) == {"a": "no interval of the difference to the average risk"}
    words = verdict(table, ["a", NULL], NULL, 400)
    assert "No model is shown to be better" in words and "no interval" in words and "nan" not in words


def test_nothing_measured_prefers_nobody():
    table = differences(("a", NULL, np.nan, np.nan))
    assert verdict(table, ["a", NULL], NULL, 400) == "Nothing was measured at 730 days: no model can be preferred."
    assert verdicts(table, ["a", NULL], NULL) == {"a": "not measured against the average risk"}
