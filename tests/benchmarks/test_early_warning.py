"""The summary of simulated signals, by hand."""

import pandas as pd

from benchmarks.early_warning import SCENARIOS, as_markdown, summary

CHANGE, SAME = SCENARIOS


def test_shares_months_and_monte_carlo_errors():
    rows = [(CHANGE, "2017-03"), (CHANGE, ""), (CHANGE, "2017-11"), (CHANGE, "2017-05"), (SAME, ""), (SAME, "2017-01")]
    frame = pd.DataFrame(rows, columns=["scenario", "ended"]).assign(second="", cusum="")
    table = summary(frame).set_index(["chart", "scenario"])
    changed = table.loc[("p-chart, ended within 3 months", CHANGE)]
    assert changed["signalled"] == 0.75
    assert changed["std_error"] == (0.75 * 0.25 / 4) ** 0.5
    assert changed["median"] == "2017-05"
    assert table.loc[("risk-adjusted CUSUM, second plans", SAME), "signalled"] == 0
    assert "| p-chart, ended within 3 months | birmingham | 4 | 75.0 % (± 21.7) |" in as_markdown(summary(frame))
