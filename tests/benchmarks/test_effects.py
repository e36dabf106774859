"""Estimates are held to each store's truth, and a bias counts as one only beyond its Monte Carlo error."""

from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent.parent


def test_biases_and_coverage_are_of_the_truth(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.effects import beyond, pooled, summary

    rows = [
        ("naive", 0.10, 0.01, 0.02, 0),
        ("naive", 0.10, 0.01, 0.04, 1),
        ("standardised", 0.03, 0.01, 0.02, 0),
        ("standardised", 0.05, 0.01, 0.04, 1),
        ("weighted", 0.025, 0.01, 0.02, 0),
        ("weighted", 0.025, 0.01, 0.04, 1),
    ]
    found = pd.DataFrame(rows, columns=["method", "estimate", "std_error", "truth", "store"])
    found = found.assign(level="up to 3 months", time=365, control=0.0)
    table = summary(found).set_index("method")
    assert table["bias"].to_dict() == pytest.approx({"naive": 0.07, "standardised": 0.01, "weighted": -0.005})
    assert table.loc["naive", "bias_error"] == pytest.approx(0.01)
    # The truth of all stores is 0.03: a second store's 0.05 is two standard errors off.
    assert pooled(found).set_index("method")["covered"].to_dict() == {"naive": 0, "standardised": 0.5, "weighted": 1}
    # The weighted bias is larger than its bound, but so is its Monte Carlo error.
    assert [line.split(",")[0] for line in beyond(table.reset_index())] == ["- standardised"]
