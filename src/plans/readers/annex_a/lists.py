"""The lists of an Annex A workbook: which sheet is which, and which of its columns is which.

A sheet is known by its headings, whatever it is called and wherever it stands: names and numbers of the lists have
changed with the versions of Ofsted's guidance, the headings hardly. The headings are those of the ILACS (inspection of
local authority children's services) Annex A, in any case and spacing, and usual variants of them.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...codes import read_flag
from ..files.sheets import Headed, Sheet, find_headings, words


@dataclass(frozen=True)
class AnnexList:
    """One list.

    Attributes
    ----------
    name : str
        Number and contents, for people.
    table : str
        The table of the schema that its rows are records of.
    columns : dict of str to Pattern
        Column of the schema -> what a heading's words must hold.
    marks : tuple of str
        Columns by whose headings the list is known; all must be there.
    """

    name: str
    table: str
    columns: dict[str, re.Pattern[str]]
    marks: tuple[str, ...]


def _columns(**patterns: str) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


CHILD_COLUMNS = _columns(
    child_id=r"\bchild\b.*\b(id|identifier|reference)\b|^(unique ?|person ?|client ?|la ?)?(child ?)?(id|identifier)$",
    sex=r"^(gender|sex)\b",
    ethnicity=r"^ethnic",
    date_of_birth=r"^date of birth|\bdob\b",
    disabilities=r"\bdisab(ility|ilities|led)\b",
)
EXTRACT_COLUMNS = _columns(
    extract_date=r"^(reference|extract|extraction|snapshot|report|census) date$|^date of extract"
)

LISTS = (
    AnnexList(
        "List 3, referrals",
        "cin_episodes",
        _columns(
            referral_date=r"^date of referral|^referral date", referral_source=r"^referral source|^source of referral"
        ),
        ("referral_date", "referral_source"),
    ),
    AnnexList(
        "List 4, assessments",
        "assessments",
        _columns(start_date=r"\bassessment (actual )?start", authorisation_date=r"\bauthoris|\bauthoriz"),
        ("start_date", "authorisation_date"),
    ),
    AnnexList(
        "List 5, Section 47 enquiries",
        "conferences",
        _columns(
            conference_date=r"^(date of (the )?)?(initial (child protection|cp) conference|icpc)( date)?$",
            section47_start=r"^(strategy|section 47|s47)\b.*\bstart",
        ),
        ("conference_date", "section47_start"),
    ),
    AnnexList(
        "List 6, children in need",
        "cin_episodes",
        _columns(
            referral_date=r"^(cin|child in need)( plan| episode)? start",
            primary_need=r"primary need|^need code",
            closure_date=r"^(cin|child in need)( plan| episode)? (closure|end|close)",
            closure_reason=r"^reason for (closure|case closure)|closure reason",
        ),
        ("referral_date",),
    ),
    AnnexList(
        "List 7, child protection plans",
        "plans",
        _columns(
            start_date=r"^(child protection plan|child protection|cp plan|cpp|cp)( plan)? start",
            end_date=r"^(child protection plan|child protection|cp plan|cpp|cp)( plan)? (end|close|cease)",
            initial_category=r"^initial category|^category of abuse at start",
            latest_category=r"^(latest|current|most recent) category",
            previous_plans_reported=r"^number of previous\b.*\bplans?|^previous (child protection|cp) plans?",
        ),
        ("start_date",),
    ),
    AnnexList(
        "List 8, children in care",
        "care_episodes",
        _columns(
            start_date=r"^date (the child |child )?(started to be|became|started being) looked after|^(lac|cla) start",
            end_date=r"^date (the child |child )?ceased (to be|being) looked after|^(lac|cla) (end|ceased)",
        ),
        ("start_date",),
    ),
)

_KNOWN = [pattern for entry in LISTS for pattern in entry.columns.values()] + list(CHILD_COLUMNS.values())
_FEWEST_HEADINGS = 2
_LIST_NAME = re.compile(r"^(?:annex a )?list 0?(\d{1,2})\b")


@dataclass(frozen=True)
class ListRows:
    """The rows of one sheet that is a list.

    Attributes
    ----------
    entry : AnnexList
    headed : Headed
    columns : dict of str to int
        Position of each column found: of the list, of the child, and ``extract_date``.
    repeated : tuple of str
        Columns whose heading came more than once; the first was taken.
    """

    entry: AnnexList
    headed: Headed
    columns: dict[str, int]
    repeated: tuple[str, ...]

    def to_frame(self, file: int) -> tuple[pd.DataFrame, int]:
        """The rows as text, and the number of rows that are no records.

        A row with text in one cell only is a note or a total; a row that repeats the headings comes of lists that were
        pasted together.
        """
        rows = self.headed.to_frame(self.columns, file)
        cells = self.headed.sheet.rows[self.headed.first :]
        is_note = np.array([sum(map(bool, row)) < 2 for row in cells], dtype=bool)
        own = self.headed.headings[self.columns["child_id"]] if "child_id" in self.columns else None
        is_heading = rows["child_id"].eq(own).to_numpy(dtype=bool) if own else np.zeros(len(rows), dtype=bool)
        if "disabilities" in rows:
            rows["disabilities"] = rows["disabilities"].map(_disability, na_action="ignore")
        return rows[~(is_note | is_heading)].reset_index(drop=True), int((is_note | is_heading).sum())


def recognise(sheet: Sheet) -> ListRows | None:
    """The list that a sheet is; None where it is none that is of use here."""
    found = find_headings(sheet, lambda text: any(pattern.search(text) for pattern in _KNOWN), _FEWEST_HEADINGS)
    if found is None:
        return None
    best: ListRows | None = None
    for entry in LISTS:
        columns, repeated = _locate(found.headings, {**entry.columns, **CHILD_COLUMNS, **EXTRACT_COLUMNS})
        has_marks = all(name in columns for name in entry.marks)
        if has_marks and "child_id" in columns and (best is None or len(columns) > len(best.columns)):
            best = ListRows(entry, found, columns, repeated)
    return best


def is_plans_by_name(title: str) -> bool:
    """Whether a sheet or file is called what the list of child protection plans is called."""
    named = _LIST_NAME.match(words(title))
    return int(named[1]) == 7 if named else words(title) in ("child protection", "child protection plans", "cpp")


def _locate(headings: list[str], patterns: dict[str, re.Pattern[str]]) -> tuple[dict[str, int], tuple[str, ...]]:
    columns: dict[str, int] = {}
    repeated = []
    for position, heading in enumerate(map(words, headings)):
        for name, pattern in patterns.items():
            if not heading or not pattern.search(heading):
                continue
            if name not in columns and position not in columns.values():
                columns[name] = position
            elif name in columns and words(headings[columns[name]]) == heading:
                repeated.append(name)
            break
    return columns, tuple(dict.fromkeys(repeated))


def _disability(text: str) -> str:
    """The census code for what the list says: only whether there is a disability, not which."""
    answer = read_flag(text)
    return text if answer is None else "DDA" if answer else "NONE"
