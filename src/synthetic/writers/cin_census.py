"""Write children in need (CIN) census files: one XML file an authority and year, in the form that authorities return.

A return covers 1 April to 31 March and shows the state at the end of it: every episode of need that was open in the
year, with its assessments, enquiries, conferences, and the plans that were open in the year with their reviews so far.
What is open at the end is returned again in the next year, with later values. Order and names of the elements are those
of the 2024 schema (``GenderCurrent`` until the return of 2024, ``Sex`` after it). ``NumberOfPreviousCPP`` is 0 for a
first plan, as the guidance has it.

The format holds no family, no care, no attendance at reviews, no worker, and no earlier episodes: those tables do not
come back from it.
"""

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from ...errors import InputError, cannot_be_written
from ...files.whole import whole_file
from ...plans.store import Plans
from ...progress import track
from ..randomness.streams import Streams
from .census_faults import CensusFaults, Element, damage

LAST_YEAR_OF_GENDER = 2024
CONFERENCE_TARGET_DAYS = 21
"""An initial conference is due within 15 working days of the start of the enquiry."""


@dataclass(frozen=True)
class CensusFiles:
    """What was written.

    Attributes
    ----------
    paths : tuple of Path
        By authority and year.
    fault_counts : dict of str to int
        How often each fault was put in.
    """

    paths: tuple[Path, ...]
    fault_counts: dict[str, int] = field(default_factory=dict)


def write_cin_census(
    plans: Plans,
    folder: str | os.PathLike[str],
    *,
    years: Sequence[int] | None = None,
    faults: CensusFaults | None = None,
    random_state: int = 0,
) -> CensusFiles:
    """Write ``cin_census_<la_code>_<year>.xml`` for every authority and year of the window.

    Parameters
    ----------
    plans : Plans
        With ``cin_episodes``: each plan must start within one.
    folder : path
        Made if it does not exist. Files of the same name are replaced.
    years : sequence of int, optional
        Years in which the returns end; by default those of the extracts' window.
    faults : CensusFaults, optional
        Oddities to put in, at their stated rate.
    random_state : int
        For the faults.

    Returns
    -------
    CensusFiles
        The paths, and how often each fault was put in.

    Raises
    ------
    InputError
        Plans do not belong to an episode of need, or an extract has no dates and ``years`` is not given.
    OutputError
        The folder cannot be written.
    """
    if years is None:
        years = window_years(plans.extract)
    rng = Streams(random_state)["faults"]
    counts: Counter[str] = Counter()
    jobs = [(code, year) for code in sorted(plans.children["la_code"].unique()) for year in years]
    paths, code_now, records = [], None, None
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for code, year in track(jobs, "Writing CIN census files"):
            if code != code_now:
                code_now, records = code, _Records(plans, code)
            assert records is not None
            path = Path(folder) / f"cin_census_{code}_{year}.xml"
            _write_file(path, _header(code, year), records.in_year(year), faults, rng, counts)
            paths.append(path)
    except OSError as error:
        raise cannot_be_written(folder, error) from None
    return CensusFiles(tuple(paths), dict(counts))


def window_years(extract: pd.DataFrame) -> list[int]:
    """The years, by the calendar year in which they end, that the extracts' window touches.

    Raises
    ------
    InputError
        No extract has both dates.
    """
    first, last = extract["first_date"].min(), extract["extract_date"].max()
    if pd.isna(first) or pd.isna(last):
        raise InputError("the extract table has no dates; give the years to write")
    return list(range(_year_of(first), _year_of(last) + 1))


def _year_of(date: pd.Timestamp) -> int:
    return date.year + (date.month >= 4)


class _Records:
    """The rows of one authority by child, with dates as ISO text: they sort as dates do."""

    def __init__(self, plans: Plans, code: str) -> None:
        def rows(table: pd.DataFrame, *columns: str) -> dict[str, list[tuple]]:
            here = table[table["la_code"] == code] if "la_code" in table else table
            return _by_first(here, columns)

        own = plans.plans[plans.plans["la_code"] == code]
        self.children = rows(
            plans.children,
            *("child_id", "sex", "date_of_birth", "expected_date_of_birth", "ethnicity", "disabilities"),
            "date_of_death",
        )
        self.episodes = rows(
            plans.cin_episodes,
            *("child_id", "referral_date", "referral_source", "primary_need", "closure_date", "closure_reason"),
        )
        self.assessments = rows(plans.assessments, "child_id", "start_date", "authorisation_date", "factors")
        self.conferences = rows(plans.conferences, "child_id", "conference_date", "section47_start")
        self.plans = rows(
            plans.plans,
            *("child_id", "start_date", "end_date", "initial_category", "latest_category"),
            *("previous_plans_reported", "plan_id"),
        )
        reviews = plans.reviews[plans.reviews["plan_id"].isin(own["plan_id"])]
        self.reviews = {
            plan: sorted(date for (date,) in dates)
            for plan, dates in _by_first(reviews, ("plan_id", "review_date")).items()
        }
        self._require_episodes()

    def _require_episodes(self) -> None:
        without = 0
        for child, plans in self.plans.items():
            first = min((episode[0] for episode in self.episodes.get(child, [])), default=None)
            without += sum(first is None or plan[0] < first for plan in plans)
        if without:
            raise InputError(f"{without} plans do not belong to an episode of need; a census cannot hold them")

    def in_year(self, year: int) -> Iterator[Element]:
        """The ``Child`` elements of the return that ends on 31 March of ``year``."""
        begin, end = f"{year - 1}-04-01", f"{year}-03-31"
        for child in sorted(self.children):
            episodes = sorted(self.episodes.get(child, []), key=lambda episode: episode[0])
            details = [
                self._episode(child, place, episodes, begin, end)
                for place, episode in enumerate(episodes)
                if episode[0] <= end and (episode[3] is None or episode[3] >= begin)
            ]
            if details:
                yield ("Child", [*self._identity(child, year, end), *details])

    def _identity(self, child: str, year: int, end: str) -> list[Element]:
        sex, birth, expected, ethnicity, disabilities, death = self.children[child][0]
        born = birth is not None and birth <= end
        identifiers: list[Element] = [("LAchildID", child)]
        if born:
            identifiers.append(("PersonBirthDate", birth))
        elif expected is not None or birth is not None:
            identifiers.append(("ExpectedPersonBirthDate", expected or birth))
        name = "GenderCurrent" if year <= LAST_YEAR_OF_GENDER else "Sex"
        identifiers.append((name, sex or "0" if born else "0"))
        if death is not None and death <= end:
            identifiers.append(("PersonDeathDate", death))
        characteristics: list[Element] = [("Ethnicity", ethnicity or "NOBT")]
        if disabilities:
            characteristics.append(("Disabilities", [("Disability", code) for code in disabilities.split(";")]))
        return [("ChildIdentifiers", identifiers), ("ChildCharacteristics", characteristics)]

    def _episode(self, child: str, place: int, episodes: list[tuple], begin: str, end: str) -> Element:
        referral, source, need, closure, reason = episodes[place]
        following = episodes[place + 1][0] if place + 1 < len(episodes) else "9999"

        def belongs(date: str | None) -> bool:
            return date is not None and referral <= date < following and date <= end

        details: list[Element] = [("CINreferralDate", referral), ("ReferralSource", source or "10")]
        if need:
            details.append(("PrimaryNeedCode", need))
        if closure is not None and closure <= end:
            details += [("CINclosureDate", closure), ("ReasonForClosure", reason or "RC7")]
        meetings = [meeting for meeting in self.conferences.get(child, []) if belongs(meeting[1] or meeting[0])]
        held = [meeting[0] for meeting in meetings if meeting[0] <= end]
        if held:
            details.append(("DateOfInitialCPC", max(held)))
        details += [_assessment(found, end) for found in self.assessments.get(child, []) if belongs(found[0])]
        details += [_section47(meeting, end) for meeting in meetings if meeting[1] is not None]
        details.append(("ReferralNFA", "false"))
        details += [
            self._plan(plan, end)
            for plan in self.plans.get(child, [])
            if belongs(plan[0]) and (plan[1] is None or plan[1] >= begin)
        ]
        return ("CINdetails", details)

    def _plan(self, plan: tuple, end: str) -> Element:
        start, ended, initial, latest, previous, plan_id = plan
        reviews = [date for date in self.reviews.get(plan_id, []) if date <= end]
        content: list[Element] = [("CPPstartDate", start)]
        if ended is not None and ended <= end:
            content.append(("CPPendDate", ended))
        # The category can change at a review.
        known = latest if reviews or (ended is not None and ended <= end) else initial
        content += [("InitialCategoryOfAbuse", initial or latest), ("LatestCategoryOfAbuse", known or initial)]
        content.append(("NumberOfPreviousCPP", previous or "0"))
        if reviews:
            content.append(("Reviews", [("CPPreviewDate", date) for date in reviews]))
        return ("ChildProtectionPlans", content)


def _assessment(found: tuple, end: str) -> Element:
    start, authorised, factors = found
    content: list[Element] = [("AssessmentActualStartDate", start)]
    if authorised is not None and authorised <= end:
        content.append(("AssessmentAuthorisationDate", authorised))
        if factors:
            codes: list[Element] = [("AssessmentFactors", code) for code in factors.split(";")]
            content.append(("FactorsIdentifiedAtAssessment", codes))
    return ("Assessments", content)


def _section47(meeting: tuple, end: str) -> Element:
    conference, start = meeting
    target = dt.date.fromisoformat(start) + dt.timedelta(days=CONFERENCE_TARGET_DAYS)
    content: list[Element] = [("S47ActualStartDate", start), ("InitialCPCtarget", target.isoformat())]
    if conference <= end:
        content.append(("DateOfInitialCPC", conference))
    return ("Section47", [*content, ("ICPCnotRequired", "false")])


def _by_first(table: pd.DataFrame, columns: Sequence[str]) -> dict[str, list[tuple]]:
    """The rows as tuples of text (None where missing), by the value of the first of ``columns``."""
    texts = [_texts(table[name]) for name in columns]
    rows: dict[str, list[tuple]] = {}
    for key, *rest in zip(*texts, strict=True):
        rows.setdefault(key, []).append(tuple(rest))
    return rows


def _texts(column: pd.Series) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        days = column.to_numpy(dtype="datetime64[D]")
        return [None if missing else text for text, missing in zip(days.astype(str), np.isnat(days), strict=True)]
    return [None if pd.isna(value) else str(value) for value in column]


def _header(code: str, year: int) -> Element:
    collection: list[Element] = [("Collection", "CIN"), ("Year", str(year)), ("ReferenceDate", f"{year}-03-31")]
    source: list[Element] = [
        ("SourceLevel", "L"),
        ("LEA", code),
        ("SoftwareCode", "secondplan"),
        ("SerialNo", "001"),
        ("DateTime", f"{year}-05-31T09:00:00"),
    ]
    return ("Header", [("CollectionDetails", collection), ("Source", source)])


def _write_file(
    path: Path,
    header: Element,
    children: Iterator[Element],
    faults: CensusFaults | None,
    rng: np.random.Generator,
    counts: Counter[str],
) -> None:
    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write('<?xml version="1.0" encoding="utf-8"?>\n<Message>\n')
        stream.write(_xml(header, 1))
        stream.write(" <Children>\n")
        for child in children:
            for written in [child] if faults is None else damage(child, faults, rng, counts):
                stream.write(_xml(written, 2))
        stream.write(" </Children>\n</Message>\n")


def _xml(element: Element, depth: int) -> str:
    name, content = element
    indent = " " * depth
    if not name:
        return f"{indent}{escape(str(content))}\n"
    if isinstance(content, str):
        return f"{indent}<{name}>{escape(content)}</{name}>\n"
    if not content:
        return f"{indent}<{name}/>\n"
    inner = "".join(_xml(part, depth + 1) for part in content)
    return f"{indent}<{name}>\n{inner}{indent}</{name}>\n"
