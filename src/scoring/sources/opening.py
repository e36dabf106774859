"""Which kind of source is meant, and what its rows are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ...files.database import is_database
from ...given_dates import given_date
from ..cases import as_cases
from .columnar import arrow_chunks, opened_parquet, parquet_chunks
from .content import READ_BYTES, Content, copied, digest_of
from .database import database_source
from .delimited import csv_chunks
from .json_lines import json_chunks
from .source import Chunk, Source
from .workbook import workbook_chunks

PLAN_STORE = "datapackage.json"
STANDARD_INPUT = "-"
BYTES_OF_A_PACKED_ROW = 50
KINDS = {
    **{".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".csv.gz": "csv"},
    **{".arrow": "arrow", ".feather": "arrow", ".jsonl": "json", ".ndjson": "json", ".jsonl.gz": "json"},
    ".xlsx": "xlsx",
}
FORMATS = {"csv": "csv", "jsonl": "json", "arrow": "arrow", "parquet": "parquet"}
READERS: dict[str, Callable[[Content, Sequence[str], int], Iterator[Chunk]]] = {
    **{"parquet": parquet_chunks, "csv": csv_chunks, "arrow": arrow_chunks, "json": json_chunks},
    "xlsx": workbook_chunks,
}


def open_source(
    place: Any,
    columns: Sequence[str],
    *,
    as_of: Any = None,
    care: str = "competing",
    input_format: str | None = None,
    table: str | None = None,
    query: str | None = None,
    password_file: str | Path | None = None,
) -> Source:
    """Find out what ``place`` is, and take its digest.

    Parameters
    ----------
    place : str, Path, sqlalchemy.URL or sqlalchemy.Engine
        A plan store (folder with ``datapackage.json``); a file of a kind in ``KINDS``; a folder of Parquet files, with
        partitions (``la_code=330/``); a pattern (``night/*.csv.gz``), whose files are read in order of their names;
        ``-``, standard input; or an SQLAlchemy address of a database.
    columns : sequence of str
        The features that are needed.
    as_of : date, optional
        For a plan store only.
    care : {"competing", "ignore"}
        For a plan store: as the model's cohort was built.
    input_format : {"csv", "jsonl", "arrow", "parquet"}, optional
        What comes on standard input, or what files are, whatever their names end with.

    table, query, password_file
        As :func:`.database.database_source` has them.

    Raises
    ------
    InputError
        There is no such file or folder, it is none of these, or ``as_of`` is given for prepared cases.
    """
    if input_format is not None and input_format not in FORMATS:
        raise InputError(f"input_format (--input-format) must be one of {', '.join(FORMATS)}")
    is_prepared = is_database(place) or str(place) == STANDARD_INPUT
    path = Path(str(place))
    if not is_prepared and (path / PLAN_STORE).is_file():
        return _plan_store(path, None if as_of is None else f"{given_date(as_of, 'as_of'):%Y-%m-%d}", care)
    if as_of is not None:
        raise InputError(
            f"{'a database' if is_database(place) else place}: as_of (--as-of) is for plan stores; prepared cases "
            "stand on the day they were prepared for"
        )
    if is_database(place):
        return database_source(place, columns, table=table, query=query, password_file=password_file)
    if table is not None or query is not None:
        raise InputError(f"{place}: is no address of a database, which table (--table) and query (--query) are for")
    if str(place) == STANDARD_INPUT:
        return _standard_input(columns, input_format)
    contents = [Content(file) for file in _files(path)]
    kinds = {_kind(file.name) for file in contents} if input_format is None else {FORMATS[input_format]}
    if None in kinds or len(kinds) > 1:
        raise InputError(f"{path}: not a plan store, nor files of one kind: {', '.join(KINDS)}")
    return _of_contents(str(kinds.pop()), path, contents, columns, *digest_of(contents))


def _of_contents(
    kind: str, name: Path | str, contents: Sequence[Content], columns: Sequence[str], digest: str, n_lines: int
) -> Source:
    def chunks(rows_per_chunk: int) -> Iterator[Chunk]:
        n_before = 0
        for content in contents:
            n_read = 0
            for chunk in READERS[kind](content, columns, rows_per_chunk):
                yield chunk.after(n_before)
                n_read += chunk.n_read
            n_before += n_read

    return Source(kind, name, digest, _about_rows(kind, contents, n_lines), chunks)


def _about_rows(kind: str, contents: Sequence[Content], n_lines: int) -> int:
    if kind == "parquet":
        return sum(_parquet_rows(content) for content in contents)
    if kind in ("arrow", "xlsx") or any(content.is_packed for content in contents):
        size = sum(Path(content.name).stat().st_size for content in contents if content.copy is None)
        return size // BYTES_OF_A_PACKED_ROW
    return max(n_lines - (len(contents) if kind == "csv" else 0), 0)


def _parquet_rows(content: Content) -> int:
    with opened_parquet(content) as file:
        return int(file.metadata.num_rows)


def _standard_input(columns: Sequence[str], input_format: str | None) -> Source:
    if input_format is None:
        raise InputError(f"standard input needs input_format (--input-format), one of {', '.join(FORMATS)}")
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("standard input is a terminal; give it a file or the output of a program")
    blocks = iter(lambda: sys.stdin.buffer.read(READ_BYTES), b"")
    content, digest, n_lines = copied(blocks, "standard input")
    return _of_contents(FORMATS[input_format], content.name, [content], columns, digest, n_lines)


def _plan_store(path: Path, as_of: str | None, care: str) -> Source:
    def chunks(rows_per_chunk: int) -> Iterator[Chunk]:
        from ...plans import open_cases, read_plans

        cases = open_cases(read_plans(path), as_of, care=care)  # type: ignore[arg-type]
        for start in range(0, len(cases), rows_per_chunk):
            rows = np.arange(start, min(start + rows_per_chunk, len(cases)))
            yield Chunk(as_cases(cases.take(rows)), rows + 1)

    files = [Content(file) for file in sorted(path.iterdir()) if file.is_file()]
    return Source("plan store", path, digest_of(files)[0], 0, chunks, as_of, care)


def _kind(file: Path | str) -> str | None:
    path = Path(file)
    ends = path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:]
    return KINDS.get("".join(ends).lower())


def _files(place: Path) -> tuple[Path, ...]:
    """The files that are meant: one, those of a folder and its partitions, or those of a pattern."""
    try:
        if place.is_dir():
            files = sorted(file for file in place.rglob("*") if file.is_file() and file.suffix in (".parquet", ".pq"))
            if not files:
                raise InputError(f"{place}: neither a plan store nor a folder of Parquet files")
            return tuple(files)
        if place.is_file():
            return (place,)
        if place.exists():  # a pipe would wait, and can be read only once
            raise InputError(f"{place}: is neither a file nor a folder; give a pipe as standard input (--input -)")
    except OSError as error:
        raise InputError(f"{place}: cannot be read ({error.strerror or type(error).__name__})") from None
    found = sorted(Path(name) for name in glob(str(place), recursive=True))  # noqa: PTH207 (a pattern may begin at the root)
    files = [file for file in found if file.is_file()]
    if not files:
        raise InputError(f"{place}: no such file or folder")
    return tuple(files)
