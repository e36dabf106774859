"""Reading the children that authorities send to the Department for Education's social care API, as JSON.

How children become plans
-------------------------
A file holds children: in an array, alone, in the array of a wrapper object, or one after the other (JSON lines); see
:mod:`.json_records`. A child holds episodes of need, and an episode its plans, assessments, enquiries, placements and
workers. A conference is an enquiry with the day of its conference. Placements that follow each other without a gap are
one period in care (:mod:`..records.care_periods`).

Payloads are taken in the order of their days, whatever the order in which they are given: a later one corrects, deletes
(``purge``) and reopens what those before it hold (:mod:`.payloads`). The day is that of the file's name, else one that
a wrapper states, files of one day by the time that wrappers state; files without a day come first, in the order of
their names.

What is no object where a record is expected is left out and reported. Names that are not known are counted and never
shown, as a name may be a child's. A value of a wrong kind counts as missing. Of a name that comes twice in an object
the last value counts; arrays are joined.

What the format does not hold
-----------------------------
The category of abuse, the number of previous plans, reviews, families, the primary need, the date of death, and mostly
which authority it is. Of workers many payloads hold only those of 31 March, from whom no change can be counted: they
are left out, where every worker's time holds such a day. Payloads look back two years, to the 1 April before:
observation of a child begins there, unless ``first_date`` says otherwise.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from ....errors import InputError
from ....given_dates import moment_in_text
from ...dates import to_date
from ...quality import NOTED, REJECTED, REPAIRED, FindingLog, QualityReport
from ...store import Plans
from ..files.source_files import Paths, find_files, short_names
from ..records.cleaning import DATES, clean_texts
from ..records.combining import combine_rows
from ..records.dated_names import day_in_name
from ..records.extract_span import ExtractFacts, as_one_extract
from ..records.extracts import ExtractDate, is_authority, latest_day, today
from .json_records import JsonFile
from .payloads import current_records
from .rows import COLUMNS, RECORD_NAMES, ApiRows, collect_rows

SUFFIXES = (".json", ".jsonl", ".ndjson")
DAY_NAMES = (
    "payload_date",
    "extract_date",
    "submission_date",
    "created_at",
    "created",
    "generated_at",
    "timestamp",
    "date",
)
"""Members of a wrapper that may state its day, in small letters."""
_NO_TIME = datetime.min.replace(tzinfo=UTC)
LOOK_BACK_YEARS = 2
"""Payloads hold what was open on or after the 1 April before the day that lies so far back."""


def read_dfe_api(
    paths: Paths,
    *,
    la_code: str | None = None,
    first_date: ExtractDate | None = None,
    extract_date: ExtractDate | None = None,
) -> tuple[Plans, QualityReport]:
    """Read payloads of the DfE social care API.

    Parameters
    ----------
    paths : path, or iterable of paths
        JSON files or files of JSON lines, and folders whose ``.json``, ``.jsonl`` and ``.ndjson`` files are all read.
        Together they are one extract; each corrects those of earlier days.
    la_code : str, optional
        Three-digit code of the authority, which only some wrappers hold.
    first_date : date or str, optional
        First day on which every plan that ended is in the files; by default the 1 April that begins the financial year
        of the day two years before the last day.
    extract_date : date or str, optional
        Last day that the files cover; by default the last of the days of payloads, else the last day up to today on
        which anything is recorded.

    Returns
    -------
    plans : Plans
    report : QualityReport
        Every record of every file is kept, repaired, merged or rejected, with its file, its number among the records of
        its table there, and the line where its child begins.

    Raises
    ------
    InputError
        A file or folder is missing, a file is empty, cut off, not JSON, not UTF-8 or nested too deeply; a code or date
        that was given is none. One line, naming the file and the line, without values.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> child = '{"la_child_id": "C1", "social_care_episodes": [{"referral_date": "2023-05-01"}]}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "children.json"
    ...     _ = file.write_text(f"[{child}]")
    ...     plans, report = read_dfe_api(file, la_code="330", extract_date="2024-03-31")
    >>> plans.cin_episodes["child_id"].tolist(), str(plans.extract.loc[0, "first_date"].date())
    (['C1'], '2021-04-01')
    """
    facts = ExtractFacts(la_code, first_date, extract_date)
    payloads = sorted(
        (_read_payload(path) for path in find_files(paths, SUFFIXES, "JSON file of the DfE API")),
        key=lambda payload: (payload.day is not None, payload.day or 0, payload.time, payload.path.name),
    )
    files = [payload.path for payload in payloads]
    log = FindingLog(short_names(files))
    # Of versions that are no record of their own; the names of the files are the same.
    beside = FindingLog(log.files)
    collected = [payload.found for payload in payloads]
    for number, payload in enumerate(payloads):
        _note_form(payload, number, len(files), log, beside)
    versions = {
        table: pd.concat(
            [found.rows[table].assign(file=number) for number, found in enumerate(collected)], ignore_index=True
        )
        for table in COLUMNS
    }
    rows = current_records(versions, log, beside)
    days = [payload.day for payload in payloads if payload.day is not None]
    rows["involvements"] = _without_those_of_march(rows["involvements"], max(days, default=today()), beside)
    _note_mistyped(collected, rows, log, beside)
    facts = replace(
        facts,
        la_code=facts.la_code or _only_authority(collected),
        extract_date=facts.extract_date or (to_date(max(days)) if days else None),
    )
    rows, extracts = as_one_extract(
        rows,
        facts,
        log,
        source=f"DfE API: {log.files[0] if len(files) == 1 else f'{len(files)} files'}",
        named=None,
        look_back=_start_of_year_two_years_before,
    )
    n_unknown = sum(found.n_unknown for found in collected)
    skipped = {"members that are not known": n_unknown} if n_unknown else {}
    plans, report = combine_rows("DfE API", rows, extracts, log, skipped=skipped)
    n_beside = {table: sum(found.n_read[table] for found in collected) - len(rows[table]) for table in COLUMNS}
    return plans, report.with_rows_beside(n_beside, beside.to_frame())


@dataclass(frozen=True)
class _Payload:
    """One file: its rows, its day (since 1970-01-01) if it tells one, and whether names come twice in an object.

    Of two files of one day that is the later whose wrapper states the later ``time``.
    """

    path: Path
    found: ApiRows
    day: int | None
    time: datetime
    has_repeated: bool


def _read_payload(path: Path) -> _Payload:
    source = JsonFile(path, RECORD_NAMES)
    found = collect_rows(source.records())
    found.la_codes = {code for code in source.about.get("la_code", ()) if is_authority(code)}
    day = day_in_name(path)
    if day is None:
        day = latest_day(source.about.get(name, ()) for name in DAY_NAMES)
    stated = [moment_in_text(text) for name in DAY_NAMES for text in source.about.get(name, ())]
    of_day = [moment for moment in stated if moment and day is not None and moment.date() == to_date(day)]
    return _Payload(path, found, day, max(of_day, default=_NO_TIME), source.n_repeated > 0)


def _note_form(payload: _Payload, number: int, n_files: int, log: FindingLog, beside: FindingLog) -> None:
    """The findings on the form of one file."""
    found, name = payload.found, log.files[number]
    for (table, code), places in found.left_out.items():
        beside.add_rows(code, table, REJECTED, places.assign(file=number))
    if payload.day is None and n_files > 1:
        log.add("payload-undated", "file", NOTED, file=name)
    if payload.has_repeated:
        log.add("value-repeated", "file", NOTED, file=name)
    if found.n_unknown:
        log.add("unknown-elements", "file", NOTED, file=name)
    if not found.n_read["plans"]:
        log.add("no-plans", "file", NOTED, file=name)


def _note_mistyped(
    collected: list[ApiRows], rows: dict[str, pd.DataFrame], log: FindingLog, beside: FindingLog
) -> None:
    for number, found in enumerate(collected):
        for (table, column), places in found.mistyped.items():
            standing = rows[table].loc[rows[table]["file"] == number, "row"]
            stands = places["row"].isin(standing)
            stored = places["row"].isin(found.rows[table]["row"])
            for which, to in ((stands, log), (stored & ~stands, beside)):
                to.add_rows("value-mistyped", table, REPAIRED, places[which].assign(file=number), column=column)


def _without_those_of_march(workers: pd.DataFrame, last: int, beside: FindingLog) -> pd.DataFrame:
    """No workers where each one's time holds a 31 March: those who came and went between are then not held."""
    start, end = (clean_texts(workers[name], DATES)[0] for name in ("start_date", "end_date"))
    until = end.fillna(pd.Timestamp(to_date(last)))
    march = pd.to_datetime(start.dt.year.astype("Int64").astype("string") + "-03-31")
    march = march.where(march >= start, march + pd.DateOffset(years=1))
    if start.notna().sum() == 0 or (march > until)[start.notna()].any():
        return workers
    beside.add_rows("workers-of-march-only", "involvements", REJECTED, workers)
    return workers.iloc[:0]


def _only_authority(collected: list[ApiRows]) -> str | None:
    """The authority that the files name, if they do."""
    codes: set[str] = set().union(*(found.la_codes for found in collected))
    if len(codes) > 1:
        raise InputError(f"the files are of {len(codes)} authorities; read those of each alone, with la_code")
    return codes.pop() if codes else None


def _start_of_year_two_years_before(last: date) -> date:
    return date(last.year - LOOK_BACK_YEARS - (last.month < 4), 4, 1)
