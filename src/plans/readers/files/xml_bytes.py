"""Bytes of an XML file, what encoding they are really in, and what is refused or wrong in them."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

from ....errors import InputError
from ....progress import track

_CHUNK = 1 << 20
_BAR_FROM_BYTES = 20_000_000
_NOT_XML = {
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"%PDF": "a PDF",
}
_CUT_OFF = {"no element found", "unclosed token", "unclosed CDATA section", "partial character"}
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def true_encoding(start: bytes) -> str | None:
    """The encoding where the declaration cannot be believed; None where the parser should decide."""
    if start.startswith(_UTF16_MARKS):
        return "utf-16"
    # What .NET writes when text is first made as a string and then saved as UTF-8.
    return "utf-8" if re.search(rb"encoding\s*=\s*[\"']utf-16", start, re.IGNORECASE) else None


def skip_blank_lines(stream: BinaryIO) -> int:
    """Go to the first character that is not blank, where a declaration must stand; the number of lines left out."""
    stream.seek(0)
    start = stream.read(4096)
    stream.seek(0)
    if start.startswith(_UTF16_MARKS):
        return 0
    body = start.removeprefix(codecs.BOM_UTF8)
    blank = body[: len(body) - len(body.lstrip(b" \t\r\n"))]
    stream.seek(len(start) - len(body) + len(blank))
    return blank.count(b"\n")


def other_format(start: bytes) -> str | None:
    """What a file is that starts with the mark of another format; None where it may be XML."""
    return next((name for mark, name in _NOT_XML.items() if start.startswith(mark)), None)


def is_blank(start: bytes) -> bool:
    """Whether a file that starts (and is shorter than the piece looked at) so holds nothing."""
    return not start.strip(b"\x00 \t\r\n" + codecs.BOM_UTF8 + codecs.BOM_UTF16_LE)


def is_utf8(stream: BinaryIO) -> bool:
    """Whether the whole stream is valid UTF-8; leaves it at its end."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def read_chunks(stream: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    """The rest of the stream in pieces, under a progress bar if the file is large."""
    chunks = iter(lambda: stream.read(_CHUNK), b"")
    if size < _BAR_FROM_BYTES:
        return chunks
    return track(chunks, f"Reading {name}", total=-(-size // _CHUNK))


def refuse_declarations(parser: expat.XMLParserType, path: Path) -> None:
    """Make the parser raise InputError at a document type or an entity, and open nothing."""

    def refuse(*_: object) -> Any:
        line = parser.CurrentLineNumber
        raise InputError(f"{path}: line {line}: declares a document type or entities, which is refused")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)


def xml_fault(error: expat.ExpatError) -> str:
    """What is wrong with the XML, in words."""
    reason = expat.ErrorString(error.code) or "damaged"
    if reason in _CUT_OFF:
        return f"the XML is cut off ({reason})"
    return f"not well-formed XML ({reason.removeprefix('not well-formed (').removesuffix(')')})"
