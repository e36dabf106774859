"""Tables of a plan store as Arrow tables, and Parquet files written part by part."""

import os
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .columns import COLUMNS

ROWS_PER_GROUP = 65_536
"""Rows of a Parquet row group: fixed, so that a file's bytes do not depend on the parts in which it was written."""

_ARROW = {"string": pa.string(), "datetime64[us]": pa.date32(), "boolean": pa.bool_(), "Int16": pa.int16()}
_PANDAS = {pa.string(): pd.StringDtype(), pa.bool_(): pd.BooleanDtype(), pa.int16(): pd.Int16Dtype()}


class ParquetParts:
    """A Parquet file that grows by tables of one schema, in row groups of one size.

    Parameters
    ----------
    path : path
    schema : pyarrow.Schema
    """

    def __init__(self, path: str | os.PathLike[str], schema: pa.Schema) -> None:
        self.n_rows = 0
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[pa.Table] = []
        self._n_waiting = 0

    def append(self, table: pa.Table) -> None:
        """Add the rows of ``table``; what does not fill a row group waits for more."""
        self._waiting.append(table)
        self._n_waiting += table.num_rows
        if self._n_waiting >= ROWS_PER_GROUP:
            rows = pa.concat_tables(self._waiting)
            full = rows.num_rows - rows.num_rows % ROWS_PER_GROUP
            self._write(rows.slice(0, full))
            # Copied: a slice would keep all of the part in memory.
            rest = rows.slice(full)
            self._waiting = [rest.take(pa.array(np.arange(rest.num_rows)))]
            self._n_waiting = rest.num_rows

    def close(self) -> None:
        """Write what waits, and the file's end."""
        if self._n_waiting:
            self._write(pa.concat_tables(self._waiting))
        elif not self.n_rows:
            self._write(self._schema.empty_table())
        self._waiting, self._n_waiting = [], 0
        self._writer.close()

    def _write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows, row_group_size=ROWS_PER_GROUP)
        self.n_rows += rows.num_rows


def arrow_schema(table: str) -> pa.Schema:
    """The Arrow schema of a table of the store: dates as date32, a title and description at every column."""
    fields = []
    for name, column in COLUMNS[table].items():
        about = {"title": column.title, "description": column.description, "source": column.source}
        fields.append(pa.field(name, _ARROW[column.kind], nullable=not column.required, metadata=about))
    return pa.schema(fields)


def arrow_table(table: str, frame: pd.DataFrame) -> pa.Table:
    """A frame of the store's columns and types as an Arrow table."""
    schema = arrow_schema(table)
    return pa.Table.from_arrays(list(_arrays(frame, schema)), schema=schema)


def pandas_frame(table: pa.Table) -> pd.DataFrame:
    """An Arrow table of the store as a frame: dates as ``datetime64[us]``, pandas' own types for missing values.

    Raises
    ------
    pyarrow.ArrowException
        The table holds a date that is out of range.
    """
    as_timestamps = [
        field.with_type(pa.timestamp("us")) if pa.types.is_date(field.type) else field for field in table.schema
    ]
    return table.cast(pa.schema(as_timestamps)).to_pandas(types_mapper=_PANDAS.get, ignore_metadata=True)


def _arrays(frame: pd.DataFrame, schema: pa.Schema) -> Iterator[pa.Array]:
    for field in schema:
        is_date = field.type == pa.date32()
        yield pa.array(frame[field.name], type=pa.timestamp("us") if is_date else field.type).cast(field.type)
