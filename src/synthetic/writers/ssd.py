"""Write extracts of the Standard Safeguarding Dataset (SSD): a folder of CSV files, or tables of a database."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import InputError, OutputError, cannot_be_written
from ...files.database import connected, is_database
from ...files.whole import whole_file
from ...plans.store import Plans
from .one_authority import of_one_authority
from .ssd_tables import SYSTEMS, SsdSystem, ssd_tables

_ROWS_PER_BATCH = 5_000


def write_ssd(
    plans: Plans,
    target: str | os.PathLike[str] | Any,
    *,
    system: str = "systemc",
    la_code: str | None = None,
    schema: str | None = None,
) -> list[str]:
    """Write an extract of one authority.

    Parameters
    ----------
    plans : Plans
    target : path, str, sqlalchemy.URL or sqlalchemy.Engine
        A folder, made if it does not exist, in which files of the same name are replaced; or a database that has none
        of the tables yet.
    system : "systemc", "mosaic" or "eclipse"
        The case-management system whose way of filling the SSD is followed.
    la_code : str, optional
        Which authority, where there are several.
    schema : str, optional
        Of the database; it must exist.

    Returns
    -------
    list of str
        The tables.

    Raises
    ------
    InputError
        The system is not known, or the authority is not clear.
    OutputError
        The folder or the database cannot be written, or tables of the SSD are there already.

    Examples
    --------
    >>> import tempfile
    >>> from secondplan import read_ssd
    >>> from secondplan import simulate
    >>> plans = simulate(n_children=20)
    >>> code = plans.children.loc[0, "la_code"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tables = write_ssd(plans, folder, la_code=code)
    ...     read, _ = read_ssd(folder, la_code=code)
    >>> set(read.plans["child_id"]) <= set(plans.plans["child_id"])
    True
    """
    if system not in SYSTEMS:
        raise InputError(f"system must be one of {', '.join(SYSTEMS)}, got {system!r}")
    tables = ssd_tables(of_one_authority(plans, la_code), SYSTEMS[system])
    if is_database(target):
        _write_database(tables, target, schema)
    else:
        _write_folder(tables, Path(target), SYSTEMS[system])
    return list(tables)


def _write_folder(tables: dict[str, pd.DataFrame], folder: Path, system: SsdSystem) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            texts = table.map(
                lambda value: value.strftime(system.date_format) if isinstance(value, dt.datetime) else value
            )
            file = folder / f"{name}.csv"
            with whole_file(file) as beside:
                texts.to_csv(beside, index=False, na_rep=system.missing, encoding="utf-8", lineterminator="\n")
    except OSError as error:
        raise cannot_be_written(folder, error) from None


def _write_database(tables: dict[str, pd.DataFrame], target: Any, schema: str | None) -> None:
    with connected(target, writes=True, error=OutputError) as (connection, label), connection.begin():
        import sqlalchemy

        metadata = sqlalchemy.MetaData(schema=schema)
        made = {name: sqlalchemy.Table(name, metadata, *map(_column, table.items())) for name, table in tables.items()}
        existing = set(sqlalchemy.inspect(connection).get_table_names(schema=schema))
        if existing & set(tables):
            raise OutputError(f"{label}: holds tables of the SSD already; they are not replaced")
        metadata.create_all(connection)
        for name, table in tables.items():
            records = table.to_dict("records")
            for start in range(0, len(records), _ROWS_PER_BATCH):
                connection.execute(made[name].insert(), records[start : start + _ROWS_PER_BATCH])


def _column(named: tuple[Any, pd.Series]) -> Any:
    """A column of the type of its values; of dates where it has none, as most such columns are."""
    import sqlalchemy

    name, values = named
    first = next((value for value in values if value is not None), None)
    if isinstance(first, dt.datetime) or "_date" in name or "_dob" in name:
        return sqlalchemy.Column(name, sqlalchemy.DateTime)
    if isinstance(first, int):
        return sqlalchemy.Column(name, sqlalchemy.BigInteger)
    return sqlalchemy.Column(name, sqlalchemy.Text if name.endswith("_json") else sqlalchemy.String(255))
