"""From children of the DfE social care API, as JSON, to rows of text by table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ...codes import is_not_given, without_decimals
from .json_records import JsonRecord

_CHILD = {"la_child_id": "child_id"}
_DETAILS = {name: name for name in ("date_of_birth", "expected_date_of_birth", "sex", "ethnicity", "disabilities")}
_EPISODE = {name: name for name in ("referral_date", "referral_source", "closure_date", "closure_reason")}
_IDENTIFIERS = {
    "social_care_episodes": "social_care_episode_id",
    "child_protection_plans": "child_protection_plan_id",
    "child_and_family_assessments": "child_and_family_assessment_id",
    "section_47_assessments": "section_47_assessment_id",
    "child_looked_after_placements": "child_looked_after_placement_id",
}
"""Array -> the member that names one of its elements."""
CLOSINGS = {
    **dict.fromkeys(("plans", "care_episodes", "involvements"), "end_date"),
    "cin_episodes": "closure_date",
}
"""Table -> the column that is null while a record goes on."""
_PARTS = {
    "child_protection_plans": (
        "plans",
        {"child_protection_plan_id": "plan_id", "start_date": "start_date", "end_date": "end_date"},
    ),
    "child_and_family_assessments": (
        "assessments",
        {
            **{name: name for name in ("start_date", "authorisation_date", "factors")},
            # What payloads built from the Standard Safeguarding Dataset call them.
            "assessment_factors": "factors",
        },
    ),
    "section_47_assessments": ("conferences", {"icpc_date": "conference_date", "start_date": "section47_start"}),
    "child_looked_after_placements": ("care_episodes", {"start_date": "start_date", "end_date": "end_date"}),
    "care_worker_details": ("involvements", {name: name for name in ("worker_id", "start_date", "end_date")}),
}
"""Name of an episode's array -> the table of its elements, and their members with the columns they are."""

COLUMNS = {
    "children": [*_CHILD.values(), *_DETAILS.values()],
    "cin_episodes": ["child_id", *_EPISODE.values()],
    **{table: ["child_id", *dict.fromkeys(members.values())] for table, members in _PARTS.values()},
}
MARKS = ("at", "record_id", "episode", "is_purged", "says_open")
"""Columns beside those of the schema; see `ApiRows`."""
_LISTS = {"disabilities", "factors"}
_DATES = {
    name
    for names in (_DETAILS, _EPISODE, *(members for _, members in _PARTS.values()))
    for name in names
    if "date" in name
}
_REQUIRED_TO_BE_A_ROW = {"conferences": "conference_date"}

RECORD_NAMES = frozenset({"la_child_id", "mis_child_id", "child_details", "social_care_episodes"})
"""Names that only a child's own object has."""

_KNOWN = {
    "child": {*_CHILD, "mis_child_id", "child_details", "social_care_episodes", "purge"}
    | {"health_and_wellbeing", "education_health_care_plans"},
    "child_details": {*_DETAILS, "unique_pupil_number", "former_unique_pupil_number", "first_name", "surname"}
    | {"unique_pupil_number_unknown_reason", "postcode", "uasc_flag", "uasc_end_date", "purge"},
    "social_care_episodes": {*_EPISODE, *_PARTS, "social_care_episode_id", "referral_no_further_action_flag"}
    | {"child_in_need_plans", "adoption", "care_leavers", "purge"},
    "child_protection_plans": {*_PARTS["child_protection_plans"][1], "purge"},
    "child_and_family_assessments": {*_PARTS["child_and_family_assessments"][1], "purge"},
    "section_47_assessments": {*_PARTS["section_47_assessments"][1], "purge", "icpc_required_flag", "end_date"},
    "child_looked_after_placements": {*_PARTS["child_looked_after_placements"][1], "purge"}
    | {"start_reason", "end_reason", "change_reason", "placement_type", "postcode"},
    "care_worker_details": {*_PARTS["care_worker_details"][1], "purge"},
}
for _array, _identifier in _IDENTIFIERS.items():
    _KNOWN[_array].add(_identifier)


@dataclass
class ApiRows:
    """Rows of text of one file, and what was wrong with their form.

    Attributes
    ----------
    rows : dict of str to DataFrame
        By table: ``row`` (its number among the table's rows in the file, from 1), ``line`` (where its child begins),
        the table's `COLUMNS` as text, None where a member is missing, and the `MARKS`: ``at`` (number of its child in
        the file), ``record_id`` (the source's own, if it has one), ``episode`` (name of the episode that it is or is
        part of), ``is_purged`` (it, or what it is part of, is to be deleted; for a child also "details", where only
        those are) and ``says_open`` (its closing date is there, as null). Without the rows of ``left_out``.
    n_read : dict of str to int
        Rows by table, with those of ``left_out``.
    left_out : dict of (table, code) to DataFrame
        ``row``, ``line`` of elements that are no record (``record-malformed``, or ``record-withdrawn`` in what is to be
        deleted).
    mistyped : dict of (table, column) to DataFrame
        ``row``, ``line`` where an object or array stands for a value.
    n_unknown : int
        Members whose names are not known. The names are not kept: some are those of children.
    la_codes : set of str
        The authorities that the file's wrapper names.
    """

    rows: dict[str, pd.DataFrame]
    n_read: dict[str, int]
    left_out: dict[tuple[str, str], pd.DataFrame]
    mistyped: dict[tuple[str, str], pd.DataFrame]
    n_unknown: int = 0
    la_codes: set[str] = field(default_factory=set)


def collect_rows(records: Iterable[JsonRecord]) -> ApiRows:
    """Go through the children of one file."""
    collector = _Collector()
    for record in records:
        collector.add_child(record.value, record.line)
    return collector.to_rows()


class _Collector:
    """Gathers rows. A table is one flat list, its rows' values one after the other, which takes the least memory."""

    def __init__(self) -> None:
        self.flat: dict[str, list[Any]] = {table: [] for table in COLUMNS}
        self.n_read = dict.fromkeys(COLUMNS, 0)
        self.left_out: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.mistyped: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.n_unknown = 0
        self.line = 0
        self.at = 0
        self._texts: dict[str, str] = {}

    def add_child(self, child: Any, line: int) -> None:
        self.line = line
        self.at += 1
        fault = _fault(child)
        if not isinstance(child, dict):
            self._leave_out("children", fault)
            return
        child = self._members(child, "child")
        details = child.get("child_details")
        if details is not None and not isinstance(details, dict):
            self._mistype("children", "child_details", self.n_read["children"] + 1)
            details = None
        details = self._members(details or {}, "child_details")
        mark = True if fault else "details" if _fault(details) else False
        if mark == "details":
            details = {}
        number = self.n_read["children"] + 1
        child_id = self._text(child.get("la_child_id"), "children", "child_id", number)
        values = self._values("children", details, _DETAILS, number)
        self._store("children", [None, None, mark, False, child_id, *values])
        for episode in self._list(child.get("social_care_episodes")):
            self._add_episode(episode, child_id, fault)

    def _add_episode(self, episode: Any, child_id: str | None, fault: str) -> None:
        fault = fault or _fault(episode)
        if not isinstance(episode, dict):
            self._leave_out("cin_episodes", fault)
            return
        episode = self._members(episode, "social_care_episodes")
        number = self.n_read["cin_episodes"] + 1
        values = self._values("cin_episodes", episode, _EPISODE, number)
        record = self._identifier(episode, "social_care_episodes", "cin_episodes", number)
        key = record or f"@{values[0]}"
        says_open = "closure_date" in episode and _is_null(episode["closure_date"])
        self._store("cin_episodes", [record, key, bool(fault), says_open, child_id, *values])
        for name, (table, members) in _PARTS.items():
            for part in self._list(episode.get(name)):
                self._add_part(part, child_id, key, name, table, members, fault)

    def _add_part(
        self, part: Any, child_id: str | None, episode: str, name: str, table: str, members: dict[str, str], fault: str
    ) -> None:
        fault = fault or _fault(part)
        if not isinstance(part, dict):
            self._leave_out(table, fault)
            return
        part = self._members(part, name)
        needed = _REQUIRED_TO_BE_A_ROW.get(table)
        if needed and not fault and all(_is_null(part.get(member)) for member, to in members.items() if to == needed):
            return
        number = self.n_read[table] + 1
        values = self._values(table, part, members, number)
        record = self._identifier(part, name, table, number)
        says_open = table in CLOSINGS and "end_date" in part and _is_null(part["end_date"])
        self._store(table, [record, episode, bool(fault), says_open, child_id, *values])

    def _identifier(self, value: dict[str, Any], name: str, table: str, number: int) -> str | None:
        text = self._text(value.get(_IDENTIFIERS.get(name, "")), table, "record_id", number)
        return text and without_decimals(text)

    def _members(self, value: dict[str, Any], kind: str) -> dict[str, Any]:
        """The members under their known names, in small letters; the others are counted."""
        known = _KNOWN[kind]
        named = {}
        for name, member in value.items():
            plain = name.lower()
            if plain in known:
                named[plain] = member
            else:
                self.n_unknown += 1
        return named

    def _values(self, table: str, value: dict[str, Any], members: dict[str, str], number: int) -> list[str | None]:
        found: dict[str, str | None] = {}
        for name, column in members.items():
            read = self._listed if column in _LISTS else self._text
            is_told = name in value and not (name in _DATES and _is_null(value[name]))
            text = read(value[name], table, column, number) if is_told else None
            found[column] = text if text is not None else found.get(column)
        return list(found.values())

    def _listed(self, value: Any, table: str, column: str, number: int) -> str | None:
        """Several codes in one text, joined by semicolons."""
        if not isinstance(value, list):
            return self._text(value, table, column, number)
        texts = [self._text(element, table, column, number) for element in value]
        return ";".join(text for text in texts if text) or None

    def _text(self, value: Any, table: str, column: str, number: int) -> str | None:
        if value is None:
            return None
        if isinstance(value, str):
            text = value.strip()
            # Half of a pair of code units is no character and cannot be stored.
            text = text if text.isascii() else text.encode("utf-8", "replace").decode()
            return (self._texts.setdefault(text, text) if len(text) <= 10 else text) or None
        if isinstance(value, bool):
            return "true" if value else "false"
        self._mistype(table, column, number)
        return None

    def _list(self, value: Any) -> list[Any]:
        """An array; a single object stands for an array of one."""
        if value is None:
            return []
        return value if isinstance(value, list) else [value]

    def _store(self, table: str, values: list[Any]) -> None:
        self.n_read[table] += 1
        self.flat[table].extend((self.n_read[table], self.line, self.at, *values))

    def _leave_out(self, table: str, fault: str) -> None:
        self.n_read[table] += 1
        self.left_out.setdefault((table, fault), []).append((self.n_read[table], self.line))

    def _mistype(self, table: str, column: str, number: int) -> None:
        places = self.mistyped.setdefault((table, column), [])
        if not places or places[-1][0] != number:
            places.append((number, self.line))

    def to_rows(self) -> ApiRows:
        rows = {}
        for table, names in COLUMNS.items():
            columns = ["row", "line", *MARKS, *names]
            values = {column: self.flat[table][place :: len(columns)] for place, column in enumerate(columns)}
            rows[table] = pd.DataFrame(values, dtype=object).astype(dict.fromkeys(("row", "line", "at"), "int64"))
        return ApiRows(rows, self.n_read, _places(self.left_out), _places(self.mistyped), self.n_unknown)


def _fault(value: Any) -> str:
    """Why an element is left out: no object, or marked to be deleted; empty where it is a record."""
    if not isinstance(value, dict):
        return "record-malformed"
    purge = value.get("purge")
    return "record-withdrawn" if purge is True or str(purge).strip().lower() in ("1", "true", "y", "yes") else ""


def _is_null(value: Any) -> bool:
    """Whether a value says nothing: null, or a text that stands for it (``NULL``, ``N/A``)."""
    return value is None or (isinstance(value, str) and is_not_given(value))


def _places(found: dict[tuple[str, str], list[tuple[int, int]]]) -> dict[tuple[str, str], pd.DataFrame]:
    return {key: pd.DataFrame(places, columns=["row", "line"]) for key, places in found.items()}
