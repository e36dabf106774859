"""Columns of a design matrix in words: ``latest category of abuse: Neglect`` for ``latest_category[NEG]``."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ..plans.feature_labels import feature_label
from ..plans.group_words import level_words

# A name, and a level of it (``[NEG]``, ``=NEG``, ``missing``) or a part of a curve.
COLUMN = re.compile(r"(.+?)(?:\[(.*)\]|=(.*)| (missing)|( \(spline \d+\)))?", re.DOTALL)


def column_words(column: str) -> str:
    """A column of a design matrix, or of a trial's covariates, in words.

    Examples
    --------
    >>> column_words("latest_category[NEG]"), column_words("disabled")
    ('latest category of abuse: Neglect', 'disability')
    >>> column_words("sex=2"), column_words("n_late_reviews (spline 1)"), column_words("n_late_reviews missing")
    ('sex: Female', 'late reviews (spline 1)', 'late reviews: not recorded')
    """
    found = COLUMN.fullmatch(column)
    name, *levels, curve = found.groups() if found else (column, None)
    words = feature_label(name) + (curve or "")
    level = next((level for level in levels if level is not None), None)
    if level is None:
        return words
    return f"{words}: {'not recorded' if level == 'missing' else level_words(name, [level])[level]}"


def effect_label(column: str, unit: float | None) -> str:
    """A column with the step for which its effect is stated, in its own unit; shares in per cent.

    Examples
    --------
    >>> effect_label("share_agency_worker", 0.2), effect_label("plan_length_days", 100)
    ('time with agency workers, per 20 %', 'length of the plan, per 100 days')
    """
    words = column_words(column)
    if unit is None:
        return words
    label, _, measured = words.rpartition(", ")
    if not label:
        return f"{words}, per {unit:g}"
    return f"{label}, per {100 * unit if measured == '%' else unit:g} {measured}"


def readable_units(X: pd.DataFrame) -> dict[str, float]:
    """A round number (1, 2 or 5 times a power of ten) of about one standard deviation, for numbers that vary more."""
    units = {}
    for name in X.select_dtypes("number"):
        spread = float(X[name].std())
        if spread > 2 or 0 < spread < 0.5:
            power = 10.0 ** np.floor(np.log10(spread))
            units[str(name)] = float(max(step for step in (1, 2, 5) if step * power <= spread) * power)
    return units
