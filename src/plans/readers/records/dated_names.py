"""The day that the name of a file or folder tells: ``annex_a_2024-03-31.xlsx``, ``SSD 2019-20``, ``Sept 2024.csv``.

A name may tell of spans of time, each with a first and a last day:

- a day: ``2024-03-31``, ``20240331``, ``31.03.2024``, ``31-3-24``, ``15th January 2024``, ``Jan 15 2024``;
- a month: ``2024-03``, ``202403``, ``03-2024``, ``March 2024``, ``2024_Mar``, ``Mar24``;
- a financial year, which ends on 31 March: ``2023-24``, ``2023_2024``, ``202324``, ``23-24``; of it a month or quarter
  where the name has one (``Q3 2023-24``, ``January 2023-24``).

The last day of the narrowest span is the name's, if every other span holds it. Of two days with "to" between them the
second counts. Anything else is in doubt and tells nothing: two different days, a day that does not exist or is still to
come, a year alone, ``2011-12`` (December or a financial year). A month's name counts as a whole word only, and not at
all without its year.
"""

import os
import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from ...dates import day_number

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = (
    r"(?<![a-z])(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
_GAP = r"[-–—_./, ]"
_DAY = r"(?<!\d)(?P<day>\d\d?)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>20\d\d)(?!\d)"
# A time of day after a day: "T10:30", "_103000", " 10.30.00", "T10-30-00.123Z".
_CLOCK = (
    r"(?:(?:[-_ ]|[-_ ]?t[-_ ]?)(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d)?|(?P<colon>[-_.: ])[0-5]\d(?P=colon)[0-5]\d)"
    r"(?:\.\d+)?z?(?!\d|[-_./]\d\d?(?!\d)))?"
)
_NEW = rf"(?<!\d)(?<!\d{_GAP})"
# In the order in which they are tried: what one fits is no other's, whether or not it is in the calendar.
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"(?<!\d)(?P<year>20\d\d)[-–—_. ]?(?P<month>0[1-9]|1[0-2])[-–—_. ]?(?P<day>0[1-9]|[12]\d|3[01])"
        rf"(?:[0-2]\d(?:[0-5]\d){{1,2}})?(?!\d){_CLOCK}",
        rf"(?<!\d)(?P<year>20\d\d)(?P<gap>{_GAP})(?P<month>\d\d?)(?P=gap)(?P<day>\d\d?)(?!\d){_CLOCK}",
        rf"(?<!\d)(?P<day>\d\d?)(?P<gap>{_GAP})(?P<month>\d\d?)(?P=gap){_YEAR}",
        rf"(?<!\d)(?P<day>\d\d)(?P<month>\d\d){_YEAR}",
        rf"{_NEW}(?P<day>\d\d?)(?P<gap>[-_./])(?P<month>\d\d?)(?P=gap)(?P<year>\d\d)(?!{_GAP}?\d)",
        rf"{_DAY}{_GAP}{{0,2}}(?:of[_ ])?{_NAMED}{_GAP}{{0,2}}(?P<year>20\d\d|\d\d)(?!\d)",
        rf"{_NAMED}{_GAP}{_DAY}{_GAP}{{1,2}}{_YEAR}",
        rf"(?<!\d)(?P<year>20\d\d){_GAP}?{_NAMED}{_GAP}?{_DAY}(?!\d)",
        rf"{_NAMED}{_GAP}{{0,2}}['’]?(?P<year>20\d\d|\d\d)(?!\d)",
        rf"(?<!\d)(?P<year>20\d\d){_GAP}?{_NAMED}(?!{_GAP}?\d)",
        r"(?<!\d)(?P<year>20\d\d)(?P<next> ?[-–—_/.] ?|[_ ]to[_ ]| |)(?P<end>20\d\d|\d\d)(?!\d)",
        rf"(?<!\d)(?P<month>\d\d)[-_.]{_YEAR}(?!{_GAP}?\d)",
        rf"{_NEW}(?P<year>\d\d) ?[-–—_/] ?(?P<end>\d\d)(?!{_GAP}?\d)",
        rf"{_DAY}{_GAP}{{0,2}}(?:of[_ ])?{_NAMED}",
        _NAMED,
        r"(?<![a-z])(?:q|qtr|quarter)[-_ ]?(?P<quarter>[1-4])(?!\d)",
        r"(?<![a-z])(?P<part>h|half|m|month|p|period|wk|week)[-_ ]?\d\d?(?!\d)",
    )
)
_NEXT_YEAR = re.compile(r"(?: ?[-–—_/] ?|[_ ]to[_ ])(?:20)?(\d\d)(?!\d)")
# "List 7 September 2018" is not the seventh of that month, "ages 16-17" no financial year.
_NUMBERED = re.compile(
    r"(?<![a-z])(lists?|parts?|tables?|sheets?|pages?|version|ver|v|draft|copy|rev|team|ages?|aged)[-_. ]?"
    r"\d{1,2}([-_ ]\d{1,2})?(?![-_./]?\d)"
)
_CAPITAL_INSIDE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,7}$")
_UP_TO = re.compile(r"[\s_]*(?:to|until|till|[-–—])[\s_]*")


class _Span(NamedTuple):
    """A time that a name tells, from its first to its last day; its first letter and the one after its last."""

    first: date
    last: date
    begin: int
    end: int


class _InDoubtError(Exception):
    """The name tells something of a time, but not which."""


def day_in_name(path: Path) -> int | None:
    """The day that a file's or folder's name tells, in days since 1970-01-01; else its folder's name; else None.

    Examples
    --------
    >>> from pathlib import Path
    >>> [day_in_name(Path(name)) for name in ("annex_a_2018-03-31.xlsx", "Annex A March 2018.xlsx", "SSD 2017-18")]
    [17621, 17621, 17621]
    >>> [day_in_name(Path("/data") / name) for name in ("summary_2018.xlsx", "2018-13.csv", "31-02-2018.csv")]
    [None, None, None]
    """
    # Without a way back up in it: of "." and "..", only the whole path has the name.
    whole = Path(os.path.abspath(path))  # noqa: PTH100
    own = _ENDING.sub("", whole.name)
    for name in (own, f"{whole.parent.name} | {own}"):
        try:
            told = _told(_NUMBERED.sub("#", _CAPITAL_INSIDE.sub(" ", name).lower()))
        except (ValueError, _InDoubtError):
            return None
        if told is not None:
            return day_number(told.year, told.month, told.day) if told <= date.today() else None
    return None


def _told(name: str) -> date | None:
    """The day that a name tells; None where it tells of no time."""
    spans: list[_Span] = []
    for found in _times(name):
        if spans and _UP_TO.fullmatch(name, spans[-1].end, found.begin) and spans[-1].last < found.last:
            spans.pop()
        spans.append(found)
    if not spans:
        return None
    narrowest = min(spans, key=lambda span: span.last - span.first)
    if any(not span.first <= narrowest.first <= narrowest.last <= span.last for span in spans):
        raise _InDoubtError
    return narrowest.last


def _times(name: str) -> list[_Span]:
    """The spans that a name tells, in its order; parts of a year only as parts of a financial year."""
    spans: list[_Span] = []
    years, parts = [], []
    for found in _shapes(name):
        told = found.groupdict()
        if "year" not in told:
            parts.append(told)
            continue
        span = _span(told)
        if span is not None:
            is_year = span[1].year > span[0].year
            years += [len(spans)] * is_year
            spans.append(_Span(*span, found.start(), found.end()))
    if years and parts:
        if len(years) > 1 or len(parts) > 1:
            raise _InDoubtError
        place = years[0]
        first, last = _part_of(spans[place].first.year, parts[0])
        spans[place] = spans[place]._replace(first=first, last=last)
    return spans


def _shapes(name: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(name):
        fitting = (found for shape in _SHAPES if (found := shape.match(name, place)) and not _is_cut(found))
        found = next(fitting, None)
        if found is not None:
            yield found
        place = place + 1 if found is None else found.end()


def _is_cut(found: re.Match[str]) -> bool:
    """Whether a day's or month's year is the first half of a financial year: "January 2023-24"."""
    told = found.groupdict()
    if "end" in told or told.get("year") is None or found.end("year") < found.end():
        return False
    following = _NEXT_YEAR.match(found.string, found.end())
    return following is not None and int(following[1]) == (int(told["year"]) + 1) % 100


def _span(told: Mapping[str, str]) -> tuple[date, date] | None:
    """The first and last day of what a shape with a year tells; None for two numbers that are no years."""
    year = int(told["year"]) % 100 + 2000
    if "end" in told:
        end = int(told["end"])
        is_financial = end in (year + 1, (year + 1) % 100)
        if "next" not in told:
            # Two numbers of two digits may be much else: ages, months, a day and a month.
            is_told = is_financial and end > 12 and date(year + 1, 3, 31) <= date.today()
            return (date(year, 4, 1), date(year + 1, 3, 31)) if is_told else None
        is_month = 1 <= end <= 12 and len(told["end"]) == 2
        if is_financial == is_month:
            raise _InDoubtError
        return (date(year, 4, 1), date(year + 1, 3, 31)) if is_financial else _month(year, end)
    month = _number_of_month(told)
    if "day" in told:
        day = date(year, month, int(told["day"]))
        return day, day
    return _month(year, month)


def _part_of(year: int, part: Mapping[str, str]) -> tuple[date, date]:
    """The first and last day of a part of the financial year that begins in ``year``."""
    if "quarter" in part:
        month = 3 * int(part["quarter"]) + 1
        year, month = (year, month) if month < 12 else (year + 1, 1)
        return date(year, month, 1), _month(year, month + 2)[1]
    # "may" is a verb too, and of months and weeks by number nobody knows the first.
    if "name" not in part or part["name"] == "may":
        raise _InDoubtError
    month = _number_of_month(part)
    year += month < 4
    if "day" in part:
        return date(year, month, int(part["day"])), date(year, month, int(part["day"]))
    return _month(year, month)


def _number_of_month(told: Mapping[str, str]) -> int:
    return _MONTHS.index(told["name"][:3]) + 1 if "name" in told else int(told["month"])


def _month(year: int, month: int) -> tuple[date, date]:
    """The first and last day of a month."""
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])
