"""Bins are those of scikit-learn, and trees that are grown on their numbers are those grown on the features."""

from inspect import signature

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.ensemble._hist_gradient_boosting.binning import _find_binning_thresholds

from secondplan.models.discrete_time.binning import MOST_BINS, bin_features, find_thresholds, with_thresholds
from secondplan.models.discrete_time.tree_arrays import export_trees

with_weighted_bins = pytest.mark.skipif(
    "sample_weight" not in signature(_find_binning_thresholds).parameters,
    reason="scikit-learn before 1.9 divides features at percentiles without weights",
)


def test_thresholds_by_hand():
    assert find_thresholds(np.array([3.0, 1.0, np.nan, 1.0, 7.0]), np.ones(5)).tolist() == [2.0, 5.0]
    assert find_thresholds(np.array([4.0, 4.0]), np.ones(2)).size == 0
    # The k-th of 255 equal shares of 998 is reached by the value number ceil(998 k / 255), counted from 1.
    expected = [-(-998 * k // 255) - 1 for k in range(1, 255)]
    assert find_thresholds(np.arange(998.0), np.ones(998)).tolist() == expected


@with_weighted_bins
@pytest.mark.parametrize("decimals", [1, 2, 12])
def test_thresholds_are_those_of_scikit_learn(decimals):
    rng = np.random.default_rng(0)
    values, weight = np.round(rng.normal(size=3000), decimals), rng.uniform(0.1, 2.0, 3000)
    values[::50] = np.nan
    expected = _find_binning_thresholds(values, MOST_BINS, sample_weight=weight)
    np.testing.assert_allclose(find_thresholds(values, weight), expected, rtol=1e-12)


@with_weighted_bins
@pytest.mark.parametrize("missing", [False, True])
def test_trees_are_those_grown_on_the_features(missing):
    rng = np.random.default_rng(1)
    design = np.column_stack([rng.normal(size=900), rng.integers(0, 3, 900), np.ones(900)])
    if missing:
        design[rng.random(900) < 0.2, 0] = np.nan
    row = np.repeat(np.arange(900), 3)
    weight = rng.uniform(0.2, 1.0, row.size)
    weight[row == 5] = 0.0
    outcome = rng.binomial(1, 1 / (1 + np.exp(-np.nan_to_num(design[row, 0], nan=1.5))))

    def grow(features):
        classifier = HistGradientBoostingClassifier(max_iter=8, early_stopping=False, random_state=0)
        return export_trees(classifier.fit(features[row], outcome, sample_weight=weight))

    codes, bins = bin_features(design, np.bincount(row, weight))
    found, expected = with_thresholds(grow(codes), bins).as_dict(), grow(design).as_dict()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12, err_msg=name)
