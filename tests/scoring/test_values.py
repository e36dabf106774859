from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.scoring.values import as_words, is_impossible, level_text, to_booleans, to_numbers


def text(*values):
    return pd.Series(values, dtype="string", name="x")


def test_numbers_in_text():
    values = text(" 3 ", "1e2", "-4.5", "", "NA", "null", pd.NA, "3,5", "three", "inf")
    numbers, bad = to_numbers(values, "x", as_words(values))
    np.testing.assert_array_equal(numbers, [3, 100, -4.5, *[np.nan] * 6, np.inf])
    assert bad.tolist() == [False] * 7 + [True, True, False]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1, None], dtype="Int16"),
        pd.Series([1.0, np.nan]),
        pd.Series([Decimal(1), None], dtype=object),
        pd.Series([True, None], dtype=object),
        text("1", None),
    ],
)
def test_numbers_of_any_type(values):
    numbers, bad = to_numbers(values, "x", as_words(values))
    np.testing.assert_array_equal(numbers, [1, np.nan])
    assert not bad.any()


def test_dates_are_no_numbers():
    with pytest.raises(InputError, match="column age must hold numbers"):
        to_numbers(pd.Series(pd.to_datetime(["2018-01-01"])), "age", None)


def test_true_and_false():
    values = text("True", "no", "1", "0.0", "Y", "", "maybe")
    numbers, bad = to_booleans(values, "x", as_words(values))
    np.testing.assert_array_equal(numbers, [1, 0, 1, 0, 1, np.nan, np.nan])
    assert bad.tolist() == [False] * 6 + [True]
    numbers, bad = to_booleans(pd.Series([0.0, 2.0, np.nan]), "x", None)
    np.testing.assert_array_equal(numbers, [0, np.nan, np.nan])
    assert bad.tolist() == [False, True, False]


def test_codes_that_became_floats_are_spelt_as_in_training():
    values = pd.Series([330.0, np.nan, 1.5])
    assert level_text(values, {"330"}).fillna("missing").tolist() == ["330", "missing", "1.5"]
    assert level_text(values, {"330.0"}).fillna("missing").tolist() == ["330.0", "missing", "1.5"]
    assert level_text(text("", "NEG"), set()).fillna("missing").tolist() == ["missing", "NEG"]


def test_numbers_that_a_feature_cannot_have():
    values = np.array([-1.0, 0.0, 2.0, np.nan])
    assert is_impossible(values, "n_reviews").tolist() == [True, False, False, False]
    assert is_impossible(values, "share_agency_worker").tolist() == [True, False, True, False]
    assert not is_impossible(values, "something_else").any()
