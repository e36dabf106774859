"""Checks of what a caller chooses, whose messages say what was expected and what came."""

from collections.abc import Iterable
from datetime import date
from typing import Any

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
