"""What MLflow is told of the data: a name, the number of rows, the columns and a digest of it all; never a value."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from .store import Store, mlflow_edge

if TYPE_CHECKING:
    from ..plans import Cohort

KEY_VARIABLE = "SECONDPLAN_DIGEST_KEY"
ROWS_PER_CHUNK = 50_000
LONGEST_MLFLOW_DIGEST = 36
LONGEST_MLFLOW_NAME = 500


def cohort_digest(cohort: Cohort) -> str:
    """SHA-256 of a cohort: keys, features, outcomes and eligible days of every row.

    It does not depend on the order of rows or columns, nor on how numbers and text are stored. With the environment
    variable ``SECONDPLAN_DIGEST_KEY`` it is keyed (HMAC), so that it says nothing to those who do not have the key.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    keys = cohort.keys.add_prefix("key.")
    parts = [keys, cohort.X.add_prefix("x."), cohort.y.add_prefix("y.")]
    table = pd.concat([part.reset_index(drop=True) for part in parts], axis=1)
    table["eligible_days"] = np.asarray(cohort.eligible_days, dtype=float)
    order = [f"key.{name}" for name in ("la_code", "child_id", "plan_id") if name in cohort.keys]
    return table_digest(table, order_by=order)


def table_digest(table: pd.DataFrame, *, order_by: list[str] | None = None) -> str:
    """SHA-256 (keyed where ``SECONDPLAN_DIGEST_KEY`` is set) of the canonical text of a table.

    Canonical: columns by name; rows by ``order_by``; numbers and booleans as shortest round-trip decimals of doubles,
    dates as ISO days, everything else as text, missing apart from every text; comma-separated and quoted, UTF-8.
    """
    canonical = pd.DataFrame({str(name): _canonical(table[name]) for name in sorted(table.columns, key=str)})
    if order_by:
        canonical = canonical.sort_values([*order_by, *canonical.columns], kind="stable", ignore_index=True)
    key = os.environ.get(KEY_VARIABLE)
    digest = hmac.new(key.encode(), digestmod=hashlib.sha256) if key else hashlib.sha256()
    digest.update(json.dumps(list(canonical.columns)).encode())
    for start in range(0, len(canonical), ROWS_PER_CHUNK):
        rows = canonical.iloc[start : start + ROWS_PER_CHUNK]
        text = rows.to_csv(index=False, header=False, lineterminator="\n", quoting=1)
        digest.update(text.encode())
    return digest.hexdigest()


def log_cohort(store: Store, run_id: str, cohort: Cohort, *, name: str, digest: str) -> None:
    """Tell a run which data it used: MLflow's data set record with column names and kinds, without values."""
    with mlflow_edge("the data set cannot be logged"):
        from mlflow.entities import Dataset, DatasetInput, InputTag

        columns = column_kinds(cohort.X) | column_kinds(cohort.y)
        described = Dataset(
            name=name[:LONGEST_MLFLOW_NAME],
            digest=digest[:LONGEST_MLFLOW_DIGEST],
            source_type="secondplan",
            source=json.dumps({"table": "cohort"}),
            schema=json.dumps({"mlflow_colspec": [{"name": n, "type": kind} for n, kind in columns.items()]}),
            profile=json.dumps({"num_rows": len(cohort)}),
        )
        tags = [InputTag("mlflow.data.context", "training"), InputTag("sha256", digest)]
        store.client.log_inputs(run_id, [DatasetInput(described, tags)])


def column_kinds(frame: pd.DataFrame) -> dict[str, str]:
    """MLflow's name for the kind of each column: ``boolean``, ``double`` or ``string``."""
    return {str(name): _kind(frame[name]) for name in frame.columns}


def _kind(values: pd.Series) -> str:
    if types.is_bool_dtype(values.dtype):
        return "boolean"
    return "double" if types.is_numeric_dtype(values.dtype) else "string"


def _canonical(values: pd.Series) -> np.ndarray:
    """Text of each value, prefixed by its kind; missing values have a prefix alone."""
    missing = values.isna().to_numpy(dtype=bool)
    text: Any
    if types.is_bool_dtype(values.dtype) or types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        distinct, position = np.unique(numbers, return_inverse=True)
        text = np.array([f"n{number + 0.0!r}" for number in distinct.tolist()], dtype=object)[position]
    elif types.is_datetime64_any_dtype(values.dtype):
        text = ("d" + values.dt.strftime("%Y-%m-%d")).to_numpy(dtype=object)
    else:
        text = ("t" + values.astype("string")).to_numpy(dtype=object, na_value="")
    return np.where(missing, "", text)
