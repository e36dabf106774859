import numpy as np

from secondplan.models.numerics.interpolative_decomposition import choose_columns, column_weights


def test_a_matrix_of_rank_2_by_hand():
    matrix = np.array([[1.0, 0.0, 1.0, 2.0], [0.0, 3.0, 3.0, 0.0]])
    columns = choose_columns(matrix, 1e-12, 4)
    assert columns.tolist() == [2, 3]  # the longest column, then the one furthest from it
    weights = column_weights(matrix[:, columns], matrix)
    np.testing.assert_allclose(weights, [[0, 1, 1, 0], [0.5, -0.5, 0, 1]], atol=1e-14)


def test_smooth_functions_need_few_columns():
    rates, times = np.geomspace(1e-3, 10, 300), np.linspace(0, 1, 500)
    matrix = np.exp(-np.multiply.outer(rates, times))
    columns = choose_columns(matrix, 1e-10, 100)
    assert columns.size < 16 and np.unique(columns).size == columns.size
    others = np.exp(-np.multiply.outer(np.geomspace(2e-3, 9, 77), times))
    weights = column_weights(matrix[:, columns], matrix)
    np.testing.assert_allclose(others[:, columns] @ weights, others, atol=1e-9)
    assert np.abs(weights).max() < 5


def test_no_more_columns_than_asked_for_or_than_there_are():
    matrix = np.random.default_rng(0).normal(size=(6, 9))
    assert choose_columns(matrix, 0.0, 4).size == 4
    assert choose_columns(matrix, 0.0, 40).size == 6
    assert choose_columns(np.zeros((3, 4)), 1e-12, 4).size == 0
    before = matrix.copy()
    choose_columns(matrix, 0.0, 4)
    np.testing.assert_array_equal(matrix, before)
