"""Warnings in the name of whoever called the package, however deep inside it the reason was found."""

import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

PACKAGE = __name__.partition(".")[0]
INSIDE = (PACKAGE, "contextlib")
MARK = "is_of_secondplan"
LIBRARIES = ("site-packages", "dist-packages", str(Path(os.__file__).parent))


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of ``message`` at the line outside this package that called it.

    A library that called it, such as scikit-learn's ``Pipeline``, is outside too; what decorates the package's own
    functions is not. What the line of a user that called such a library was told is not said to it again.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_inside(frame):
        level, frame = level + 1, frame.f_back
    if _was_said(message, category, frame):
        return
    warning = category(message)
    setattr(warning, MARK, True)
    warnings.warn(warning, stacklevel=level)


def give_again(found: warnings.WarningMessage) -> None:
    """Give a warning that was caught, unless the library that called the package has passed it on already."""
    if not _was_said(str(found.message), found.category, sys._getframe(1)):
        warnings.warn_explicit(found.message, found.category, found.filename, found.lineno)


def _was_said(message: str, category: type[Warning], frame: FrameType) -> bool:
    """Whether the user's line below a library, under Python's default filter, was told so before.

    Python's own memory of it is lost whenever a library changes the filters for a while, as scikit-learn does for every
    fold of a search. It is kept where Python has its own: notebooks empty that for each cell.
    """
    while frame.f_back is not None and _is_inside(frame):
        frame = frame.f_back
    if not _is_of_library(frame) or _action(message, category) != "default":
        return False
    while frame.f_back is not None and (_is_inside(frame) or _is_of_library(frame)):
        frame = frame.f_back
    said = frame.f_globals.setdefault("__warningregistry__", {})
    key = (PACKAGE, message, category, frame.f_lineno)
    if key in said:
        return True
    said[key] = True
    return False


def _is_inside(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__", "").partition(".")[0] in INSIDE


def _is_of_library(frame: FrameType) -> bool:
    return any(place in frame.f_code.co_filename for place in LIBRARIES)


def _action(message: str, category: type[Warning]) -> str:
    """What the filters do with a warning, whatever its module."""
    for action, pattern, kind, module, _ in warnings.filters:
        if module is None and issubclass(category, kind) and (pattern is None or pattern.match(message)):
            return action
    return "default"


def is_own(warning: Warning | str) -> bool:
    """Whether this package gave the warning: the text of another library's may quote a value of the data."""
    return hasattr(warning, MARK)


def lines_of(caught: Iterable[warnings.WarningMessage]) -> tuple[str, ...]:
    """Warnings in a line each, once; only the kind of those that another library gave."""
    said = (
        " ".join(str(each.message).split()) if is_own(each.message) else f"{each.category.__name__} (by a library)"
        for each in caught
    )
    return tuple(dict.fromkeys(said))


@contextmanager
def without_repeats() -> Iterator[list[warnings.WarningMessage]]:
    """Give each warning of a block once: a model that is made of another has both look at the same rows.

    The list is of those caught so far.
    """
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield caught
    finally:
        first = {(found.category, str(found.message)): found for found in reversed(caught)}
        for found in reversed(first.values()):
            give_again(found)
