"""Boosted trees as plain arrays, and their prediction for all periods at once in numpy.

Time is one of the features of the trees. It takes the same few values in every row, so a split on it does not divide
the rows but the periods: a tree is walked once for all periods, and what a leaf adds holds for a range of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

LEAF = -1
ROWS_PER_BLOCK = 20_000


@dataclass(frozen=True)
class TreeArrays:
    """The nodes of all trees, one after another, and where each tree begins.

    Attributes
    ----------
    feature : ndarray of int, shape (n_nodes,)
        Column on which a node divides; ``LEAF`` where it does not.
    threshold : ndarray of float, shape (n_nodes,)
        Values up to and including it go left.
    left, right : ndarray of int, shape (n_nodes,)
        Positions of a node's children.
    missing_left : ndarray of bool, shape (n_nodes,)
        Whether a missing value goes left.
    value : ndarray of float, shape (n_nodes,)
        What a leaf adds to the score, learning rate included.
    root : ndarray of int, shape (n_trees,)
    output : ndarray of int, shape (n_trees,)
        Which score a tree adds to.
    baseline : ndarray of float, shape (n_outputs,)
        Scores before the first tree.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    value: np.ndarray
    root: np.ndarray
    output: np.ndarray
    baseline: np.ndarray

    def as_dict(self) -> dict[str, np.ndarray]:
        """The arrays by name, as a bundle keeps them."""
        return asdict(self)


def export_trees(classifier: HistGradientBoostingClassifier) -> TreeArrays:
    """The trees of a fitted classifier without categorical features.

    scikit-learn has no public way to read them: this is the one place that knows how it stores trees, and the tests
    compare its own predictions with ours.
    """
    trees = [(output, tree.nodes) for iteration in classifier._predictors for output, tree in enumerate(iteration)]
    sizes = np.array([nodes.size for _, nodes in trees])
    root = np.cumsum(sizes) - sizes
    nodes = np.concatenate([nodes for _, nodes in trees])
    offset = np.repeat(root, sizes)
    is_leaf = nodes["is_leaf"].astype(bool)
    return TreeArrays(
        feature=np.where(is_leaf, LEAF, nodes["feature_idx"]).astype(np.int32),
        threshold=np.where(is_leaf, 0.0, nodes["num_threshold"]),
        left=np.where(is_leaf, LEAF, nodes["left"] + offset).astype(np.int32),
        right=np.where(is_leaf, LEAF, nodes["right"] + offset).astype(np.int32),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=np.where(is_leaf, nodes["value"], 0.0),
        root=root.astype(np.int32),
        output=np.array([output for output, _ in trees], dtype=np.int32),
        baseline=np.ravel(classifier._baseline_prediction).astype(float),
    )


def scores_by_period(trees: TreeArrays, design: np.ndarray, period_times: np.ndarray) -> np.ndarray:
    """Scores of every row in every period.

    Parameters
    ----------
    trees : TreeArrays
        Grown on the columns of ``design``, then time.
    design : ndarray, shape (n_rows, p)
    period_times : ndarray, shape (n_periods,)
        The value of the time feature in each period, ascending.

    Returns
    -------
    ndarray, shape (n_rows, n_periods, n_outputs)
    """
    scores = np.empty((design.shape[0], period_times.size, trees.baseline.size))
    for start in range(0, design.shape[0], ROWS_PER_BLOCK):
        rows = slice(start, start + ROWS_PER_BLOCK)
        steps = _steps(trees, np.asfortranarray(design[rows]), period_times)
        scores[rows] = np.cumsum(steps, axis=0).transpose(2, 0, 1)
    scores += trees.baseline
    return scores


def _steps(trees: TreeArrays, design: np.ndarray, period_times: np.ndarray) -> np.ndarray:
    """By how much the scores change from period to period, shape (n_periods, n_outputs, n_rows)."""
    n_rows, time_feature = design.shape
    n_periods = period_times.size
    steps = np.zeros((n_periods, trees.baseline.size, n_rows))
    everyone = np.arange(n_rows)
    has_missing = np.isnan(design).any(axis=0)
    # Python numbers, because reading single elements of arrays would take most of the time.
    feature, threshold = trees.feature.tolist(), trees.threshold.tolist()
    left, right = trees.left.tolist(), trees.right.tolist()
    value, missing_left = trees.value.tolist(), trees.missing_left.tolist()
    left_periods = np.searchsorted(period_times, trees.threshold, side="right").tolist()
    for root, output in zip(trees.root.tolist(), trees.output.tolist(), strict=True):
        waiting = [(root, everyone, 0, n_periods)]
        while waiting:
            node, rows, first, stop = waiting.pop()
            column = feature[node]
            if column == LEAF:
                steps[first, output, rows] += value[node]
                if stop < n_periods:
                    steps[stop, output, rows] -= value[node]
            elif column == time_feature:
                middle = min(max(left_periods[node], first), stop)
                if middle > first:
                    waiting.append((left[node], rows, first, middle))
                if middle < stop:
                    waiting.append((right[node], rows, middle, stop))
            else:
                values = design[:, column] if rows is everyone else design[:, column][rows]
                goes_left = values <= threshold[node]
                if has_missing[column] and missing_left[node]:
                    goes_left |= np.isnan(values)
                to_left, to_right = rows[goes_left], rows[~goes_left]
                if to_left.size:
                    waiting.append((left[node], to_left, first, stop))
                if to_right.size:
                    waiting.append((right[node], to_right, first, stop))
    return steps
