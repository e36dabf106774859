"""Weighted totals of rows by group."""

import numpy as np

from secondplan.models.numerics.row_totals import RowTotals


def test_totals_by_hand_and_by_parts():
    totals = RowTotals(np.array([0, 2, 0]), np.array([1.0, 2.0, -0.5]), 3)
    values = np.array([[1.0, 2.0], [3.0, 4.0], [10.0, 20.0]])
    expected = [[-4, -8], [0, 0], [6, 8]]
    assert totals.of(values).tolist() == expected
    assert (totals.of(values[:2], slice(0, 2)) + totals.of(values[2:], slice(2, 3))).tolist() == expected
    assert totals.of(values[:, 0]).tolist() == [-4, 0, 6]
