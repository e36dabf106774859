import numpy as np

from secondplan.models.numerics.fixed_blocks import ROWS, GroupedRows, column_sum, row_products

RNG = np.random.default_rng(0)


def test_products_are_those_of_linear_algebra_and_no_bit_depends_on_other_rows():
    rows, matrix = RNG.normal(size=(2 * ROWS + 5, 31)), RNG.normal(size=(31, 7))
    whole = row_products(rows, matrix)
    np.testing.assert_allclose(whole, rows @ matrix, rtol=0, atol=1e-12)
    order = RNG.permutation(len(rows))
    assert np.array_equal(row_products(rows[order], matrix), whole[order])
    assert np.array_equal(np.vstack([row_products(rows[[row]], matrix) for row in range(9)]), whole[:9])
    assert row_products(rows[:0], matrix).shape == (0, 7)


def products(group, rows, matrices):
    groups = GroupedRows(group, 8)
    blocks = rows[groups.members]
    found = np.empty((*blocks.shape[:2], 3))
    for number, begin, stop in groups.runs:
        np.matmul(blocks[begin:stop], matrices[number], out=found[begin:stop])
    return groups.rows(found)


def test_rows_of_a_group_share_blocks():
    rows, matrices = RNG.normal(size=(300, 6)), RNG.normal(size=(40, 6, 3))
    group = RNG.integers(0, 40, 300)
    found = products(group, rows, matrices)
    np.testing.assert_allclose(found, np.einsum("np,npq->nq", rows, matrices[group]), rtol=0, atol=1e-12)
    assert np.array_equal(products(group[:5], rows[:5], matrices), found[:5])
    assert products(group[:0], rows[:0], matrices).shape == (0, 3)
    assert [number for number, _, _ in GroupedRows(group, 8).runs] == sorted(set(group.tolist()))


def test_a_column_sum_is_weighted_where_weights_are_given():
    columns = RNG.normal(size=(3, 10))
    np.testing.assert_allclose(column_sum(columns), columns.sum(axis=0), rtol=1e-14)
    np.testing.assert_allclose(
        column_sum(columns, [2.0, -1.0, 0.5]), [2.0, -1.0, 0.5] @ columns, rtol=1e-13, atol=1e-15
    )
