"""Variances of curves from influences of rows, against a table of the influence of each row on each day."""

import numpy as np
import pytest

from secondplan.models.curves.curve_variance import InfluenceTables, clustered_variances, independent_variance

N_ROWS, N_DAYS, N_CURVES = 60, 9, 2
COUNTED = np.array([[False, False], [True, False], [False, True]])


@pytest.fixture
def rows():
    """Tables of two curves, and first and last day, way of leaving and weight of each row."""
    rng = np.random.default_rng(0)
    by_curve, by_day = (lambda: rng.random((N_CURVES, N_DAYS))), (lambda: rng.random(N_DAYS))
    tables = InfluenceTables(by_curve(), by_curve(), by_curve(), by_day(), by_day(), by_day(), by_day(), by_day())
    first = rng.integers(0, N_DAYS, N_ROWS)
    last = rng.integers(first, N_DAYS)
    return tables, first, last, rng.integers(0, 3, N_ROWS), rng.random(N_ROWS)


def influences(tables, first, last, code, k):
    """Of each row on curve k by day, as the docstring of the tables has it, shape (N_ROWS, N_DAYS)."""
    found = np.zeros((N_ROWS, N_DAYS))
    for row, (f, end, way) in enumerate(zip(first, last, code, strict=True)):
        here = -tables.at_entry[k, f] - tables.since[f] * tables.curve[k] + tables.shared[k]
        found[row, f:end] = here[f:end]
        b = tables.slope[end] - tables.alive[end] * tables.since[f] - (tables.drop[end] if way > 0 else 0.0)
        at_end = here[end] + (tables.jump[end] if COUNTED[way, k] else 0.0)
        found[row, end:] = at_end + b * (tables.curve[k, end:] - tables.curve[k, end])
    return found


@pytest.mark.parametrize("n_clusters", [1, 13, N_ROWS])
def test_with_clusters_it_is_the_sum_of_the_squares_of_their_sums(rows, n_clusters):
    tables, first, last, code, weight = rows
    cluster = np.arange(N_ROWS) % n_clusters
    found = clustered_variances(tables, first, last, code, COUNTED, weight, cluster, n_clusters)
    for k in range(N_CURVES):
        weighted = weight[:, None] * influences(tables, first, last, code, k)
        expected = sum(weighted[cluster == one].sum(axis=0) ** 2 for one in range(n_clusters))
        np.testing.assert_allclose(found[:, k], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("k", range(N_CURVES))
def test_of_independent_rows_it_is_the_sum_of_squares(rows, k):
    tables, first, last, code, weight = rows
    own = tables._replace(curve=tables.curve[k], shared=tables.shared[k], at_entry=tables.at_entry[k])
    square = weight**2
    entering, leaving = np.bincount(first, square, minlength=N_DAYS), np.zeros((N_DAYS, 3))
    np.add.at(leaving, (last, code), square)
    found = independent_variance(own, entering, leaving, first, last, code, square, COUNTED[:, k])
    expected = square @ influences(tables, first, last, code, k) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
