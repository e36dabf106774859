"""From a CIN census XML file to rows of text: streamed, without trust in the file, indifferent to its oddities.

The file is read once with expat, in memory that grows with the records kept and not with the XML. Document types and
entities are refused, so neither entity expansion nor external entities can do harm.

What is tolerated: any name for the root; namespaces, prefixes and any case of the names; containers that are missing,
repeated, empty or named otherwise (``CPPreviews`` for ``Reviews``); elements that are not known, which are skipped with
all they hold and counted (a known record inside one is still read); text between elements; byte-order marks, blank
lines before the declaration, UTF-16 and single-byte encodings, and a declared encoding that is not the real one.
"""

import re
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

from ....errors import InputError
from ..files.xml_bytes import (
    is_blank,
    is_utf8,
    other_format,
    read_chunks,
    refuse_declarations,
    skip_blank_lines,
    true_encoding,
    xml_fault,
)
from .text_rows import NO_TEXT, TextTables

FIELDS = {
    "header": ("Collection", "Year", "ReferenceDate", "LEA", "DateTime", "SerialNo"),
    "children": (
        *("LAchildID", "PersonBirthDate", "ExpectedPersonBirthDate", "Sex", "GenderCurrent", "PersonDeathDate"),
        *("Ethnicity", "Disability"),
    ),
    "cin_episodes": ("CINreferralDate", "ReferralSource", "PrimaryNeedCode", "CINclosureDate", "ReasonForClosure"),
    "assessments": ("AssessmentActualStartDate", "AssessmentAuthorisationDate", "AssessmentFactors"),
    "conferences": ("DateOfInitialCPC", "S47ActualStartDate"),
    "plans": (
        *("plan", "CPPstartDate", "CPPendDate", "InitialCategoryOfAbuse", "LatestCategoryOfAbuse"),
        "NumberOfPreviousCPP",
    ),
    "reviews": ("plan", "CPPreviewDate"),
}
"""Table -> the elements of its rows; ``plan`` numbers the file's plans."""

# Elements that make a row, and the table it belongs to. An episode's own conference is a row of conferences.
_RECORDS = {
    "Header": "header",
    "Child": "children",
    "CINdetails": "cin_episodes",
    "Assessments": "assessments",
    "Section47": "conferences",
    "ChildProtectionPlans": "plans",
}
_MANY = {"Disability", "AssessmentFactors"}
# Texts that do not come again: finding out whether they do would cost more memory than the texts themselves.
_OWN = {"LAchildID"}
_TRANSPARENT = {
    *("Message", "Children", "ChildIdentifiers", "ChildCharacteristics", "CollectionDetails", "Source"),
    *("Disabilities", "FactorsIdentifiedAtAssessment", "Reviews", "CPPreviews"),
}
# Known, and of no use here: neither read nor reported.
_UNUSED = {
    *("UPN", "FormerUPN", "UPNunknown", "SourceLevel", "SoftwareCode", "Release", "ReferralNFA"),
    *("AssessmentInternalReviewDate", "CINPlanDates", "CINPlanStartDate", "CINPlanEndDate", "InitialCPCtarget"),
    *("ICPCnotRequired", "Content", "CBDSLevels", "CBDSLevel"),
}
LATER_MODULES = "PreProceedingsandFGDM"
"""Pre-proceedings and family group decision making, in the census from 2025-26 on; of no use here, and counted."""

UNKNOWN = "elements that are not known"
# The module, its parts, and the names that drafts of the specification and suppliers gave them.
_OF_LATER_MODULES = re.compile(r"pre[-_]?proceeding|fgdm|family[-_]?group", re.IGNORECASE)
_CANONICAL = {
    name.lower(): name
    for name in {*_RECORDS, *_TRANSPARENT, *_UNUSED, *(name for names in FIELDS.values() for name in names)} - {"plan"}
}

# What an element means inside a record: the position of its value in the row (2, 3, ...; from _SEVERAL on, of a value
# that may come several times; from _UNIQUE on, of one that no other row has), a value with a row of its own, or what to
# do with it.
_REVIEW, _CONFERENCE, _SEVERAL, _UNIQUE = 0, 1, 100, 200
_OPEN, _SKIP, _PASS, _IGNORE = -1, -2, -3, -4
_ROWS_OF_THEIR_OWN = {("plans", "CPPreviewDate"): _REVIEW, ("cin_episodes", "DateOfInitialCPC"): _CONFERENCE}
_SEVERAL_AT = {table: place for table, names in FIELDS.items() for place, name in enumerate(names, 2) if name in _MANY}
_EMPTY: dict[str, list[int | None]] = {
    table: [None if name in _MANY else NO_TEXT for name in names] for table, names in FIELDS.items()
}


@dataclass
class CensusFile:
    """The rows of one file, as text.

    Attributes
    ----------
    name : str
        The file's name, for reports.
    header : dict of str to str
        The header's elements that are given.
    rows : TextTables
        By table, a frame: ``child`` (number of the child in the file, from 1; 0 for a row outside any child), ``line``,
        and the table's `FIELDS` as text, None where an element is missing or empty. Several disabilities or factors are
        joined by semicolons. The row number is the position, from 1.
    skipped : Counter
        Elements that were passed over: `LATER_MODULES`, and `UNKNOWN` for all whose names are not known. Those names
        are not kept: a name may be a child's.
    repeated : Counter
        By table, how often an element that belongs once in a row came again with another value; the last one stands.
    n_stray_texts : int
        Number of texts between elements.
    is_encoding_assumed : bool
        Whether the bytes are not of the declared encoding and were read as Latin-1.
    """

    name: str
    header: dict[str, str]
    rows: TextTables
    skipped: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)
    n_stray_texts: int = 0
    is_encoding_assumed: bool = False


def parse_census_file(path: Path, name: str | None = None) -> CensusFile:
    """Read one CIN census file.

    Raises
    ------
    InputError
        The file is missing, empty, not well-formed XML (cut off, not XML, damaged), declares a document type or
        entities, or holds neither a header nor a child. The message names the file and the line.
    """
    name = name or path.name
    try:
        with path.open("rb") as stream:
            start = stream.read(512)
            if is_blank(start):
                raise InputError(f"{path}: is empty")
            if other := other_format(start):
                raise InputError(f"{path}: is {other}, not XML; give the XML file itself")
            try:
                return _parse(stream, name, path, true_encoding(start))
            except _WrongEncodingError:
                census = _parse(stream, name, path, "iso-8859-1")
                census.is_encoding_assumed = True
                return census
    except FileNotFoundError:
        raise InputError(f"{path}: does not exist") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None


class _WrongEncodingError(Exception):
    """The bytes are not of the declared encoding."""


def _parse(stream: BinaryIO, name: str, path: Path, encoding: str | None) -> CensusFile:
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    parser.ordered_attributes = True
    rows = _Rows(parser)
    refuse_declarations(parser, path)
    n_blank = skip_blank_lines(stream)
    try:
        for chunk in read_chunks(stream, path.stat().st_size, name):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        if expat.ErrorString(error.code) == "not well-formed (invalid token)" and not encoding and not is_utf8(stream):
            raise _WrongEncodingError from None
        raise InputError(f"{path}: line {error.lineno + n_blank}: {xml_fault(error)}") from None
    except (LookupError, ValueError) as error:
        if isinstance(error, InputError) or rows.outside:
            raise
        raise InputError(f"{path}: line 1: the declared encoding is not known") from None
    census = rows.to_census(name, n_blank)
    if not census.header and not census.rows.n_rows("children") and not census.rows.n_rows("plans"):
        raise InputError(f"{path}: holds neither a Header nor a Child element, so it is not a CIN census file")
    return census


class _Rows:
    """Collects rows from expat's events.

    The hot path is one dictionary look-up for a start tag and two for an end tag; expat appends text to a list by
    itself. A table is one flat array of numbers, its rows one after the other (see :mod:`.text_rows`).
    """

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        self.flat = {table: array("i") for table in FIELDS}
        self.texts: list[str] = []
        self.numbers: dict[str, int] = {}
        self.skipped: Counter[str] = Counter()
        self.repeated: Counter[str] = Counter()
        self.n_stray = 0
        # What tags outside any record mean; empty until the first one.
        self.outside: dict[str, int] = {}
        self._listen()

    def _listen(self) -> None:
        # Names of this scope instead of attributes of self: the two functions run for every tag of a large file.
        parser, numbers, outside = self.parser, self.numbers, self.outside
        keep, drop_texts = self._keep, self._drop_texts
        meanings: dict[str, dict[str, int]] = {table: {} for table in FIELDS}
        skipped: dict[str, int] = {}
        unused: dict[str, int] = {}
        pieces: list[str] = []
        stack: list[tuple[str, list, dict[str, int], int]] = []
        row: list[Any] = []
        table, meaning, child = "", outside, 0
        n_children = n_plans = 0

        def start(tag: str, _attributes: list[str]) -> None:
            nonlocal table, row, meaning, child, n_children, n_plans
            if pieces:
                drop_texts(pieces, meaning is skipped or meaning is unused)
            what = meaning.get(tag)
            if what is None:
                is_root = meaning is outside and not outside
                is_skipped = meaning is skipped or meaning is unused
                what = meaning[tag] = _meaning(tag, table, is_root=is_root, is_skipped=is_skipped)
            if what >= 0 or what < _SKIP:
                return
            stack.append((table, row, meaning, child))
            if what == _SKIP:
                is_later = meaning is unused or _OF_LATER_MODULES.search(tag) is not None
                # Of a module that is known and not used, only the module itself counts.
                self.skipped[LATER_MODULES if is_later else UNKNOWN] += meaning is not unused
                table, row, meaning = "", [], unused if is_later else skipped
                meaning[tag] = _SKIP
                return
            table = _RECORDS[_CANONICAL[_local_name(tag).lower()]]
            meaning = meanings[table]
            meaning[tag] = _OPEN
            if table == "children":
                child = n_children = n_children + 1
            row = [child, parser.CurrentLineNumber, *_EMPTY[table]]
            if table == "plans":
                n_plans += 1
                row[2] = n_plans

        def end(tag: str) -> None:
            nonlocal table, row, meaning, child
            what = meaning[tag]
            if what >= 0:
                if pieces:
                    text = (pieces[0] if len(pieces) == 1 else "".join(pieces)).strip()
                    pieces.clear()
                    if 2 <= what < _SEVERAL and row[what] < 0 and text in numbers:
                        row[what] = numbers[text]
                    elif text:
                        keep(what, text, table, row)
                return
            if pieces:
                drop_texts(pieces, meaning is skipped or meaning is unused or what == _IGNORE)
            if what >= _SKIP:
                if what == _OPEN:
                    self._store(table, row)
                table, row, meaning, child = stack.pop()

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = pieces.append

    def _keep(self, what: int, text: str, table: str, row: list[Any]) -> None:
        """Keep a text in its row, or as a row of its own for the same child."""
        if what < 2:
            own = [row[2], self._number(text)] if what == _REVIEW else [self._number(text), NO_TEXT]
            self.flat["reviews" if what == _REVIEW else "conferences"].fromlist(
                [row[0], self.parser.CurrentLineNumber, *own]
            )
            return
        column = what % _SEVERAL
        if _SEVERAL <= what < _UNIQUE:
            # Joined as text until the row is complete: the parts of a list on its way are not worth keeping.
            row[column] = text if row[column] is None else f"{row[column]};{text}"
            return
        if row[column] >= 0 and self.texts[row[column]] != text:
            self.repeated[table] += 1
        if what < _SEVERAL:
            row[column] = self._number(text)
        else:
            row[column] = len(self.texts)
            self.texts.append(text)

    def _store(self, table: str, row: list[Any]) -> None:
        if table == "conferences" and row[2] < 0:
            return
        if table in _SEVERAL_AT:
            column = _SEVERAL_AT[table]
            row[column] = NO_TEXT if row[column] is None else self._number(row[column])
        self.flat[table].fromlist(row)

    def _number(self, text: str) -> int:
        found = self.numbers.get(text)
        if found is None:
            found = self.numbers[text] = len(self.texts)
            self.texts.append(text)
        return found

    def _drop_texts(self, pieces: list[str], is_skipped: bool) -> None:
        if not is_skipped and not "".join(pieces).isspace():
            self.n_stray += sum(not text.isspace() for text in pieces)
        pieces.clear()

    def to_census(self, name: str, n_blank: int) -> CensusFile:
        """The rows as tables; ``n_blank`` lines were left out before the first."""
        columns = {table: ("child", "line", *names) for table, names in FIELDS.items()}
        # Rows are complete, and stored, where their element ends; they are numbered where it starts.
        rows = TextTables(self.flat, columns, self.texts, order={"children": "child", "plans": "plan"})
        if n_blank:
            rows.shift_lines(n_blank)
        headers = rows.pop("header")
        header = {column: str(given.iloc[-1]) for column in FIELDS["header"] if len(given := headers[column].dropna())}
        return CensusFile(name, header, rows, self.skipped, self.repeated, self.n_stray)


def _meaning(tag: str, table: str, *, is_root: bool, is_skipped: bool) -> int:
    name = _CANONICAL.get(_local_name(tag).lower(), "")
    if name in _RECORDS:
        return _OPEN
    if is_root:
        return _PASS
    if is_skipped:
        return _SKIP
    if table and name in FIELDS[table]:
        return FIELDS[table].index(name) + 2 + (_SEVERAL if name in _MANY else _UNIQUE if name in _OWN else 0)
    if (table, name) in _ROWS_OF_THEIR_OWN:
        return _ROWS_OF_THEIR_OWN[table, name]
    if name in _TRANSPARENT:
        return _PASS
    return _IGNORE if name in _UNUSED else _SKIP


def _local_name(tag: str) -> str:
    return tag.rpartition(":")[2]
