"""Namespaces whose modules load when a name of theirs is first used."""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from .explained_calls import explain_calls
from .names_elsewhere import function_here


def lazy_names(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """What a package's ``__init__`` calls ``__getattr__``, ``__dir__`` and ``__all__``.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to iterable of str
        Module below the package, such as ``"cox.model"`` -> the names that it is home of.
    """
    module_of = {name: module for module, names in homes.items() for name in names}

    def get(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}{function_here(name)}")
        value = explain_calls(getattr(import_module(f".{module_of[name]}", package), name), package)
        # Of threads that ask at once all get the same object.
        return vars(sys.modules[package]).setdefault(name, value)

    names = sorted(module_of)
    return get, lambda: list(names), names
