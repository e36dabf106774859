import numpy as np

from secondplan.models.numerics.quadratic import quadratic_forms


def test_by_hand():
    matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    vectors = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [2.0, -1.0]]])
    np.testing.assert_allclose(quadratic_forms(vectors, matrix), [[2.0, 3.0], [7.0, 7.0]])
    assert quadratic_forms(np.zeros((3, 2, 0)), np.zeros((0, 0))).tolist() == [[0.0, 0.0]] * 3
    assert quadratic_forms(np.zeros((0, 4, 2)), matrix).shape == (0, 4)
