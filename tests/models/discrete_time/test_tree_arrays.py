"""Exported trees predict what scikit-learn predicts."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from secondplan.models.discrete_time.tree_arrays import LEAF, TreeArrays, export_trees, scores_by_period

TIMES = np.array([45.5, 136.5, 227.5, 318.5])


def probabilities(scores):
    """Softmax, or the logistic function for one score, as class probabilities."""
    if scores.shape[-1] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], axis=-1)
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 3, 4])
@pytest.mark.parametrize("missing", [False, True])
def test_equal_to_scikit_learn(n_classes, missing, monkeypatch):
    monkeypatch.setattr("secondplan.models.discrete_time.tree_arrays.ROWS_PER_BLOCK", 70)
    rng = np.random.default_rng(n_classes)
    n = 1500
    x = np.column_stack([rng.normal(size=(n, 3)), rng.integers(0, 3, n), rng.choice(TIMES, n)])
    if missing:
        x[:, :3][rng.random((n, 3)) < 0.2] = np.nan
    drive = np.nan_to_num(x[:, 0]) * (x[:, 4] > 200) + np.isnan(x[:, 1]) + rng.normal(size=n)
    y = np.digitize(drive, np.quantile(drive, np.arange(1, n_classes) / n_classes))
    classifier = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=31, random_state=0, early_stopping=False)
    with threadpool_limits(1, user_api="openmp"):
        trees = export_trees(classifier.fit(x, y))
    rows = x[:200, :4].copy()
    if missing:
        rows[::5, 1] = np.nan
    scores = scores_by_period(trees, rows, TIMES)
    assert scores.shape == (200, 4, 1 if n_classes == 2 else n_classes)
    for period, time in enumerate(TIMES):
        expected = classifier.predict_proba(np.column_stack([rows, np.full(200, time)]))
        assert_allclose(probabilities(scores[:, period]), expected, atol=1e-10)


def test_one_tree_by_hand():
    # Root divides time at 200, its left child feature 0 at 1.5 with missing values to the right.
    trees = TreeArrays(
        feature=np.array([1, 0, LEAF, LEAF, LEAF]),
        threshold=np.array([200.0, 1.5, 0, 0, 0]),
        left=np.array([1, 2, LEAF, LEAF, LEAF]),
        right=np.array([4, 3, LEAF, LEAF, LEAF]),
        missing_left=np.array([False, False, False, False, False]),
        value=np.array([0, 0, 0.25, 0.5, 4.0]),
        root=np.array([0]),
        output=np.array([0]),
        baseline=np.array([-1.0]),
    )
    scores = scores_by_period(trees, np.array([[1.5], [2.0], [np.nan]]), TIMES)
    assert_allclose(scores[:, :, 0], [[-0.75, -0.75, 3, 3], [-0.5, -0.5, 3, 3], [-0.5, -0.5, 3, 3]])


def test_trees_without_a_split():
    x = np.column_stack([np.zeros(100), np.tile(TIMES, 25)])
    classifier = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=90, early_stopping=False)
    trees = export_trees(classifier.fit(x, np.arange(100) % 10 == 0))
    assert_allclose(probabilities(scores_by_period(trees, x[:2, :1], TIMES))[..., 1], 0.1)
