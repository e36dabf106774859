"""The one extract that a source is: whose it is and what time it covers, where the source itself does not say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from ....errors import InputError
from ...codes import UNKNOWN_AUTHORITY
from ...columns import COLUMNS, DATE
from ...dates import NO_DATE, day_number, to_date
from ...quality import NOTED, FindingLog
from .dated_names import day_in_name
from .extracts import ExtractDate, check_authority, extract_table, given_day, latest_day

# Of the future, or of no event that an authority records as it happens.
_NOT_RECORDED_THEN = {"date_of_birth", "expected_date_of_birth", "date_of_death"}


@dataclass(frozen=True)
class ExtractFacts:
    """What a user says of an extract.

    Attributes
    ----------
    la_code : str, optional
        Three digits.
    first_date, extract_date : date or str, optional
        The first and the last day that it covers.
    """

    la_code: str | None
    first_date: ExtractDate | None
    extract_date: ExtractDate | None

    def __post_init__(self) -> None:
        """Refuse, before anything is read, what is no code and no date."""
        check_authority(self.la_code)
        first = NO_DATE if self.first_date is None else given_day(self.first_date, "first_date")
        last = None if self.extract_date is None else given_day(self.extract_date)
        if last is not None and first > last:
            raise InputError("first_date is after extract_date")


def as_one_extract(
    rows: Mapping[str, pd.DataFrame],
    facts: ExtractFacts,
    log: FindingLog,
    *,
    source: str,
    named: Path | None,
    look_back: Callable[[date], date],
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The rows with their authority and extract, and the extract table.

    Parameters
    ----------
    rows : mapping of table to DataFrame
        Columns named as in the schema, as text.
    facts : ExtractFacts
    log : FindingLog
        Is told what was assumed.
    source : str
        For the extract table.
    named : Path, optional
        The file or folder, whose name may hold the day on which it was made.
    look_back : callable
        The first day that extracts of this format made on a day cover.

    Returns
    -------
    rows : dict of table to DataFrame
    extracts : DataFrame
    """
    last = given_day(facts.extract_date) if facts.extract_date is not None else None
    if last is None and named is not None:
        last = day_in_name(named)
    if last is None:
        last = latest_day(_columns_of_events(rows))
        log.add("no-extract-date" if last is None else "extract-date-inferred", "extract", NOTED)
    first = given_day(facts.first_date, "first_date") if facts.first_date is not None else NO_DATE
    if first == NO_DATE and last is not None:
        begin = look_back(to_date(last))
        first = day_number(begin.year, begin.month, begin.day)
        log.add("first-date-assumed", "extract", NOTED)
    if facts.la_code is None:
        log.add("authority-unknown", "extract", NOTED)
    code = facts.la_code or UNKNOWN_AUTHORITY
    extracts = extract_table([code], [first], [NO_DATE if last is None else last], [source])
    return {table: frame.assign(la_code=code, extract=0) for table, frame in rows.items()}, extracts


def _columns_of_events(rows: Mapping[str, pd.DataFrame]) -> list[pd.Series]:
    return [
        frame[name]
        for table, frame in rows.items()
        for name, column in COLUMNS[table].items()
        if column.kind == DATE and name in frame and name not in _NOT_RECORDED_THEN
    ]
