import json

import numpy as np
import pandas as pd
import pytest

from secondplan.models.estimator.plain_data import pack, unpack


def refuse(value, where):
    raise TypeError(f"{where} is a {type(value).__name__}")


def round_trip(value):
    arrays = {}
    tree = json.loads(json.dumps(pack(value, arrays, refuse), allow_nan=False))
    return unpack(tree, arrays, refuse)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        0.1 + 0.2,
        5e-324,
        -np.inf,
        "text with $type",
        [1, [2.5, None], "a"],
        (1, ("a", ())),
        {"a": 1, 2: (3,), (4, "b"): [None]},
        {"$type": "tuple", "items": "not one of ours"},
    ],
)
def test_plain_values(value):
    found = round_trip(value)
    assert found == value and type(found) is type(value)


def test_nan():
    assert np.isnan(round_trip(np.nan))


@pytest.mark.parametrize(
    "value",
    [
        np.array([[1.5, np.nan], [np.inf, -0.0]]),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array([True, False]),
        np.array(3.5),
        np.empty((0, 4)),
        np.array([["a", "b"]], dtype=object),
        np.array([], dtype=object),
    ],
)
def test_arrays(value):
    found = round_trip(value)
    assert found.dtype == value.dtype and found.shape == value.shape
    np.testing.assert_array_equal(found, value)


def test_numpy_scalars_become_python_ones():
    found = round_trip([np.int64(3), np.float32(0.5), np.bool_(True), np.str_("a")])
    assert found == [3, 0.5, True, "a"] and [type(item) for item in found] == [int, float, bool, str]


@pytest.mark.parametrize(
    "value",
    [
        pd.Series([1.0, 2.0], index=[91.0, 182.0], name="hazard"),
        pd.Series([1, 2], index=pd.Index(["a", "b"], name="feature")),
        pd.Series(dtype=float, index=pd.Index([], dtype=float)),
    ],
)
def test_series(value):
    pd.testing.assert_series_equal(round_trip(value), value)


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"coef": [0.5, -1.0], "n": [3, 4], "label": ["x", "y"]}, index=["a", "b"]),
        pd.DataFrame({1: [0.5], 2: [0.25]}, index=["x"]),
        pd.DataFrame(
            [[1.0, 2.0]],
            index=pd.MultiIndex.from_tuples([(1, "x")], names=["event", "feature"]),
            columns=pd.MultiIndex.from_tuples([(1, "s=a"), (2, "s=a")]),
        ),
        pd.DataFrame(index=["a"]),
    ],
)
def test_frames(value):
    pd.testing.assert_frame_equal(round_trip(value), value, check_column_type="equiv" if value.shape[1] else False)


@pytest.mark.parametrize(
    "value",
    [
        pd.Timestamp("2018-01-01"),
        np.array(["2018-01-01"], dtype="datetime64[D]"),
        np.random.default_rng(0),
        len,
        b"bytes",
        {1, 2},
        1j,
        np.array([b"a"], dtype=object),
    ],
)
def test_anything_else_is_refused_by_name(value):
    with pytest.raises(TypeError, match=r"value\[\w+\]\S* is a "):
        pack({"a": value}, {}, refuse)


@pytest.mark.parametrize(
    "tree",
    [
        {"$type": "code"},
        {"a": 1},
        {"$type": "float", "value": "__import__"},
        {"$type": "array", "name": "absent"},
        {"$type": "objects", "shape": [3], "items": ["a"]},
        {"$type": "dict", "items": [[[], 1]]},
    ],
)
def test_trees_of_other_makers_are_refused(tree):
    with pytest.raises((KeyError, TypeError, ValueError)):
        unpack(tree, {}, refuse)
