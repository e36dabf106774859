"""Which authority took over from which: a table, applied to data only where a user asks for it.

Codes are the Department for Education's three digits. Where a county became one unitary authority its code stayed, and
nothing has to be mapped. Where several became one, all of them have one successor. Where one was divided, only its
users know which child went where, so that it has no successor unless they name one.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from ..errors import InputError

KNOWN = "known"

_SUCCESSIONS = (
    ("836", "Poole", "839", "Bournemouth, Christchurch and Poole", 2019, "merged"),
    ("837", "Bournemouth", "839", "Bournemouth, Christchurch and Poole", 2019, "merged"),
    # Christchurch, a district of the old Dorset, went to the other.
    ("835", "Dorset (to 2019)", "838", "Dorset", 2019, "split"),
    ("835", "Dorset (to 2019)", "839", "Bournemouth, Christchurch and Poole", 2019, "split"),
    ("820", "Bedfordshire", "822", "Bedford", 2009, "split"),
    ("820", "Bedfordshire", "823", "Central Bedfordshire", 2009, "split"),
    ("875", "Cheshire", "895", "Cheshire East", 2009, "split"),
    ("875", "Cheshire", "896", "Cheshire West and Chester", 2009, "split"),
    ("909", "Cumbria", "942", "Cumberland", 2023, "split"),
    ("909", "Cumbria", "943", "Westmorland and Furness", 2023, "split"),
    ("928", "Northamptonshire", "940", "North Northamptonshire", 2021, "split"),
    ("928", "Northamptonshire", "941", "West Northamptonshire", 2021, "split"),
    ("815", "North Yorkshire", "815", "North Yorkshire", 2023, "same code"),
    ("825", "Buckinghamshire", "825", "Buckinghamshire", 2020, "same code"),
    ("840", "County Durham", "840", "County Durham", 2009, "same code"),
    ("865", "Wiltshire", "865", "Wiltshire", 2009, "same code"),
    ("893", "Shropshire", "893", "Shropshire", 2009, "same code"),
    ("908", "Cornwall", "908", "Cornwall", 2009, "same code"),
    ("929", "Northumberland", "929", "Northumberland", 2009, "same code"),
    ("933", "Somerset", "933", "Somerset", 2023, "same code"),
)
_COLUMNS = ["la_code", "name", "successor", "successor_name", "year", "kind"]
SPLIT = frozenset(row[0] for row in _SUCCESSIONS if row[5] == "split")
"""Codes of authorities that were divided."""


def authority_successions() -> pd.DataFrame:
    """The changes of English authorities since 2009, with their codes before and after.

    ``kind`` is ``merged`` (all of it became part of one), ``split`` (it was divided among several: only those who hold
    the data can say which child went where) or ``same code`` (a new authority of the same area, which kept the code).
    Readers that are given ``successors="known"`` apply those that were merged.

    Returns
    -------
    DataFrame, one row per predecessor and successor
        ``la_code, name, successor, successor_name, year`` (from 1 April of it) and ``kind``.

    Notes
    -----
    Codes: Department for Education, Get Information about Schools; changes: the structural changes orders of 2009,
    2019, 2020, 2021 and 2023.

    Examples
    --------
    >>> table = authority_successions()
    >>> table.loc[table["la_code"] == "909", "successor"].tolist()
    ['942', '943']
    """
    return pd.DataFrame(_SUCCESSIONS, columns=_COLUMNS)


def given_successors(successors: Mapping[str, str] | str | None) -> dict[str, str]:
    """What a user asked for, as a mapping of a code to that which it ends at.

    Parameters
    ----------
    successors : mapping of code to code, or "known", or None
        ``"known"`` stands for those of :func:`authority_successions` that were merged.

    Raises
    ------
    InputError
        A code is not three digits, or codes lead in a circle.
    """
    if successors is None:
        return {}
    if not isinstance(successors, Mapping):
        if successors != KNOWN:
            raise InputError(f'successors must be a mapping of codes to codes, or "{KNOWN}"')
        successors = {row[0]: row[2] for row in _SUCCESSIONS if row[5] == "merged"}
    for code in (*successors, *successors.values()):
        if not (isinstance(code, str) and len(code) == 3 and code.isascii() and code.isdigit()):
            raise InputError("successors must map three-digit codes of authorities to such codes, as text")
    ends = {}
    for code in successors:
        end, way = code, {code}
        while end in successors and successors[end] != end:
            end = successors[end]
            if end in way:
                raise InputError(f"successors lead from authority {code} back to it")
            way.add(end)
        ends[code] = end
    return ends


def successors_in_words(words: Iterable[str]) -> dict[str, str]:
    """The mapping that ``OLD=NEW`` and ``known`` stand for, as a command line has them.

    Raises
    ------
    InputError
        A word is neither.

    Examples
    --------
    >>> successors_in_words(["known", "928=941"])
    {'836': '839', '837': '839', '928': '941'}
    """
    found: dict[str, str] = {}
    for word in words:
        old, separator, new = word.partition("=")
        if word != KNOWN and not separator:
            raise InputError(f"a successor is written OLD=NEW with two codes, or {KNOWN}")
        found |= given_successors(KNOWN) if word == KNOWN else {old.strip(): new.strip()}
    return given_successors(found)
