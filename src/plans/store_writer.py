"""Write a plan store to disk, in one go or part by part: whole or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from ..errors import OutputError, cannot_be_written
from ..files.whole import folder_beside, put_in_place, write_text
from .arrow_tables import ParquetParts, arrow_schema
from .columns import COLUMNS
from .schema import CODES, FOREIGN_KEYS, PRIMARY_KEYS, TABLES

FORMAT_VERSION = 1
DESCRIPTOR = "datapackage.json"
_FRICTIONLESS = {"string": "string", "datetime64[us]": "date", "boolean": "boolean", "Int16": "integer"}


class StoreWriter:
    """A plan store that grows by parts, so that memory need not hold all of it.

    The files are written beside the folder and moved into place when the block is left without an exception; otherwise
    nothing is left. The bytes do not depend on the parts. Rows are not checked against the schema: that is for whoever
    makes them, and for :func:`read_plans`, which reads nothing that breaks it.

    Parameters
    ----------
    path : path
        A folder that does not exist, or is empty.
    metadata : mapping
        What else is known of the data, as JSON.
    overwrite : bool
        Replace the store that is there. A folder that is not empty and not a plan store is never touched.
    beside : mapping of str to str, optional
        Text files that belong to the store and come into place with it, by name.

    Raises
    ------
    OutputError
        The folder is in use, or cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        metadata: Mapping[str, Any],
        overwrite: bool = False,
        beside: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = Path(path)
        self._metadata = metadata
        self._beside = beside or {}
        refuse_used(self.folder, overwrite=overwrite)
        self._staging: Path
        self._parts: dict[str, ParquetParts] = {}

    def __enter__(self) -> "StoreWriter":
        # The records name children: only the user who made them reads them, unless the folder was made before.
        mode = self.folder.stat().st_mode & 0o777 if self.folder.exists() else 0
        self._staging = folder_beside(self.folder, mode=0o700 | mode)
        try:
            for name in COLUMNS:
                self._parts[name] = ParquetParts(self._staging / f"{name}.parquet", arrow_schema(name))
        except OSError as error:
            self._discard()
            raise cannot_be_written(self.folder, error) from None
        return self

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        """Add rows to the tables named, each of the schema's columns and types."""
        try:
            for name, table in tables.items():
                self._parts[name].append(table)
        except OSError as error:
            raise cannot_be_written(self.folder, error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            for part in self._parts.values():
                part.close()
            if kind is None:
                self._write_descriptor()
                for name, text in self._beside.items():
                    write_text(self._staging / name, text)
                put_in_place(self._staging, self.folder, keep_others=True)
        except OSError as failed:
            if kind is None:
                raise cannot_be_written(self.folder, failed) from None
        finally:
            self._discard()

    def _write_descriptor(self) -> None:
        resources = [
            _describe(name, part.n_rows, self._staging / f"{name}.parquet") for name, part in self._parts.items()
        ]
        descriptor = {
            "name": "child-protection-plans",
            "title": "Child protection plans",
            "profile": "data-package",
            "format_version": FORMAT_VERSION,
            "resources": resources,
            "metadata": dict(self._metadata),
        }
        text = json.dumps(descriptor, indent=1, ensure_ascii=False, sort_keys=False, allow_nan=False)
        write_text(self._staging / DESCRIPTOR, text + "\n")

    def _discard(self) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)


def file_digest(file: Path) -> str:
    """SHA-256 of a file, as the descriptor states it."""
    with file.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


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
        "hash": file_digest(file),
        "schema": layout,
    }


def refuse_used(folder: Path, *, overwrite: bool = False) -> None:
    """Raise OutputError unless ``folder`` is absent, empty, or a store that may be replaced."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder}: is a file, expected a folder")
    if not any(folder.iterdir()):
        return
    if not overwrite:
        raise OutputError(f"{folder}: is not empty; choose another folder, or write with overwrite=True")
    if not (folder / DESCRIPTOR).is_file():
        raise OutputError(f"{folder}: holds files but no plan store, so it is not overwritten")
