"""Calls into another library: what it raises or warns of may quote values, so only the kind of it is passed on."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TypeVar

from ...caller_warnings import warn

Result = TypeVar("Result")
# Of the library's own future, where libraries have kinds of their own: nothing that a user could act on.
OF_THE_FUTURE = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


def foreign_call(name: str, doing: str, call: Callable[[], Result]) -> Result:
    """What ``call()`` gives; its errors become one line, its warnings a line for each kind.

    Parameters
    ----------
    name : str
        The library and what is called: ``"lifelines CoxPHFitter"``.
    doing : str
        What it is called for: ``"the fit for event 1"``.
    call : callable

    Raises
    ------
    ValueError
        The call raised anything; neither its message nor the error itself is attached, as either may hold values.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result, kind = call(), None
        except Exception as error:
            kind = type(error).__name__
    if kind is not None:
        raise ValueError(f"{name}: {kind} in {doing} (its message may quote values; call it alone to see it)")
    for said in dict.fromkeys(found.category for found in caught):
        # Nothing of numbers on the way to a fit, but kinds derived of it, as lifelines' of convergence, are said.
        if said is not RuntimeWarning and not issubclass(said, OF_THE_FUTURE):
            warn(f"{name}: {said.__name__} in {doing}; call it alone to see its message")
    return result
