"""Calls in the words of another package: the error says what is expected here, in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

from .names_elsewhere import parameter_here

P = ParamSpec("P")
T = TypeVar("T")

# What is given apart in other packages and is one argument here.
TOGETHER = {
    "y": 'y holds days and events: y = pd.DataFrame({"duration": days, "event": codes})',
    "cohort": "a cohort holds features and outcomes: sp.Cohort.of_table(X, y)",
}
MARK = "is_explained"


def explain_calls(value: Any, namespace: str) -> Any:
    """A public function, or class, whose calls with arguments that it does not take are explained; others unchanged.

    Parameters
    ----------
    value : object
        What ``namespace`` gives; the ``__init__`` of a class is replaced.
    namespace : str
        Name of the package by which the function is found again when it is sent to another process.
    """
    if isinstance(value, FunctionType) and not hasattr(value, MARK):
        value = explained_call(value)
        value.__module__ = namespace
    elif isinstance(value, type):
        made = getattr(value, "__init__")  # noqa: B009  (mypy takes it for that of a subclass)
        if isinstance(made, FunctionType) and not hasattr(made, MARK):
            setattr(value, "__init__", explained_call(made))  # noqa: B010
    return value


def explained_call(function: Callable[P, T]) -> Callable[P, T]:
    """The function, with a TypeError that names its parameters for a call that does not fit them."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            # Raised within the function, there would be a frame of it: then the arguments fit.
            began = error.__traceback__ is None or error.__traceback__.tb_next is not None
            advice = "" if began else _advice(function, args, kwargs)
            if not advice:
                raise
        raise TypeError(advice)

    setattr(call, MARK, True)
    return call


def _advice(function: Callable, args: tuple, kwargs: Mapping[str, Any]) -> str:
    """What does not fit and what does; empty where arguments are only missing, which Python says as well."""
    from inspect import Parameter, signature  # slow to import

    parameters = signature(function).parameters
    if any(item.kind is Parameter.VAR_KEYWORD for item in parameters.values()):
        return ""
    by_place = [item.name for item in parameters.values() if item.kind is Parameter.POSITIONAL_OR_KEYWORD]
    is_method = by_place[:1] == ["self"]
    name = function.__qualname__.removesuffix(".__init__")
    by_place, args = by_place[is_method:], args[is_method:]
    by_name = [item.name for item in parameters.values() if item.kind is Parameter.KEYWORD_ONLY]
    known = [*by_place, *by_name]
    wrong = [f"has no parameter {key!r}{_here(key, known)}" for key in kwargs if key not in known]
    wrong += [f"got {key!r} by place and by name" for key in by_place[: len(args)] if key in kwargs]
    if len(args) > len(by_place):
        wrong.append(f"takes {len(by_place)} argument{'s' * (len(by_place) != 1)} by place, got {len(args)}")
    if not wrong:
        return ""
    takes = ", ".join([*by_place, *([f"by name {', '.join(by_name)}"] if by_name else [])]) or "nothing"
    is_apart = len(args) > len(by_place) or any("here it is in y" in said for said in wrong)
    together = "".join(f"; {TOGETHER[key]}" for key in by_place if is_apart and key in TOGETHER)
    return f"{name} {', '.join(wrong)}; it takes {takes}{together}"


def _here(key: str, known: list[str]) -> str:
    """What a parameter is called here, or is likely to have been meant."""
    if here := parameter_here(key, known):
        return f" (here it is {here})"
    from difflib import get_close_matches

    close = get_close_matches(key, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""
