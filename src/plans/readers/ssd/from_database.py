"""The SSD's tables in a database: only the fields that are read, as text, streamed, in one snapshot."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ....errors import InputError
from ....files.database import connected, snapshot
from ...quality import FindingLog
from ..files.cell_text import cell_text
from .fields import NEEDED, match_columns, plain_name, table_of
from .rows import SsdTables

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ROWS_PER_BATCH = 10_000


def read_database(source: Any, schema: str | None, log: FindingLog) -> SsdTables:
    """Read the SSD's tables.

    Parameters
    ----------
    source : str, sqlalchemy.URL or sqlalchemy.Engine
    schema : str, optional
        Where the tables are. By default the connection's own schema or, where that has no SSD, the only one that does.
    log : FindingLog
        Gets the names of the tables and views.

    Raises
    ------
    InputError
        As :func:`.database.connected`, or the database cannot be reached, refuses the login or the tables, or holds no
        SSD.
    """
    with connected(source) as (connection, label):
        return _read_tables(snapshot(connection), schema, label, log)


def _read_tables(connection: "Connection", schema: str | None, label: str, log: FindingLog) -> SsdTables:
    import sqlalchemy

    inspector = sqlalchemy.inspect(connection)
    schema, names = _find_schema(inspector, schema, label)
    read = SsdTables(label)
    for table, name in names.items():
        columns = [column["name"] for column in inspector.get_columns(name, schema=schema)]
        matched = match_columns(table, columns)
        if matched:
            log.files.append(name)
            rows = _read_table(connection, name, schema, matched)
            rows.insert(0, "file", len(log.files) - 1)
            rows.insert(1, "row", range(1, len(rows) + 1))
            read.tables.setdefault(table, []).append(rows)
    return read


def _find_schema(inspector: Any, schema: str | None, label: str) -> tuple[str | None, dict[str, str]]:
    """The schema to read, and the names of its SSD tables."""
    if schema is not None:
        if schema not in inspector.get_schema_names():
            raise InputError(f"{label}: has no schema of the name given")
        return schema, _names(inspector, schema, label)
    if names := _names(inspector, None, label):
        return None, names
    found = {other: names for other in inspector.get_schema_names() if (names := _names(inspector, other, label))}
    if len(found) > 1:
        raise InputError(f"{label}: {len(found)} schemas hold SSD tables; give schema")
    if not found:
        raise InputError(f"{label}: holds no table of the SSD (ssd_cp_plans, ssd_person)")
    return next(iter(found.items()))


def _names(inspector: Any, schema: str | None, label: str) -> dict[str, str]:
    """Each SSD table's name in a schema; nothing where there are no plans.

    The table's own name stands before others that hold it (copies, other programs' tables), one with ``ssd`` before one
    without, and a table before a view.
    """
    found: dict[str, list[tuple[int, bool, str]]] = {}
    for is_view, names in ((False, inspector.get_table_names(schema)), (True, inspector.get_view_names(schema))):
        for name in names:
            table = table_of(name)
            if table is not None:
                likeness = 0 if plain_name(name) == table else 1 if "ssd" in name.lower() else 2
                found.setdefault(table, []).append((likeness, is_view, name))
    if NEEDED[0] not in found:
        return {}
    chosen = {table: min(candidates) for table, candidates in found.items()}
    for table, candidates in found.items():
        if sum(candidate[:2] == chosen[table][:2] for candidate in candidates) > 1:
            raise InputError(f"{label}: several tables may be {table}; leave one of them, or name it {table}")
    return {table: name for table, (*_, name) in sorted(chosen.items())}


def _read_table(connection: "Connection", name: str, schema: str | None, columns: dict[str, str]) -> pd.DataFrame:
    """The columns as text, by their fields' names; each different value becomes text once."""
    import sqlalchemy

    asked: list[Any] = [sqlalchemy.column(column) for column in columns]
    query = sqlalchemy.select(*asked).select_from(sqlalchemy.table(name, schema=schema))
    result = connection.execution_options(yield_per=_ROWS_PER_BATCH).execute(query)
    parts: list[list[np.ndarray]] = [[] for _ in asked]
    known: dict[Any, str | None] = {}
    for batch in result.partitions():
        for place, values in enumerate(zip(*batch, strict=True)):
            parts[place].append(_texts(values, known))
    made = {
        field: np.concatenate(found) if found else np.array([], dtype=object)
        for field, found in zip(columns.values(), parts, strict=True)
    }
    return pd.DataFrame(made, dtype=object)


def _texts(values: tuple[Any, ...], known: dict[Any, str | None]) -> np.ndarray:
    texts = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        # 1, 1.0 and True are one key.
        key = (type(value), value)
        try:
            text = known[key]
        except KeyError:
            text = known[key] = cell_text(value)
        except TypeError:
            text = cell_text(value)
        texts[place] = text
    return texts
