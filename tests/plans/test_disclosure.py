"""Counts that may be published."""

import numpy as np
import pandas as pd
import pytest

from secondplan.plans.disclosure import is_small, round_to_ten, rounded_flow, withhold_revealed


def test_the_flow_gives_no_small_number_away():
    flow = pd.DataFrame({"step": ["all", "a", "b"], "n_left_out": [0, 3, 12], "n_remaining": [104, 101, 89]})
    shown = rounded_flow(flow)
    assert shown["n_left_out"].tolist() == [0, "c", 10]
    assert shown["n_remaining"].tolist() == [100, 100, 90]


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([45, 30, 3, 12], [False, False, True, True]),  # 3 would be the total less the others
        ([47, 30, 3, 2, 12], [False, False, True, True, False]),  # two are unknown: neither follows
        ([42, 30, 0, 12], [False, False, False, False]),
        ([3, 3, 0, 0], [True, True, False, False]),
    ],
)
def test_a_part_that_follows_from_the_total_is_withheld(counts, hidden):
    values = np.array(counts)
    relation = np.array([[1, *[-1] * (len(counts) - 1)]])
    assert withhold_revealed(values, is_small(values), relation).tolist() == hidden


def test_rows_and_columns_are_withheld_until_nothing_follows():
    table = np.array([[30, 3, 12], [20, 9, 40], [8, 70, 7]])
    rows, columns = np.kron(np.eye(3), np.ones(3)), np.kron(np.ones(3), np.eye(3))
    # The totals are known and not in the table: what is left of them is no unknown.
    hidden = withhold_revealed(table.ravel(), is_small(table.ravel()), np.vstack([rows, columns])).reshape(3, 3)
    assert hidden[0, 1]
    for line in (*hidden, *hidden.T):
        assert line.sum() != 1


def test_tens():
    assert round_to_ten(np.array([0, 4, 5, 14, 15, 65920])).tolist() == [0, 0, 10, 10, 20, 65920]
