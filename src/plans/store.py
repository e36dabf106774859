"""The plan store: child protection data in memory (`Plans`) and on disk (Parquet files and a ``datapackage.json``)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from .arrow_tables import arrow_table, pandas_frame
from .columns import COLUMNS
from .schema import TABLES
from .store_writer import DESCRIPTOR, FORMAT_VERSION, StoreWriter, file_digest
from .tables import conform_tables

if TYPE_CHECKING:
    from .quality import QualityReport

QUALITY = "quality.json"


@dataclass(frozen=True, eq=False, repr=False)
class Plans:
    """Child protection data: one pandas frame per table, checked against the schema.

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

    def equals(self, other: Plans) -> bool:
        """Whether ``other`` holds the same tables with the same rows in the same order."""
        return all(frame.equals(getattr(other, name)) for name, frame in self.tables.items())

    def write(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        quality_report: QualityReport | None = None,
    ) -> Path:
        """Write the store to the folder ``path``, whole or not at all.

        The files are written beside the folder and moved into place at the end. The same data give the same bytes under
        the same version of pyarrow. Files in the folder that are not the store's are kept.

        Parameters
        ----------
        path : path
            A folder that does not exist, or is empty.
        overwrite : bool
            Replace the store that is there. A folder that is not empty and not a plan store is never touched.
        quality_report : QualityReport, optional
            Written as ``quality.json`` with the store, as one.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            The folder is in use, or cannot be written.
        """
        beside = {} if quality_report is None else {QUALITY: quality_report.to_json()}
        with StoreWriter(path, metadata=self.metadata, overwrite=overwrite, beside=beside) as writer:
            writer.append({name: arrow_table(name, frame) for name, frame in self.tables.items()})
        return writer.folder

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
    >>> from secondplan import Plans
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
            found = file_digest(file) if file.is_file() else None
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


def _read_table(file: Path) -> pd.DataFrame:
    try:
        return pandas_frame(pq.read_table(file))
    except (pa.ArrowException, OSError, ValueError, OverflowError):
        raise InputError(f"{file}: cannot be read as Parquet of a plan store") from None


def _read_descriptor(folder: Path) -> dict[str, Any]:
    if not folder.exists():
        raise InputError(f"{folder}: does not exist")
    file = folder / DESCRIPTOR
    if not file.is_file():
        raise InputError(
            f"{folder}: not a plan store, it holds no {DESCRIPTOR}; read_tables makes one of tables of your own"
        )
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
