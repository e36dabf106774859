"""Places of days among the distinct ones, counted and sorted."""

import numpy as np
import pytest

from secondplan.models.inputs.distinct_days import DistinctDays


@pytest.mark.parametrize(
    "days",
    [[3, 1, 3, 0, 8], [1000, 1001, 1000], [0.5, 0.25, 0.5], [5.0], [0, 1e9, 3], [2.5, 3.5, 4.5]],
    ids=["whole", "whole, far from 0", "not whole", "one", "far apart", "a day apart, not whole"],
)
def test_places_are_those_of_a_sort(days):
    days = np.array(days, dtype=float)
    found = DistinctDays(days)
    values, position = np.unique(days, return_inverse=True)
    np.testing.assert_array_equal(found.distinct, values)
    np.testing.assert_array_equal(found.place, position)
    for other in ([0.0, 2.0, 3.0], [2.2, 1000.5], [1e12, -1.0], []):
        expected = np.searchsorted(values, other, side="right")
        np.testing.assert_array_equal(found.next_place(np.array(other)), expected)
