"""Relative risks of rows with their sums over the risk sets, against the two apart."""

import numpy as np
import pytest

from secondplan.models.risk_sets.risk_set_sums import sum_over_risk_sets
from secondplan.models.risk_sets.row_risks import LARGEST_ETA, risks_and_sums_at, risks_of


def test_both_in_one_pass_are_those_of_two(random_sets):
    sets, _, _ = random_sets
    rng = np.random.default_rng(3)
    x, offset, beta = rng.normal(size=(sets.rows.size, 3)), rng.normal(size=sets.rows.size), np.array([0.5, -1.0, 0.1])
    risks, sums = risks_and_sums_at(x, beta, offset, sets)
    expected = risks_of(offset + x @ beta, sets.weight)
    for name in ("eta", "relative", "weighted"):
        np.testing.assert_allclose(getattr(risks, name), getattr(expected, name), rtol=1e-12, atol=1e-13)
    for found, apart in zip(sums, sum_over_risk_sets(x, expected.weighted, sets), strict=True):
        np.testing.assert_allclose(found, apart, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("value", [LARGEST_ETA * 1.01, -LARGEST_ETA * 1.01, np.nan])
def test_a_predictor_beyond_the_largest_is_told(random_sets, value):
    sets, _, _ = random_sets
    offset = np.zeros(sets.rows.size)
    offset[7] = value
    assert risks_and_sums_at(np.zeros((offset.size, 1)), np.zeros(1), offset, sets) is None
