"""Where cases come from: a plan store, Parquet, CSV, Arrow or lines of JSON, in chunks of a fixed number of rows."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..errors import EmptyCohortError, InputError
from ..given_dates import given_date
from .cases import KEYS, OPTIONAL, Cases, as_cases
from .columns import frame_columns
from .scorer import batch_columns

PLAN_STORE = "datapackage.json"
READ_BYTES = 1 << 20
DELIMITERS = (",", ";", "\t")
# Bytes that are not UTF-8 come as these, so that one bad line does not end the file.
BYTES_OF_A_PACKED_ROW = 50
KINDS = {
    **{".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".csv.gz": "csv"},
    **{".arrow": "arrow", ".feather": "arrow", ".jsonl": "json", ".ndjson": "json", ".jsonl.gz": "json"},
}
UNDECODABLE = frozenset(map(chr, range(0xDC80, 0xDD00)))


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of a source.

    Attributes
    ----------
    cases : Cases
        The rows that could be read.
    row : ndarray of int
        Their numbers in the source, from 1, without the header.
    unreadable : dict of int to str
        The other rows' numbers, and the code of each.
    """

    cases: Cases
    row: np.ndarray
    unreadable: dict[int, str] = field(default_factory=dict)

    @property
    def n_read(self) -> int:
        """Rows of the source in this chunk."""
        return len(self.cases) + len(self.unreadable)


@dataclass(frozen=True)
class Source:
    """Cases to be scored, not read yet.

    Attributes
    ----------
    kind : str
        ``plan store``, ``parquet``, ``csv``, ``arrow`` or ``json``.
    path : Path
    files : tuple of Path
        In the order in which they are read.
    digest : str
        SHA-256 of the file or files.
    about_rows : int
        How many rows it may have, for a progress bar.
    as_of : str or None
        For a plan store, the day on which the cases stand.
    care : str
        For a plan store, whether children in care are left out.
    """

    kind: str
    path: Path
    files: tuple[Path, ...]
    digest: str
    about_rows: int
    as_of: str | None = None
    care: str = "competing"

    def chunks(self, columns: list[str], rows_per_chunk: int) -> Iterator[Chunk]:
        """The rows in order, with the keys, ``columns`` and whatever is known of eligibility.

        Raises
        ------
        InputError
            Columns are absent, or the file cannot be read to its end; the message names the row, never a value.
        EmptyCohortError
            There is nobody to score.
        """
        if self.kind == "plan store":
            yield from _plan_store_chunks(self.path, self.as_of, self.care, rows_per_chunk)
            return
        read, n_before = READERS[self.kind], 0
        for file in self.files:
            n_read = 0
            for chunk in read(file, columns, rows_per_chunk):
                unreadable = {row + n_before: code for row, code in chunk.unreadable.items()}
                yield Chunk(chunk.cases, chunk.row + n_before, unreadable)
                n_read += chunk.n_read
            n_before += n_read


def open_source(path: str | Path, *, as_of: Any = None, care: str = "competing") -> Source:
    """Find out what ``path`` is, and take its digest.

    Parameters
    ----------
    path : str or Path
        A plan store (folder with ``datapackage.json``); a file of a kind in ``KINDS``; a folder of Parquet files, with
        partitions (``la_code=330/``); or a pattern (``night/*.csv.gz``), whose files are read in order of their names.
    as_of : date, optional
        For a plan store only.
    care : {"competing", "ignore"}
        For a plan store: as the model's cohort was built.

    Raises
    ------
    InputError
        There is no such file or folder, it is none of these, or ``as_of`` is given for prepared cases.
    """
    place = Path(path)
    if (place / PLAN_STORE).is_file():
        day = None if as_of is None else f"{given_date(as_of, 'as_of'):%Y-%m-%d}"
        files = tuple(sorted(file for file in place.iterdir() if file.is_file()))
        return Source("plan store", place, files, _digest(files)[0], 0, day, care)
    files = _files(place)
    if as_of is not None:
        raise InputError(
            f"{place}: as_of (--as-of) is for plan stores; prepared cases stand on the day they were prepared for"
        )
    kinds = {_kind(file) for file in files}
    if None in kinds or len(kinds) > 1:
        raise InputError(f"{place}: not a plan store, nor files of one kind: {', '.join(KINDS)}")
    kind = str(kinds.pop())
    digest, lines = _digest(files)
    if kind == "parquet":
        lines = sum(_parquet(file).metadata.num_rows for file in files)
    elif any(file.suffix == ".gz" for file in files):
        lines = sum(file.stat().st_size for file in files) // BYTES_OF_A_PACKED_ROW
    return Source(kind, place, files, digest, max(lines - (len(files) if kind == "csv" else 0), 0))


def _kind(file: Path) -> str | None:
    ends = file.suffixes[-2:] if file.suffix == ".gz" else file.suffixes[-1:]
    return KINDS.get("".join(ends).lower())


def _files(place: Path) -> tuple[Path, ...]:
    """The files that are meant: one, those of a folder and its partitions, or those of a pattern."""
    try:
        if place.is_dir():
            files = sorted(file for file in place.rglob("*") if file.is_file() and file.suffix in (".parquet", ".pq"))
            if not files:
                raise InputError(f"{place}: neither a plan store nor a folder of Parquet files")
            return tuple(files)
        if place.exists():
            return (place,)
    except OSError as error:
        raise InputError(f"{place}: cannot be read ({error.strerror or type(error).__name__})") from None
    found = sorted(Path(name) for name in glob(str(place), recursive=True))  # noqa: PTH207 (a pattern may begin at the root)
    files = [file for file in found if file.is_file()]
    if not files:
        raise InputError(f"{place}: no such file or folder")
    return tuple(files)


def _plan_store_chunks(path: Path, as_of: str | None, care: Any, rows_per_chunk: int) -> Iterator[Chunk]:
    from ..plans import open_cases, read_plans

    cases = open_cases(read_plans(path), as_of, care=care)
    for start in range(0, len(cases), rows_per_chunk):
        rows = np.arange(start, min(start + rows_per_chunk, len(cases)))
        yield Chunk(as_cases(cases.take(rows)), rows + 1)


def _parquet_chunks(path: Path, columns: list[str], rows_per_chunk: int) -> Iterator[Chunk]:
    file, given = _parquet(path), _partition(path)
    wanted = _wanted(path, file.schema_arrow, columns, given)
    yield from _batch_chunks(path, file.iter_batches(batch_size=rows_per_chunk, columns=wanted), given)


def _arrow_chunks(path: Path, columns: list[str], rows_per_chunk: int) -> Iterator[Chunk]:
    try:
        with pa.memory_map(str(path)) as mapped:
            try:
                table = pa.ipc.open_file(mapped).read_all()
            except pa.ArrowInvalid:
                mapped.seek(0)
                table = pa.ipc.open_stream(mapped).read_all()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not an Arrow file ({type(error).__name__})") from None
    given = _partition(path)
    table = table.select(_wanted(path, table.schema, columns, given))
    parts = (table.slice(begin, rows_per_chunk) for begin in range(0, table.num_rows, rows_per_chunk))
    yield from _batch_chunks(path, parts, given)


def _batch_chunks(path: Path, batches: Iterable[Any], given: dict[str, str]) -> Iterator[Chunk]:
    row = 0
    try:
        for batch in batches:
            if batch.num_rows:
                held = batch_columns(batch)
                held |= {name: pa.array([value] * batch.num_rows) for name, value in given.items() if name not in held}
                yield Chunk(Cases(held), np.arange(row, row + batch.num_rows) + 1)
                row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read after row {row} ({type(error).__name__})") from None


def _wanted(path: Path, schema: pa.Schema, columns: list[str], given: dict[str, str]) -> list[str]:
    """The columns to read; all that are needed are there, and of types that single values have."""
    names = schema.names
    _require_columns(path, [*names, *given], columns)
    _require_distinct(path, names)
    wanted = [name for name in dict.fromkeys((*KEYS, *OPTIONAL, *columns)) if name in names]
    for name in wanted:
        kind = schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if pa.types.is_nested(kind):
            raise InputError(f"{path}: the column {name} holds nested values")
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            raise InputError(f"{path}: the column {name} holds bytes, not text or numbers")
    return wanted


def _partition(path: Path) -> dict[str, str]:
    """Columns that folders name, as ``la_code=330/part.parquet``."""
    return dict(parent.name.split("=", 1) for parent in path.parents if parent.name.count("=") == 1)


def _json_chunks(path: Path, columns: list[str], rows_per_chunk: int) -> Iterator[Chunk]:
    """Lines of JSON, an object each."""
    names = (*KEYS, *OPTIONAL, *columns)
    read: list[dict[str, Any]] = []
    kept: list[int] = []
    unreadable: dict[int, str] = {}
    with _opened(path) as file:
        for row, line in enumerate((line for line in file if line.strip()), start=1):
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                read.append(found)
                kept.append(row)
            else:
                unreadable[row] = "not_json"
            if len(kept) + len(unreadable) == rows_per_chunk:
                yield _json_chunk(path, read, kept, unreadable, names, columns)
                read, kept, unreadable = [], [], {}
    if kept or unreadable:
        yield _json_chunk(path, read, kept, unreadable, names, columns)


def _json_chunk(
    path: Path, read: list[dict[str, Any]], kept: list[int], unreadable: dict[int, str], names: Any, columns: list[str]
) -> Chunk:
    held = {name for found in read for name in found}
    if read:
        _require_columns(path, list(held), columns)
    frame = pd.DataFrame(
        {name: pd.Series([found.get(name) for found in read], dtype=object) for name in dict.fromkeys(names)}
    )
    wanted = [name for name in frame if name in held or name not in OPTIONAL]
    return Chunk(Cases(frame_columns(frame[wanted])), np.array(kept, dtype=np.int64), unreadable)


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """A text file, packed or not."""
    options: dict[str, Any] = {"encoding": "utf-8-sig", "errors": "surrogateescape", "newline": ""}
    try:
        with gzip.open(path, "rt", **options) if path.suffix == ".gz" else path.open(**options) as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({type(error).__name__})") from None


def _csv_chunks(path: Path, columns: list[str], rows_per_chunk: int) -> Iterator[Chunk]:
    row = 0
    with _opened(path) as file:
        lines = _csv_lines(file)
        try:
            header = next(lines, None)
            if header is None:
                raise InputError(f"{path}: is empty")
            names = [name.strip() for name in header]
            if any("\0" in name or not UNDECODABLE.isdisjoint(name) for name in names):
                raise InputError(f"{path}: not UTF-8 text; save it as CSV UTF-8")
            _require_distinct(path, names)
            _require_columns(path, names, columns)
            positions = {
                name: names.index(name) for name in dict.fromkeys((*KEYS, *OPTIONAL, *columns)) if name in names
            }
            read, kept, unreadable = [], [], {}
            for line in lines:
                if not line:
                    continue  # a blank line is no row
                row += 1
                if len(line) != len(names):
                    unreadable[row] = "wrong_number_of_fields"
                elif any(not UNDECODABLE.isdisjoint(cell) for cell in line if not cell.isascii()):
                    unreadable[row] = "not_utf8"
                elif any("\0" in cell for cell in line):
                    unreadable[row] = "nul_character"
                else:
                    read.append([line[position] for position in positions.values()])
                    kept.append(row)
                if len(kept) + len(unreadable) == rows_per_chunk:
                    yield _csv_chunk(read, kept, unreadable, list(positions))
                    read, kept, unreadable = [], [], {}
            if kept or unreadable:
                yield _csv_chunk(read, kept, unreadable, list(positions))
        except csv.Error as error:
            # The text of this error quotes nothing of the file.
            fault = "a cell is too long" if "field limit" in str(error) else "a quote that is not closed"
            raise InputError(f"{path}: not CSV after row {row} ({fault}?)") from None


def _csv_lines(file: IO[str]) -> Iterator[list[str]]:
    first = file.readline()
    file.seek(0)
    delimiter = max(DELIMITERS, key=first.count)
    return csv.reader(file, delimiter=delimiter, strict=True)


def _csv_chunk(read: list[list[str]], kept: list[int], unreadable: dict[int, str], names: list[str]) -> Chunk:
    cells: list[tuple[str, ...]] = list(zip(*read, strict=True)) if read else [()] * len(names)
    columns = {name: pa.array(values, pa.string()) for name, values in zip(names, cells, strict=True)}
    return Chunk(Cases(columns), np.array(kept, dtype=np.int64), unreadable)


def _require_columns(path: Path, names: list[str], columns: list[str]) -> None:
    absent = [name for name in (*KEYS, *columns) if name not in names]
    if absent:
        raise InputError(f"{path}: lacks the column{'s' if len(absent) > 1 else ''} {', '.join(absent)}")


def _require_distinct(path: Path, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise InputError(f"{path}: several columns have the same name")


def _parquet(path: Path) -> Any:
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not a Parquet file ({type(error).__name__})") from None


def _digest(files: Sequence[Path]) -> tuple[str, int]:
    """SHA-256 over names and contents, and the number of line ends in them."""
    digest, lines = hashlib.sha256(), 0
    for file in files:
        if len(files) > 1:
            digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        try:
            with file.open("rb") as stream:
                while block := stream.read(READ_BYTES):
                    digest.update(block)
                    lines += block.count(b"\n")
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({type(error).__name__})") from None
    return digest.hexdigest(), lines


def require_rows(n_read: int, path: Path) -> None:
    """Raise EmptyCohortError where a source holds no row."""
    if n_read == 0:
        raise EmptyCohortError(f"{path}: holds no case to score")


READERS = {"parquet": _parquet_chunks, "csv": _csv_chunks, "arrow": _arrow_chunks, "json": _json_chunks}
