"""Missing and wrong values in the store, at a stated rate: what analysts have, with the truth of every one kept.

Off unless asked for. Faults are drawn from a stream of their own after everything else, so that switching them on
changes no other value and nothing of the truth. Identifiers, and dates that tell records apart, are left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..plans.columns import COLUMNS, COUNT, DATE, FLAG
from ..plans.schema import CODES

FAULTY = {
    "children": ("sex", "date_of_birth", "ethnicity", "disabilities"),
    "plans": ("end_date", "initial_category", "latest_category", "previous_plans_reported"),
    "reviews": ("quorate", "absent_agencies", "progress"),
    "care_episodes": ("end_date",),
    "cin_episodes": ("referral_source", "primary_need", "closure_date", "closure_reason"),
    "assessments": ("authorisation_date", "factors"),
    "conferences": ("section47_start", "transfer_in"),
    "involvements": ("end_date", "agency_worker"),
}
"""The columns in which values may be missing or wrong. An end date that is missing reads as "still open"."""

SCHEMA = pa.schema(
    [
        ("table", pa.string()),
        ("row", pa.int64()),
        ("record", pa.string()),
        ("column", pa.string()),
        ("fault", pa.string()),
        ("true_value", pa.string()),
        ("stored_value", pa.string()),
    ]
)
"""A record of faults: ``row`` counts from 1, ``record`` is the plan's identifier, or the child's."""

_YEAR_SHARE = 0.2


@dataclass(frozen=True)
class ValueFaults:
    """How many values are missing or wrong.

    Parameters
    ----------
    missing, wrong : float
        Chance of each value in the columns of ``FAULTY`` to be missing, and to be wrong: a date by 1 to 30 days or (one
        in five) by a year, never after the extract date; another code; the other flag; a count by one.

    Raises
    ------
    ValueError
        A chance is negative, or they add up to more than 1.

    Examples
    --------
    >>> ValueFaults(missing=0.02, wrong=0.01)
    ValueFaults(missing=0.02, wrong=0.01)
    """

    missing: float = 0.0
    wrong: float = 0.0

    def __post_init__(self) -> None:
        if not (self.missing >= 0 and self.wrong >= 0 and self.missing + self.wrong <= 1):
            raise ValueError(
                f"missing and wrong must be at least 0 and add up to at most 1, got {self.missing} and {self.wrong}"
            )


def put_in_faults(
    frames: Mapping[str, pd.DataFrame], faults: ValueFaults, last_date: pd.Timestamp, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pa.Table]:
    """Copies of the tables with faults, and a record of each fault.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables of a store, in the schema's types.
    faults : ValueFaults
    last_date : Timestamp
        The extract date.
    rng : Generator
    """
    spoilt, records = dict(frames), [SCHEMA.empty_table()]
    for table, columns in FAULTY.items():
        frame = frames[table].copy()
        record = frame["plan_id" if "plan_id" in frame else "child_id"]
        for column in columns:
            u = rng.random(len(frame))
            present = frame[column].notna().to_numpy()
            missing = np.flatnonzero(present & (u < faults.missing))
            wrong = np.flatnonzero(present & (u >= faults.missing) & (u < faults.missing + faults.wrong))
            stored = frame[column].copy()
            stored.iloc[wrong] = _other_values(table, column, frame[column].iloc[wrong], last_date, rng)
            stored.iloc[missing] = pd.NaT if COLUMNS[table][column].kind == DATE else pd.NA
            for rows, fault in ((missing, "missing"), (wrong, "wrong")):
                changed = _text(stored.iloc[rows]).ne(_text(frame[column].iloc[rows])).fillna(True).to_numpy(dtype=bool)
                rows = rows[changed]
                records.append(_record(table, column, fault, rows, record, frame[column], stored))
            frame[column] = stored
        spoilt[table] = frame
    return spoilt, pa.concat_tables(records)


def count_on(faults: pa.Table, n_before: Mapping[str, int]) -> pa.Table:
    """The record of faults with rows counted from the store's first row, ``n_before`` rows of each table before."""
    before = np.array([n_before.get(table, 0) for table in faults["table"].to_pylist()], dtype=np.int64)
    return faults.set_column(faults.schema.get_field_index("row"), "row", pc.add(faults["row"], pa.array(before)))


def _other_values(
    table: str, column: str, values: pd.Series, last_date: pd.Timestamp, rng: np.random.Generator
) -> pd.Series:
    """Another value for each, of the same type."""
    kind, n = COLUMNS[table][column].kind, len(values)
    sign = np.where(rng.random(n) < 0.5, -1, 1)
    if kind == DATE:
        days = sign * np.where(rng.random(n) < _YEAR_SHARE, 365, rng.integers(1, 31, n))
        moved = values + pd.to_timedelta(days, unit="D")
        return moved.where(moved <= last_date, values - pd.to_timedelta(np.abs(days), unit="D"))
    if kind == FLAG:
        return ~values
    if kind == COUNT:
        number = values.to_numpy(dtype=np.int64)
        return pd.Series(np.where(number == 0, 1, number + sign), index=values.index, dtype=COUNT)
    codes = list(CODES[column])
    drawn = rng.integers(0, len(codes) - 1, n)
    own = pd.Index(codes).get_indexer(values)
    # Past the own code by one, so that the value is another one; lists of codes become one code.
    return pd.Series(pd.array(codes, dtype="string").take(drawn + ((own >= 0) & (drawn >= own))), index=values.index)


def _record(
    table: str, column: str, fault: str, rows: np.ndarray, record: pd.Series, true: pd.Series, stored: pd.Series
) -> pa.Table:
    columns = {
        "table": pa.array([table] * rows.size, type=pa.string()),
        "row": pa.array(rows + 1),
        "record": pa.array(record.iloc[rows], type=pa.string()),
        "column": pa.array([column] * rows.size, type=pa.string()),
        "fault": pa.array([fault] * rows.size, type=pa.string()),
        "true_value": pa.array(_text(true.iloc[rows]), type=pa.string()),
        "stored_value": pa.array(_text(stored.iloc[rows]), type=pa.string()),
    }
    return pa.table(columns, schema=SCHEMA)


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values.dt.strftime("%Y-%m-%d").astype("string")
    return values.astype("string")
