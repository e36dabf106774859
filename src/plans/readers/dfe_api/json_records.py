"""From a JSON file to its records, one at a time: arrays, single objects, wrappers and JSON lines, read in pieces.

A file of hundreds of megabytes is never held whole: `json.JSONDecoder.raw_decode` reads one record from a buffer that
is filled as needed. What a file may be:

- an array of records;
- one record;
- a wrapper: an object that holds the array of records under some name, at any depth within reason;
- JSON lines: values one after the other, each a record or an array of records.

Numbers stay as they are written, so that no digit of an identifier is lost and no number is too long; a name that
comes twice in an object is told apart from one that comes once.
"""

import codecs
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ....errors import InputError
from ....progress import track
from ..files.xml_bytes import is_blank, other_format

_CHUNK = 1 << 20
_BAR_FROM_BYTES = 20_000_000
# The longest record, in characters; what goes beyond it is no record of one child.
_LONGEST = 32 * _CHUNK
_DEEPEST_WRAPPER = 5
_FIRST_NAME = re.compile(r'\{[ \t\r\n]*"([^"\\]*)"')
_BLANK = re.compile(r"[ \t\r\n]*")
# The decoder can only be sure of a fault that is further from the end of what was read than the longest token.
_LONGEST_TOKEN = 16


@dataclass(frozen=True)
class JsonRecord:
    """One record of a file.

    Attributes
    ----------
    value : object
        The record; numbers are text as written, ``NaN`` and ``Infinity`` too.
    line : int
        The line on which it begins, from 1.
    """

    value: Any
    line: int


class JsonFile:
    """The records of one JSON file, to be gone through once.

    Parameters
    ----------
    path : Path
    names : collection of str
        Names that only a record's own object has, in small letters: an object without any of them that holds arrays is
        a wrapper.

    Attributes
    ----------
    about : dict of str to set of str
        What wrappers say themselves: by name in small letters, the different values.
    n_repeated : int
        How often a name came again in its object with another value; the last value stands.
    """

    def __init__(self, path: Path, names: Collection[str]) -> None:
        """Keep what to read; nothing is opened yet."""
        self.path = path
        self.about: dict[str, set[str]] = {}
        self.n_repeated = 0
        self._names = frozenset(names)
        self._buffer = ""
        self._place = 0
        self._line = 1
        self._pieces: Iterator[str] = iter(())
        self._is_over = False
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_int=str, parse_float=str, parse_constant=str
        )

    def records(self) -> Iterator[JsonRecord]:
        """The records in order.

        Raises
        ------
        InputError
            The file is missing, empty, in another format, not UTF-8 (or UTF-16 with a mark), not JSON, cut off, or
            nested too deeply. One line, naming the file and the line, never a value.
        """
        try:
            with self.path.open("rb") as stream:
                start = stream.read(512)
                if is_blank(start):
                    raise InputError(f"{self.path}: is empty")
                if other := other_format(start):
                    raise InputError(f"{self.path}: is {other}, not JSON; give the JSON file itself")
                stream.seek(0)
                self._pieces = self._decoded(stream, _encoding(start))
                while self._skip_blank():
                    yield from self._top()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError(f"{self.path}: cannot be read ({reason})") from None

    def _top(self) -> Iterator[JsonRecord]:
        """One value at the top of the file."""
        character = self._buffer[self._place]
        if character == "[":
            yield from self._elements()
        elif character == "{":
            yield from self._record_or_wrapper(depth=0)
        else:
            raise self._fault("expected an object or an array")

    def _record_or_wrapper(self, depth: int) -> Iterator[JsonRecord]:
        """The object that begins here, or the records that it holds."""
        line = self._line
        value = self._value(longest=_CHUNK)
        if value is _TOO_LONG:
            first = _FIRST_NAME.match(self._buffer, self._place)
            if first is None or first[1].lower() not in self._names:
                yield from self._members(depth)
                return
            value = self._whole_value()
        found = [value] if self._is_record(value) else list(self._inside(value, depth))
        # An empty wrapper holds nobody; any other object that holds no record is a record in which all is missing.
        if not found and depth == 0 and not any(part == [] for part in value.values()):
            found = [value]
        for record in found:
            yield JsonRecord(record, line)

    def _inside(self, wrapper: dict[str, Any], depth: int) -> Iterator[Any]:
        """The records in the arrays and objects of a wrapper."""
        for name, part in wrapper.items():
            self._note(name, part)
            if isinstance(part, list) and any(isinstance(element, dict) for element in part):
                yield from part
            elif isinstance(part, dict) and self._is_record(part):
                yield part
            elif isinstance(part, dict) and depth < _DEEPEST_WRAPPER:
                yield from self._inside(part, depth + 1)

    def _members(self, depth: int) -> Iterator[JsonRecord]:
        """The records in the arrays and objects of a wrapper that is too long to be held."""
        self._place += 1
        self._expect("}", allow_more=True)
        while self._buffer[self._place] != "}":
            name = self._whole_value() if self._buffer[self._place] == '"' else None
            if not isinstance(name, str):
                raise self._fault("expected a name in quotation marks")
            self._expect(":")
            self._place += 1
            self._expect("", allow_more=True)
            yield from self._member(name, depth)
            if self._expect(",}") == ",":
                self._place += 1
                self._expect("", allow_more=True)
        self._place += 1

    def _member(self, name: str, depth: int) -> Iterator[JsonRecord]:
        character = self._buffer[self._place]
        if character == "[":
            # An array without any object is something about the file.
            waiting: list[JsonRecord] = []
            is_of_records = False
            for record in self._elements():
                waiting.append(record)
                is_of_records |= isinstance(record.value, dict)
                if is_of_records:
                    yield from waiting
                    waiting.clear()
        elif character == "{" and depth < _DEEPEST_WRAPPER:
            yield from self._record_or_wrapper(depth + 1)
        else:
            self._note(name, self._whole_value())

    def _note(self, name: str, value: Any) -> None:
        if isinstance(value, str):
            self.about.setdefault(name.lower(), set()).add(value)

    def _elements(self) -> Iterator[JsonRecord]:
        """The elements of the array that begins here."""
        self._place += 1
        self._expect("]", allow_more=True)
        while self._buffer[self._place] != "]":
            line = self._line
            yield JsonRecord(self._whole_value(), line)
            if self._expect(",]") == ",":
                self._place += 1
                self._expect("", allow_more=True)
        self._place += 1

    def _whole_value(self) -> Any:
        value = self._value(longest=_LONGEST)
        if value is _TOO_LONG:
            raise self._fault("one record is longer than any child's could be")
        return value

    def _is_record(self, value: dict[str, Any]) -> bool:
        return any(name.lower() in self._names for name in value)

    def _value(self, longest: int) -> Any:
        """The value that begins here, and move behind it; ``_TOO_LONG``, without moving, where it goes on and on."""
        wanted = _CHUNK
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._place)
            except json.JSONDecodeError as error:
                if self._is_over or not self._may_be_incomplete(error):
                    raise self._fault(_reason(error, is_cut=self._is_cut(error)), error.pos) from None
            except RecursionError:
                raise self._fault("values are nested too deeply") from None
            else:
                # A number at the end of the buffer may go on.
                if end < len(self._buffer) or self._is_over:
                    self._move(end)
                    return value
            if len(self._buffer) - self._place > longest:
                return _TOO_LONG
            self._fill(wanted)
            wanted *= 2

    def _may_be_incomplete(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos > len(self._buffer) - _LONGEST_TOKEN

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer.rstrip())

    def _expect(self, characters: str, *, allow_more: bool = False) -> str:
        """Skip blanks; the next character, which must be one of ``characters`` unless more is allowed."""
        if not self._skip_blank():
            raise self._fault("the JSON is cut off")
        character = self._buffer[self._place]
        if character not in characters and not allow_more:
            raise self._fault(f"expected {' or '.join(characters)}")
        return character

    def _skip_blank(self) -> bool:
        """Move to the next character that is not blank; whether there is one."""
        while True:
            match = _BLANK.match(self._buffer, self._place)
            assert match is not None
            self._move(match.end())
            if self._place < len(self._buffer):
                return True
            if self._is_over:
                return False
            self._fill(_CHUNK)

    def _move(self, place: int) -> None:
        """Go on to ``place``, and let go of a long piece that is behind."""
        self._line += self._buffer.count("\n", self._place, place)
        self._place = place
        if self._place > _CHUNK:
            self._buffer = self._buffer[self._place :]
            self._place = 0

    def _fill(self, wanted: int) -> None:
        parts = [self._buffer[self._place :]]
        self._place = 0
        n_read = 0
        while n_read < wanted:
            piece = next(self._pieces, None)
            if piece is None:
                self._is_over = True
                break
            parts.append(piece)
            n_read += len(piece)
        self._buffer = "".join(parts)

    def _decoded(self, stream: BinaryIO, encoding: str) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(encoding)()
        chunks: Iterator[bytes] = iter(lambda: stream.read(_CHUNK), b"")
        size = self.path.stat().st_size
        if size >= _BAR_FROM_BYTES:
            chunks = track(chunks, f"Reading {self.path.name}", total=-(-size // _CHUNK))
        n_lines = 1
        for chunk in chunks:
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                line = n_lines + chunk.count(b"\n", 0, max(error.start, 0))
                name = encoding.removesuffix("-sig").upper()
                raise InputError(f"{self.path}: near line {line}: the bytes are not {name}") from None
            n_lines += chunk.count(b"\n")
            yield text
        try:
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            raise InputError(f"{self.path}: line {n_lines}: the last character is cut off") from None

    def _fault(self, reason: str, place: int | None = None) -> InputError:
        behind = self._place if place is None else max(place, self._place)
        line = self._line + self._buffer.count("\n", self._place, behind)
        return InputError(f"{self.path}: line {line}: {reason}")

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        made = {}
        for name, value in pairs:
            made[name] = self._joined(made[name], value) if name in made else value
        return made

    def _joined(self, first: Any, second: Any) -> Any:
        """What a name stands for that came twice: arrays and objects are joined, so that no record is lost."""
        if isinstance(first, list) and isinstance(second, list):
            return first + second
        if isinstance(first, dict) and isinstance(second, dict):
            return {**first, **second}
        self.n_repeated += first != second
        return second


_TOO_LONG = object()


def _encoding(start: bytes) -> str:
    """What PowerShell and Excel write carries a mark; JSON without one is UTF-8."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig"


def _reason(error: json.JSONDecodeError, *, is_cut: bool) -> str:
    return "the JSON is cut off" if is_cut else f"not JSON ({error.msg[0].lower()}{error.msg[1:]})"
