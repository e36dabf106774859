"""Counts that may be published."""

import pandas as pd

from secondplan.plans.disclosure import rounded_flow


def test_the_flow_gives_no_small_number_away():
    flow = pd.DataFrame({"step": ["all", "a", "b"], "n_left_out": [0, 3, 12], "n_remaining": [104, 101, 89]})
    shown = rounded_flow(flow)
    assert shown["n_left_out"].tolist() == [0, "c", 10]
    assert shown["n_remaining"].tolist() == [100, 100, 90]
