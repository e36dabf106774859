"""Where cases come from: a plan store, Parquet, or CSV, in chunks of a fixed number of rows."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from ..errors import EmptyCohortError, InputError
from ..given_dates import given_date
from .cases import KEYS, OPTIONAL, Cases, as_cases
from .scorer import batch_columns

PLAN_STORE = "datapackage.json"
READ_BYTES = 1 << 20
DELIMITERS = (",", ";", "\t")
# Bytes that are not UTF-8 come as these, so that one bad line does not end the file.
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
        ``plan store``, ``parquet`` or ``csv``.
    path : Path
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
        elif self.kind == "parquet":
            yield from _parquet_chunks(_parquet_files(self.path), columns, rows_per_chunk)
        else:
            yield from _csv_chunks(self.path, columns, rows_per_chunk)


def open_source(path: str | Path, *, as_of: Any = None, care: str = "competing") -> Source:
    """Find out what ``path`` is, and take its digest.

    Parameters
    ----------
    path : str or Path
        A plan store (folder with ``datapackage.json``), a Parquet file, a folder of Parquet files, or a CSV file.
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
    if not place.exists():
        raise InputError(f"{place}: no such file or folder")
    if place.is_dir():
        if (place / PLAN_STORE).is_file():
            day = None if as_of is None else f"{given_date(as_of, 'as_of'):%Y-%m-%d}"
            files = sorted(file for file in place.iterdir() if file.is_file())
            return Source("plan store", place, _digest(files)[0], 0, day, care)
        if not _parquet_files(place):
            raise InputError(f"{place}: neither a plan store nor a folder of Parquet files")
    suffix = place.suffix.lower()
    if as_of is not None:
        raise InputError(
            f"{place}: as_of (--as-of) is for plan stores; prepared cases stand on the day they were prepared for"
        )
    if place.is_dir() or suffix in (".parquet", ".pq"):
        files = _parquet_files(place)
        return Source("parquet", place, _digest(files)[0], sum(_parquet(file).metadata.num_rows for file in files))
    if suffix in (".csv", ".tsv", ".txt"):
        digest, lines = _digest([place])
        return Source("csv", place, digest, max(lines - 1, 0))
    raise InputError(f"{place}: not a plan store, Parquet (.parquet) or CSV (.csv) file")


def _plan_store_chunks(path: Path, as_of: str | None, care: Any, rows_per_chunk: int) -> Iterator[Chunk]:
    from ..plans import open_cases, read_plans

    cases = open_cases(read_plans(path), as_of, care=care)
    for start in range(0, len(cases), rows_per_chunk):
        rows = np.arange(start, min(start + rows_per_chunk, len(cases)))
        yield Chunk(as_cases(cases.take(rows)), rows + 1)


def _parquet_chunks(files: list[Path], columns: list[str], rows_per_chunk: int) -> Iterator[Chunk]:
    row = 0
    for path in files:
        file = _parquet(path)
        names = file.schema_arrow.names
        _require_columns(path, names, columns)
        _require_distinct(path, names)
        wanted = [name for name in dict.fromkeys((*KEYS, *OPTIONAL, *columns)) if name in names]
        for name in wanted:
            kind = file.schema_arrow.field(name).type
            kind = kind.value_type if pa.types.is_dictionary(kind) else kind
            if pa.types.is_nested(kind):
                raise InputError(f"{path}: the column {name} holds nested values")
            if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
                raise InputError(f"{path}: the column {name} holds bytes, not text or numbers")
        try:
            for batch in file.iter_batches(batch_size=rows_per_chunk, columns=wanted):
                if batch.num_rows:
                    yield Chunk(Cases(batch_columns(batch)), np.arange(row, row + batch.num_rows) + 1)
                    row += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{path}: cannot be read after row {row} ({type(error).__name__})") from None


def _csv_chunks(path: Path, columns: list[str], rows_per_chunk: int) -> Iterator[Chunk]:
    row = 0
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
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
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({type(error).__name__})") from None


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


def _parquet_files(path: Path) -> list[Path]:
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def _parquet(path: Path) -> Any:
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not a Parquet file ({type(error).__name__})") from None


def _digest(files: list[Path]) -> tuple[str, int]:
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
