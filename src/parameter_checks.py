"""Checks of what a caller chooses, whose messages say what was expected and what came."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np

LONGEST = 60


def require_choice(name: str, value: Any, choices: Iterable[str | None]) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``."""
    options = list(choices)
    if not isinstance(value, str | None) or value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(str, options))}, got {shown(value)}")


def shown(value: Any) -> str:
    """What came, in one line: a single value as it is, of several only kind and number, since they may be data.

    Examples
    --------
    >>> shown("exp"), shown(-1.5), shown([1, 2])
    ("'exp'", '-1.5', 'list of 2')
    """
    given: Any = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    if given is None or isinstance(given, str | int | float | date):
        text = repr(given)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    kind = type(value).__name__
    if hasattr(value, "shape"):
        return f"{kind} of shape {tuple(value.shape)}"
    return f"{kind} of {len(value)}" if hasattr(value, "__len__") else kind


def check_event(event: Any, name: str = "event") -> int:
    """The code of an event: a whole number of 1 or more, as in ``y``, where 0 is censoring.

    Raises
    ------
    ValueError
        It is anything else: text, true or false, a fraction, 0, or several.

    Examples
    --------
    >>> check_event(2)
    2
    >>> check_event("2")
    Traceback (most recent call last):
    ValueError: event must be a code of 1 or more (0 is censoring), a whole number, got '2'
    """
    code = event.item() if isinstance(event, np.generic) else event
    if isinstance(code, bool) or not isinstance(code, int | float) or not float(code).is_integer() or code < 1:
        raise ValueError(f"{name} must be a code of 1 or more (0 is censoring), a whole number, got {shown(event)}")
    return int(code)


def check_event_of(event: Any, events: tuple[int, ...], name: str = "event") -> int:
    """:func:`check_event` for data with these codes; 1 may be absent, as it may from a small group of rows."""
    code = check_event(event, name)
    if code != 1 and code not in events:
        known = ", ".join(map(str, events)) or "none"
        raise ValueError(f"{name} {code}: no row has this event; the codes in y are {known}")
    return code
