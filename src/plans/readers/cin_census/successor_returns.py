"""Returns of authorities that another took over from: they count as that one's, where a user asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...authorities import SPLIT
from ...quality import NOTED, FindingLog
from .header import Coverage
from .xml import CensusFile

Return = tuple[CensusFile, Coverage]


def map_returns(returns: Sequence[Return], successors: Mapping[str, str], log: FindingLog) -> list[Return]:
    """The returns, each as that of the authority which it counts as; what is in doubt goes into ``log``."""
    mapped = []
    births: dict[tuple[str, str], tuple[str, str]] = {}
    for census, coverage in returns:
        code = successors.get(coverage.la_code, coverage.la_code)
        if code == coverage.la_code and code in SPLIT:
            log.add("authority-split", "file", NOTED, file=census.name)
        if _is_shared(census, coverage.la_code, code, births):
            log.add("identifier-of-several", "file", NOTED, file=census.name)
        mapped.append((census, replace(coverage, la_code=code)))
    return mapped


def _is_shared(census: CensusFile, origin: str, code: str, births: dict[tuple[str, str], tuple[str, str]]) -> bool:
    """Whether a child of the return has the identifier of a child of another origin who was born on another day."""
    children = census.rows["children"]
    is_shared = False
    for child, birth in zip(children["LAchildID"], children["PersonBirthDate"], strict=True):
        if isinstance(child, str) and isinstance(birth, str):
            known_origin, known_birth = births.setdefault((code, child), (origin, birth))
            is_shared |= known_origin != origin and known_birth != birth
    return is_shared
