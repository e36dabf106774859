"""Files of cases, judged on Spark: the parts that the local engine would make, in its order."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ... import errors
from ...errors import OutputError, SecondplanError, cannot_be_written
from ..duplicate_keys import SeenKeys
from ..scorer import Scorer
from ..sources.source import Source
from .chunks import write_chunk
from .judged import by_row, error_of, judged_schema, split
from .session import mapped, open_session, told_in_one_line
from .workers import Work, judge_chunks

COMMITTED = "_SUCCESS"
# The rows read, and what makes their scores and rejects.
Part = tuple[int, Callable[[Scorer], tuple[pa.RecordBatch, pa.Table]]]


def parts_on_spark(scorer: Scorer, source: Source, rows_per_part: int, staging: Path) -> Generator[Part]:
    """The rows read, and what makes their scores and rejects, part by part.

    The chunks of the source are laid into a folder, from which workers take them; Spark commits what they judged to the
    same folder. From there it comes in the order of the source, which is how duplicates are found: the row that
    comes first is kept, whichever worker had it.

    Parameters
    ----------
    scorer : Scorer
    source : Source
    rows_per_part : int
    staging : Path
        The folder, on storage that all workers see under the same path; it goes in the end. What an earlier run left in
        it goes first.

    Raises
    ------
    InputError
        The source cannot be read, or Spark does not run.
    OutputError
        Spark could not write.
    """
    chunks, judged = staging / "chunks", staging / "judged"
    try:
        _make_anew(staging, chunks)
        n_rows = [write_chunk(chunks, number, chunk) for number, chunk in enumerate(source.chunks(rows_per_part))]
        if n_rows:
            work = Work.of(scorer, chunks=chunks, name=str(source.name))
            _judge(scorer, work, len(n_rows), judged)
            yield from _without_duplicates(_judged_chunks(judged, n_rows, work.name))
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _make_anew(staging: Path, chunks: Path) -> None:
    try:
        if staging.exists():
            shutil.rmtree(staging)
        staging.mkdir(mode=0o700)
        chunks.mkdir()
    except OSError as error:
        raise cannot_be_written(staging, error) from None


def save_tables(folder: Path, table: str) -> None:
    """Let a whole folder's scores be a table of Spark's catalogue, and its rejected rows ``<table>_rejects``.

    Both replace what was there; the scores last.

    Raises
    ------
    OutputError
        Spark could not write them, or cannot see the folder.
    """
    session = open_session()
    with told_in_one_line(table):
        for kind, name in (("rejects", f"{table}_rejects"), ("scores", table)):
            rows = session.read.parquet(_address(folder / kind))
            rows.write.mode("overwrite").saveAsTable(name)


def _judge(scorer: Scorer, work: Work, n_chunks: int, judged: Path) -> None:
    """Let workers judge all chunks, and Spark write what they found, a folder a chunk."""
    session = open_session()
    with told_in_one_line(work.name):
        numbers = session.range(0, n_chunks, 1, n_chunks)
        rows = mapped(session, numbers, judge_chunks, work, judged_schema(scorer), ("chunk",))
        rows.write.partitionBy("chunk").parquet(_address(judged), compression="zstd")
    if not (judged / COMMITTED).exists():
        raise OutputError(f"{judged}: Spark wrote elsewhere; its workers and this process must share this folder")


def _judged_chunks(judged: Path, n_rows: list[int], name: str) -> Iterator[pa.Table]:
    """The judged rows of each chunk, in the order of the source."""
    for number, n_sent in enumerate(n_rows):
        tables = [pq.ParquetFile(path).read() for path in sorted(judged.glob(f"chunk={number}/*.parquet"))]
        told = error_of(tables[0]) if tables else None
        if told is not None:
            raise getattr(errors, told[0], SecondplanError)(told[1])
        n_found = sum(table.num_rows for table in tables)
        if n_found != n_sent:
            raise SecondplanError(f"{name}: Spark left {n_found} of {n_sent} rows of part {number}")
        yield by_row(pa.concat_tables(tables))


def _without_duplicates(tables: Iterator[pa.Table]) -> Iterator[Part]:
    seen = SeenKeys()
    for table in tables:
        is_read = table["key"].is_valid().to_numpy()
        is_duplicate = np.zeros(table.num_rows, dtype=bool)
        is_duplicate[is_read] = seen.add_hashes(table["key"].drop_null().to_numpy().view(np.uint64))
        yield table.num_rows, partial(_parted, table, is_duplicate)


def _parted(table: pa.Table, is_duplicate: np.ndarray, scorer: Scorer) -> tuple[pa.RecordBatch, pa.Table]:
    """What was found by the workers of Spark needs no scorer any more."""
    return split(table, is_duplicate)


def _address(folder: Path) -> str:
    """A path as Spark takes it; the volumes of Databricks have no scheme."""
    place = folder.absolute()
    return str(place) if place.parts[1:2] == ("Volumes",) else place.as_uri()
