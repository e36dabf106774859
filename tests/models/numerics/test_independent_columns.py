import numpy as np

from secondplan.models.numerics.independent_columns import independent_columns


def test_the_first_of_dependent_columns_is_kept():
    x = np.random.default_rng(0).normal(size=(50, 3))
    x = np.column_stack([x[:, 0], x[:, 1], x[:, 0] + x[:, 1], x[:, 2], np.zeros(50)])
    np.testing.assert_array_equal(independent_columns(x.T @ x, 1e-9), [True, True, False, True, False])
    assert independent_columns(np.empty((0, 0)), 1e-9).shape == (0,)


def test_a_column_that_cannot_be_kept_leaves_room_for_another():
    gram = np.array([[1.0, 1.0], [1.0, 1.0]])
    np.testing.assert_array_equal(independent_columns(gram, 1e-9), [True, False])
    np.testing.assert_array_equal(independent_columns(gram, np.array([np.inf, 1e-9])), [False, True])
