"""Inverses of information matrices that are badly scaled, cut, or flat."""

import numpy as np

from secondplan.models.numerics.information import inverse, positive_inverse, solve

MATRIX = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
ALL = np.ones(3, dtype=bool)


def test_inverse_of_badly_scaled_matrix():
    scale = np.diag([1e-8, 1.0, 1e8])
    matrix = scale @ MATRIX @ scale
    found = inverse(matrix, ALL)
    np.testing.assert_allclose(scale @ found @ scale, np.linalg.inv(MATRIX), rtol=1e-12)
    part = inverse(MATRIX, np.array([True, False, True]))
    np.testing.assert_allclose(part[np.ix_([0, 2], [0, 2])], np.linalg.inv(MATRIX[np.ix_([0, 2], [0, 2])]))
    assert not part[1].any()


def test_a_step_is_the_inverse_times_the_gradient():
    vector = np.array([1.0, -2.0, 0.5])
    for kept in (ALL, np.array([True, False, True]), ~ALL):
        np.testing.assert_allclose(solve(MATRIX, vector, kept), inverse(MATRIX, kept) @ vector, rtol=1e-13)
    np.testing.assert_allclose(MATRIX @ solve(MATRIX, vector), vector, rtol=1e-13)


def test_flat_directions_take_no_part_in_a_step():
    flat = np.ones((2, 2))
    np.testing.assert_allclose(solve(flat, np.array([1.0, 1.0])), [0.5, 0.5], rtol=1e-12)
    np.testing.assert_allclose(inverse(flat, ALL[:2]), np.full((2, 2), 0.25), rtol=1e-12)


def test_flat_directions_have_a_large_variance():
    values = np.linalg.eigvalsh(positive_inverse(np.ones((2, 2))))
    assert values[0] > 0 and values[1] > 1e11
