"""From a CIN census XML file to rows of text: streamed, without trust in the file, indifferent to its oddities.

The file is read once with expat, in memory that grows with the records kept and not with the XML. Document types and
entities are refused, so neither entity expansion nor external entities can do harm.

What is tolerated: any name for the root; namespaces, prefixes and any case of the names; containers that are missing,
repeated, empty or named otherwise (``CPPreviews`` for ``Reviews``); elements that are not known, which are skipped with
all they hold and counted (a known record inside one is still read); text between elements; byte-order marks, blank
lines before the declaration, UTF-16 and single-byte encodings, and a declared encoding that is not the real one.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

import numpy as np
import pandas as pd

from ..errors import InputError
from .xml_bytes import is_blank, is_utf8, other_format, read_chunks, skip_blank_lines, true_encoding

FIELDS = {
    "header": ("Collection", "Year", "ReferenceDate", "LEA", "DateTime"),
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
_TRANSPARENT = {
    *("Message", "Children", "ChildIdentifiers", "ChildCharacteristics", "CollectionDetails", "Source"),
    *("Disabilities", "FactorsIdentifiedAtAssessment", "Reviews", "CPPreviews"),
}
# Known, and of no use here: neither read nor reported.
_UNUSED = {
    *("UPN", "FormerUPN", "UPNunknown", "SourceLevel", "SoftwareCode", "Release", "SerialNo", "ReferralNFA"),
    *("AssessmentInternalReviewDate", "CINPlanDates", "CINPlanStartDate", "CINPlanEndDate", "InitialCPCtarget"),
    *("ICPCnotRequired", "Content", "CBDSLevels", "CBDSLevel"),
}
_CANONICAL = {
    name.lower(): name
    for name in {*_RECORDS, *_TRANSPARENT, *_UNUSED, *(name for names in FIELDS.values() for name in names)} - {"plan"}
}

# What an element means inside a record: the position of its value in the row (2, 3, ...; from _SEVERAL on, of a value
# that may come several times), a value with a row of its own, or what to do with it.
_REVIEW, _CONFERENCE, _SEVERAL = 0, 1, 100
_OPEN, _PASS, _IGNORE, _SKIP = -1, -2, -3, -4
_ROWS_OF_THEIR_OWN = {("plans", "CPPreviewDate"): _REVIEW, ("cin_episodes", "DateOfInitialCPC"): _CONFERENCE}
_EMPTY: dict[str, list[None]] = {table: [None] * len(names) for table, names in FIELDS.items()}
_CUT_OFF = {"no element found", "unclosed token", "unclosed CDATA section", "partial character"}
_MOST_NAMES = 30


@dataclass
class CensusFile:
    """The rows of one file, as text.

    Attributes
    ----------
    name : str
        The file's name, for reports.
    header : dict of str to str
        The header's elements that are given.
    rows : dict of str to DataFrame
        By table: ``child`` (number of the child in the file, from 1; 0 for a row outside any child), ``line``, and the
        table's `FIELDS` as text, None where an element is missing or empty. Several disabilities or factors are joined
        by semicolons. The row number is the position, from 1.
    unknown : Counter
        Names of elements that are not known, and how often each came.
    repeated : Counter
        By table, how often an element that belongs once in a row came again with another value; the last one stands.
    n_stray_texts : int
        Number of texts between elements.
    is_encoding_assumed : bool
        Whether the bytes are not of the declared encoding and were read as Latin-1.
    """

    name: str
    header: dict[str, str]
    rows: dict[str, pd.DataFrame]
    unknown: Counter[str] = field(default_factory=Counter)
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
    rows = _Rows()
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    parser.ordered_attributes = True
    rows.attach(parser)
    _refuse_declarations(parser, path)
    n_blank = skip_blank_lines(stream)
    try:
        for chunk in read_chunks(stream, path.stat().st_size, name):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        if expat.ErrorString(error.code) == "not well-formed (invalid token)" and not encoding and not is_utf8(stream):
            raise _WrongEncodingError from None
        raise InputError(f"{path}: line {error.lineno + n_blank}: {_reason(error)}") from None
    except (LookupError, ValueError) as error:
        if isinstance(error, InputError) or rows.outside:
            raise
        raise InputError(f"{path}: line 1: the declared encoding is not known") from None
    census = rows.to_census(name, n_blank)
    if not census.header and census.rows["children"].empty and census.rows["plans"].empty:
        raise InputError(f"{path}: holds neither a Header nor a Child element, so it is not a CIN census file")
    return census


class _Rows:
    """Collects rows from expat's events.

    The hot path is one dictionary look-up for a start tag and one for an end tag; expat appends text to a list by
    itself. A table is one flat list, its rows' values one after the other: a tuple a row would cost twice the memory.
    """

    def __init__(self) -> None:
        self.flat: dict[str, list[object]] = {table: [] for table in FIELDS}
        self.unknown: Counter[str] = Counter()
        self.repeated: Counter[str] = Counter()
        self.n_stray = 0
        # What tags outside any record mean; empty until the first one.
        self.outside: dict[str, int] = {}

    def attach(self, parser: expat.XMLParserType) -> None:
        """Make the parser report to these rows."""
        # Names of this scope instead of attributes of self: the two functions run for every tag of a large file.
        flat, unknown, repeated = self.flat, self.unknown, self.repeated
        meanings: dict[str, dict[str, int]] = {table: {} for table in FIELDS}
        outside = self.outside
        skipped: dict[str, int] = {}
        known_texts: dict[str, str] = {}
        texts: list[str] = []
        stack: list[tuple[str, list, dict[str, int], int]] = []
        row: list[Any] = []
        table, meaning, child = "", outside, 0
        n_children = n_plans = 0

        def start(tag: str, _attributes: list[str]) -> None:
            nonlocal table, row, meaning, child, n_children, n_plans
            if texts:
                drop_texts()
            what = meaning.get(tag)
            if what is None:
                is_root = meaning is outside and not outside
                what = meaning[tag] = _meaning(tag, table, is_root=is_root, is_skipped=meaning is skipped)
            if what not in (_OPEN, _SKIP):
                return
            stack.append((table, row, meaning, child))
            if what == _SKIP:
                unknown[_local_name(tag)] += 1
                table, row, meaning = "", [], skipped
                skipped[tag] = _SKIP
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
                if texts:
                    text = (texts[0] if len(texts) == 1 else "".join(texts)).strip()
                    texts.clear()
                    if text:
                        keep(what, known_texts.setdefault(text, text) if len(text) <= 10 else text)
            elif what in (_OPEN, _SKIP):
                if texts:
                    drop_texts()
                if what == _OPEN and (table != "conferences" or row[2] is not None):
                    flat[table].extend(row)
                table, row, meaning, child = stack.pop()
            elif what == _IGNORE:
                texts.clear()
            elif texts:
                drop_texts()

        def keep(what: int, text: str) -> None:
            if what >= _SEVERAL:
                place = what - _SEVERAL
                row[place] = text if row[place] is None else f"{row[place]};{text}"
            elif what >= 2:
                if row[what] is not None and row[what] != text:
                    repeated[table] += 1
                row[what] = text
            elif what == _REVIEW:
                flat["reviews"].extend((child, parser.CurrentLineNumber, row[2], text))
            else:
                flat["conferences"].extend((child, parser.CurrentLineNumber, text, None))

        def drop_texts() -> None:
            if meaning is not skipped:
                self.n_stray += sum(not text.isspace() for text in texts)
            texts.clear()

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = texts.append

    def to_census(self, name: str, n_blank: int) -> CensusFile:
        """The rows as frames; ``n_blank`` lines were left out before the first."""
        rows = {}
        for table, names in FIELDS.items():
            columns = ["child", "line", *names]
            values = {column: self.flat[table][place :: len(columns)] for place, column in enumerate(columns)}
            numbers = {"child": np.int64, "line": np.int64, **({"plan": np.int64} if "plan" in names else {})}
            frame = pd.DataFrame(values, dtype=object).astype(numbers)
            frame["line"] += n_blank
            # Rows are complete, and stored, where their element ends; they are numbered where it starts.
            order = {"children": "child", "plans": "plan"}.get(table)
            rows[table] = frame.sort_values(order, kind="stable", ignore_index=True) if order else frame
        headers = rows.pop("header")
        header = {column: str(given.iloc[-1]) for column in FIELDS["header"] if len(given := headers[column].dropna())}
        common = Counter(dict(self.unknown.most_common(_MOST_NAMES)))
        if rest := self.unknown.total() - common.total():
            common["other names"] = rest
        return CensusFile(name, header, rows, common, self.repeated, self.n_stray)


def _meaning(tag: str, table: str, *, is_root: bool, is_skipped: bool) -> int:
    name = _CANONICAL.get(_local_name(tag).lower(), "")
    if name in _RECORDS:
        return _OPEN
    if is_root:
        return _PASS
    if is_skipped:
        return _SKIP
    if table and name in FIELDS[table]:
        return FIELDS[table].index(name) + 2 + (_SEVERAL if name in _MANY else 0)
    if (table, name) in _ROWS_OF_THEIR_OWN:
        return _ROWS_OF_THEIR_OWN[table, name]
    if name in _TRANSPARENT:
        return _PASS
    return _IGNORE if name in _UNUSED else _SKIP


def _local_name(tag: str) -> str:
    return tag.rpartition(":")[2]


def _refuse_declarations(parser: expat.XMLParserType, path: Path) -> None:
    def refuse(*_: object) -> Any:
        line = parser.CurrentLineNumber
        raise InputError(f"{path}: line {line}: declares a document type or entities, which is refused")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)


def _reason(error: expat.ExpatError) -> str:
    reason = expat.ErrorString(error.code) or "damaged"
    if reason in _CUT_OFF:
        return f"the XML is cut off ({reason})"
    return f"not well-formed XML ({reason.removeprefix('not well-formed (').removesuffix(')')})"
