"""Cases as CSV, packed or not, separated by commas, semicolons or tabs."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, cast

from ...errors import InputError
from .content import Content
from .source import Chunk, TextRows, require_columns, require_distinct, wanted

DELIMITERS = (",", ";", "\t")
# Bytes that are not UTF-8 come as these, so that one bad line does not end the file.
UNDECODABLE = frozenset(map(chr, range(0xDC80, 0xDD00)))


@contextmanager
def opened_text(content: Content) -> Iterator[IO[str]]:
    """A text file, packed or not."""
    try:
        with content.opened() as stream:
            unpacked = gzip.GzipFile(fileobj=stream) if content.is_packed else stream
            text = io.TextIOWrapper(
                cast(IO[bytes], unpacked), encoding="utf-8-sig", errors="surrogateescape", newline=""
            )
            try:
                yield text
            finally:
                text.detach()  # the copy of what cannot be read again stays open
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{content.name}: cannot be read ({type(error).__name__})") from None


def csv_chunks(content: Content, columns: Sequence[str], rows_per_chunk: int) -> Iterator[Chunk]:
    """The rows of a CSV file."""
    name, row = content.name, 0
    with opened_text(content) as file:
        lines = _lines(file)
        try:
            header = next(lines, None)
            if header is None:
                raise InputError(f"{name}: is empty")
            names = [cell.strip() for cell in header]
            if any("\0" in cell or not UNDECODABLE.isdisjoint(cell) for cell in names):
                raise InputError(f"{name}: not UTF-8 text; save it as CSV UTF-8")
            require_distinct(name, names)
            require_columns(name, names, columns)
            positions = [names.index(column) for column in wanted(names, columns)]
            rows = TextRows(wanted(names, columns), rows_per_chunk)
            for line in lines:
                if not line:
                    continue  # a blank line is no row
                row += 1
                if fault := _fault(line, len(names)):
                    yield from rows.lose(row, fault)
                else:
                    yield from rows.add(row, [line[position] for position in positions])
            yield from rows.rest()
        except csv.Error as error:
            # The text of this error quotes nothing of the file.
            fault = "a cell is too long" if "field limit" in str(error) else "a quote that is not closed"
            raise InputError(f"{name}: not CSV after row {row} ({fault}?)") from None


def _lines(file: IO[str]) -> Iterator[list[str]]:
    first = file.readline()
    file.seek(0)
    delimiter = max(DELIMITERS, key=first.count)
    return csv.reader(file, delimiter=delimiter, strict=True)


def _fault(line: list[str], n_fields: int) -> str:
    """The code of a line that cannot be read; empty where it can."""
    if len(line) != n_fields:
        return "wrong_number_of_fields"
    if any(not UNDECODABLE.isdisjoint(cell) for cell in line if not cell.isascii()):
        return "not_utf8"
    return "nul_character" if any("\0" in cell for cell in line) else ""
