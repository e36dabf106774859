import numpy as np
import pytest

from secondplan.models.stacking.simplex_weights import simplex_weights


def test_two_weights_by_hand():
    # w'Gw with w = (1 - a, a) is least at a = (g00 - g01) / (g00 - 2 g01 + g11).
    np.testing.assert_allclose(simplex_weights(np.array([[4.0, 1.0], [1.0, 2.0]])), [0.25, 0.75], rtol=1e-12)
    np.testing.assert_allclose(simplex_weights(np.array([[1.0, 1.5], [1.5, 4.0]])), [1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e-9])
def test_no_other_weights_are_better(scale):
    rng = np.random.default_rng(3)
    errors = rng.normal(size=(4, 50)) * np.array([[1.0], [1.2], [0.9], [3.0]])
    gram = scale * errors @ errors.T
    found = simplex_weights(gram)
    assert found.min() >= 0 and found.sum() == pytest.approx(1.0, abs=1e-14)
    others = rng.dirichlet(np.full(4, 0.5), 20_000)
    least = np.einsum("nk,kl,nl->n", others, gram, others).min()
    assert found @ gram @ found <= least * (1 + 1e-12)


def test_equal_models_share_and_a_perfect_one_has_all():
    assert simplex_weights(np.ones((2, 2))).sum() == pytest.approx(1.0)
    np.testing.assert_allclose(simplex_weights(np.diag([0.0, 1.0])), [1.0, 0.0], atol=1e-7)
    np.testing.assert_allclose(simplex_weights(np.zeros((1, 1))), [1.0])
