"""Columns of Arrow as numbers, booleans or levels, whatever a file made of them; each distinct text is read once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError
from .values import as_words, level_text, to_booleans, to_numbers


@dataclass(frozen=True)
class Distinct:
    """A column as its distinct values.

    Attributes
    ----------
    code : ndarray of int, shape (n,)
        Position among the values; the last, which is missing, where the row's is.
    values : Series
        The values, and a missing one at the end.
    """

    code: np.ndarray
    values: pd.Series

    @classmethod
    def of(cls, column: pa.Array, name: str) -> Distinct:
        """The distinct values of a column.

        Raises
        ------
        InputError
            They are lists, or something else of several parts.
        """
        if pa.types.is_nested(column.type):
            raise InputError(f"the column {name} must hold text or numbers, not {column.type}")
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        values = column.dictionary.to_pandas()
        if pa.types.is_string(column.dictionary.type) or pa.types.is_large_string(column.dictionary.type):
            values = values.astype("string")
        code = pc.fill_null(column.indices, len(values)).to_numpy(zero_copy_only=False)
        return cls(code, values.reindex(range(len(values) + 1)).rename(name))


def numbers_of(column: pa.Array, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (NaN where missing or not one), and where there is something else.

    Raises
    ------
    InputError
        The column has a type that is never a number.
    """
    if _is_number(column.type):
        return _floats(column), np.zeros(len(column), dtype=bool)
    return _of_distinct(to_numbers, column, name)


def booleans_of(column: pa.Array, name: str) -> tuple[np.ndarray, np.ndarray]:
    """1 and 0 for true and false (NaN where missing or neither), and where there is something else."""
    if _is_number(column.type):
        numbers = _floats(column)
        bad = ~np.isnan(numbers) & (numbers != 0) & (numbers != 1)
        return np.where(bad, np.nan, numbers), bad
    return _of_distinct(to_booleans, column, name)


def levels_of(column: pa.Array, name: str, levels: tuple[str, ...]) -> pd.Categorical:
    """The values as levels: those of training first, then whatever else there is."""
    distinct = Distinct.of(column, name)
    text = level_text(distinct.values, set(levels))
    known = list(dict.fromkeys([*levels, *text.dropna()]))
    place = pd.Index(known).get_indexer(pd.Index(text.fillna(""), dtype=object))
    place[text.isna().to_numpy()] = -1
    return pd.Categorical.from_codes(place[distinct.code], categories=known)


def text_of(column: pa.Array, name: str) -> pa.Array:
    """Keys as text: whole numbers without a point, null where missing or blank."""
    if not _is_text(column.type):
        column = pc.cast(column, pa.string()) if pa.types.is_integer(column.type) else _as_levels(column, name)
    column = column.cast(pa.string())
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), pa.scalar(None, pa.string()), column)


def batch_columns(batch: pa.RecordBatch | pa.Table) -> dict[str, pa.Array]:
    """The columns of a batch by name, each in one piece and of Arrow's own types (a UUID is text)."""
    columns = zip(batch.schema.names, batch.columns, strict=True)
    held = {name: col.combine_chunks() if isinstance(col, pa.ChunkedArray) else col for name, col in columns}
    return {
        name: _as_text(col.to_pylist()) if isinstance(col.type, pa.BaseExtensionType) else col
        for name, col in held.items()
    }


def frame_columns(frame: pd.DataFrame) -> dict[str, pa.Array]:
    """The columns of a frame; values of mixed types, and lists, become text, so that each row is judged by its own."""
    return {str(name): _as_arrow(frame[name]) for name in frame.columns}


def values_column(values: Sequence[Any]) -> pa.Array:
    """Values of any types as a column: one type, if they have one, and text otherwise."""
    return _as_arrow(values)


def _as_arrow(values: Any) -> pa.Array:
    try:
        column = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        column = None
    if column is None or pa.types.is_nested(column.type) or isinstance(column.type, pa.BaseExtensionType):
        column = _as_text(values)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _as_text(values: Iterable[Any]) -> pa.Array:
    return pa.array([None if _is_null(value) else str(value) for value in values], pa.string())


def _is_null(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _of_distinct(read: Any, column: pa.Array, name: str) -> tuple[np.ndarray, np.ndarray]:
    distinct = Distinct.of(_plain(column, name), name)
    numbers, bad = read(distinct.values, name, as_words(distinct.values))
    return numbers[distinct.code], bad[distinct.code]


def _plain(column: pa.Array, name: str) -> pa.Array:
    """The column, if its type can hold a feature's values at all."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (_is_text(kind) or _is_number(kind)):
        raise InputError(f"the column {name} must hold numbers, not {kind}")
    return column


def _as_levels(column: pa.Array, name: str) -> pa.Array:
    distinct = Distinct.of(column, name)
    text = level_text(distinct.values, set())
    return pa.array(text, pa.string(), from_pandas=True).take(pa.array(distinct.code))


def _floats(column: pa.Array) -> np.ndarray:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=float)


def _is_number(kind: pa.DataType) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
    return any(test(kind) for test in tests)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)
