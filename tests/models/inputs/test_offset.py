import numpy as np
import pandas as pd
import pytest

from secondplan.models.inputs.offset import offset_values


def test_one_column_becomes_numbers():
    np.testing.assert_array_equal(offset_values(pd.DataFrame({"known": [1, 2]})), [1.0, 2.0])


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (pd.DataFrame({"a": [1.0], "b": [2.0]}), "one numeric column"),
        (pd.DataFrame({"a": ["x"]}), "one numeric column"),
        (pd.DataFrame({"a": [np.inf, 1.0, -np.inf]}), "missing or infinite in 2 of 3 rows"),
    ],
)
def test_others_are_errors(frame, rule):
    with pytest.raises(ValueError, match=f"offset.*{rule}"):
        offset_values(frame)
