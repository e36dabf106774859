"""Values of a column as numbers, booleans or levels, whatever CSV or Parquet made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api import types

from ..errors import InputError
from ..models.features.columns import LARGEST_NUMBER

MISSING_WORDS = frozenset({"", "na", "nan", "n/a", "null", "none", "\\n"})
# A plan is a child's, born or not: 18 years and what comes before birth.
BOUNDS = {"plan_length_days": (0.0, 6_900.0), "age_at_end": (0.0, 19.0)}
MOST_COUNTED = 10_000.0
LONGEST_DAYS = 36_525.0
TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1", "1.0"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0", "0.0"})


def as_words(values: pd.Series) -> pd.Series | None:
    """The column as lower-case words, if it is text (as CSV is); None if it has a type of its own."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype("string")
    is_text = isinstance(values.dtype, pd.StringDtype) or (
        types.is_object_dtype(values.dtype) and types.infer_dtype(values, skipna=True) in ("string", "empty", "mixed")
    )
    return values.astype("string").str.strip().str.lower() if is_text else None


def to_numbers(values: pd.Series, name: str, words: pd.Series | None) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (NaN where missing or not one) and where there is something else."""
    if words is not None:
        missing = (words.isna() | words.isin(MISSING_WORDS)).to_numpy(dtype=bool)
        numbers = pd.to_numeric(words.mask(missing), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        return numbers, np.isnan(numbers) & ~missing
    try:
        if types.is_datetime64_any_dtype(values.dtype) or types.is_timedelta64_dtype(values.dtype):
            raise TypeError
        return values.to_numpy(dtype=float, na_value=np.nan), np.zeros(len(values), dtype=bool)
    except (TypeError, ValueError):
        raise InputError(f"the column {name} must hold numbers, not {values.dtype}") from None


def to_booleans(values: pd.Series, name: str, words: pd.Series | None) -> tuple[np.ndarray, np.ndarray]:
    """1 and 0 for true and false (NaN where missing or neither) and where there is something else."""
    if words is not None:
        missing = (words.isna() | words.isin(MISSING_WORDS)).to_numpy(dtype=bool)
        numbers = np.full(len(words), np.nan)
        numbers[words.isin(TRUE_WORDS).to_numpy(dtype=bool)] = 1.0
        numbers[words.isin(FALSE_WORDS).to_numpy(dtype=bool)] = 0.0
        return numbers, np.isnan(numbers) & ~missing
    numbers, _ = to_numbers(values, name, None)
    bad = ~np.isnan(numbers) & (numbers != 0) & (numbers != 1)
    return np.where(bad, np.nan, numbers), bad


def level_text(values: pd.Series, levels: set[str]) -> pd.Series:
    """Levels as the encoder spells them; numbers that stand for codes may have become floats on the way."""
    if types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype):
        distinct = {number: str(number) for number in values.dropna().unique()}
        for number, text in distinct.items():
            if text not in levels and float(number).is_integer():
                distinct[number] = str(int(number))
        return values.map(distinct).astype("string")
    text = values.astype("string")
    return text.mask(text == "")


def is_impossible(numbers: np.ndarray, name: str) -> np.ndarray:
    """Numbers that no feature, or no case feature of this package, can have, whatever a model would make of them."""
    lowest, highest = BOUNDS.get(name, (-LARGEST_NUMBER, LARGEST_NUMBER))
    if name.startswith("n_"):
        lowest, highest = 0.0, MOST_COUNTED
    if name.startswith("share_"):
        lowest, highest = 0.0, 1.0
    with np.errstate(invalid="ignore"):
        return (numbers < lowest) | (numbers > highest)
