"""Clusters at two levels."""

import numpy as np
import pandas as pd
import pytest

from secondplan.models.inputs.cluster_levels import check_cluster, nested_levels

FAMILY, AUTHORITY = ["a", "a", "b", "c", "c"], [1, 1, 1, 2, 2]


@pytest.mark.parametrize("columns", [["family", "authority"], ["authority", "family"]])
def test_the_inner_level_comes_first_whatever_the_order(columns):
    frame = pd.DataFrame({"family": FAMILY, "authority": AUTHORITY}, index=[9, 8, 7, 6, 5])[columns]
    levels = nested_levels(frame, 5)
    assert list(levels) == ["family", "authority"]
    assert levels["authority"].tolist() == AUTHORITY


def test_an_array_has_numbered_levels():
    assert list(nested_levels(np.column_stack([[1, 1, 2, 3, 3], AUTHORITY]), 5)) == ["level 0", "level 1"]


def test_a_family_in_two_authorities_is_refused():
    with pytest.raises(ValueError, match="1 of family lie in several of authority"):
        nested_levels(pd.DataFrame({"family": FAMILY, "authority": [1, 2, 1, 2, 2]}), 5)


def test_missing_labels_and_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"cluster \(family\): missing in 1 of 5 rows"):
        nested_levels(pd.DataFrame({"family": [None, *FAMILY[1:]], "authority": AUTHORITY}), 5)
    with pytest.raises(ValueError, match=r"shape \(5, 3\), expected \(5,\), or \(5, 2\)"):
        nested_levels(np.zeros((5, 3)), 5)


@pytest.mark.parametrize(
    "labels",
    [
        [7, 3, 7, -2, 3],
        np.array([120, -120, 120, 5], dtype=np.int8),
        [2**62, 2**62 + 1, 2**62, 2**62 + 3],
        [5, 10**12, 5, 7],
        [0.5, 7.0, 0.5, 2.0],
        ["b", "a", "b", "c"],
        pd.Series([4, 2, 4], index=[9, 8, 7]),
    ],
)
def test_codes_follow_the_sorted_labels(labels):
    expected = np.unique(np.asarray(labels), return_inverse=True)[1]
    np.testing.assert_array_equal(check_cluster(labels, len(labels)), expected)
