"""Groups of children in words: by what they may be told apart, and what each group is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .authorities import authority_successions
from .codes import CATEGORIES, SEX
from .indicators.counted_plans import AGE_BANDS, FIRST_YEARS
from .published import published_authorities

if TYPE_CHECKING:
    from .cohort import Cohort

CHARACTERISTICS = {
    "sex": "sex",
    "age_band": "age",
    "ethnicity_group": "ethnicity group",
    "disabled": "disability",
    "initial_category": "category of abuse",
    "plan_length_band": "plan length",
    "la_code": "authority",
}
"""What is told apart unless something else is asked for: the column, and what it is called."""
NOT_RECORDED = "not recorded"
UNKNOWN = "Unknown"
# A number with more values than this is no grouping.
MOST_GROUPS = 400
_SUBJECTS = {
    "sex": "{} children",
    "age": "Children aged {}",
    "ethnicity group": "{} children",
    "disability": "{} children",
    "category of abuse": "Children on a plan for {}",
    "plan length": "Children whose plan lasted {}",
    "authority": "Children of {}",
}
_EXCEPTIONS = {("disability", "Not disabled"): "Children without a recorded disability"}


def group_labels(cohort: Cohort, by: str | Sequence[str] | Mapping[str, Any] | None) -> dict[str, pd.Categorical]:
    """The group of each child by each characteristic, in words; what is missing is ``not recorded``.

    Parameters
    ----------
    cohort : Cohort, n rows
    by : str, sequence of str, mapping of str to array (n,), or None
        Columns of ``cohort.X`` or ``cohort.keys``, or ``age_band``; or labels of one's own, by what they are called. By
        default those of ``CHARACTERISTICS`` that the cohort has.

    Returns
    -------
    dict of str to Categorical (n,)
        By what the characteristic is called; categories in the order in which they are read.

    Raises
    ------
    ValueError
        A column is not in the cohort, labels have another length, or there are too many groups.
    """
    if isinstance(by, Mapping):
        columns = {str(name): _own_labels(str(name), values, len(cohort)) for name, values in by.items()}
    else:
        columns = {}
        for name in recorded(cohort) if by is None else [by] if isinstance(by, str) else by:
            column = _column(cohort, name)
            if column is None:
                raise ValueError(f"by: the cohort has no column {name}")
            columns[name] = column
    return {CHARACTERISTICS.get(name, name): _in_words(name, column) for name, column in columns.items()}


def recorded(cohort: Cohort) -> tuple[str, ...]:
    """Those of ``CHARACTERISTICS`` that the cohort has."""
    return tuple(name for name in CHARACTERISTICS if _column(cohort, name) is not None)


def children_of(characteristic: str, group: str) -> str:
    """How a sentence about a group begins.

    Examples
    --------
    >>> children_of("ethnicity group", "Black"), children_of("category of abuse", "Neglect")
    ('Black children', 'Children on a plan for neglect')
    """
    if group.lower().startswith((NOT_RECORDED, UNKNOWN.lower())):
        return f"Children whose {characteristic} is {group[:1].lower()}{group[1:]}"
    if (characteristic, group) in _EXCEPTIONS:
        return _EXCEPTIONS[characteristic, group]
    words = group.lower() if characteristic == "category of abuse" else group
    words = f"authority {group}" if characteristic == "authority" and group.isdigit() else words
    return _SUBJECTS.get(characteristic, f"Children with {characteristic} {{}}").format(words)


def _column(cohort: Cohort, name: str) -> pd.Series | None:
    if name == "age_band" and name not in cohort.X and "age_at_end" in cohort.X:
        return _age_band(cohort.X["age_at_end"])
    for frame in (cohort.X, cohort.keys):
        if name in frame:
            return frame[name]
    return None


def _own_labels(name: str, values: Any, n_rows: int) -> pd.Series:
    column = pd.Series(values).reset_index(drop=True)
    if len(column) != n_rows:
        raise ValueError(f"by: {name} has {len(column)} labels, expected one for each of {n_rows} children")
    return column


def _age_band(years: pd.Series) -> pd.Series:
    """The age group of published tables; the unborn have age 0."""
    bands = AGE_BANDS[1 : len(FIRST_YEARS) + 2]
    age = years.to_numpy(dtype=float, na_value=np.nan)
    codes = np.where(np.isnan(age), -1, np.searchsorted(FIRST_YEARS, age, side="right"))
    return pd.Series(pd.Categorical.from_codes(codes, categories=bands, ordered=True))


def _in_words(name: str, column: pd.Series) -> pd.Categorical:
    codes, levels = pd.factorize(column, sort=False)
    if len(levels) > MOST_GROUPS:
        raise ValueError(f"by: {name} has more than {MOST_GROUPS} values; cut it into bands first")
    words = level_words(name, levels)
    order = list(column.cat.categories) if isinstance(column.dtype, pd.CategoricalDtype) else sorted(levels, key=str)
    ranked = [words[level] for level in order if level in words]
    names = list(dict.fromkeys(sorted(ranked) if name == "la_code" else ranked))
    place = {text: position for position, text in enumerate(names)}
    moved = np.array([place[words[level]] for level in levels] + [len(names)])
    if (codes < 0).any():
        names.append(NOT_RECORDED)
    return pd.Categorical.from_codes(moved[codes], categories=names)


def level_words(name: str, levels: Iterable[Any]) -> dict[Any, str]:
    """The levels of a feature in words: ``Female`` for the sex ``2``, an authority's name for its code."""
    known: Mapping[Any, str] = {}
    if name == "sex":
        known = SEX
    elif name in ("initial_category", "latest_category"):
        known = CATEGORIES
    elif name == "disabled":
        known = {False: "Not disabled", True: "Disabled"}
    elif name == "la_code":
        known = _authorities()
    return {level: known.get(level, str(level)) for level in levels}


@cache
def _authorities() -> dict[str, str]:
    """Names by code; two authorities of one name keep their code beside it."""
    table = authority_successions()
    names = published_authorities()["la_name"].to_dict()
    names |= dict(zip(table["successor"], table["successor_name"], strict=True))
    names |= dict(zip(table["la_code"], table["name"], strict=True))
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {code: f"{name} ({code})" if name in twice else name for code, name in names.items()}
