"""Text files of separated values, as people and systems save them: any usual encoding, separator and line ending.

Nothing is lost in silence: a file whose quotation marks do not pair, which would swallow rows, is refused.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from ....errors import InputError
from .xml_bytes import is_blank, other_format

SEPARATORS = (",", ";", "\t", "|")
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LOOKED_AT = 20
# Stands alone in the last record, unless an open quotation mark has swallowed it.
_END = "\ue0ff"
_LONGEST_CELL = 1 << 20


def read_delimited(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The records of a file that are not blank, each with its number, counted from 1 as a spreadsheet shows rows.

    The encoding is that of the byte-order mark; else UTF-16 where every other byte is zero; else UTF-8; else that of
    Windows (cp1252). The separator (comma, semicolon, tab, bar) is the one that is most common in the first lines.

    Raises
    ------
    InputError
        The file is empty, of another format, or its quotation marks do not pair. One line, with the record's number.
    """
    data = _bytes(path)
    text = _decoded(data)
    lines = io.StringIO(text + ("" if text.endswith(("\n", "\r")) else "\n") + _END, newline="")
    before = csv.field_size_limit(_LONGEST_CELL)
    number = 0
    cells: list[str] = []
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=_separator(text)), 1):
            if cells == [_END]:
                return
            if any(cell and not cell.isspace() for cell in cells):
                yield number, cells
    except csv.Error:
        cells = []
        number += 1
    finally:
        csv.field_size_limit(before)
    raise InputError(f"{path}: row {number}: a quotation mark is opened and not closed")


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    if is_blank(data[:4096]) and is_blank(data):
        raise InputError(f"{path}: is empty")
    kind = other_format(data[:8])
    if kind is None and data[:512].lstrip().lower().startswith((b"<html", b"<!doctype", b"<?xml", b"<table")):
        kind = "a web page or XML"
    if kind is not None:
        raise InputError(f"{path}: is {kind}, not a text file of separated values")
    return data


def _decoded(data: bytes) -> str:
    mark = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    start = data[:2000]
    if mark is None and len(start) > 3 and (start[1::2].count(0) > len(start) // 3):
        mark = "utf-16-le"
    elif mark is None and len(start) > 3 and (start[0::2].count(0) > len(start) // 3):
        mark = "utf-16-be"
    try:
        text = data.decode(mark or "utf-8")
    except UnicodeDecodeError:
        text = data.decode(mark, errors="replace") if mark else data.decode("cp1252", errors="replace")
    return text.replace("\x00", "").replace(_END, "")


def _separator(text: str) -> str:
    first = text.split("\n", _LOOKED_AT)[:_LOOKED_AT]
    if first and (declared := first[0].strip().lower()).startswith("sep=") and len(declared) == 5:
        # What Excel writes, and reads, at the top of a file.
        return declared[4]
    return max(SEPARATORS, key=lambda mark: sum(line.count(mark) for line in first))
