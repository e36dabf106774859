"""Cases in Arrow's own formats: Parquet, and Arrow files and streams (Feather)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import InputError
from ..cases import Cases
from ..columns import batch_columns
from .content import Content
from .source import Chunk, wanted_of_schema


def parquet_chunks(content: Content, columns: Sequence[str], rows_per_chunk: int) -> Iterator[Chunk]:
    """The rows of a Parquet file."""
    with opened_parquet(content) as file:
        given = _partition(content)
        found = wanted_of_schema(content.name, file.schema_arrow, columns, given)
        yield from chunks_of_batches(
            content.name, file.iter_batches(batch_size=rows_per_chunk, columns=found), rows_per_chunk, given
        )


@contextmanager
def opened_parquet(content: Content) -> Iterator[Any]:
    """A Parquet file, whose metadata are read."""
    import pyarrow.parquet as pq

    try:
        if content.copy is not None:
            content.copy.seek(0)
        # Read ahead, the bytes of the whole file would stay in memory.
        file = pq.ParquetFile(content.name if content.copy is None else content.copy, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{content.name}: not a Parquet file ({type(error).__name__})") from None
    with file if content.copy is None else nullcontext():
        yield file


def arrow_chunks(content: Content, columns: Sequence[str], rows_per_chunk: int) -> Iterator[Chunk]:
    """The rows of an Arrow file or stream, batch by batch."""
    try:
        mapped = pa.memory_map(str(content.name)) if content.copy is None else pa.PythonFile(content.copy, "r")
        mapped.seek(0)
        try:
            reader = pa.ipc.open_file(mapped)
        except pa.ArrowInvalid:
            mapped.seek(0)
            reader = pa.ipc.open_stream(mapped)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{content.name}: not an Arrow file ({type(error).__name__})") from None
    with mapped if content.copy is None else nullcontext():  # Windows lets nobody replace a file that is mapped
        given = _partition(content)
        found = wanted_of_schema(content.name, reader.schema, columns, given)
        is_file = hasattr(reader, "num_record_batches")
        batches = (reader.get_batch(place) for place in range(reader.num_record_batches)) if is_file else reader
        yield from chunks_of_batches(content.name, (batch.select(found) for batch in batches), rows_per_chunk, given)


def chunks_of_batches(
    name: Path | str, batches: Iterable[Any], rows_per_chunk: int, given: dict[str, str] | None = None
) -> Iterator[Chunk]:
    """Batches of any size as chunks of one size, with the columns ``given``, which have one value."""
    row = 0
    try:
        for table in _of_size(batches, rows_per_chunk):
            held = batch_columns(table)
            for column, value in (given or {}).items():
                held.setdefault(column, pa.array([value] * table.num_rows))
            yield Chunk(Cases(held), np.arange(row, row + table.num_rows) + 1)
            row += table.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name}: cannot be read after row {row} ({type(error).__name__})") from None


def _of_size(batches: Iterable[Any], n_rows: int) -> Iterator[pa.Table]:
    held: list[pa.Table] = []
    n_held = 0
    for batch in batches:
        rest = pa.Table.from_batches([batch])
        while rest.num_rows:
            part = rest.slice(0, n_rows - n_held)
            held.append(part)
            n_held += part.num_rows
            rest = rest.slice(part.num_rows)
            if n_held == n_rows:
                yield _joined(held)
                held, n_held = [], 0
    if held:
        yield _joined(held)


def _joined(tables: list[pa.Table]) -> pa.Table:
    """Tables of the same columns as one; a column whose types do not go together becomes text."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid, pa.ArrowNotImplementedError):
        schema = pa.schema([(name, pa.string()) for name in tables[0].schema.names])
        return pa.concat_tables([table.cast(schema) for table in tables])


def _partition(content: Content) -> dict[str, str]:
    """Columns that folders name, as ``la_code=330/part.parquet``."""
    parents = content.name.parents if isinstance(content.name, Path) else ()
    return dict(parent.name.split("=", 1) for parent in parents if parent.name.count("=") == 1)
