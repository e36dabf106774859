"""Which returns a later one of the same authority and year replaces: corrected returns are sent whole.

Of two returns the later is that with the later ``DateTime`` in its header, or at equal or missing times that with the
higher ``SerialNo``, which the census counts up for each submission. Where neither tells, which one is right is not
known: they are read together, as parts of one return are, and reported. So are files of no known authority.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ....given_dates import moment_in_text
from ...codes import UNKNOWN_AUTHORITY
from ...quality import NOTED, FindingLog
from .header import Coverage
from .xml import CensusFile

_NEVER = datetime.min.replace(tzinfo=UTC)


def time_made(header: Mapping[str, str]) -> datetime:
    """The header's ``DateTime`` (of no zone: UTC), the least of all times where there is none that can be read."""
    return moment_in_text(header.get("DateTime", "")) or _NEVER


def serial_number(header: Mapping[str, str]) -> int:
    """The header's ``SerialNo``, -1 where there is none that can be read."""
    text = header.get("SerialNo", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1


def find_replaced(returns: Sequence[tuple[CensusFile, Coverage]], log: FindingLog) -> list[bool]:
    """Which of the returns are replaced by another of them; a finding for each, and for each whose age is in doubt."""
    is_replaced = []
    for census, coverage in returns:
        others = [other.header for other, covered in returns if other is not census and covered == coverage]
        is_known = coverage.la_code != UNKNOWN_AUTHORITY
        is_replaced.append(is_known and any(_is_later(other, census.header) for other in others))
        if is_replaced[-1]:
            log.add("return-replaced", "file", NOTED, file=census.name)
        elif not all(is_known and _is_later(census.header, other) for other in others):
            log.add("return-order-unknown", "file", NOTED, file=census.name)
    return is_replaced


def _is_later(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    made, made_other = time_made(one), time_made(other)
    if made == made_other:
        return -1 < serial_number(other) < serial_number(one)
    return _NEVER < made_other < made
