"""The folder that holds the truth, apart from the data: Parquet files and two JSON files."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import InputError, OutputError, cannot_be_written
from ...files.whole import folder_beside, put_in_place, write_text
from ...plans.arrow_tables import ParquetParts
from ...plans.store_writer import DESCRIPTOR
from ..scenarios.definition import Scenario
from .plan_length_effect import effects_document

TABLES = ("truth", "features", "counterfactuals", "faults", "sums")


class TruthWriter:
    """A folder of truth that grows by parts.

    Parameters
    ----------
    path : path
        A folder that does not exist, or is empty.
    scenario : Scenario
    apart_from : path, optional
        Folder of a store that is being written.

    Raises
    ------
    OutputError
        The folder is, or lies in, a plan store, holds files, or cannot be written.
    """

    def __init__(
        self, path: str | os.PathLike[str], scenario: Scenario, *, apart_from: str | os.PathLike[str] | None = None
    ) -> None:
        self.folder = Path(path)
        self._scenario = scenario
        places = (self.folder.absolute(), *self.folder.absolute().parents)
        being_written = apart_from is not None and Path(apart_from).absolute() in places
        if being_written or any((place / DESCRIPTOR).exists() for place in places):
            raise OutputError(f"{self.folder}: lies in a plan store; keep the truth apart from the data")
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise OutputError(f"{self.folder}: is not an empty folder")
        self._staging: Path
        self._parts: dict[str, ParquetParts] = {}
        self._sums: list[pa.Table] = []

    def __enter__(self) -> "TruthWriter":
        self._staging = folder_beside(self.folder)
        return self

    def append(self, tables: Mapping[str, pa.Table]) -> None:
        """Add rows to each table; the first call decides their columns."""
        try:
            if not self._parts:
                for name in TABLES:
                    self._parts[name] = ParquetParts(self._staging / f"{name}.parquet", tables[name].schema)
            for name in TABLES:
                self._parts[name].append(tables[name])
        except OSError as error:
            raise cannot_be_written(self.folder, error) from None
        self._sums.append(tables["sums"])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            for part in self._parts.values():
                part.close()
            if kind is None:
                self._write_json("scenario.json", self._scenario.to_dict())
                self._write_json(
                    "effects.json", effects_document(self._scenario, pa.concat_tables(self._sums).to_pandas())
                )
                put_in_place(self._staging, self.folder)
        except OSError as failed:
            if kind is None:
                raise cannot_be_written(self.folder, failed) from None
        finally:
            shutil.rmtree(self._staging, ignore_errors=True)

    def _write_json(self, name: str, content: dict) -> None:
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        write_text(self._staging / name, text + "\n")


def read_tables(folder: Path) -> tuple[Scenario, dict[str, pa.Table]]:
    """The scenario and the tables in a folder that :class:`TruthWriter` wrote.

    Raises
    ------
    InputError
        A file is missing, or cannot be read.
    """
    tables = {}
    try:
        scenario = Scenario.from_dict(json.loads((folder / "scenario.json").read_text(encoding="utf-8")))
        for name in TABLES:
            tables[name] = pq.read_table(folder / f"{name}.parquet")
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no truth of a simulation, {Path(str(error.filename)).name} is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException):
        raise InputError(f"{folder}: cannot be read as the truth of a simulation") from None
    return scenario, tables
