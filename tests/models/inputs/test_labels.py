"""Labels become codes in order of the labels."""

import numpy as np
import pandas as pd
import pytest

from secondplan.models.inputs.labels import label_codes


@pytest.mark.parametrize(
    ("labels", "expected", "codes"),
    [
        (["b", "a", "b"], ["a", "b"], [1, 0, 1]),
        ([10, 9, 10], [9, 10], [1, 0, 1]),
        ([True, False, True], [False, True], [1, 0, 1]),
        (pd.Categorical(["x", "w", "x"], ["x", "v", "w"]), ["x", "w"], [0, 1, 0]),
        (pd.Series([2, 1, 2], dtype="Int64", index=[5, 6, 7]), [1, 2], [1, 0, 1]),
        (pd.DataFrame({"a": [1, 1, 0], "b": ["x", "x", "y"]}), ["a=0, b=y", "a=1, b=x"], [1, 1, 0]),
    ],
    ids=["text", "numbers", "booleans", "categories", "nullable", "columns"],
)
def test_codes(labels, expected, codes):
    found, code = label_codes(labels, 3, "group")
    assert found == expected
    np.testing.assert_array_equal(code, codes)


def test_numbers_and_text_together_have_some_order():
    found, code = label_codes(np.array([1, "a", 1], dtype=object), 3, "group")
    assert [found[place] for place in code] == [1, "a", 1]


def test_refused():
    with pytest.raises(ValueError, match="group has 2 values, expected 3"):
        label_codes([1, 2], 3, "group")
    with pytest.raises(ValueError, match="strata: missing in 1 of 2 rows"):
        label_codes(["a", None], 2, "strata")
