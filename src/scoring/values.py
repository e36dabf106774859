"""Values of a column as numbers, booleans or levels, whatever CSV or Parquet made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api import types

from ..errors import InputError

MISSING_WORDS = frozenset({"", "na", "nan", "n/a", "null", "none", "\\n"})
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
    """Numbers that a case feature of this package cannot have, whatever a model would make of them."""
    if name in ("plan_length_days", "age_at_end") or name.startswith("n_"):
        return numbers < 0
    if name.startswith("share_"):
        return (numbers < 0) | (numbers > 1)
    return np.zeros(numbers.size, dtype=bool)
