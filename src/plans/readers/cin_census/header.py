"""Whose data a CIN census file holds, and of which year."""

from dataclasses import dataclass
from pathlib import Path

from ....errors import InputError
from ...codes import UNKNOWN_AUTHORITY
from ...dates import NO_DATE, UNREADABLE, day_number, read_date, to_date
from ...quality import NOTED, FindingLog
from ..records.extracts import today
from .xml import CensusFile

_DATE_FIELDS = {
    "plans": ("CPPstartDate", "CPPendDate"),
    "reviews": ("CPPreviewDate",),
    "cin_episodes": ("CINreferralDate", "CINclosureDate"),
    "assessments": ("AssessmentActualStartDate", "AssessmentAuthorisationDate"),
}


@dataclass(frozen=True)
class Coverage:
    """What a file covers.

    Attributes
    ----------
    la_code : str
    first_day, last_day : int
        Days since 1970-01-01. A census year runs from 1 April to 31 March; plans open at any time in it are in the
        file, with their starts, however early; plans that ended before it are not.
    """

    la_code: str
    first_day: int
    last_day: int


def read_coverage(
    census: CensusFile, path: Path, log: FindingLog, *, la_code: str | None, year: int | None
) -> Coverage:
    """Find out what a file covers, and note in ``log`` what had to be assumed.

    The authority is the header's ``LEA``; else ``la_code``; else 000. The last day is 31 March of the header's
    ``Year``; else of its ``ReferenceDate``'s year; else of ``year``; else the 31 March on or after the latest date in
    the file that is not in the future. Of a ``Year`` and a ``ReferenceDate`` that is 31 March of another year, that
    counts in which the file's latest date lies. File names are never trusted. A last day that is still to come is
    brought back to the day of reading: nothing after it can have been seen.

    Raises
    ------
    InputError
        There is neither a year nor any date to take it from, or the year has not begun.
    """
    collection = census.header.get("Collection", "CIN").lower()
    if not collection.startswith(("cin", "children in need")):
        log.add("collection-differs", "file", NOTED, file=census.name)
    authority = census.header.get("LEA", "")
    if not (len(authority) == 3 and authority.isascii() and authority.isdigit()):
        authority = la_code or UNKNOWN_AUTHORITY
        if la_code is None:
            log.add("authority-unknown", "file", NOTED, file=census.name)
    known = _stated_year(census, log) or year
    if known is None:
        known = _year_of_latest_date(census)
        log.add("year-inferred", "file", NOTED, file=census.name)
    if known is None or not 1900 < known < 2200:
        raise InputError(f"{path}: says neither its year nor a date to take it from; give the year (--year)")
    first, last, now = day_number(known - 1, 4, 1), day_number(known, 3, 31), today()
    if first > now:
        raise InputError(f"{path}: covers a year that has not begun; see the header's ReferenceDate and Year")
    if last > now:
        log.add("year-not-over", "file", NOTED, file=census.name)
    return Coverage(authority, first, min(last, now))


def _stated_year(census: CensusFile, log: FindingLog) -> int | None:
    """The year that the header states, in which the census year ends."""
    text = census.header.get("Year", "")
    stated = int(text) if len(text) == 4 and text.isascii() and text.isdigit() else None
    day, how = read_date(census.header.get("ReferenceDate", ""))
    if day == NO_DATE:
        if how == UNREADABLE:
            log.add("reference-date-differs", "file", NOTED, file=census.name)
        return stated
    reference = to_date(day)
    # No child's: a header's date says which file it is, and what to correct.
    place = f"{census.name}, ReferenceDate {reference}"
    if (reference.month, reference.day) != (3, 31):
        log.add("reference-date-differs", "file", NOTED, file=place)
    elif stated not in (None, reference.year):
        log.add("year-differs", "file", NOTED, file=place)
        return reference.year if _year_of_latest_date(census) == reference.year else stated
    return stated or reference.year


def _year_of_latest_date(census: CensusFile) -> int | None:
    now = today()
    latest = NO_DATE
    for table, fields in _DATE_FIELDS.items():
        for name in fields:
            for text in census.rows[table][name].dropna().unique():
                day, _ = read_date(text)
                if latest < day <= now:
                    latest = day
    if latest == NO_DATE:
        return None
    found = to_date(latest)
    return found.year + ((found.month, found.day) > (3, 31))
