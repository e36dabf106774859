"""Labels of strata survive changes of type and refuse what they do not know."""

import numpy as np
import pandas as pd
import pytest

from secondplan.models.inputs.strata import learn_strata, match_strata, refuse_unseen, values_of


def test_labels_and_codes():
    values = np.array([["b", 1], ["a", 2], ["b", 2], ["b", 1]], dtype=object)
    labels, codes = learn_strata(values, ["band", "year"])
    assert labels == ["band=a, year=2", "band=b, year=1", "band=b, year=2"]
    assert codes.tolist() == [1, 0, 2, 1]
    assert values_of(labels[1], ["band", "year"]) == {"band": "b", "year": "1"}
    assert values_of("band=x, y, year=2", ["band", "year"]) == {"band": "x, y", "year": "2"}


def test_strata_come_in_the_order_of_their_values():
    band = pd.Categorical(["up to 3", "3 to 6", "up to 3"], categories=["up to 3", "3 to 6", "over 6"], ordered=True)
    frame = pd.DataFrame({"band": band, "year": [2016, 2017, 2015]})
    labels, codes = learn_strata(frame, ["band", "year"])
    assert labels == ["band=up to 3, year=2015", "band=up to 3, year=2016", "band=3 to 6, year=2017"]
    assert codes.tolist() == [1, 2, 0]
    assert match_strata(frame.to_numpy(), ["band", "year"], labels).tolist() == [1, 2, 0]
    assert learn_strata(np.array([[10], [9], [1.5]]), ["n"])[0] == ["n=1.5", "n=9", "n=10"]
    mixed = np.array([["b"], [2], ["a"], [pd.Timestamp(0)]], dtype=object)
    assert sorted(learn_strata(mixed, ["m"])[1]) == [0, 1, 2, 3]


def test_values_with_one_label_are_one_stratum():
    labels, codes = learn_strata(np.array([[1], [True], ["1"], [0]], dtype=object), ["sex"])
    assert labels == ["sex=0", "sex=1"] or labels == ["sex=1", "sex=0"]
    assert codes[0] == codes[1] == codes[2] != codes[3]


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
