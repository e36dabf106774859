"""SSDA903 returns as XML: the children of a return, with their header and their episodes.

A ``CHILD`` holds a ``HEADER`` (``CHILDID``, ``DOB``, ...) and ``EPISODE`` elements (``DECOM``, ``RNE``, ``LS``,
``DEC``, ``REC``, ...), with the names and the forms of dates that the CSV files have. Everything else is passed over.
"""

from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

import pandas as pd

from ...errors import InputError
from .files.xml_bytes import is_blank, read_chunks, refuse_declarations, skip_blank_lines, true_encoding, xml_fault

_CHILD_IDS = {"childid", "child_id", "child"}


def is_xml(path: Path) -> bool:
    """Whether a file begins as XML does, whatever it is called."""
    try:
        with path.open("rb") as stream:
            skip_blank_lines(stream)
            start = stream.read(64)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    text = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return not is_blank(start) and text.startswith(b"<") and not text[:9].lower().startswith((b"<html", b"<!doctype"))


def read_xml(path: Path, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The episodes and the headers of a return.

    Parameters
    ----------
    path : Path
    name : str
        What a progress bar calls it.

    Returns
    -------
    episodes, headers : DataFrame
        ``row`` (the number of the episode, or child, in the file, from 1), ``line``, ``child``, and a column of text
        for each element inside, in small letters.

    Raises
    ------
    InputError
        The file is cut off or no XML, or declares entities. One line, naming the file and the line.
    """
    with path.open("rb") as stream:
        encoding = true_encoding(stream.read(512))
        n_blank = skip_blank_lines(stream)
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        refuse_declarations(parser, path)
        collected = _Collected(parser, n_blank)
        try:
            _parse(parser, stream, path, name)
        except expat.ExpatError as error:
            raise InputError(f"{path}: line {error.lineno + n_blank}: {xml_fault(error)}") from None
    return collected.frame(collected.episodes), collected.frame(collected.headers)


def _parse(parser: expat.XMLParserType, stream: BinaryIO, path: Path, name: str) -> None:
    for chunk in read_chunks(stream, path.stat().st_size, name):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


class _Collected:
    """Gathers headers and episodes from expat's events."""

    def __init__(self, parser: expat.XMLParserType, n_blank: int) -> None:
        self.episodes: list[dict[str, Any]] = []
        self.headers: list[dict[str, Any]] = []
        self._parser = parser
        self._n_blank = n_blank
        self._into: dict[str, Any] | None = None
        self._header: dict[str, Any] | None = None
        self._first = 0
        self._text: list[str] = []
        self._depth = 0
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2].lower()
        self._text.clear()
        if self._into is not None:
            self._depth += 1
        elif name == "child":
            self._header, self._first = self._record(self.headers), len(self.episodes)
        elif name == "header" and self._header is not None:
            self._into, self._depth = self._header, 0
        elif name == "episode":
            self._into, self._depth = self._record(self.episodes), 0

    def _record(self, among: list[dict[str, Any]]) -> dict[str, Any]:
        among.append({"row": len(among) + 1, "line": self._parser.CurrentLineNumber + self._n_blank})
        return among[-1]

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2].lower()
        if self._into is not None:
            # Only what stands directly in a header or an episode: reviews in a header have names of their own.
            if self._depth == 1:
                text = "".join(self._text).strip()
                self._into.setdefault("child" if name in _CHILD_IDS else name, text or None)
            self._depth -= 1
            if self._depth < 0:
                self._into = None
        elif name != "child" and self._header is not None:
            self._header.setdefault("child" if name in _CHILD_IDS else name, "".join(self._text).strip() or None)
        elif self._header is not None:
            for episode in self.episodes[self._first :]:
                episode.setdefault("child", self._header.get("child"))
            self._header = None
        self._text.clear()

    @staticmethod
    def frame(records: list[dict[str, Any]]) -> pd.DataFrame:
        return (
            pd.DataFrame(records, columns=None if records else ["row", "line"])
            .astype(object)
            .where(lambda table: table.notna(), None)
        )
