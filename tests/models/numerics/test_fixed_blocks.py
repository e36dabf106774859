import numpy as np

from secondplan.models.numerics.fixed_blocks import ROWS, GroupedRows, row_products

RNG = np.random.default_rng(0)


def test_products_are_those_of_linear_algebra_and_no_bit_depends_on_other_rows():
    rows, matrix = RNG.normal(size=(2 * ROWS + 5, 31)), RNG.normal(size=(31, 7))
    whole = row_products(rows, matrix)
    np.testing.assert_allclose(whole, rows @ matrix, rtol=0, atol=1e-12)
    order = RNG.permutation(len(rows))
    assert np.array_equal(row_products(rows[order], matrix), whole[order])
    assert np.array_equal(np.vstack([row_products(rows[[row]], matrix) for row in range(9)]), whole[:9])
    assert row_products(rows[:0], matrix).shape == (0, 7)


def test_each_group_has_its_matrix():
    rows, matrices = RNG.normal(size=(300, 6)), RNG.normal(size=(40, 6, 3))
    group = RNG.integers(0, 40, 300)
    found = GroupedRows(group, 8).products(rows, matrices)
    np.testing.assert_allclose(found, np.einsum("np,npq->nq", rows, matrices[group]), rtol=0, atol=1e-12)
    assert np.array_equal(GroupedRows(group[:5], 8).products(rows[:5], matrices), found[:5])
    assert GroupedRows(group[:0], 8).products(rows[:0], matrices).shape == (0, 3)
