"""Cases from a table of a database, or from a query: streamed once, as the database stood at one moment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa

from ...errors import InputError
from ...files.database import connected, snapshot
from ..cases import KEYS, OPTIONAL
from ..columns import values_column
from .columnar import chunks_of_batches
from .content import Content, copied
from .source import Chunk, Source, require_columns, require_distinct, wanted, wanted_of_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROWS_PER_BATCH = 10_000
# A colon that SQLAlchemy would take for the name of a parameter; "::" is a cast.
_COLON = re.compile(r"(?<!:):(?!:)")
_LARGEST_WHOLE = 10**18


def database_source(
    address: Any,
    columns: Sequence[str],
    *,
    table: str | None = None,
    query: str | None = None,
    password_file: str | Path | None = None,
) -> Source:
    """Copy the rows that a table or a query has now, in flat memory, and take their digest.

    The copy (:func:`.content.copied`) frees the database at once, gives all parts of a night the same rows, and lets a
    run that was stopped go on if the rows are still the same: a table is read in order of its keys.

    Parameters
    ----------
    address : str, sqlalchemy.URL or sqlalchemy.Engine
    columns : sequence of str
        The features that are needed; of a table no others are read, but for the keys and what is known of eligibility.
    table : str, optional
        A table or view, as ``name`` or ``schema.name``.
    query : str, optional
        A statement that gives rows.
    password_file : str or Path, optional
        As :func:`~secondplan.files.database.connected` has it.

    Raises
    ------
    InputError
        Neither a table nor a query is given, or both; columns are absent; the database refuses.
    """
    if (table is None) == (query is None):
        raise InputError("a database needs a table (--table) or a query (--query), one of the two")
    with connected(address, password_file=password_file) as (connection, label):
        connection = snapshot(connection)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = ON")
        name = f"{label}, table {table}" if table is not None else f"{label}, query"
        statement = _of_table(connection, name, str(table), columns) if query is None else _of_text(query)
        counted = _Counted()
        content, digest, _ = copied(counted.blocks(connection, statement, name, columns), name)

    def chunks(rows_per_chunk: int) -> Iterator[Chunk]:
        yield from chunks_of_batches(name, _batches(content, counted.n_batches), rows_per_chunk)

    return Source("database", name, digest, counted.n_rows, chunks)


def split_name(name: str) -> tuple[str | None, str]:
    """Schema (None: the connection's own) and table of ``schema.table``."""
    schema, _, table = name.rpartition(".")
    return schema or None, table


def _of_table(connection: Connection, name: str, table: str, columns: Sequence[str]) -> Any:
    import sqlalchemy

    schema, own = split_name(table)
    try:
        names = [column["name"] for column in sqlalchemy.inspect(connection).get_columns(own, schema=schema)]
    except sqlalchemy.exc.NoSuchTableError:
        raise InputError(f"{name}: there is no such table or view, or the user may not see it") from None
    require_columns(name, names, columns)
    asked: list[Any] = [sqlalchemy.column(column) for column in wanted(names, columns)]
    keys = [column for column in asked if column.name in (*KEYS, "la_code")]
    return sqlalchemy.select(*asked).select_from(sqlalchemy.table(own, schema=schema)).order_by(*keys)


def _of_text(query: str) -> Any:
    import sqlalchemy

    return sqlalchemy.text(_COLON.sub(r"\\:", query))


class _Counted:
    """Rows as blocks of bytes, each a stream of Arrow, and how many there were."""

    def __init__(self) -> None:
        self.n_rows = self.n_batches = 0

    def blocks(self, connection: Connection, statement: Any, name: str, columns: Sequence[str]) -> Iterator[bytes]:
        with closing(connection.execution_options(yield_per=ROWS_PER_BATCH).execute(statement)) as result:
            yield from self._blocks(result, name, columns)

    def _blocks(self, result: Any, name: str, columns: Sequence[str]) -> Iterator[bytes]:
        if not result.returns_rows:
            raise InputError(f"{name}: gives no rows; it must be a SELECT")
        names = list(result.keys())
        require_distinct(name, [column for column in names if column in (*KEYS, *OPTIONAL, *columns)])
        require_columns(name, names, columns)
        positions = [names.index(column) for column in wanted(names, columns)]
        for rows in result.partitions():
            cells = zip(*([row[position] for position in positions] for row in rows), strict=True)
            held = {
                column: values_column([_plain(cell) for cell in values])
                for column, values in zip(wanted(names, columns), cells, strict=True)
            }
            batch = pa.record_batch(held)
            wanted_of_schema(name, batch.schema, columns)
            self.n_rows += batch.num_rows
            self.n_batches += 1
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as stream:
                stream.write_batch(batch)
            yield sink.getvalue().to_pybytes()


def _plain(value: Any) -> Any:
    """What drivers make of numbers and identifiers, as Arrow knows it."""
    if isinstance(value, Decimal):
        if value.is_nan():
            return None
        is_whole = value.is_finite() and abs(value) < _LARGEST_WHOLE and value == int(value)
        return int(value) if is_whole else float(value)
    return str(value) if isinstance(value, UUID) else value


def _batches(content: Content, n_batches: int) -> Iterator[pa.RecordBatch]:
    with content.opened() as copy:
        source = pa.PythonFile(copy, "r")
        for _ in range(n_batches):
            with pa.ipc.open_stream(source) as stream:
                yield from stream
