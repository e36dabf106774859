"""The gate for tables: every plan store and every reader's result passes through it."""

from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError
from ..given_dates import given_dates
from .columns import COLUMNS, DATE
from .schema import FOREIGN_KEYS, PRIMARY_KEYS, column_names, column_type, empty_table, schema


def conform_tables(tables: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Bring tables to the schema's columns and types and check them.

    Parameters
    ----------
    tables : dict of str to DataFrame
        By table name; tables left out (or None) are empty. A table of child records without ``la_code`` takes it from
        ``children`` where a ``child_id`` belongs to one authority only.

    Returns
    -------
    dict of str to DataFrame
        Every table of the schema, as copies with a fresh row index.

    Raises
    ------
    InputError
        A table, column, type, required value, code, key or reference breaks the schema. The message names the table,
        the column, the first row (counted from 1) and the rule.
    """
    unknown = [name for name in tables if name not in COLUMNS]
    if unknown:
        raise InputError(f"unknown table {', '.join(unknown)}; the tables are {', '.join(COLUMNS)}")
    conformed: dict[str, pd.DataFrame] = {}
    for name in COLUMNS:
        frame = tables.get(name)
        conformed[name] = empty_table(name) if frame is None else _typed(name, frame, conformed.get("children"))
        _check_schema(name, conformed[name])
    for name, (columns, parent) in FOREIGN_KEYS.items():
        _check_reference(name, conformed[name], list(columns), parent, conformed[parent])
    return conformed


def _typed(table: str, frame: pd.DataFrame, children: pd.DataFrame | None) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"table {table} must be a DataFrame, got {type(frame).__name__}")
    names = column_names(table)
    if children is not None and "la_code" in names and "la_code" not in frame.columns:
        frame = _with_authority(table, frame, children)
    absent = [name for name in names if name not in frame.columns]
    missing = [name for name in absent if not COLUMNS[table][name].optional]
    if missing:
        raise InputError(f"table {table}: missing columns {', '.join(missing)}")
    extra = [str(name) for name in frame.columns if name not in names]
    if extra:
        raise InputError(f"table {table}: unknown columns {', '.join(extra)}")
    frame = frame.assign(**dict.fromkeys(set(absent) - set(missing), pd.NA)) if absent else frame
    columns = {name: _cast(frame[name], column_type(table, name), table) for name in names}
    # Column by column: a frame of its own making would hold every value twice while it is made.
    return pd.DataFrame({name: column.array for name, column in columns.items()}, copy=False)


def _with_authority(table: str, frame: pd.DataFrame, children: pd.DataFrame) -> pd.DataFrame:
    if table in ("plans", "extract") or "child_id" not in frame.columns:
        return frame
    authority = children.drop_duplicates(["child_id", "la_code"])
    if authority["child_id"].duplicated().any():
        raise InputError(f"table {table}: needs la_code, because a child_id occurs in more than one authority")
    by_child = authority.set_index("child_id")["la_code"]
    return frame.assign(la_code=frame["child_id"].astype("string").map(by_child).astype("string"))


def _cast(column: pd.Series, kind: str, table: str) -> pd.Series:
    if str(column.dtype) == kind and kind != DATE:
        return column.copy()
    if kind == "string" and pd.api.types.is_float_dtype(column.dtype) and column.notna().any():
        raise InputError(f"table {table}, column {column.name}: holds decimal numbers, expected text")
    try:
        return _cast_date(column) if kind == DATE else column.astype(kind)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"table {table}, column {column.name}: cannot be read as {kind}") from None


def _cast_date(column: pd.Series) -> pd.Series:
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = pd.Series(given_dates(column, str(column.name)), index=column.index, name=column.name)
    if getattr(column.dtype, "tz", None) is not None:
        raise TypeError("dates have no time zone")
    return column.dt.normalize().astype(DATE)


def _check_schema(table: str, frame: pd.DataFrame) -> None:
    import pandera.errors

    try:
        # In place, as nothing is changed: otherwise the whole frame is copied first.
        schema(table).validate(frame, inplace=True)
    except pandera.errors.SchemaError as error:
        # The error's own text, context and cause quote values, which describe children.
        message = _message(table, error)
    else:
        return
    raise InputError(message)


def _message(table: str, error: Any) -> str:
    column = str(getattr(error.schema, "name", ""))
    where = f"table {table}" + (f", column {column}" if column in COLUMNS[table] else "")
    cases = error.failure_cases
    row = f", row {int(cases['index'].iloc[0]) + 1}" if isinstance(cases, pd.DataFrame) and "index" in cases else ""
    reason = getattr(error.reason_code, "name", "")
    if reason == "SERIES_CONTAINS_NULLS":
        rule = "a value is required"
    elif reason == "DUPLICATES":
        rule = f"{' and '.join(PRIMARY_KEYS[table])} must occur once"
    else:
        rule = str(getattr(error.check, "error", None) or "breaks the schema")
    return f"{where}{row}: {rule}"


def _check_reference(table: str, frame: pd.DataFrame, columns: list[str], parent: str, target: pd.DataFrame) -> None:
    numbers = np.zeros(len(frame), dtype=np.int64)
    known_numbers = np.zeros(len(target), dtype=np.int64)
    for name in columns:
        known, values = pd.factorize(target[name])
        # Values that the parent table does not have are -1.
        own = pd.Index(values).get_indexer(frame[name])
        is_stranger = (own < 0) | (numbers < 0)
        numbers = np.where(is_stranger, -1, numbers * len(values) + own)
        known_numbers = known_numbers * len(values) + known
    is_known = np.isin(numbers, known_numbers)
    if not is_known.all():
        first, n_rows = int(np.argmin(is_known)) + 1, int((~is_known).sum())
        raise InputError(
            f"table {table}, column {columns[-1]}, row {first}: not in table {parent} ({n_rows} such rows)"
        )
