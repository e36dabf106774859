"""The lists of an Annex A workbook: which sheet is which, and which of its columns is which.

A sheet is known by its headings, whatever it is called and wherever it stands: names and numbers of the lists have
changed with the versions of Ofsted's guidance, the headings hardly. The headings are those of the ILACS (inspection of
local authority children's services) Annex A, in any case and spacing, and usual variants of them.
"""

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ...code_words.reading import read_flag
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
    plain : dict of str to Pattern
        Headings that other lists may have too, by column: they count where the list is known without them.
    ends : str, optional
        The column of last days, without which every record would count as open.
    """

    name: str
    table: str
    columns: dict[str, re.Pattern[str]]
    marks: tuple[str, ...]
    plain: dict[str, re.Pattern[str]] = field(default_factory=dict)
    ends: str | None = None


def _columns(**patterns: str) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


_NO_REASON = r"^(?!.*\b(reason|outcome|type|status|by)\b)"
_PLAN = r"(child protection plan|child protection|cp plan|cpp|cp|protection plan)( plan)?"
_NEED = r"(cin|child in need)( plan| episode)?"


def _plain_day(verbs: str) -> str:
    """A heading of a day of a plan in plain words: plan end date, date of plan end, end date of plan, date off plan."""
    day = rf"({verbs})"
    plan = r"(from |of |on )?(the )?(plan|cp|cpp)"
    # The last are the census's own names, whose capitals tell no words: CPPendDate.
    return rf"^(date )?(of )?((the )?(plan|cp|cpp) )?{day}( date)?( {plan})?$|^cpp{day}date$"


CHILD_COLUMNS = _columns(
    child_id=r"\bchilds?\b.*\b(id|identifier|reference|ref)\b"
    r"|^(unique ?|person ?|client ?|case ?|la ?)?(child ?)?(id|identifier|reference|ref)$"
    r"|^(person|client|child|case) (number|no)$|^(uid|urn)$"
    r"|^(mosaic|lcs|liquid ?logic|ics|eclipse|care ?first|azeus|cyp|young person|service user)( person| client)?"
    r" (id|identifier|number|no|reference|ref)$",
    sex=r"^(childs? )?(gender|sex)\b",
    ethnicity=r"^(childs? )?ethnic",
    date_of_birth=r"^(childs? )?(date of birth|birth ?date)|\bdob\b",
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
            referral_date=rf"{_NO_REASON}(date )?(of )?{_NEED} start|^start date of {_NEED}",
            primary_need=r"primary need|^need code",
            closure_date=rf"{_NO_REASON}(date )?(of )?{_NEED} (closure|end|clos|ceas)|^(end|closure) date of {_NEED}",
            closure_reason=r"^reason for (closure|case closure)|(closure|end) reason",
        ),
        ("referral_date",),
        _columns(closure_date=r"^(case )?(closure|closed|end|ended)( date)?$|^date (case )?(closed|of closure|ended)$"),
        ends="closure_date",
    ),
    AnnexList(
        "List 7, child protection plans",
        "plans",
        _columns(
            start_date=rf"{_NO_REASON}(date )?(of )?(the )?{_PLAN} (start|beg[ai]n|commence|open)"
            rf"|^(date of )?start(ed)? (date )?of (the )?{_PLAN}"
            rf"|^(date )?(of )?regist(ration|ered)|^date .*became (the )?subject (to|of)\b.*{_PLAN}",
            end_date=rf"{_NO_REASON}(date )?(of )?(the )?{_PLAN} (end|clos|ceas|finish|deregist)"
            rf"|^(date of )?end(ed)? (date )?of (the )?{_PLAN}|^(date )?(of )?de ?regist(ration|ered)"
            rf"|^date .*ceased (to be |being )?(the )?subject (to|of)\b.*{_PLAN}",
            initial_category=r"^(cp |child protection )?(plan )?(initial|original|first) (abuse )?category"
            r"|^category (of abuse )?at (start|registration)",
            latest_category=r"^(cp |child protection )?(plan )?(latest|current|most recent) (abuse )?category"
            r"|^(cp |child protection )?(plan )?category of abuse$|^(cp|child protection) (plan )?category$",
            previous_plans_reported=r"^(number|no) of previous\b.*\bplans?|^previous (child protection|cp) plans?",
        ),
        ("start_date",),
        _columns(
            start_date=_plain_day("start|started|commenced|commencement|began|begun|opened"),
            end_date=_plain_day(
                "end|ended|closure|closed|ceased|finish|finished|removed|removal|off|deregistered|de registered"
            ),
        ),
        ends="end_date",
    ),
    AnnexList(
        "List 8, children in care",
        "care_episodes",
        _columns(
            start_date=r"^date (the child |child )?(started( to be| being)?|became) (looked after|lac|cla)\b"
            r"|^(lac|cla|looked after|care|period of care) start|^start (date )?of (lac|cla|care|being looked after)"
            r"|^date (the child |child )?entered care",
            end_date=r"^date (the child |child )?ceased( to be| being)? (looked after|lac|cla)\b"
            r"|^(lac|cla|looked after|care|period of care) (end|ceas)|^end (date )?of (lac|cla|care|being looked after)"
            r"|^date (the child |child )?left care",
        ),
        ("start_date",),
        _columns(end_date=r"^(end|ended|ceased)( date)?$|^date (ceased|ended)$"),
        ends="end_date",
    ),
)

_KNOWN = [pattern for entry in LISTS for names in (entry.columns, entry.plain) for pattern in names.values()]
_KNOWN += CHILD_COLUMNS.values()
_FEWEST_HEADINGS = 2
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
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
    found = find_headings(sheet, _is_known, _FEWEST_HEADINGS)
    if found is None:
        return None
    best: ListRows | None = None
    for entry in LISTS:
        columns, repeated = _locate(found.headings, {**entry.columns, **CHILD_COLUMNS, **EXTRACT_COLUMNS})
        is_of_plans = entry.table == "plans" and ("latest_category" in columns or is_plans_by_name(sheet.title))
        if is_of_plans or all(name in columns for name in entry.marks):
            columns = _with_plain(columns, found.headings, entry.plain)
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
    for position, heading in enumerate(headings):
        for name, pattern in patterns.items():
            if not heading or not _says(pattern, heading):
                continue
            if name not in columns and position not in columns.values():
                columns[name] = position
            elif name in columns and words(headings[columns[name]]) == words(heading):
                repeated.append(name)
            break
    return columns, tuple(dict.fromkeys(repeated))


def _is_known(heading: str) -> bool:
    return any(_says(pattern, heading) for pattern in _KNOWN)


def _with_plain(columns: dict[str, int], headings: list[str], patterns: dict[str, re.Pattern[str]]) -> dict[str, int]:
    """The columns, and those that are missing where an unused heading is a plain word for them."""
    found = dict(columns)
    for name, pattern in patterns.items():
        places = [place for place, heading in enumerate(headings) if _says(pattern, heading)]
        unused = [place for place in places if place not in found.values()]
        if name not in found and unused:
            found[name] = unused[0]
    return found


def _says(pattern: re.Pattern[str], heading: str) -> bool:
    """Whether a heading is what the pattern names, also where it is written as one word (``ChildUniqueID``)."""
    return any(pattern.search(words(text)) for text in (heading, _INNER_CAPITAL.sub(" ", heading)))


def _disability(text: str) -> str:
    """The census code for what the list says: only whether there is a disability, not which."""
    answer = read_flag(text)
    return text if answer is None else "DDA" if answer else "NONE"
