"""The Gram matrix of rows with weights, at sizes around those of its blocks and tiles."""

import numpy as np
import pytest

from secondplan.models.risk_sets.weighted_gram import ROWS_PER_BLOCK, TILE, gram_of_rows, weighted_gram


@pytest.mark.parametrize("n_columns", [0, 1, TILE, TILE + 1, 3 * TILE - 1])
@pytest.mark.parametrize("n_rows", [0, 1, 9, ROWS_PER_BLOCK - 1, ROWS_PER_BLOCK, 5 * ROWS_PER_BLOCK + 7, 20_000])
def test_is_the_product_written_out(n_rows, n_columns):
    rng = np.random.default_rng(4)
    x, mass, residual = rng.normal(size=(n_rows, n_columns)), rng.random(n_rows), rng.normal(size=n_rows)
    gram, product = weighted_gram(x, mass, residual)
    # Sums of as many numbers near 1 differ by their rounding.
    rounding = {"rtol": 1e-11, "atol": 1e-14 * max(n_rows, 1)}
    np.testing.assert_allclose(gram, (x * mass[:, None]).T @ x, **rounding)
    np.testing.assert_allclose(product, residual @ x, **rounding)
    np.testing.assert_allclose(gram_of_rows(x), x.T @ x, **rounding)
    np.testing.assert_array_equal(gram, gram.T)
