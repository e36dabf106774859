from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent.parent


def test_biases_and_shares_outside_their_bounds_are_named(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.trial import pooled, report, summary

    error = np.array([-0.01, 0.0, 0.0, 0.03])
    both = pd.DataFrame({"store": range(4), "error": error, "covered": [True, True, True, False], "std_error": 0.0077})
    both = both.assign(weights="all", what="difference", strategy="ending by 12 months", time=365, truth=0.02)
    table, coverage = summary(both), pooled(both)
    assert np.isclose(table.loc[0, "bias"], 0.005)
    assert np.allclose(coverage["covered"], 0.75)
    assert coverage["strategy"].tolist() == ["ending by 12 months", "all strategies"]
    stored = {"scenario": "effect-none", "n_children": 1, "n_stores": 4}
    stored |= {"table": table.to_dict(orient="records"), "coverage": coverage.to_dict(orient="records")}
    text, broken = report({"bias": stored, "effect-none": stored, "speed": ["- 9 s"]})
    assert [line.split(" (")[0] for line in broken] == [
        "- bias of ending by 12 months, day 365: +0.0050",
        "- ending by 12 months, day 365: the truth is rejected in 25.0%",
    ]
    assert "- 9 s" in text
