"""Columns of a design matrix in words: ``latest category of abuse: Neglect`` for ``latest_category[NEG]``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..plans.feature_labels import feature_label
from ..plans.group_words import level_words


def column_words(column: str) -> str:
    """A column of a design matrix in words.

    Examples
    --------
    >>> column_words("latest_category[NEG]"), column_words("disabled")
    ('latest category of abuse: Neglect', 'disability')
    """
    name, bracket, rest = column.partition("[")
    if not bracket:
        return feature_label(name)
    level = rest.removesuffix("]")
    words = "not recorded" if level == "missing" else level_words(name, [level])[level]
    return f"{feature_label(name)}: {words}"


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
