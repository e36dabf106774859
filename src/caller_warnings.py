"""Warnings in the name of whoever called the package, however deep inside it the reason was found."""

import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

PACKAGE = __name__.partition(".")[0]
INSIDE = (PACKAGE, "contextlib")
MARK = "is_of_secondplan"


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of ``message`` at the line outside this package that called it.

    A library that called it, such as scikit-learn's ``Pipeline``, is outside too; what decorates the package's own
    functions is not.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in INSIDE:
        level, frame = level + 1, frame.f_back
    warning = category(message)
    setattr(warning, MARK, True)
    warnings.warn(warning, stacklevel=level)


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
            warnings.warn_explicit(found.message, found.category, found.filename, found.lineno)
