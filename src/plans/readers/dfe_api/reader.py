"""Reading the children that authorities send to the Department for Education's social care API, as JSON.

How children become plans
-------------------------
A file holds children: in an array, alone, in the array of a wrapper object, or one after the other (JSON lines); see
:mod:`.json_records`. A child holds episodes of need, and an episode its plans, assessments, enquiries, placements and
workers. A conference is an enquiry with the day of its conference. Placements that follow each other without a gap are
one period in care (:mod:`..records.care_periods`).

What is marked to be deleted (``purge``), and what is no object where a record is expected, is left out and reported.
Names that are not known are skipped and counted. A value of a wrong kind counts as missing. Of a name that comes twice
in an object the last value counts; arrays are joined.

What the format does not hold
-----------------------------
The category of abuse, the number of previous plans, reviews, families, the primary need, the date of death, when it was
made, and mostly which authority it is. Payloads look back two years, to the 1 April before: observation of a child
begins there, unless ``first_date`` says otherwise.
"""

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from ....errors import InputError
from ...quality import NOTED, REJECTED, REPAIRED, FindingLog, QualityReport
from ...store import Plans
from ..files.source_files import Paths, find_files, short_names
from ..records.combining import combine_rows
from ..records.extract_span import ExtractFacts, as_one_extract
from ..records.extracts import ExtractDate, is_authority
from .json_records import JsonFile
from .rows import COLUMNS, RECORD_NAMES, ApiRows, collect_rows

SUFFIXES = (".json", ".jsonl", ".ndjson")
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
        Together they are one extract; of a record that comes more than once, a later file's values win.
    la_code : str, optional
        Three-digit code of the authority, which only some wrappers hold.
    first_date : date or str, optional
        First day on which every plan that ended is in the files; by default the 1 April that begins the financial year
        of the day two years before the last day.
    extract_date : date or str, optional
        Last day that the files cover; by default the day in the file's name if there is one file, else the last day up
        to today on which anything is recorded.

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
    files = find_files(paths, SUFFIXES, "JSON file of the DfE API")
    log = FindingLog(short_names(files))
    # Of records that are left out here; the names of the files are the same.
    beside = FindingLog(log.files)
    collected = [_collect(path, number, log, beside) for number, path in enumerate(files)]
    rows = {
        table: pd.concat(
            [found.rows[table].assign(file=number) for number, found in enumerate(collected)], ignore_index=True
        )
        for table in COLUMNS
    }
    rows, extracts = as_one_extract(
        rows,
        replace(facts, la_code=facts.la_code or _only_authority(collected)),
        log,
        source=f"DfE API: {log.files[0] if len(files) == 1 else f'{len(files)} files'}",
        named=files[0] if len(files) == 1 else None,
        look_back=_start_of_year_two_years_before,
    )
    n_unknown = sum(found.n_unknown for found in collected)
    skipped = {"members that are not known": n_unknown} if n_unknown else {}
    plans, report = combine_rows("DfE API", rows, extracts, log, skipped=skipped)
    left_out = sum((found.n_left_out for found in collected), Counter())
    return plans, report.with_rows_beside(left_out, beside.to_frame())


def _collect(path: Path, number: int, log: FindingLog, beside: FindingLog) -> ApiRows:
    """The rows of one file, with the findings on its form."""
    source = JsonFile(path, RECORD_NAMES)
    found = collect_rows(source.records())
    found.la_codes = {code for code in source.about.get("la_code", ()) if is_authority(code)}
    name = log.files[number]
    for (table, code), places in found.left_out.items():
        beside.add_rows(code, table, REJECTED, places.assign(file=number))
    for (table, column), places in found.mistyped.items():
        stored = places[places["row"].isin(found.rows[table]["row"])]
        log.add_rows("value-mistyped", table, REPAIRED, stored.assign(file=number), column=column)
    if source.n_repeated:
        log.add("value-repeated", "file", NOTED, file=name)
    if found.n_unknown:
        log.add("unknown-elements", "file", NOTED, file=name)
    if not found.n_read["plans"]:
        log.add("no-plans", "file", NOTED, file=name)
    return found


def _only_authority(collected: list[ApiRows]) -> str | None:
    """The authority that the files name, if they do."""
    codes: set[str] = set().union(*(found.la_codes for found in collected))
    if len(codes) > 1:
        raise InputError(f"the files are of {len(codes)} authorities; read those of each alone, with la_code")
    return codes.pop() if codes else None


def _start_of_year_two_years_before(last: date) -> date:
    return date(last.year - LOOK_BACK_YEARS - (last.month < 4), 4, 1)
