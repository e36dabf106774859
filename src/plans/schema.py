"""The tables of child protection data: columns, types, rules, and where each column comes from.

Every column (:mod:`.columns`) has a title, a description, and its source: the element of the children in need (CIN)
census and the item of the Standard Safeguarding Dataset (SSD) that hold it. A table may be empty but has all its
columns.
"""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from .codes import (
    CATEGORIES,
    CLOSURE_REASONS,
    DISABILITIES,
    ETHNICITIES,
    FACTORS,
    PRIMARY_NEEDS,
    PROGRESS,
    REFERRAL_SOURCES,
    SEX,
)
from .columns import COLUMNS

TABLES = {
    "children": "One row per child in an authority",
    "plans": "One row per child protection plan",
    "reviews": "One row per review of a plan",
    "care_episodes": "One row per period in which the child was looked after by the authority",
    "cin_episodes": "One row per referral and the episode of need that followed",
    "assessments": "One row per assessment",
    "conferences": "One row per initial child protection conference",
    "involvements": "One row per period of a worker with a child",
    "extract": "One row per file or extract that the data came from",
}

PRIMARY_KEYS = {
    "children": ("la_code", "child_id"),
    "plans": ("plan_id",),
    "reviews": ("plan_id", "review_date"),
}
"""Columns whose values together occur once in the table."""

FOREIGN_KEYS = {
    "plans": (("la_code", "child_id"), "children"),
    "reviews": (("plan_id",), "plans"),
    "care_episodes": (("la_code", "child_id"), "children"),
    "cin_episodes": (("la_code", "child_id"), "children"),
    "assessments": (("la_code", "child_id"), "children"),
    "conferences": (("la_code", "child_id"), "children"),
    "involvements": (("la_code", "child_id"), "children"),
}
"""Table -> (its columns, the table in which each row's values of those columns must occur)."""

LISTED_CODES = {"disabilities": DISABILITIES, "factors": FACTORS}
"""Columns that hold several codes in one text, joined by semicolons."""

CODES = {
    "sex": SEX,
    "ethnicity": ETHNICITIES,
    "initial_category": CATEGORIES,
    "latest_category": CATEGORIES,
    "progress": PROGRESS,
    "referral_source": REFERRAL_SOURCES,
    "primary_need": PRIMARY_NEEDS,
    "closure_reason": CLOSURE_REASONS,
    **LISTED_CODES,
}
"""Column -> its code list."""


def column_names(table: str) -> list[str]:
    """The columns of ``table``, in order."""
    return list(COLUMNS[table])


def column_type(table: str, column: str) -> str:
    """The column's type in memory: ``string``, ``datetime64[us]``, ``boolean`` or ``Int16``."""
    return COLUMNS[table][column].kind


def describe_columns(table: str) -> pd.DataFrame:
    """Data dictionary of ``table``: one row per column, with type, required, title, description, source.

    Examples
    --------
    >>> describe_columns("involvements").loc["worker_id", "source"]
    'SSD: invo_professional_id (INVO006A)'
    """
    rows = [
        (name, column.kind, column.required, column.title, column.description, column.source)
        for name, column in COLUMNS[table].items()
    ]
    columns = ["column", "type", "required", "title", "description", "source"]
    return pd.DataFrame(rows, columns=columns).set_index("column")


def empty_table(table: str) -> pd.DataFrame:
    """``table`` without rows, with its columns and types."""
    return pd.DataFrame({name: pd.Series(dtype=column_type(table, name)) for name in COLUMNS[table]})


@cache
def schema(table: str) -> Any:
    """The pandera ``DataFrameSchema`` of ``table``: types, required values, code lists, keys within the table."""
    import pandera.pandas as pa

    columns = {}
    for name, column in COLUMNS[table].items():
        columns[name] = pa.Column(
            column.kind,
            checks=_checks(name),
            nullable=not column.required,
            title=column.title,
            description=column.description,
            metadata={"source": column.source},
        )
    unique = list(PRIMARY_KEYS[table]) if table in PRIMARY_KEYS else None
    return pa.DataFrameSchema(columns, strict=True, unique=unique, name=table, description=TABLES[table])


def _checks(column: str) -> list[Any]:
    import pandera.pandas as pa

    if column in LISTED_CODES:
        codes = LISTED_CODES[column]
        return [pa.Check(lambda text: _all_listed(text, codes), error="holds a code that is not in the code list")]
    if column in CODES:
        allowed = frozenset(CODES[column])
        return [pa.Check(lambda text: text.isin(allowed), error="is not in the code list")]
    if column == "la_code":
        return [pa.Check(lambda text: _by_text(text, _is_authority), error="is not a three-digit code")]
    if column in ("child_id", "plan_id", "worker_id", "family_id"):
        return [pa.Check(lambda text: text != "", error="is empty")]
    if column in ("previous_plans_reported", "absent_agencies"):
        return [pa.Check(lambda count: count >= 0, error="is negative")]
    return []


def _all_listed(texts: pd.Series, codes: Collection[str]) -> pd.Series:
    return _by_text(texts, lambda text: all(code in codes for code in text.split(";")))


def _is_authority(text: str) -> bool:
    return len(text) == 3 and text.isdecimal()


def _by_text(texts: pd.Series, is_right: Callable[[str], bool]) -> pd.Series:
    """Whether each text is right or missing; each different one is looked at once, as few are."""
    numbers, different = pd.factorize(texts)
    verdict = np.array([*(is_right(text) for text in different), True], dtype=bool)
    return pd.Series(verdict[numbers], index=texts.index)
