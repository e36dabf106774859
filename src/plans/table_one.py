"""Who is in a cohort, by what came next: the first table of a study, as it may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api import types

from ..small_counts import SUPPRESSED, is_small
from .disclosure import withhold_revealed
from .feature_labels import feature_label
from .group_words import level_words

if TYPE_CHECKING:
    from .cohort import Cohort

NOT_RECORDED = "not recorded"
# Of fewer children a quartile is nearly one child's value.
FEWEST_FOR_MEDIAN = 20
NOTES = (
    "Numbers: median (lower to upper quartile). Classes: children (share of the column).",
    "None: no second plan while the child was seen, for some of them a short time only.",
    "Difference: standardised; the difference of means or shares in standard deviations. About 0.1 is small, 0.5 "
    "large. It describes and is no test.",
)
"""What the columns mean, for the foot of the table."""
COLUMNS = ("feature", "level", "all", "second plan", "none", "difference")


def cohort_table(cohort: Cohort) -> pd.DataFrame:
    """The features of a cohort's children, of those with a second plan and of those without.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    DataFrame
        ``feature, level, all, second plan, none`` as text and ``difference``. Numbers: the median and, in brackets,
        the quartiles, of at least 20 children. Classes: the number of children and its share. ``none`` are children
        without a second plan while they were seen. ``difference``: the standardised difference of those with a second
        plan from the others, the difference of means or shares in standard deviations (Austin, *Statistics in
        Medicine* 2009;28:3083); about 0.1 is small. Counts of 1 to 5, and those that would give one away, are ``c``,
        with what is computed from them.

    Examples
    --------
    >>> from secondplan import build_cohort, simulate
    >>> table = cohort_table(build_cohort(simulate(n_children=300)))
    >>> table["level"].head(2).tolist()
    ['', 'Male']
    """
    second = (cohort.y["event"] == 1).to_numpy()
    groups = (np.ones(second.size, dtype=bool), second, ~second)
    totals = np.array([int(group.sum()) for group in groups])
    shown = np.where(_withheld(totals[None, :]), SUPPRESSED, [f"{n:,}" for n in totals])[0]
    rows: list[tuple] = [("children", "", *shown, np.nan)]
    for name in sorted(cohort.X.columns, key=_place):
        column = cohort.X[name]
        if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
            rows.append(_median_row(str(name), column, groups))
            column = pd.Series(np.where(column.isna(), NOT_RECORDED, "known"), dtype="category")
            rows += [row for row in _level_rows(str(name), column, groups, totals) if row[1] == NOT_RECORDED]
        else:
            rows += _level_rows(str(name), column, groups, totals)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def group_counts(cohort: Cohort, feature: str) -> pd.DataFrame:
    """Children, and those with a second plan, by level of a feature: as :func:`cohort_table` shows them.

    Returns
    -------
    DataFrame, indexed by level
        ``children``, ``second_plans`` as text; ``c`` where withheld.
    """
    second = (cohort.y["event"] == 1).to_numpy()
    levels, counts = _counts(cohort.X[feature], (np.ones(second.size, dtype=bool), second, ~second))
    withheld = _withheld(np.vstack([counts.sum(axis=0), counts]))[1:]
    text = np.where(withheld, SUPPRESSED, [[f"{n:,}" for n in row] for row in counts])
    return pd.DataFrame(text[:, :2], index=pd.Index(levels, name=feature), columns=["children", "second_plans"])


def _place(name: object) -> int:
    """The child first, then the plan, then what was recorded, in the order of the features."""
    first = ("sex", "age_at_end", "ethnicity_group", "disabled", "plan_length_days", "plan_length_band")
    return first.index(str(name)) if name in first else len(first)


def _median_row(name: str, column: pd.Series, groups: tuple[np.ndarray, ...]) -> tuple:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    texts = []
    for group in groups:
        own = values[group & ~np.isnan(values)]
        if own.size < FEWEST_FOR_MEDIAN:
            texts.append(SUPPRESSED if own.size else "–")
            continue
        middle, low, high = np.quantile(own, [0.5, 0.25, 0.75])
        texts.append(f"{_number(middle, name)} ({_number(low, name)} to {_number(high, name)})")
    difference = _standardised(*(values[group & ~np.isnan(values)] for group in groups[1:]))
    return (feature_label(name), "", *texts, np.nan if SUPPRESSED in texts else difference)


def _level_rows(name: str, column: pd.Series, groups: tuple[np.ndarray, ...], totals: np.ndarray) -> list[tuple]:
    levels, counts = _counts(column, groups)
    withheld = _withheld(np.vstack([totals, counts]))[1:]
    is_flag = set(levels) <= {True, False, NOT_RECORDED}
    words = {True: "yes"} if is_flag else level_words(name, levels)
    rows = []
    for level, numbers, hidden in zip(levels, counts, withheld, strict=True):
        if is_flag and level is False:
            continue  # the rest of those with the mark
        texts = [SUPPRESSED if h else _share(n, total) for n, h, total in zip(numbers, hidden, totals, strict=True)]
        with_plan, without = (
            int(n) / total if total else np.nan for n, total in zip(numbers[1:], totals[1:], strict=True)
        )
        spread = np.sqrt((with_plan * (1 - with_plan) + without * (1 - without)) / 2)
        difference = (with_plan - without) / spread if spread > 0 and not hidden.any() else np.nan
        rows.append((feature_label(name), words.get(level, level), *texts, difference))
    return rows


def _counts(column: pd.Series, groups: tuple[np.ndarray, ...]) -> tuple[list, np.ndarray]:
    """The levels that occur, and the number of each in each group."""
    missing = column.isna().to_numpy()
    if types.is_bool_dtype(column):
        levels: list = [True, False]
    elif isinstance(column.dtype, pd.CategoricalDtype):
        levels = list(column.cat.categories)
    else:
        levels = sorted(column.dropna().unique())
    members = [(column == level).fillna(False).to_numpy(dtype=bool) for level in levels]
    if missing.any():
        levels, members = [*levels, NOT_RECORDED], [*members, missing]
    counts = np.array([[int((own & group).sum()) for group in groups] for own in members])
    present = counts[:, 0] > 0
    return [level for level, here in zip(levels, present, strict=True) if here], counts[present]


def _withheld(counts: np.ndarray) -> np.ndarray:
    """Of a table whose first row is the sum of the others and whose first column that of the next two."""
    n_rows, n_columns = counts.shape
    relations = []
    for row in range(n_rows):
        relation = np.zeros(counts.shape)
        relation[row] = [1, *[-1] * (n_columns - 1)]
        relations.append(relation.ravel())
    if n_rows > 1:
        for column in range(n_columns):
            relation = np.zeros(counts.shape)
            relation[:, column] = [1, *[-1] * (n_rows - 1)]
            relations.append(relation.ravel())
    hidden = withhold_revealed(counts.ravel().astype(float), is_small(counts.ravel()), np.array(relations))
    return hidden.reshape(counts.shape)


def _standardised(with_plan: np.ndarray, without: np.ndarray) -> float:
    if min(with_plan.size, without.size) < 2:
        return np.nan
    spread = np.sqrt((with_plan.var(ddof=1) + without.var(ddof=1)) / 2)
    return float((with_plan.mean() - without.mean()) / spread) if spread > 0 else np.nan


def _share(n: int, total: int) -> str:
    return f"{n:,} ({100 * n / total:.1f} %)" if total else "–"


def _number(value: float, name: str) -> str:
    if name.startswith("share_"):
        return f"{100 * value:.0f}"
    return f"{value:.1f}" if name == "age_at_end" else f"{value:,.0f}"
