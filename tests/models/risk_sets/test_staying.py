"""Rows that stay at risk with a weight: by hand."""

import numpy as np

from secondplan.models.risk_sets.staying import (
    NOBODY_STAYS,
    Staying,
    add_hazards_ahead,
    add_staying,
    hazards_ahead,
)

# Row 1 stays from the second of three event times on with weight 0.8, which halves before the third.
ONE_STAYS = Staying(
    rows=np.array([1]),
    stratum=np.array([0]),
    after=np.array([1]),
    start=np.array([0.8]),
    end=np.array([[0, 0, 1, 1]]),
    decay=np.array([[1.0, 1.0, 0.5]]),
    counted=np.ones((1, 3)),
)


def test_sums_of_a_row_that_stays_by_hand():
    x, risk = np.array([[5.0], [3.0]]), np.array([7.0, 2.0])
    sums, total = np.ones((3, 1)), np.full(3, 10.0)
    add_staying(x, risk, tuple(ONE_STAYS), sums, total)
    np.testing.assert_allclose(total, [10.0, 11.6, 10.8])
    np.testing.assert_allclose(sums[:, 0], [1.0, 5.8, 3.4])


def test_cumulative_hazard_of_a_row_that_stays_by_hand():
    hazards = np.array([0.5, 0.25])
    add_hazards_ahead(np.array([1.0, 10.0, 100.0]), tuple(ONE_STAYS), hazards)
    np.testing.assert_allclose(hazards, [0.5, 0.25 + 0.8 * (10.0 + 50.0)])


def test_nobody_stays_adds_nothing():
    sums, total, hazards = np.ones((3, 1)), np.ones(3), np.ones(2)
    add_staying(np.ones((2, 1)), np.ones(2), tuple(NOBODY_STAYS), sums, total)
    add_hazards_ahead(np.ones(3), tuple(NOBODY_STAYS), hazards)
    assert (sums == 1).all() and (total == 1).all() and (hazards == 1).all()


def test_sums_ahead_by_hand():
    # What counts at times 1 and 2 only, with weights that halve before time 2: 10 + (100 / 2) from time 1 on.
    values, decay, counted = (
        np.array([[1.0], [10.0], [100.0]]),
        np.array([[1.0, 1.0, 0.5]]),
        np.array([[0.0, 1.0, 1.0]]),
    )
    assert hazards_ahead(values, decay, counted)[0, :, 0].tolist() == [60.0, 60.0, 100.0, 0.0]
