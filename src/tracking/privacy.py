"""The last look at what leaves for the store: no rows of children, no identifier, no small count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd
from pandas.api import types

from ..errors import OutputError
from ..plans.disclosure import withheld_in_parts
from ..small_counts import SUPPRESSED

if TYPE_CHECKING:
    from ..plans import Cohort

IDENTIFYING_COLUMNS = frozenset(
    {"child_id", "plan_id", "family_id", "worker_id", "date_of_birth", "expected_date_of_birth", "date_of_death"}
    | {"birth_date", "upn", "index_end", "cluster"}
)
MOST_ROWS = 5_000
# Rows alike in these may add up to a number that is known.
TOTALS = frozenset({"model", "day", "time", "horizon", "metric", "characteristic"})
# Shorter identifiers are also ordinary numbers and words.
SHORTEST_IDENTIFIER = 6
# A number after a decimal point or an attribute's digits is no identifier.
TOKEN = re.compile(r"(?<![\w.#])[\w-]+(?![\w]|\.\d)")


def publishable_table(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """A table of aggregates as it may be logged: counts of 1 to 5 withheld, with what was computed from them.

    Columns named ``n`` or ``n_...``, ``count``, ``..._count`` or ``...counts`` are counts. A row with a small count
    loses that count and its other numbers. Where one count alone is withheld, the next smallest is withheld too, so
    that it does not follow from the total: of the column, and of each model, day and characteristic in it.

    Raises
    ------
    OutputError
        The table has a column of identifiers or dates of birth, or so many rows that it may hold children.
    """
    columns = {str(column).lower() for column in table.columns} | {str(level).lower() for level in table.index.names}
    identifying = sorted(columns & IDENTIFYING_COLUMNS)
    if identifying:
        raise OutputError(f"table {name}: has the column {identifying[0]}, which is never logged")
    if len(table) > MOST_ROWS:
        raise OutputError(
            f"table {name}: has {len(table)} rows; only aggregates are logged, of at most {MOST_ROWS} rows"
        )
    counts = [column for column in table.columns if _is_count(str(column)) and types.is_numeric_dtype(table[column])]
    if not counts:
        return table
    numbers = [c for c in table.columns if c not in counts and types.is_numeric_dtype(table[c])]
    numbers = [c for c in numbers if not types.is_bool_dtype(table[c]) and str(c) not in TOTALS | {"bin", "fold"}]
    parts_of = [table[column] for column in table.columns if str(column) in TOTALS]
    shown = table.astype(dict.fromkeys([*counts, *numbers], object))
    for column in counts:
        hidden = withheld_in_parts(table[column], parts_of)
        shown.loc[hidden, [column, *numbers]] = SUPPRESSED
    return shown


def refuse_identifiers(texts: dict[str, str], cohort: Cohort) -> None:
    """Look for the cohort's identifiers (of six characters or more) in texts that are about to be logged.

    Raises
    ------
    OutputError
        A text holds some; the message names the text and how many, not which.
    """
    identifiers = _identifiers(cohort)
    for name, text in texts.items():
        found = identifiers.intersection(TOKEN.findall(text))
        if found:
            raise OutputError(f"{name}: holds {len(found)} identifiers of the cohort; it is not logged")


def _identifiers(cohort: Cohort) -> frozenset[str]:
    columns: Iterable[str] = [name for name in ("child_id", "plan_id", "family_id") if name in cohort.keys]
    found: set[str] = set()
    for column in columns:
        found.update(cohort.keys[column].dropna().astype(str))
    return frozenset(identifier for identifier in found if len(identifier) >= SHORTEST_IDENTIFIER)


def _is_count(name: str) -> bool:
    return name in ("n", "count") or name.startswith("n_") or name.endswith(("_count", "counts"))
