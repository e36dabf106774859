"""How other packages write what is asked for here, and how it is written here: the words of these errors.

lifelines names columns of one frame (``fit(df, "T", "E", weights_col="w")``), scikit-survival takes a structured array,
others take durations and events apart. Nothing is guessed: the error says which line to type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from ...names_elsewhere import SPELLINGS, plain

P = ParamSpec("P")
T = TypeVar("T")

OUTCOME = ("entry", "duration", "event")
PLAIN_FORMULA = re.compile(r"\s*~?\s*\w+(\s*\+\s*\w+)*\s*")


def explains_other_calls(function: Callable[P, T]) -> Callable[P, T]:
    """Let a ``fit``, or a function of durations and events, say how a call in the words of another package is written.

    Raises
    ------
    TypeError
        What is given does not fit the signature; the message ends with the line to type where it can be made out.
    """
    parameters = list(signature(function).parameters.values())
    by_place = [item.name for item in parameters if item.kind is Parameter.POSITIONAL_OR_KEYWORD]
    required = [item.name for item in parameters if item.kind is Parameter.KEYWORD_ONLY and item.default is item.empty]
    known = [item.name for item in parameters]
    is_method = "self" in known

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        given: Any = args[1:] if is_method else args
        fits = len(args) <= len(by_place) and kwargs.keys() <= set(known)
        if fits and (is_method or not _names_columns(given)):
            return function(*args, **kwargs)
        if is_method:
            raise TypeError(_fit_advice(args[0], given, dict(kwargs), known[1:]))
        raise TypeError(_function_advice(function.__name__, given, dict(kwargs), by_place, required, known))

    return call


def outcome_advice(y: Any) -> str:
    """How to make outcomes of what came instead of them, as the end of an error message."""
    if isinstance(y, str) or (isinstance(y, list | tuple) and y and all(isinstance(name, str) for name in y)):
        names = ["days", "codes"] if isinstance(y, str) else list(y)
        return f"y holds the outcomes, not names of columns; type: y = {_outcome_columns('df', names)}"
    if isinstance(y, tuple | list) and len(y) in (2, 3) and all(np.ndim(part) == 1 for part in y):
        names = list(OUTCOME[-len(y) :])
        if len(y) == 2 and _is_boolean(y[0]):
            names.reverse()
        return f"type: y = {_mapping({name: f'y[{place}]' for place, name in enumerate(names)})}"
    columns = _columns_of(y)
    if columns:
        return _renamed(y)
    if np.ndim(y) == 2 and np.shape(y)[1] in (2, 3):
        return f"if its columns are these, type: y = pd.DataFrame(y, columns={_quoted(OUTCOME[-np.shape(y)[1] :])})"
    return 'type: y = pd.DataFrame({"duration": days, "event": codes})'


def _names_columns(given: tuple) -> bool:
    """Whether a function of arrays was given a frame, or names of its columns."""
    if any(isinstance(value, str) for value in given):
        return True
    # A frame that has two columns of a name gives a frame for either.
    columns = [_columns_of(value) for value in given[:2]]
    is_frame = [bool(names) and len({*names}) == len(names) for names in columns]
    return bool(columns) and (all(is_frame) or (is_frame[0] and len(columns[0]) > 1))


def _fit_advice(model: Any, given: tuple, kwargs: dict[str, Any], known: list[str]) -> str:
    """The message for a call of ``fit``; ``given`` are the values by place, without ``self``."""
    own = {name: kwargs.pop(name) for name in known if name in kwargs}
    settings = model.get_params(deep=False)
    for name, value in kwargs.items():
        if name in settings and SPELLINGS.get(plain(name)) != "strata":
            return f"{name} is a parameter of the model; type: model.set_params({name}={_literal(value)}).fit(X, y)"
    roles, unknown = _by_role(kwargs)
    rest = [*given[1:]] if "X" not in own else [*given]
    if "y" in own:
        rest.insert(0, own.pop("y"))
    own.pop("X", None)
    is_outcome = bool(rest) and not isinstance(rest[0], str) and not _is_column(rest[0])
    names = ("y", "sample_weight", "cluster") if is_outcome else ("duration", "event", "entry")
    roles |= {name: _expression(name, value) for name, value in [*zip(names, rest, strict=False), *own.items()]}
    takes = f"fit takes X, y and, by name, {', '.join(name for name in known if name not in ('X', 'y'))}"
    if unknown:
        return f"{takes}; got {', '.join(unknown)} too"
    if "strata" in roles and "strata" not in settings:
        return f"{type(model).__name__} has no strata (CoxPH and CauseSpecificCox have); leave it a column of X"
    return f"{takes}; type: {_fit_line(roles)}"


def _fit_line(roles: dict[str, Expression]) -> str:
    columns = {role: item.column for role, item in roles.items() if item.column is not None}
    frame = "df" if {*OUTCOME, "columns"} & columns.keys() else "X"
    used = [name for role, name in columns.items() if role not in ("strata", "columns")]
    X = f"{frame}.drop(columns={_quoted(used)})" if used else frame
    if "columns" in columns and PLAIN_FORMULA.fullmatch(columns["columns"]):
        terms = re.findall(r"\w+", columns["columns"])
        X = f"{frame}[{_quoted(terms)}]"
    elif "columns" in roles:
        X = f"{frame}[[...]]"
    outcome = [role for role in OUTCOME if role in roles]
    if "duration" not in outcome or "event" not in outcome:
        y = f"y.assign(entry={roles['entry'].of(frame)})" if "entry" in outcome else "y"
    elif all(role in columns for role in outcome):
        y = _outcome_columns(frame, [columns[role] for role in outcome])
    else:
        y = _mapping({role: roles[role].of(frame) for role in outcome})
    options = "".join(f", {role}={roles[role].of(frame)}" for role in ("sample_weight", "cluster") if role in roles)
    model = f"model.set_params(strata={roles['strata'].literal})" if "strata" in roles else "model"
    return f"{model}.fit({X}, {y}{options})"


def _function_advice(
    name: str, given: tuple, kwargs: dict[str, Any], by_place: list[str], required: list[str], known: list[str]
) -> str:
    """The message for a function of durations and events."""
    arrays = [value for value in given if not _columns_of(value)]
    kwargs = {key: value for key, value in kwargs.items() if SPELLINGS.get(plain(key)) != "frame"}
    roles, unknown = _by_role({key: value for key, value in kwargs.items() if key not in known}, known)
    roles |= {key: _expression(key, value) for key, value in kwargs.items() if key in known}
    named = next((value for value in given if _columns_of(value)), None)
    places = [*by_place, *required]
    if named is not None and not any(isinstance(value, str) for value in given):
        others = [key for key in places if key not in OUTCOME]
        places = others if len(arrays) <= len(others) else places
    roles |= {key: _expression(key, value) for key, value in zip(places, arrays, strict=False)}
    left = [key for key in known if key not in by_place]
    if unknown or len(arrays) > len(by_place):
        got = f"; got {', '.join(unknown)} too" if unknown else ""
        what = f"{name} takes {', '.join(by_place)} and, by name, {', '.join(left)}{got}"
    else:
        what = f"{name} takes {', '.join(by_place)} as arrays or columns"
    frame = "df" if any(item.column is not None for item in roles.values()) else "y"
    columns = {}
    if frame == "y" and named is not None:
        columns = {role: role for role in OUTCOME} | {role: name for name, role in _outcomes_in(named).items()}
    for key in [*by_place, *required]:
        roles.setdefault(key, Expression(key, columns.get(key)))
    first = [roles[key].of(frame) for key in by_place]
    options = [f"{key}={roles[key].of(frame)}" for key in left if key in roles]
    return f"{what}; type: sp.{name}({', '.join([*first, *options])})"


@dataclass(frozen=True)
class Expression:
    """What was given, as it can be written again: by the name of a variable, a column of a frame, or itself."""

    variable: str
    column: str | None = None
    literal: str = "..."

    def of(self, frame: str) -> str:
        """In a call; a column of ``frame``."""
        return self.variable if self.column is None else f"{frame}[{_quoted(self.column)}]"


def _expression(name: str, value: Any) -> Expression:
    if isinstance(value, str):
        return Expression(name, value, _literal(value))
    return Expression(_literal(value) if isinstance(value, int | float) else name, None, _literal(value))


def _by_role(kwargs: dict[str, Any], known: Any = ()) -> tuple[dict[str, Expression], list[str]]:
    """What keywords of other packages stand for here, and those that nothing is known of."""
    roles, unknown = {}, []
    for name, value in kwargs.items():
        role = SPELLINGS.get(plain(name))
        if role == "group" and "group" not in known:
            role = "strata"
        if role is None or (known and role not in known):
            unknown.append(name)
        else:
            roles[role] = _expression(name, value)
    return roles, unknown


def _renamed(y: Any) -> str:
    """How the columns of ``y`` get the names of outcomes."""
    new = _outcomes_in(y)
    say = "type"
    if not {"duration", "event"} <= {*new.values()}:
        new, say = {"days": "duration", "codes": "event"}, "with its own names of columns, type"
    if isinstance(y, pd.DataFrame):
        changed = {old: name for old, name in new.items() if old != name}
        return f"{say}: y = y.rename(columns={_mapping(changed, quoted=True)})"
    order = [role for role in ("duration", "event", "entry") if role in new.values()]
    old = {role: column for column, role in new.items()}
    return f"{say}: y = {_mapping({role: f'y[{_quoted(old[role])}]' for role in order})}"


def _outcomes_in(y: Any) -> dict[str, str]:
    """The columns of a frame, a structured array or a mapping that seem to hold outcomes, and which."""
    columns = _columns_of(y)
    new: dict[str, str] = {}
    for column in columns:
        role = SPELLINGS.get(plain(str(column)))
        if role in OUTCOME and role not in new.values() and (role not in columns or column == role):
            new[column] = role
    missing = [role for role in ("duration", "event") if role not in new.values()]
    left = [column for column in columns if column not in new]
    if len(missing) == 2 and len(left) == 2:
        booleans = [column for column in left if _is_boolean(y[column])]
        if len(booleans) == 1:
            new |= {column: "event" if column in booleans else "duration" for column in left}
    elif len(missing) == 1 and len(left) == 1:
        new[left[0]] = missing.pop()
    return new


def _outcome_columns(frame: str, names: list[str]) -> str:
    roles = OUTCOME[-len(names) :] if len(names) in (2, 3) else ("duration", "event")
    new = {name: role for name, role in zip(names, roles, strict=False) if name != role}
    chosen = f"{frame}[{_quoted(names)}]"
    return f"{chosen}.rename(columns={_mapping(new, quoted=True)})" if new else chosen


def _columns_of(value: Any) -> list[str]:
    """Names of the columns of a frame, a structured array or a mapping; none of anything else."""
    if isinstance(value, pd.DataFrame | Mapping):
        return list(value)
    return list(getattr(getattr(value, "dtype", None), "names", None) or ())


def _is_column(value: Any) -> bool:
    return (
        np.ndim(value) == 1 and not _columns_of(value) and not (isinstance(value, tuple | list) and np.ndim(value[0]))
    )


def _is_boolean(column: Any) -> bool:
    return np.asarray(column).dtype == bool


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return _quoted(value)
    return repr(value) if isinstance(value, int | float | bool) else "..."


def _quoted(names: Any) -> str:
    """A name, or a list of names, as Python writes it, in double quotes."""
    return json.dumps(names if isinstance(names, str) else list(names), ensure_ascii=False)


def _mapping(items: dict[str, str], *, quoted: bool = False) -> str:
    """A dict as Python writes it; its values are code, or text where ``quoted``."""
    pairs = ", ".join(f"{_quoted(key)}: {_quoted(value) if quoted else value}" for key, value in items.items())
    return f"{{{pairs}}}"
