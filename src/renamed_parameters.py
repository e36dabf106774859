"""Old names of parameters, which go on working for one version with a warning."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from .caller_warnings import warn
from .explained_calls import explained_call

P = ParamSpec("P")
T = TypeVar("T")


def renamed_parameters(**names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a function take old names of its keywords, with a FutureWarning: ``@renamed_parameters(old="new")``.

    Raises
    ------
    TypeError
        A call gives a parameter under both names.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        explained = explained_call(function)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            for old in names.keys() & kwargs.keys():
                new = names[old]
                if new in kwargs:
                    raise TypeError(f"{function.__name__}() got {new}, and {old}, its old name, too: give {new} alone")
                warn(f"{function.__name__}: {old} is now called {new}; the next version knows only that", FutureWarning)
                kwargs[new] = kwargs.pop(old)
            return explained(*args, **kwargs)

        return call

    return decorate
