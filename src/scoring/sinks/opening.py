"""Which kind of place an output is."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...files.database import is_database
from .database import DatabaseSink
from .folder import FolderSink
from .sink import Sink


def open_sink(
    output: Any,
    *,
    formats: Collection[str] = (),
    latest: bool = True,
    table: str | None = None,
    password_file: str | Path | None = None,
) -> Sink:
    """The place that is meant; nothing is made yet.

    Parameters
    ----------
    output : str, Path, sqlalchemy.URL or sqlalchemy.Engine
        A folder, or an address of a database.
    formats : collection of str
        What a folder holds beside Parquet.
    latest : bool
        Whether ``latest``, beside the folder, is to point to it once it is whole.
    table : str, optional
        Of a database.
    password_file : str or Path, optional
        As :func:`~secondplan.files.database.connected` has it.

    Raises
    ------
    InputError
        There is no such format, or what is given is not for this kind of place.
    """
    if is_database(output):
        if table is None:
            raise InputError("a database needs the name of a table (output_table, --output-table)")
        if formats:
            raise InputError("formats (--format) are for folders; a database has tables only")
        return DatabaseSink(output, table, password_file=password_file)
    if table is not None:
        raise InputError(
            f'{output}: is no address of a database, which output_table (--output-table) is for; with engine="spark" '
            "(--engine spark) it is a table of Spark"
        )
    return FolderSink(Path(output), formats=formats, latest=latest)
