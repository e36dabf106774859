"""Chunks of a source on shared storage: what was read here is judged elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from ...errors import cannot_be_written
from ..cases import Cases
from ..columns import batch_columns
from ..sources.source import Chunk

ROW, UNREADABLE, MISSING = "row number", b"unreadable", b"missing"


def write_chunk(folder: Path, number: int, chunk: Chunk) -> int:
    """Write a chunk as it was read, each column of its own type; the rows of it.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    table = pa.table({ROW: pa.array(chunk.row, pa.int64()), **chunk.cases.columns})
    facts = {
        UNREADABLE: json.dumps(list(chunk.unreadable.items())),
        MISSING: json.dumps(chunk.cases.missing_features),
    }
    path = _path(folder, number)
    try:
        with pa.ipc.new_file(path, table.schema.with_metadata(facts), options=_packed()) as file:
            file.write_table(table)
    except OSError as error:
        raise cannot_be_written(path, error) from None
    return chunk.n_read


def read_chunk(folder: Path, number: int) -> Chunk:
    """The chunk that :func:`write_chunk` wrote."""
    with pa.ipc.open_file(_path(folder, number)) as file:
        table, facts = file.read_all(), file.schema.metadata
    columns = batch_columns(table)
    row = np.asarray(columns.pop(ROW))
    return Chunk(Cases(columns, tuple(json.loads(facts[MISSING]))), row, dict(json.loads(facts[UNREADABLE])))


def _packed() -> pa.ipc.IpcWriteOptions:
    return pa.ipc.IpcWriteOptions(compression="lz4")


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.arrow"
