"""From text to values, one column at a time, with a finding for every value that was not as it should be."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ....given_dates import day_and_month_as_written
from ...code_words.reading import READ, READ_SEVERAL, read_flag
from ...codes import is_not_given, without_decimals
from ...columns import COUNT, DATE, FLAG
from ...dates import NO_DATE, NOT_GIVEN, REFORMATTED, UNREADABLE, read_date, to_timestamps
from ...quality import NOTED, REJECTED, REPAIRED, FindingLog

_DATE_PROBLEMS = {REFORMATTED: "date-reformatted", NOT_GIVEN: "placeholder", UNREADABLE: "date-unreadable"}
_WHOLE_NUMBER = re.compile(r"([+-]?)(\d{1,9})(?:\.0*)?")
# What stands where an identifier should: an error of a spreadsheet, the label of totals, a word for "none yet".
_NOBODY = re.compile(
    r"#(?:ref|value|name|div/0|n/?a(?: n/a)?|num|null|spill|calc|field|getting_data|error)[!?]?|#+|err:\d+|[\W_]+"
    r"|(?:grand|sub|overall|running)?[ -]?totals?(?:\W.*)?|(?:row )?count(?:\W.*)?|sum|t\.?b\.?[cadk]\.?"
    r"|to be confirmed|n/?k|not (?:yet )?(?:known|available|recorded|given|allocated|applicable)|unknown(?: child| id)?"
    r"|x{2,}|average|error|\(blank\)|end of (?:list|report|data|file)|report(?: run)? (?:by|on|date)\b.*"
    r"|unborn|missing|blank|pending|none|nil|null|undefined|anon(?:ymous)?",
    re.IGNORECASE,
)
# What a spreadsheet leaves of a long number, 123456789012: no digit after the sixth is known any more.
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_LARGEST_COUNT = np.iinfo(np.int16).max


@dataclass(frozen=True)
class Cleaner:
    """How the texts of one column become values.

    Attributes
    ----------
    read : callable
        Text to (value or None, code of the finding or "").
    kind : str
        The column's type in memory.
    """

    read: Callable[[str], tuple[object, str]]
    kind: str = "string"


def code_cleaner(read: Callable[[str], Any], kind: str = "string", right: Sequence[str] = ()) -> Cleaner:
    """A cleaner for one code; ``read`` gives what a text means, or None; ``right`` are other official codes."""

    def clean(text: str) -> tuple[Any, str]:
        code = read(text)
        if code is not None:
            return code, "" if code == text or text in right or kind == FLAG else "code-recoded"
        return None, "placeholder" if is_not_given(text) else "code-unknown"

    return Cleaner(clean, kind)


def codes_cleaner(read: Callable[[str], tuple[list[str], list[str]]], none: str) -> Cleaner:
    """A cleaner for several codes; ``none``, the code of nothing, is dropped where another is given.

    ``read`` gives the codes of a text, and its parts that are none.
    """

    def clean(text: str) -> tuple[str | None, str]:
        codes, unread = read(text)
        if len(codes) > 1 and none in codes:
            codes.remove(none)
        problem = "" if ";".join(codes) == text else "code-recoded"
        if unread:
            problem = "placeholder" if all(is_not_given(part) for part in unread) else "code-unknown"
        return (";".join(codes) or None), problem

    return Cleaner(clean)


def date_cleaner(until: date | None = None) -> Cleaner:
    """A cleaner for dates; a year of two digits gives none after ``until`` (by default today)."""

    def clean(text: str) -> tuple[int, str]:
        day, how = read_date(text, until=until)
        return day, _DATE_PROBLEMS.get(how, "")

    return Cleaner(clean, DATE)


def _read_count(text: str) -> tuple[int | None, str]:
    match = _WHOLE_NUMBER.fullmatch(text) if text.isascii() else None
    if match is None:
        return None, "placeholder" if is_not_given(text) else "number-unreadable"
    number = int(match[2])
    if match[1] == "-" and number:
        return None, "number-negative"
    return (None, "number-unreadable") if number > _LARGEST_COUNT else (number, "")


def _read_identifier(text: str) -> tuple[str | None, str]:
    if is_not_given(text) or _NOBODY.fullmatch(text.strip()):
        return None, "placeholder"
    if _SHORTENED.fullmatch(text.strip()):
        return None, "identifier-shortened"
    whole = without_decimals(text)
    return whole, "" if whole == text else "identifier-reformatted"


DATES = date_cleaner()
COUNTS = Cleaner(_read_count, COUNT)
FLAGS = code_cleaner(read_flag, FLAG)
IDENTIFIERS = Cleaner(_read_identifier)
CODES = {column: code_cleaner(read) for column, read in READ.items()}
"""Column of one code -> its cleaner."""
_NO_CODE = {"disabilities": "NONE", "factors": "21"}
# What returns from 2024-25 on hold is no fault that was mended.
CODES["sex"] = code_cleaner(READ["sex"], right=("M", "F", "U"))
CODES |= {column: codes_cleaner(read, _NO_CODE[column]) for column, read in READ_SEVERAL.items()}

CLEANERS = {
    "children": {
        "child_id": IDENTIFIERS,
        "family_id": IDENTIFIERS,
        "sex": CODES["sex"],
        "date_of_birth": DATES,
        "expected_date_of_birth": DATES,
        "ethnicity": CODES["ethnicity"],
        "disabilities": CODES["disabilities"],
        "date_of_death": DATES,
    },
    "plans": {
        "child_id": IDENTIFIERS,
        "plan_id": IDENTIFIERS,
        "start_date": DATES,
        "end_date": DATES,
        "initial_category": CODES["initial_category"],
        "latest_category": CODES["latest_category"],
        "previous_plans_reported": COUNTS,
        "other_authority": FLAGS,
    },
    "reviews": {"review_date": DATES, "quorate": FLAGS, "absent_agencies": COUNTS, "progress": CODES["progress"]},
    "care_episodes": {"child_id": IDENTIFIERS, "start_date": DATES, "end_date": DATES},
    "cin_episodes": {
        "child_id": IDENTIFIERS,
        "referral_date": DATES,
        "referral_source": CODES["referral_source"],
        "primary_need": CODES["primary_need"],
        "closure_date": DATES,
        "closure_reason": CODES["closure_reason"],
    },
    "assessments": {
        "child_id": IDENTIFIERS,
        "start_date": DATES,
        "authorisation_date": DATES,
        "factors": CODES["factors"],
    },
    "conferences": {
        "child_id": IDENTIFIERS,
        "conference_date": DATES,
        "section47_start": DATES,
        "transfer_in": FLAGS,
    },
    "involvements": {
        "child_id": IDENTIFIERS,
        "worker_id": IDENTIFIERS,
        "start_date": DATES,
        "end_date": DATES,
        "agency_worker": FLAGS,
    },
}
"""Table -> column of the schema -> how its texts become values."""


def says_nothing(texts: pd.Series) -> pd.Series:
    """Where no text is, or one that stands for no value (``NULL``, ``N/A``): to ask before a blank is taken to tell."""
    return texts.isna() | texts.map(is_not_given, na_action="ignore").eq(True)


def clean_columns(
    rows: pd.DataFrame,
    table: str,
    cleaners: Mapping[str, Cleaner],
    log: FindingLog,
    *,
    required: Sequence[str] = (),
) -> tuple[pd.DataFrame, pd.Series]:
    """Turn text columns into values.

    Parameters
    ----------
    rows : DataFrame
        Text columns (None where nothing came) and the place of each row (``file``, ``row``, perhaps ``line``).
    table : str
        For the findings.
    cleaners : mapping of column to Cleaner
        The columns to clean; the others are left as they are.
    log : FindingLog
    required : sequence of str
        Columns without whose value a row is rejected.

    Returns
    -------
    cleaned : DataFrame
        A copy of ``rows`` with values.
    is_lost : Series of bool
        Rows to reject; the log has a finding for each.
    """
    columns = {name: rows[name] for name in rows}
    is_lost = pd.Series(False, index=rows.index)
    for column, cleaner in cleaners.items():
        columns[column], problems = clean_texts(rows[column], cleaner)
        is_missing = columns[column].isna() if column in required else None
        for problem in problems.cat.categories:
            found = problems == problem
            # A date that cannot be read is why the row is lost; a word for "no value" leaves a value to be required.
            if is_missing is not None and problem != "placeholder":
                log.add_rows(problem, table, REJECTED, rows[found & is_missing], column=column)
                found &= ~is_missing
            log.add_rows(problem, table, REPAIRED, rows[found], column=column)
        if cleaner.kind == DATE and "date-unreadable" in problems.cat.categories:
            _warn_of_month_first(rows, column, problems == "date-unreadable", table, log)
        if is_missing is not None:
            is_silent = problems.isna() | (problems == "placeholder")
            log.add_rows("value-required", table, REJECTED, rows[is_missing & is_silent], column=column)
            is_lost |= is_missing
    return pd.DataFrame(columns, index=rows.index, copy=False), is_lost


def _warn_of_month_first(
    rows: pd.DataFrame, column: str, is_unreadable: pd.Series, table: str, log: FindingLog
) -> None:
    """A finding for each file in whose column no day is above 12 but for dates that can only be month first."""
    for file in rows.loc[is_unreadable, "file"].unique():
        of_file = rows["file"] == file
        refused, read = (
            [
                pair
                for text in set(rows.loc[of_file & chosen, column].dropna())
                if (pair := day_and_month_as_written(text))
            ]
            for chosen in (is_unreadable, ~is_unreadable)
        )
        if any(first <= 12 < second <= 31 for first, second in refused) and all(first <= 12 for first, _ in read):
            log.add("dates-month-first", table, NOTED, file=log.files[file], column=column)


def clean_texts(texts: pd.Series, cleaner: Cleaner) -> tuple[pd.Series, pd.Series]:
    """Values, and the code of each one's finding as a category, missing where there is none.

    Each different text is read once.
    """
    numbers, different = pd.factorize(texts.to_numpy(dtype=object))
    # The last place is that of a missing text, whose number is -1.
    values: list[Any] = [None] * (len(different) + 1)
    problems = np.full(len(different) + 1, -1, dtype=np.int8)
    names: dict[str, int] = {}
    for place, text in enumerate(different):
        values[place], problem = cleaner.read(text)
        if problem:
            problems[place] = names.setdefault(problem, len(names))
    if cleaner.kind == DATE:
        values[-1] = NO_DATE
        table = to_timestamps(np.array(values, dtype=np.int64))
    else:
        table = pd.array(values, dtype=cleaner.kind)
    found = pd.Categorical.from_codes(problems[numbers], categories=list(names)).reorder_categories(sorted(names))
    return pd.Series(table[numbers], index=texts.index), pd.Series(found, index=texts.index)
