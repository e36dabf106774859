"""Stacking: the same record in several extracts, or twice in one, becomes one record."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ...quality import KEPT, MERGED, FindingLog

PLACE = ("file", "row", "line", "extract")
"""Where a row stands in its source: not part of what the record says."""

_NOT_VALUES = {*PLACE, "record", "is_closing_unusable", "begins_anew"}


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
        One row per record, in order of first appearance: the columns of ``rows``, and ``record`` (0, 1, ...),
        ``last_extract`` (number of the last extract in which the record came).
    """
    number = rows.groupby(list(keys), sort=False).ngroup().to_numpy(dtype=np.int32)
    is_repeat = pd.Series(number).duplicated().to_numpy()
    stacked = take_rows(rows, np.flatnonzero(~is_repeat))
    stacked["record"] = number[~is_repeat]
    stacked["last_extract"] = stacked["extract"]
    if not is_repeat.any():
        return stacked
    again = _Again(rows, number)
    differs = np.zeros(len(again.places), dtype=bool)
    # One column at a time: of a table where most rows come again, copies of all columns would be most of the memory.
    for name in (name for name in rows.columns if name not in {*keys, *_NOT_VALUES}):
        column = again.take(name)
        differs |= _differs(column, again.record)
        joined = column.groupby(again.record).last()
        if name == closing:
            joined, is_reopened = _last_told(column, again)
            if reopened is not None:
                log.add_rows(reopened, table, KEPT, stacked.loc[joined.index[is_reopened]])
        stacked[name] = _put(stacked[name], joined)
    extract = again.take("extract")
    stacked["last_extract"] = _put(stacked["last_extract"], extract.groupby(again.record).last())
    _log_merged(again, extract, differs, table, log)
    return stacked


def take_rows(rows: pd.DataFrame, places: np.ndarray) -> pd.DataFrame:
    """The rows at ``places``, numbered from 0: column by column, as a frame's own way holds all of them twice."""
    return pd.DataFrame({name: rows[name].array.take(places) for name in rows}, copy=False)


def replace_columns(rows: pd.DataFrame, columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """The rows with other or more columns; those that stay are shared, where ``assign`` would copy them."""
    return pd.DataFrame({**{name: rows[name] for name in rows}, **columns}, index=rows.index, copy=False)


class _Again:
    """The rows of records that come more than once: their places among all rows, and the record of each."""

    def __init__(self, rows: pd.DataFrame, number: np.ndarray) -> None:
        self.rows = rows
        self.places = np.flatnonzero(pd.Series(number).duplicated(keep=False))
        self.record = pd.Series(number[self.places], name="record")

    def take(self, name: str) -> pd.Series:
        return pd.Series(self.rows[name].array.take(self.places), name=name)


def _put(column: pd.Series, values: pd.Series) -> pd.Series:
    """``column`` with ``values`` at their index."""
    replaced = column.array.copy()
    replaced[values.index.to_numpy()] = values.array
    return pd.Series(replaced, index=column.index)


def _differs(column: pd.Series, record: pd.Series) -> np.ndarray:
    """Whether each value is another than the last one given before it for the record."""
    before = column.groupby(record, sort=False).ffill().groupby(record, sort=False).shift()
    both = column.notna() & before.notna()
    return (both & (column != before).fillna(False)).to_numpy(dtype=bool)


def _last_told(closing: pd.Series, again: _Again) -> tuple[pd.Series, np.ndarray]:
    """The closing date by record: that of the last extract that tells; within one, a date wins over none.

    And whether the record was closed before and is open.
    """
    record = again.record
    in_extract = closing.groupby([record, again.take("extract")], sort=False).transform("last")
    tells = in_extract.notna()
    if "is_closing_unusable" in again.rows:
        tells |= ~again.take("is_closing_unusable")
    told = in_extract[tells].groupby(record[tells]).tail(1)
    joined = pd.Series(told.array, index=record[told.index].to_numpy()).reindex(np.unique(record))
    return joined, (joined.isna() & joined.index.isin(record[closing.notna()])).to_numpy()


def _log_merged(again: _Again, extract: pd.Series, differs: np.ndarray, table: str, log: FindingLog) -> None:
    is_repeat = again.record.duplicated().to_numpy()
    is_same = (extract.groupby(again.record, sort=False).shift() == extract).to_numpy()
    for code, chosen in {
        "duplicate-row": is_same & ~differs,
        "duplicate-differs": is_same & differs,
        "carried-forward": ~is_same & ~differs,
        "carried-forward-changed": ~is_same & differs,
    }.items():
        places = again.places[is_repeat & chosen]
        log.add_rows(code, table, MERGED, again.rows[[name for name in PLACE if name in again.rows]].iloc[places])
