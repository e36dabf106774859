"""Counts that may be published."""

import numpy as np
import pandas as pd
import pytest

from secondplan.plans.disclosure import round_to_ten, rounded_flow, withheld_parts


def test_the_flow_gives_no_small_number_away():
    flow = pd.DataFrame({"step": ["all", "a", "b"], "n_left_out": [0, 3, 12], "n_remaining": [104, 101, 89]})
    shown = rounded_flow(flow)
    assert shown["n_left_out"].tolist() == [0, "c", 10]
    assert shown["n_remaining"].tolist() == [100, 100, 90]


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([30, 3, 12], [False, True, True]),  # 3 would be the total less the others
        ([30, 3, 2, 12], [False, True, True, False]),  # two are unknown: neither follows
        ([30, 0, 12], [False, False, False]),
        ([3, 0, 0], [True, False, False]),  # there is no other to withhold
    ],
)
def test_a_part_that_follows_from_the_total_is_withheld(counts, hidden):
    assert withheld_parts(np.array([counts]), columns_add_up=False)[0].tolist() == hidden
    assert withheld_parts(np.array([counts]).T, rows_add_up=False)[:, 0].tolist() == hidden


def test_rows_and_columns_are_withheld_until_nothing_follows():
    hidden = withheld_parts(np.array([[30, 3, 12], [20, 9, 40], [8, 70, 7]]))
    assert hidden[0].tolist() == [False, True, True]
    for line in (*hidden, *hidden.T):
        assert line.sum() != 1


def test_tens():
    assert round_to_ten(np.array([0, 4, 5, 14, 15, 65920])).tolist() == [0, 0, 10, 10, 20, 65920]
