"""Write Annex A: the lists that authorities give Ofsted's inspectors, as they stood on given days.

One workbook (or one folder of CSV files) per authority and day. As in real ones, List 7 has one row per child: the plan
that is current, or else the latest of those that ended in the six months before; the other lists hold what is current
and what ended in that time. Values carry the list letters of the guidance (``a) Neglect``). The lists hold no reviews
but the latest, no assessment factors, no family, no workers' dates; those do not come back.
"""

import csv
import datetime as dt
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ...errors import InputError, OutputError, cannot_be_written
from ...files.whole import whole_file
from ...given_dates import given_date
from ...plans.codes import ETHNICITIES
from ...plans.readers.annex_a.reader import MONTHS_SHOWN
from ...plans.store import Plans
from ...progress import track

_CHILD = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age")
_DISABILITY = ("Does the Child have a Disability",)
_WORKER = ("Allocated Team", "Allocated Worker")
HEADINGS = {
    "List 3": (
        *_CHILD,
        *("Date of Referral", "Referral Source", "Referral NFA?", "Number of Referrals in Last 12 Months"),
        *_WORKER,
    ),
    "List 4": (
        *(*_CHILD, *_DISABILITY, "Continuous Assessment Start Date", "Child Seen During Continuous Assessment"),
        "Continuous Assessment Date of Authorisation",
        "Was the child assessed as requiring LA children's social care support?",
        *_WORKER,
    ),
    "List 5": (
        *(*_CHILD, *_DISABILITY, "Strategy discussion initiating Section 47 Enquiry Start Date"),
        "Was an Initial Child Protection Conference deemed unnecessary?",
        "Date of Initial Child Protection Conference",
        "Did the Initial Child Protection Conference Result in a Child Protection Plan",
        *("Number of Section 47 Enquiries in the last 12 months", "Number of ICPCs in the last 12 months"),
        *_WORKER,
    ),
    "List 6": (
        *(*_CHILD, *_DISABILITY, "CIN Start Date", "Primary Need Code", "Date Child Was Last Seen"),
        *("CIN Closure Date", "Reason for Closure", "Case Status"),
        *_WORKER,
    ),
    "List 7": (
        *(*_CHILD, *_DISABILITY, "Child Protection Plan Start Date"),
        *("Initial Category of Abuse", "Latest Category of Abuse", "Date of the Last Statutory Visit"),
        *("Was the Child Seen Alone?", "Date of latest review conference", "Child Protection Plan End Date"),
        "Subject to Emergency Protection Order or Protected Under Police Powers in Last Six Months (Y/N)",
        "Number of Previous Child Protection Plans",
        *_WORKER,
    ),
    "List 8": (
        *(*_CHILD, "Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N))", *_DISABILITY),
        *("Date Started to be Looked After", "Child's Category of Need", "Date Ceased to be Looked After"),
        *_WORKER,
    ),
}
"""List -> its headings, in order; of List 8 those that are filled."""

_GENDERS = {"1": "a) Male", "2": "b) Female", "0": "c) Not stated/recorded (or unborn)", "9": "d) Neither"}
_CATEGORIES = {
    **{"NEG": "a) Neglect", "PHY": "b) Physical abuse", "SAB": "c) Sexual abuse", "EMO": "d) Emotional abuse"},
    "MUL": "e) Multiple/not recommended",
}
_ETHNICITIES = {code: f"{chr(ord('a') + place)}) {code}" for place, code in enumerate(ETHNICITIES)}
_YES, _NO = "a) Yes", "b) No"

Form = Literal["xlsx", "csv"]


def write_annex_a(
    plans: Plans,
    folder: str | os.PathLike[str],
    *,
    dates: Sequence[str | dt.date | pd.Timestamp] | None = None,
    form: Form = "xlsx",
) -> tuple[Path, ...]:
    """Write ``annex_a_<la_code>_<date>.xlsx`` for every authority and day, or a folder of CSV files of that name.

    Parameters
    ----------
    plans : Plans
    folder : path
        Made if it does not exist. Files of the same name are replaced.
    dates : sequence of dates, optional
        Days on which to extract; by default every half year of the extracts' window, each six months after the last,
        so that together they cover it.
    form : {"xlsx", "csv"}

    Returns
    -------
    tuple of Path
        The workbooks, or the folders, by authority and day.

    Raises
    ------
    InputError
        The extract table has no dates and ``dates`` is not given.
    OutputError
        The folder cannot be written.
    """
    days = half_years(plans.extract) if dates is None else [given_date(date, "dates") for date in dates]
    jobs = [(code, day) for code in sorted(plans.children["la_code"].unique()) for day in days]
    made = []
    try:
        for code, day in track(jobs, "Writing Annex A"):
            target = Path(folder) / f"annex_a_{code}_{day:%Y-%m-%d}"
            Path(folder).mkdir(parents=True, exist_ok=True)
            lists = _lists(plans, code, day)
            made.append(_write_csv(target, lists) if form == "csv" else _write_workbook(target, lists))
    except OSError as error:
        raise cannot_be_written(folder, error) from None
    return tuple(made)


def half_years(extract: pd.DataFrame) -> list[pd.Timestamp]:
    """The last days of the half years that together cover the extracts' window.

    Raises
    ------
    InputError
        No extract has both dates.
    """
    first, last = extract["first_date"].min(), extract["extract_date"].max()
    if pd.isna(first) or pd.isna(last):
        raise InputError("the extract table has no dates; give the days to write")
    days = [last]
    while days[-1] - pd.DateOffset(months=MONTHS_SHOWN) >= first:
        days.append(last - pd.DateOffset(months=MONTHS_SHOWN * len(days)))
    return days[::-1]


def _lists(plans: Plans, code: str, day: pd.Timestamp) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    """Each list and its rows, in the order of its headings."""
    since = day - pd.DateOffset(months=MONTHS_SHOWN) + pd.Timedelta(days=1)
    tables = {name: _of(frame, code) for name, frame in plans.tables.items()}
    children = {row.child_id: _child(row, day) for row in tables["children"].itertuples()}

    def seen(table: str, first: str, last: str | None = None) -> Iterator[Any]:
        """Rows that had begun, and not ended (without ``last``: begun) long before; ends still to come are off."""
        frame = tables[table]
        is_begun = frame[first] <= day
        ends = frame[last].where(frame[last] <= day) if last else frame[first]
        is_shown = is_begun & (ends.isna() | (ends >= since))
        # Before the rows are chosen: a column given to a frame without rows would bring its own.
        shown = (frame.assign(**{last: ends}) if last else frame)[is_shown]
        return shown.sort_values(["child_id", first]).itertuples()

    def rows(found: Iterable[Any], own: Any, *, disability: bool = True) -> Iterator[tuple[Any, ...]]:
        for row in found:
            child, disabled = children[row.child_id]
            yield (*child, *((disabled,) if disability else ()), *own(row), "", "")

    yield "List 3", rows(seen("cin_episodes", "referral_date"), _referral, disability=False)
    yield "List 4", rows(seen("assessments", "start_date", "authorisation_date"), _assessment)
    yield "List 5", rows(seen("conferences", "conference_date"), _enquiry)
    yield "List 6", rows(seen("cin_episodes", "referral_date", "closure_date"), _episode)
    latest = {row.child_id: row for row in seen("plans", "start_date", "end_date")}
    yield "List 7", rows(latest.values(), _plan)
    latest = {row.child_id: row for row in seen("care_episodes", "start_date", "end_date")}
    cared = ((row, children[row.child_id]) for row in latest.values())
    yield "List 8", ((*child, _NO, disabled, *_care(row), "", "") for row, (child, disabled) in cared)


def _child(row: Any, day: pd.Timestamp) -> tuple[tuple[Any, ...], str]:
    birth = row.date_of_birth if pd.notna(row.date_of_birth) else row.expected_date_of_birth
    born = pd.notna(birth) and birth <= day
    age = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day)) if born else ""
    gender = _GENDERS.get(row.sex if born and pd.notna(row.sex) else "0")
    disabled = "" if pd.isna(row.disabilities) else _NO if row.disabilities == "NONE" else _YES
    return (row.child_id, gender, _ETHNICITIES.get(row.ethnicity, ""), _date(birth), age), disabled


def _referral(row: Any) -> tuple[Any, ...]:
    return _date(row.referral_date), _text(row.referral_source), _NO, ""


def _assessment(row: Any) -> tuple[Any, ...]:
    return _date(row.start_date), _YES, _date(row.authorisation_date), ""


def _enquiry(row: Any) -> tuple[Any, ...]:
    return _date(row.section47_start), _NO, _date(row.conference_date), "", "", ""


def _episode(row: Any) -> tuple[Any, ...]:
    closed = pd.notna(row.closure_date)
    reason = _text(row.closure_reason) if closed else ""
    return _date(row.referral_date), _text(row.primary_need), "", _date(row.closure_date), reason, ""


def _plan(row: Any) -> tuple[Any, ...]:
    categories = (_CATEGORIES.get(row.initial_category, ""), _CATEGORIES.get(row.latest_category, ""))
    previous = "" if pd.isna(row.previous_plans_reported) else int(row.previous_plans_reported)
    return _date(row.start_date), *categories, "", "", "", _date(row.end_date), "", previous


def _care(row: Any) -> tuple[Any, ...]:
    return _date(row.start_date), "", _date(row.end_date)


def _of(frame: pd.DataFrame, code: str) -> pd.DataFrame:
    return frame[frame["la_code"] == code] if "la_code" in frame else frame


def _date(value: Any) -> Any:
    return "" if pd.isna(value) else value.to_pydatetime()


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _write_workbook(target: Path, lists: Iterable[tuple[str, Iterable[tuple[Any, ...]]]]) -> Path:
    try:
        import openpyxl
    except ImportError:
        raise OutputError("writing Excel needs openpyxl (pip install 'secondplan[io]'), or choose CSV") from None
    book = openpyxl.Workbook(write_only=True)
    for name, rows in lists:
        sheet = book.create_sheet(name)
        sheet.append(HEADINGS[name])
        for row in rows:
            sheet.append([None if value == "" else value for value in row])
    path = target.with_name(f"{target.name}.xlsx")
    with whole_file(path) as beside:
        book.save(beside)
    return path


def _write_csv(target: Path, lists: Iterable[tuple[str, Iterable[tuple[Any, ...]]]]) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    for name, rows in lists:
        # As Excel saves it on Windows in the United Kingdom.
        with (
            whole_file(target / f"{name}.csv") as beside,
            beside.open("w", encoding="utf-8-sig", newline="") as stream,
        ):
            writer = csv.writer(stream)
            writer.writerow(HEADINGS[name])
            writer.writerows([_british(value) for value in row] for row in rows)
    return target


def _british(value: Any) -> Any:
    return f"{value:%d/%m/%Y}" if isinstance(value, dt.datetime) else value
