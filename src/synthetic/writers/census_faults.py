"""Faults for CIN census files: the oddities that real files show, put in at a stated rate, to test what reads them.

Off unless asked for. Every fault has been seen in real returns: other codes, other names, missing or impossible values,
duplicated or overlapping records.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Element = tuple[str, Any]
"""Name and content: text, or a list of elements. An element without a name is text between elements."""

EXCEL_EPOCH = dt.date(1899, 12, 30)


@dataclass(frozen=True)
class CensusFaults:
    """Which faults to put in, and how often.

    Parameters
    ----------
    rate : float
        Chance of each kind of fault for each child that can have it, in [0, 1].
    kinds : tuple of str, optional
        Names in ``FAULTS``; all by default.

    Raises
    ------
    ValueError
        The rate is outside [0, 1], or a kind is unknown.
    """

    rate: float
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise ValueError(f"rate must be in [0, 1], got {self.rate}")
        unknown = [kind for kind in self.kinds if kind not in FAULTS]
        if unknown:
            raise ValueError(f"unknown faults {unknown}; there are: {', '.join(FAULTS)}")


def damage(child: Element, faults: CensusFaults, rng: np.random.Generator, counts: Counter[str]) -> list[Element]:
    """The ``Child`` element with faults, as a list: a duplicated child comes twice. ``counts`` is counted up."""
    kinds = faults.kinds or tuple(FAULTS)
    children = [child]
    for kind, u in zip(kinds, rng.random(len(kinds)), strict=True):
        if u >= faults.rate:
            continue
        if kind == "duplicate child":
            children = children * 2
            counts[kind] += 1
            continue
        damaged = FAULTS[kind](children[0])
        if damaged is not None:
            children = [damaged] * len(children)
            counts[kind] += 1
    return children


def _rewrite(element: Element, name: str, change: Callable[[Element], list[Element]]) -> Element | None:
    """``element`` with the first element called ``name`` replaced by ``change`` of it; None where there is none."""
    own, content = element
    if isinstance(content, str):
        return None
    for place, part in enumerate(content):
        if part[0] == name:
            return (own, [*content[:place], *change(part), *content[place + 1 :]])
        inner = _rewrite(part, name, change)
        if inner is not None:
            return (own, [*content[:place], inner, *content[place + 1 :]])
    return None


def _text(name: str, value: Callable[[str], str]) -> Callable[[Element], Element | None]:
    return lambda child: _rewrite(child, name, lambda part: [(part[0], value(part[1]))])


def _parts(name: str, change: Callable[[Element], list[Element]]) -> Callable[[Element], Element | None]:
    return lambda child: _rewrite(child, name, change)


def _moved(days: int) -> Callable[[str], str]:
    return lambda text: (dt.date.fromisoformat(text) + dt.timedelta(days=days)).isoformat()


def _serial_number(text: str) -> str:
    try:
        return str((dt.date.fromisoformat(text) - EXCEL_EPOCH).days)
    except ValueError:
        return text


def _end_before_start(child: Element) -> Element | None:
    def change(plan: Element) -> list[Element]:
        content = dict(plan[1])
        if "CPPendDate" not in content:
            return [plan]
        early = _moved(-30)(content["CPPstartDate"])
        return [(plan[0], [(n, early if n == "CPPendDate" else c) for n, c in plan[1]])]

    return _rewrite(child, "ChildProtectionPlans", change)


def _overlapping_plan(child: Element) -> Element | None:
    def change(plan: Element) -> list[Element]:
        later = _moved(10)(dict(plan[1])["CPPstartDate"])
        second = (plan[0], [(n, later if n == "CPPstartDate" else c) for n, c in plan[1] if n != "Reviews"])
        return [plan, second]

    return _rewrite(child, "ChildProtectionPlans", change)


def _sex_letter(child: Element) -> Element | None:
    letters = {"1": "M", "2": "F", "0": "U", "9": "I"}
    return _rewrite(child, "GenderCurrent", lambda part: [("Sex", letters.get(part[1], part[1]))])


FAULTS: dict[str, Callable[[Element], Element | None]] = {
    "sex as letter": _sex_letter,
    "reviews renamed": _parts("Reviews", lambda part: [("CPPreviews", part[1])]),
    "reviews repeated": _parts("Reviews", lambda part: [(part[0], [date]) for date in part[1]]),
    "factors empty": _parts("FactorsIdentifiedAtAssessment", lambda part: [(part[0], [])]),
    "stray text": _parts("ReferralNFA", lambda part: [("", "see file & notes"), part]),
    "previous plans absent": _parts("NumberOfPreviousCPP", lambda part: []),
    "previous plans 10": _text("NumberOfPreviousCPP", lambda text: "10"),
    "previous plans negative": _text("NumberOfPreviousCPP", lambda text: "-1"),
    "plan ends before it starts": _end_before_start,
    "plans overlap": _overlapping_plan,
    "date as serial number": _text("CPPstartDate", _serial_number),
    "date not given": _text("CINreferralDate", lambda text: "NULL"),
    "no trace": _text("PersonBirthDate", lambda text: "No Trace"),
    "ethnicity with prefix": _text("Ethnicity", lambda text: f"a) {text}"),
    "category unknown": _text("LatestCategoryOfAbuse", lambda text: "XXX"),
    "unknown element": _parts("ReferralNFA", lambda part: [part, ("PreProceedingsandFGDM", [("Held", "1")])]),
    "plan twice": _parts("ChildProtectionPlans", lambda part: [part, part]),
    "duplicate child": lambda child: child,
}
"""Fault -> what it does to a ``Child`` element; None where the child has nothing that it can be done to."""
