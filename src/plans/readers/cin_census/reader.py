"""Reading the children in need (CIN) census: one XML file per year, stacked into one set of plans.

How rows become records
-----------------------
Of several returns of one authority and year the last one sent is read (:mod:`.replaced_returns`). Files are ordered by
the year that they cover (then by the header's time and number, then by name) and stacked, authority by authority. A
child is known by authority and ``LAchildID``, a plan by child and start date, an episode of need by child and referral
date, an assessment by child and start date, a conference by child and date, a review by plan and date. What comes again
is merged: a given value wins over a missing one and a later file over an earlier one; changes are reported.

What is done about faults
-------------------------
Nothing is guessed, and no plan is dropped because of one wrong value: a dropped plan would make the next one look like
the first. So

- a plan is rejected only when it cannot be placed: no child, no child identifier, no readable start date;
- a plan that ends before it starts keeps its start and loses its end (repaired);
- an unreadable end date, an unknown category or an impossible count counts as missing (repaired);
- overlapping plans, several open plans, plans that start and end on one day, long before birth, after the 18th birthday
  or after death are kept as they are and reported; overlapping plans become one period on a plan when children are
  followed (see :mod:`...sequence`), so that no analysis counts an overlap as a second plan;
- a review on or before the plan's start is rejected.

What the census does not hold
-----------------------------
No plan identifier (one is made of authority, child and start date), no family links, no periods in care, no workers,
nothing on who attended reviews. A plan that ended before the first year's 1 April is not in any file: observation of a
child begins with the window, and ``NumberOfPreviousCPP`` is used as a cross-check only.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...authorities import given_successors
from ...dates import day_number, to_timestamps
from ...quality import NOTED, FindingLog, QualityReport
from ...schema import column_names
from ...store import Plans
from ..files.source_files import Paths, find_files, short_names
from ..records.extracts import check_authority
from ..records.restated_plans import DAYS_UNTIL_RECORDED
from .header import Coverage, read_coverage
from .replaced_returns import find_replaced, serial_number, time_made
from .rows import (
    stack_assessments,
    stack_children,
    stack_conferences,
    stack_episodes,
    stack_plans,
    stack_reviews,
)
from .successor_returns import map_returns
from .xml import UNKNOWN, CensusFile, parse_census_file


def read_cin_census(
    paths: Paths,
    *,
    la_code: str | None = None,
    year: int | None = None,
    successors: Mapping[str, str] | str | None = None,
) -> tuple[Plans, QualityReport]:
    """Read one or many yearly CIN census files.

    Parameters
    ----------
    paths : path, or iterable of paths
        XML files, and folders whose ``.xml`` files are all read (with their subfolders; not hidden ones).
    la_code : str, optional
        Three-digit code of the authority, for files whose header does not give one.
    year : int, optional
        Year in which the census year ends (2018 for 1 April 2017 to 31 March 2018), for files whose header gives
        neither a reference date nor a year.
    successors : mapping of code to code, or "known", optional
        Authorities whose returns count as those of another that took over from them, so that a plan which one left open
        goes on in the other: ``{"928": "941"}``. ``"known"`` stands for those that were merged
        (:func:`~secondplan.authority_successions`); one that was divided is mapped only where it is named. Children are
        known by their identifier: one that stands for two is reported.

    Returns
    -------
    plans : Plans
    report : QualityReport
        Every row of every file is kept, repaired, merged or rejected, with its file, row and line.

    Raises
    ------
    InputError
        A file or folder is missing, a folder holds no XML, a file is empty, cut off, not XML, declares a document type,
        is not a CIN census, or does not tell its year. One line, naming the file and, where there is one, the line.

    Examples
    --------
    >>> plans, report = read_cin_census("returns/")            # doctest: +SKIP
    >>> print(report.summary())                                # doctest: +SKIP
    """
    check_authority(la_code)
    taken_over_by = given_successors(successors)
    files = find_census_files(paths)
    log = FindingLog()
    returns = _read_in_order(files, short_names(files), log, la_code=la_code, year=year)
    is_replaced = find_replaced(returns, log)
    skipped: Counter[str] = Counter()
    for (census, _), so in zip(returns, is_replaced, strict=True):
        if so:
            skipped["records of returns that a later one replaces"] += _n_records(census)
    left = [entry for entry, so in zip(returns, is_replaced, strict=True) if not so]
    if successors is not None:
        left = map_returns(left, taken_over_by, log)
        left.sort(key=_age)
    log.files = [census.name for census, _ in left]
    return _combine([census for census, _ in left], [coverage for _, coverage in left], log, skipped)


def find_census_files(paths: Paths) -> list[Path]:
    """The XML files that ``paths`` mean, each once.

    Raises
    ------
    InputError
        A path does not exist, a folder holds no ``.xml`` file, or no path is given.
    """
    return find_files(paths, [".xml"], "CIN census file")


def _read_in_order(
    files: list[Path], names: list[str], log: FindingLog, *, la_code: str | None, year: int | None
) -> list[tuple[CensusFile, Coverage]]:
    read: list[tuple[CensusFile, Coverage]] = []
    for path, name in zip(files, names, strict=True):
        census = parse_census_file(path, name)
        coverage = read_coverage(census, path, log, la_code=la_code, year=year)
        read.append((census, coverage))
        if census.skipped[UNKNOWN]:
            log.add("unknown-elements", "file", NOTED, file=name)
        for table in census.repeated:
            log.add("value-repeated", "file" if table == "header" else table, NOTED, file=name)
        if census.n_stray_texts:
            log.add("stray-text", "file", NOTED, file=name)
        if census.is_encoding_assumed:
            log.add("encoding-assumed", "file", NOTED, file=name)
        if not census.rows.n_rows("plans"):
            log.add("no-plans", "file", NOTED, file=name)
    return sorted(read, key=_age)


def _age(entry: tuple[CensusFile, Coverage]) -> tuple[Any, ...]:
    census, coverage = entry
    made = time_made(census.header), serial_number(census.header)
    return coverage.la_code, coverage.last_day, *made, census.name


def _n_records(census: CensusFile) -> int:
    return sum(census.rows.n_rows(table) for table in census.rows)


def _combine(
    censuses: list[CensusFile], coverages: list[Coverage], log: FindingLog, skipped: Counter[str]
) -> tuple[Plans, QualityReport]:
    n_read = {table: sum(census.rows.n_rows(table) for census in censuses) for table in censuses[0].rows}
    covered = _cover(censuses, coverages)
    firsts = {"child": _first_numbers("children", censuses), "plan": _first_numbers("plans", censuses)}

    def rows(table: str) -> pd.DataFrame:
        # Made when its turn comes and forgotten once it is stacked: all tables as text would be most of the memory.
        return _take(table, censuses, coverages, firsts)

    def own(table: str, records: pd.DataFrame) -> pd.DataFrame:
        return records[column_names(table)]

    children, identities = stack_children(rows("children"), log)
    children = own("children", children)
    plans, plan_of_row = stack_plans(rows("plans"), identities, children, log, coverage=covered)
    plans = own("plans", plans)
    tables = {
        "children": children,
        "plans": plans,
        "reviews": own("reviews", stack_reviews(rows("reviews"), plan_of_row, plans, log)),
        "cin_episodes": own("cin_episodes", stack_episodes(rows("cin_episodes"), identities, log)),
        "assessments": own("assessments", stack_assessments(rows("assessments"), identities, log)),
        "conferences": own("conferences", stack_conferences(rows("conferences"), identities, log)),
    }
    _note_missing_years(coverages, log)
    for census in censuses:
        skipped.update(census.skipped)
    stored = Plans(**tables, extract=own("extract", covered))
    n_stored = {table: len(frame) for table, frame in tables.items()}
    n_read = {table: n_read[table] for table in tables}
    return stored, QualityReport.of("CIN census", n_read, n_stored, log.to_frame(), skipped)


def _first_numbers(table: str, censuses: list[CensusFile]) -> list[int]:
    """By file, how many rows of the table the files before it hold."""
    return [0, *accumulate(census.rows.n_rows(table) for census in censuses)][:-1]


def _take(
    table: str, censuses: list[CensusFile], coverages: list[Coverage], firsts: dict[str, list[int]]
) -> pd.DataFrame:
    """One table's rows of all files, which give them up: place, authority, child and plan as number in the whole."""
    parts = []
    for position, (census, coverage) in enumerate(zip(censuses, coverages, strict=True)):
        part = census.rows.pop(table)
        n_rows = len(part)
        part.insert(0, "file", np.full(n_rows, position, dtype=np.int32))
        part.insert(1, "row", np.arange(1, n_rows + 1, dtype=np.int32))
        part["la_code"] = coverage.la_code
        # Rows outside any child have child 0 in the file and -1 in the whole.
        part["child"] = (part["child"] + (firsts["child"][position] - 1)).where(part["child"] > 0, -1)
        if "plan" in part:
            part["plan"] += firsts["plan"][position] - 1
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _cover(censuses: list[CensusFile], coverages: list[Coverage]) -> pd.DataFrame:
    """What each file covers: the extract table, and whether a file of a later year of the authority was read."""
    covered = pd.DataFrame(
        {
            "la_code": [coverage.la_code for coverage in coverages],
            "first_date": to_timestamps(np.array([coverage.first_day for coverage in coverages])),
            "extract_date": to_timestamps(np.array([coverage.last_day for coverage in coverages])),
            "source": [f"CIN census: {census.name}" for census in censuses],
        }
    )
    last = covered.groupby("la_code")["extract_date"].transform("max")
    recorded = [_recorded_until(*entry) for entry in zip(censuses, coverages, strict=True)]
    recorded_until = pd.Series(to_timestamps(np.array(recorded)))
    return covered.assign(is_followed=covered["extract_date"] < last, recorded_until=recorded_until)


def _recorded_until(census: CensusFile, coverage: Coverage) -> int:
    """The last start of a plan that must be in the file: a return is mostly made when its year is long over."""
    made = time_made(census.header).date()
    recorded = day_number(made.year, made.month, made.day) - DAYS_UNTIL_RECORDED
    return min(recorded, coverage.last_day) if recorded > coverage.first_day else coverage.last_day


def _note_missing_years(coverages: list[Coverage], log: FindingLog) -> None:
    by_authority: dict[str, list[Coverage]] = {}
    for coverage in coverages:
        by_authority.setdefault(coverage.la_code, []).append(coverage)
    for parts in by_authority.values():
        reached = parts[0].last_day
        for coverage in parts[1:]:
            if coverage.first_day > reached + 1:
                log.add("year-missing", "extract", NOTED)
            reached = max(reached, coverage.last_day)
