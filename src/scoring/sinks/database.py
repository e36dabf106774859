"""Scores in tables of a database: written beside them, and put in their place in one transaction.

``<table>`` gets the scores, ``<table>_rejects`` the rejected rows, ``<table>_manifest`` one row that says of what job
they are. Whoever reads them sees one whole night, before the change or after it. The tables stay the same tables, so
that rights, views and indexes on them stay; the rows are exchanged.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...errors import InputError, OutputError
from ...files.database import connected
from ...files.lock import locked
from .sink import Receipt, manifest_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

DIALECTS = ("postgresql", "mssql", "sqlite")
STAGING = "_staging"
_NAME = re.compile(r"(?:[A-Za-z_]\w*\.)?[A-Za-z_]\w{0,39}", re.ASCII)
_ROWS_PER_INSERT = 5_000
_MANIFEST = pa.schema(
    [
        *((name, pa.string()) for name in ("job_id", "model_digest", "input_digest")),
        *((name, pa.int64()) for name in ("n_read", "n_scored", "n_rejected")),
        *((name, pa.string()) for name in ("manifest", "legend")),
    ]
)


class DatabaseSink:
    """Scores in a table of PostgreSQL, SQL Server or SQLite.

    Parameters
    ----------
    address : str, sqlalchemy.URL or sqlalchemy.Engine
    table : str
        ``name`` or ``schema.name``; made where it is not there.
    password_file : str or Path, optional
        As :func:`~secondplan.files.database.connected` has it.

    Raises
    ------
    InputError
        The name is none.
    """

    def __init__(self, address: Any, table: str, *, password_file: str | Path | None = None):
        if not _NAME.fullmatch(table):
            raise InputError(
                "output_table (--output-table) must be a name of at most 40 letters, digits and _, or schema.name"
            )
        self.address, self.password_file = address, password_file
        self.table, self.rejects = table, f"the table {table}_rejects"
        self.name: Path | str = f"table {table}"
        self._tables: list[tuple[Table, Table]] = []

    @contextmanager
    def taken(self, job: Mapping[str, Any], *, resume: bool) -> Iterator[dict[str, Any] | None]:
        """Hold the table, as :class:`.sink.Sink` has it; a run that was stopped begins anew."""
        given: dict[str, Any] = {"writes": True, "error": OutputError, "password_file": self.password_file}
        with connected(self.address, **given) as (connection, label):
            self.name = f"{label}, table {self.table}"
            if connection.dialect.name not in DIALECTS:
                raise OutputError(f"{label}: scores are written to {', '.join(DIALECTS)} only")
            with _held(connection, self.table, str(self.name)):
                self._connection = connection
                try:
                    yield None
                except BaseException:
                    with suppress(Exception):  # the connection may be gone; the next night drops them
                        connection.rollback()
                        self._drop_staging()
                    raise

    def find(self, part: int) -> Receipt | None:
        """None: parts of a run that was stopped are not used."""
        return None

    def write(self, part: int, scores: pa.RecordBatch, rejects: pa.Table) -> Receipt:
        """Write a part into the staging tables, in a transaction of its own."""
        if part == 0:
            self._begin([scores.schema, rejects.schema, _MANIFEST])
        for (_, staging), rows in zip(self._tables, (scores, rejects), strict=False):
            self._insert(staging, rows)
        self._connection.commit()
        return Receipt.of(part, scores, rejects, {})

    def keep_rejects(self, receipts: Sequence[Receipt]) -> None:
        """Leave the rejected rows where they were written; the next run drops them."""
        kept = self._tables[1][1]
        self._drop_staging(keep=kept)
        self._tables, self.rejects = [], f"the table {kept.name}"

    def publish(self, job: Mapping[str, Any], receipts: Sequence[Receipt], legend: str) -> dict[str, Any]:
        """Exchange the rows of all three tables, in one transaction."""
        manifest = manifest_of(self.name, job, receipts, {})
        if manifest["counts"]["scored"] == 0:
            self.keep_rejects(receipts)  # nobody was scored: the scores of the night before stay
            return manifest
        row: dict[str, Any] = {f"n_{name}": count for name, count in manifest["counts"].items()}
        row |= {name: job[name] for name in ("job_id", "model_digest", "input_digest")}
        row |= {"manifest": json.dumps(manifest, sort_keys=True), "legend": legend}
        self._insert(self._tables[2][1], pa.Table.from_pylist([row], _MANIFEST))
        self._exchange()
        return manifest

    def _begin(self, schemas: Sequence[pa.Schema]) -> None:
        import sqlalchemy

        schema, _, name = self.table.rpartition(".")
        meta = sqlalchemy.MetaData(schema=schema or None)
        self._tables = [
            (_table(f"{name}{end}", meta, columns), _table(f"{name}{end}{STAGING}", meta, columns))
            for end, columns in zip(("", "_rejects", "_manifest"), schemas, strict=True)
        ]
        for target, _ in self._tables:
            self._require_ours(target)
        self._drop_staging()
        for _, staging in self._tables:
            staging.create(self._connection)
        self._connection.commit()

    def _require_ours(self, target: Table) -> None:
        """A table of other columns may be anything: its rows must not be exchanged."""
        import sqlalchemy

        inspector = sqlalchemy.inspect(self._connection)
        if not inspector.has_table(target.name, schema=target.schema):
            return
        found = {column["name"] for column in inspector.get_columns(target.name, schema=target.schema)}
        if found != set(target.columns.keys()):
            raise OutputError(
                f"{self.name}: the table {target.name} is there and has other columns than these rows; choose another "
                "name, or drop it if it holds older scores"
            )

    def _insert(self, table: Table, rows: pa.RecordBatch | pa.Table) -> None:
        for begin in range(0, rows.num_rows, _ROWS_PER_INSERT):
            columns = rows.slice(begin, _ROWS_PER_INSERT).to_pydict()
            cells = zip(*(map(_storable, values) for values in columns.values()), strict=True)
            names = list(columns)
            self._connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in cells])

    def _exchange(self) -> None:
        self._connection.commit()
        if self._connection.dialect.name == "sqlite":
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")  # its driver begins none for the making of tables
        for target, staging in self._tables:
            target.create(self._connection, checkfirst=True)
            for statement in exchange(target, staging):
                self._connection.execute(statement)
            staging.drop(self._connection)
        self._connection.commit()

    def _drop_staging(self, *, keep: Table | None = None) -> None:
        for _, staging in self._tables:
            if staging is not keep:
                staging.drop(self._connection, checkfirst=True)
        self._connection.commit()


def exchange(target: Table, staging: Table) -> list[Any]:
    """The statements that give ``target`` the rows of ``staging``."""
    import sqlalchemy

    names = list(target.columns.keys())
    rows = sqlalchemy.select(*(staging.columns[name] for name in names))
    return [target.delete(), target.insert().from_select(names, rows)]


def _table(name: str, meta: Any, columns: pa.Schema) -> Table:
    import sqlalchemy

    return sqlalchemy.Table(
        name, meta, *(sqlalchemy.Column(field.name, _type(field.type), nullable=True) for field in columns)
    )


def _type(kind: pa.DataType) -> Any:
    import sqlalchemy

    if pa.types.is_integer(kind):
        return sqlalchemy.BigInteger()
    # Text without a longest length: NVARCHAR(max) in SQL Server.
    return sqlalchemy.Double() if pa.types.is_floating(kind) else sqlalchemy.Unicode()


def _storable(value: Any) -> Any:
    """No database takes a NUL character."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


@contextmanager
def _held(connection: Connection, table: str, name: str) -> Iterator[None]:
    """Nobody else writes the table meanwhile; the lock goes when the connection does, in whatever way."""
    kind, file = connection.dialect.name, connection.engine.url.database
    if kind == "sqlite":
        is_file = file and file != ":memory:"
        with locked(Path(f"{file}.{table}.lock"), holder="another scoring run") if is_file else nullcontext():
            yield
        return
    key = hashlib.sha256(f"secondplan {table}".encode()).digest()
    take, leave = (text.format(int.from_bytes(key[:8], "big", signed=True)) for text in LOCKS[kind])
    is_ours = connection.exec_driver_sql(take).scalar()
    connection.commit()
    if not is_ours:
        raise OutputError(f"{name}: in use by another scoring run")
    try:
        yield
    finally:
        with suppress(Exception):  # the connection may be gone, and the lock with it
            connection.rollback()
            connection.exec_driver_sql(leave)
            connection.commit()


LOCKS = {
    "postgresql": ("SELECT pg_try_advisory_lock({})", "SELECT pg_advisory_unlock({})"),
    "mssql": (
        "SET NOCOUNT ON; DECLARE @taken int; EXEC @taken = sp_getapplock @Resource = 'secondplan {}', "
        "@LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; "
        "SELECT CASE WHEN @taken >= 0 THEN 1 ELSE 0 END",
        "EXEC sp_releaseapplock @Resource = 'secondplan {}', @LockOwner = 'Session'",
    ),
}
