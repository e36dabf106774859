"""Stacking: the same record in several extracts, or twice in one, becomes one record."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .quality import KEPT, MERGED, FindingLog

# Where a row stands in its source: not part of what the record says.
_NOT_VALUES = {"file", "row", "line", "extract", "record", "is_closing_unusable"}


def stack_rows(
    rows: pd.DataFrame,
    table: str,
    keys: Sequence[str],
    log: FindingLog,
    *,
    closing: str | None = None,
    reopened: str | None = None,
) -> pd.DataFrame:
    """Join rows that are one record.

    The first row of a record stands for it; the others are merged into it. A given value wins over a missing one, and a
    later one over an earlier one. The exception is the ``closing`` column, where missing means "still open": the last
    extract that tells decides, so that a record which ended in one year's file and is open in the next year's is open.

    Parameters
    ----------
    rows : DataFrame
        In the order in which they are to be believed, the last the most. Their place (``file``, ``row``, perhaps
        ``line``), ``extract`` (number of the extract that they came in) and columns of values. ``is_closing_unusable``
        (bool), if there, marks rows whose missing closing date tells nothing.
    table : str
        For the findings.
    keys : sequence of str
        The columns that identify a record; none may be missing.
    log : FindingLog
        Gets one merged finding for each row but the first of a record.
    closing : str, optional
    reopened : str, optional
        Code of the finding for a record that was closed and is open.

    Returns
    -------
    DataFrame
        One row a record, in order of first appearance: the columns of ``rows``, and ``record`` (0, 1, ...),
        ``last_extract`` (number of the last extract in which the record came).
    """
    number = rows.groupby(list(keys), sort=False).ngroup().to_numpy()
    rows = rows.assign(record=number).reset_index(drop=True)
    is_first = ~rows["record"].duplicated()
    stacked = rows[is_first].reset_index(drop=True)
    stacked["last_extract"] = stacked["extract"]
    again = rows.loc[rows["record"].duplicated(keep=False)]
    if again.empty:
        return stacked
    values = [name for name in rows.columns if name not in {*keys, *_NOT_VALUES}]
    _log_merged(again, table, values, log)
    joined = again.groupby("record")[values].last()
    if closing is not None:
        joined[closing] = _last_told(again, closing)
        was_closed = again[again[closing].notna()].groupby("record").size()
        is_reopened = joined[closing].isna() & joined.index.isin(was_closed.index)
        if reopened is not None:
            log.add_rows(reopened, table, KEPT, stacked.loc[joined.index[is_reopened]])
    for name in values:
        stacked[name] = _put(stacked[name], joined[name])
    stacked["last_extract"] = _put(stacked["last_extract"], again.groupby("record")["extract"].last())
    return stacked


def _put(column: pd.Series, values: pd.Series) -> pd.Series:
    """``column`` with ``values`` at their index."""
    replaced = column.array.copy()
    replaced[values.index.to_numpy()] = values.array
    return pd.Series(replaced, index=column.index)


def _last_told(again: pd.DataFrame, closing: str) -> pd.Series:
    """The closing date by record: that of the last extract that tells; within one, a date wins over none."""
    in_extract = again.groupby(["record", "extract"], sort=False)[closing].transform("last")
    tells = in_extract.notna()
    if "is_closing_unusable" in again:
        tells |= ~again["is_closing_unusable"]
    told = in_extract[tells].groupby(again.loc[tells, "record"]).tail(1)
    by_record = pd.Series(told.array, index=again.loc[told.index, "record"].to_numpy())
    return by_record.reindex(again["record"].unique())


def _log_merged(again: pd.DataFrame, table: str, values: list[str], log: FindingLog) -> None:
    by_record = again.groupby("record", sort=False)
    is_repeat = again["record"].duplicated()
    same_extract = (by_record["extract"].shift() == again["extract"]) & is_repeat
    # What the record held before this row: the last value given.
    before = by_record[values].ffill().groupby(again["record"], sort=False).shift()
    differs = np.zeros(len(again), dtype=bool)
    for name in values:
        both = again[name].notna() & before[name].notna()
        differs |= (both & (again[name] != before[name]).fillna(False)).to_numpy(dtype=bool)
    log.add_rows("duplicate-row", table, MERGED, again[is_repeat & same_extract & ~differs])
    log.add_rows("duplicate-differs", table, MERGED, again[is_repeat & same_extract & differs])
    log.add_rows("carried-forward", table, MERGED, again[is_repeat & ~same_extract & ~differs])
    log.add_rows("carried-forward-changed", table, MERGED, again[is_repeat & ~same_extract & differs])
