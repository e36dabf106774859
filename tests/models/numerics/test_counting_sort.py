"""Sorting by small keys."""

import numpy as np

from secondplan.models.numerics.counting_sort import counting_sort


def test_it_is_a_stable_sort_with_bounds():
    keys = np.random.default_rng(0).integers(0, 9, 200)
    order, bounds = counting_sort(keys, 12)
    np.testing.assert_array_equal(order, np.argsort(keys, kind="stable"))
    np.testing.assert_array_equal(np.diff(bounds), np.bincount(keys, minlength=12))


def test_nothing_to_sort():
    order, bounds = counting_sort(np.empty(0, np.int64), 0)
    assert order.size == 0 and bounds.tolist() == [0]
