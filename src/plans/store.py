"""The plan store: child protection data in memory (`Plans`) and on disk (Parquet files and a ``datapackage.json``)."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError, OutputError, cannot_be_written
from .columns import COLUMNS
from .schema import CODES, FOREIGN_KEYS, PRIMARY_KEYS, TABLES
from .tables import conform_tables

FORMAT_VERSION = 1
DESCRIPTOR = "datapackage.json"
_ARROW = {"string": pa.string(), "datetime64[us]": pa.date32(), "boolean": pa.bool_(), "Int16": pa.int16()}
_FRICTIONLESS = {"string": "string", "datetime64[us]": "date", "boolean": "boolean", "Int16": "integer"}


@dataclass(frozen=True, eq=False, repr=False)
class Plans:
    """Child protection data: one pandas frame a table, checked against the schema.

    Tables left out are empty. Frames are copied, brought to the schema's column order and types, and checked: required
    values, codes, keys, and references between tables. A table of child records without ``la_code`` takes it from
    ``children``. Dates that contradict each other are not refused here: readers account for them in their
    `QualityReport`, and `check_plans` finds them again.

    Parameters
    ----------
    children, plans, reviews, care_episodes, cin_episodes, assessments, conferences, involvements, extract : DataFrame
        See :func:`secondplan.plans.schema.describe_columns`.
    metadata : mapping, optional
        What else is known of the data, as JSON: the scenario and true parameters of synthetic data.

    Raises
    ------
    InputError
        A table breaks the schema. The message names table, column, row (counted from 1) and rule, never a value.

    Examples
    --------
    >>> Plans(plans=None).tables["plans"].shape
    (0, 9)
    """

    children: pd.DataFrame = None  # type: ignore[assignment]
    plans: pd.DataFrame = None  # type: ignore[assignment]
    reviews: pd.DataFrame = None  # type: ignore[assignment]
    care_episodes: pd.DataFrame = None  # type: ignore[assignment]
    cin_episodes: pd.DataFrame = None  # type: ignore[assignment]
    assessments: pd.DataFrame = None  # type: ignore[assignment]
    conferences: pd.DataFrame = None  # type: ignore[assignment]
    involvements: pd.DataFrame = None  # type: ignore[assignment]
    extract: pd.DataFrame = None  # type: ignore[assignment]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the frames and bring them to the schema's types."""
        for name, frame in conform_tables({name: getattr(self, name) for name in COLUMNS}).items():
            object.__setattr__(self, name, frame)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The frames by table name, in the schema's order."""
        return {name: getattr(self, name) for name in COLUMNS}

    def equals(self, other: "Plans") -> bool:
        """Whether ``other`` holds the same tables with the same rows in the same order."""
        return all(frame.equals(getattr(other, name)) for name, frame in self.tables.items())

    def write(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the store to the folder ``path``, whole or not at all.

        The files are written beside the folder and moved into place at the end. The same data give the same bytes under
        the same version of pyarrow. Files in the folder that are not the store's are kept.

        Parameters
        ----------
        path : path
            A folder that does not exist, or is empty.
        overwrite : bool
            Replace the store that is there. A folder that is not empty and not a plan store is never touched.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            The folder is in use, or cannot be written.
        """
        folder = Path(path)
        busy = _is_busy(folder, overwrite=overwrite)
        staging = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.part"
        try:
            folder.absolute().parent.mkdir(parents=True, exist_ok=True)
            # The records name children: only the user who made them reads them, unless the folder was made before.
            staging.mkdir(mode=0o700 | (folder.stat().st_mode & 0o777 if folder.exists() else 0))
            _write_files(self, staging)
            _move_into_place(staging, folder, busy=busy)
        except OSError as error:
            raise cannot_be_written(folder, error) from None
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return folder

    def __repr__(self) -> str:
        """Row counts only: a frame's own text would show records of children."""
        counts = ", ".join(f"{name}={len(frame)}" for name, frame in self.tables.items())
        return f"Plans({counts})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{name}</td><td style='text-align:right'>{len(frame):,}</td><td>{TABLES[name]}</td></tr>"
            for name, frame in self.tables.items()
        )
        return f"<table><thead><tr><th>Table</th><th>Rows</th><th></th></tr></thead><tbody>{rows}</tbody></table>"


def read_plans(path: str | os.PathLike[str]) -> Plans:
    """Read a plan store, and verify that it is as it was written.

    Parameters
    ----------
    path : path
        The store's folder.

    Returns
    -------
    Plans

    Raises
    ------
    InputError
        There is no store at ``path``, it is of a later format, a file is missing or altered, or a table breaks the
        schema.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Plans().write(f"{folder}/store")
    ...     read_plans(store).equals(Plans())
    True
    """
    folder = Path(path)
    descriptor = _read_descriptor(folder)
    tables = {}
    for resource in descriptor["resources"]:
        file = folder / resource["path"]
        try:
            found = _sha256(file) if file.is_file() else None
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({error.strerror or type(error).__name__})") from None
        if found is None:
            raise InputError(f"{file}: the file is missing from the plan store")
        if found != resource["hash"]:
            raise InputError(f"{file}: altered since the store was written (its SHA-256 is not that of {DESCRIPTOR})")
        frame = _read_table(file)
        if len(frame) != resource["rows"]:
            raise InputError(f"{file}: has {len(frame)} rows, {DESCRIPTOR} says {resource['rows']}")
        tables[resource["name"]] = frame
    try:
        return Plans(**tables, metadata=descriptor.get("metadata", {}))
    except InputError as error:
        raise InputError(f"{folder}: {error}") from None


def write_table(table: str, frame: pd.DataFrame, path: Path) -> None:
    """Write one conformed table as Parquet: dates as date32, a title and description at every column."""
    fields, arrays = [], []
    for name, column in COLUMNS[table].items():
        about = {"title": column.title, "description": column.description, "source": column.source}
        kind = _ARROW[column.kind]
        fields.append(pa.field(name, kind, nullable=not column.required, metadata=about))
        arrays.append(pa.array(frame[name], type=pa.timestamp("us") if kind == pa.date32() else kind).cast(kind))
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), path, compression="zstd")


def _read_table(file: Path) -> pd.DataFrame:
    mapper = {pa.string(): pd.StringDtype(), pa.bool_(): pd.BooleanDtype(), pa.int16(): pd.Int16Dtype()}
    try:
        table = pq.read_table(file)
        as_timestamps = [
            field.with_type(pa.timestamp("us")) if pa.types.is_date(field.type) else field for field in table.schema
        ]
        return table.cast(pa.schema(as_timestamps)).to_pandas(types_mapper=mapper.get, ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError):
        raise InputError(f"{file}: cannot be read as Parquet of a plan store") from None


def _write_files(plans: Plans, folder: Path) -> None:
    resources = []
    for name, frame in plans.tables.items():
        file = folder / f"{name}.parquet"
        write_table(name, frame, file)
        resources.append(_describe(name, len(frame), file))
    descriptor = {
        "name": "child-protection-plans",
        "title": "Child protection plans",
        "profile": "data-package",
        "format_version": FORMAT_VERSION,
        "resources": resources,
        "metadata": dict(plans.metadata),
    }
    text = json.dumps(descriptor, indent=1, ensure_ascii=False, sort_keys=False, allow_nan=False)
    (folder / DESCRIPTOR).write_text(text + "\n", encoding="utf-8", newline="\n")


def _describe(table: str, n_rows: int, file: Path) -> dict[str, Any]:
    """The table's entry in ``datapackage.json`` (Frictionless Data Resource and Table Schema)."""
    fields = []
    for name, column in COLUMNS[table].items():
        entry: dict[str, Any] = {
            "name": name,
            "type": _FRICTIONLESS[column.kind],
            "title": column.title,
            "description": column.description,
            "source": column.source,
        }
        if name in CODES:
            entry["codes"] = CODES[name]
        if column.required:
            entry["constraints"] = {"required": True}
        fields.append(entry)
    layout: dict[str, Any] = {"fields": fields}
    if table in PRIMARY_KEYS:
        layout["primaryKey"] = list(PRIMARY_KEYS[table])
    if table in FOREIGN_KEYS:
        columns, parent = FOREIGN_KEYS[table]
        layout["foreignKeys"] = [
            {"fields": list(columns), "reference": {"resource": parent, "fields": list(columns)}},
        ]
    return {
        "name": table,
        "title": TABLES[table],
        "path": file.name,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "rows": n_rows,
        "bytes": file.stat().st_size,
        "hash": _sha256(file),
        "schema": layout,
    }


def _read_descriptor(folder: Path) -> dict[str, Any]:
    if not folder.exists():
        raise InputError(f"{folder}: does not exist")
    file = folder / DESCRIPTOR
    if not file.is_file():
        raise InputError(f"{folder}: not a plan store, it holds no {DESCRIPTOR}")
    try:
        descriptor = json.loads(file.read_text(encoding="utf-8"))
        names = {resource["name"] for resource in descriptor["resources"]}
        complete = all(
            {"path", "hash", "rows"} <= resource.keys() and Path(resource["path"]).name == resource["path"]
            for resource in descriptor["resources"]
        )
        version = descriptor["format_version"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{file}: not the descriptor of a plan store") from None
    if not isinstance(descriptor.get("metadata", {}), dict):
        raise InputError(f"{file}: metadata must be an object")
    if version != FORMAT_VERSION:
        raise InputError(f"{file}: format version {version}, this version of secondplan reads {FORMAT_VERSION}")
    if not complete or names != set(COLUMNS) or len(descriptor["resources"]) != len(COLUMNS):
        raise InputError(f"{file}: must list each of {', '.join(COLUMNS)} once, with path, rows and hash")
    return descriptor


def _is_busy(folder: Path, *, overwrite: bool) -> bool:
    """Whether a store stands at ``folder`` that may be replaced."""
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise OutputError(f"{folder}: is a file, expected a folder")
    if not any(folder.iterdir()):
        return False
    if not overwrite:
        raise OutputError(f"{folder}: is not empty; choose another folder or ask to overwrite")
    if not (folder / DESCRIPTOR).is_file():
        raise OutputError(f"{folder}: holds files but no plan store, so it is not overwritten")
    return True


def _move_into_place(staging: Path, folder: Path, *, busy: bool) -> None:
    if not busy:
        if folder.exists():
            folder.rmdir()
        staging.replace(folder)
        return
    retired = folder.parent / f"{staging.name}.old"
    folder.replace(retired)
    try:
        staging.replace(folder)
    except OSError:
        retired.replace(folder)
        raise
    for kept in retired.iterdir():
        if not (folder / kept.name).exists():
            kept.replace(folder / kept.name)
    shutil.rmtree(retired)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
