"""Labels of strata survive changes of type and refuse what they do not know."""

import numpy as np
import pytest

from secondplan.models.strata import learn_strata, match_strata, refuse_unseen


def test_labels_and_codes():
    values = np.array([["b", 1], ["a", 2], ["b", 2], ["b", 1]], dtype=object)
    labels, codes = learn_strata(values, ["band", "year"])
    assert labels == ["band=a, year=2", "band=b, year=1", "band=b, year=2"]
    assert codes.tolist() == [1, 0, 2, 1]


def test_numbers_match_whatever_their_type():
    labels, _ = learn_strata(np.array([[1], [0]]), ["sex"])
    assert match_strata(np.array([[0.0], [1.0]]), ["sex"], labels).tolist() == [0, 1]
    assert match_strata(np.array([[True], [False]], dtype=object), ["sex"], labels).tolist() == [1, 0]


def test_unseen():
    labels, _ = learn_strata(np.array([["a"], ["b"]], dtype=object), ["band"])
    codes = match_strata(np.array([["c"], ["b"], ["d"]], dtype=object), ["band"], labels)
    assert codes.tolist() == [-1, 1, -1]
    with pytest.raises(ValueError, match=r"strata \(band\): 2 rows") as caught:
        refuse_unseen(codes, ["band"])
    assert "'c'" not in str(caught.value)
    refuse_unseen(np.array([0, 1]), ["band"])
