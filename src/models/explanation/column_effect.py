"""What a column does to what a model predicts: the table and its picture, and the values at which it is stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..features.columns import Column

ROWS_KEPT = 400
N_VALUES = 41
# A number with so few values is shown at each of them.
FEW_VALUES = 12
COLUMNS = ["event", "time", "value", "estimate", "lower", "upper"]
BOUNDS = COLUMNS[3:]


@dataclass(frozen=True)
class PartialEffect:
    """The effect of one column, all others held.

    Attributes
    ----------
    column : str
    scale : str
        What ``estimate`` is: ``"hazard ratio"`` and its like, against ``reference``; ``"average risk"`` of the rows by
        each of ``times``, were all of them to have the value; or ``"accumulated local effect"``, the risk at the value
        less its average.
    reference : float, bool, str or None
        The value whose ratio is 1; None for risks.
    held : str
        How the other columns are held, in words.
    times : tuple of float
        Days of the risks, or of ratios that change with time; empty where one ratio holds on all days.
    table : DataFrame
        One row per event, time and value: event, time (NaN where one ratio holds on all days), value, estimate, lower,
        upper (NaN without a band).
    """

    column: str
    scale: str
    reference: Any
    held: str
    times: tuple[float, ...]
    table: pd.DataFrame

    def __repr__(self) -> str:
        """What is stated, and the table."""
        of = f"{self.scale} of {self.column}" + (f", against {self.reference}" if self.reference is not None else "")
        bands = "" if self.table["lower"].notna().any() else "no bands (a refitted model has them: n_bootstrap=, y=)"
        told = "; ".join(filter(None, [of, self.held, bands]))
        return f"{told}\n{self.table.dropna(axis=1, how='all').to_string(index=False, max_rows=12)}"

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw it with its band; options as in :func:`secondplan.plot_effect`."""
        from ...plots import plot_effect

        return plot_effect(self, ax=ax, **options)


def some_rows(X: Any) -> Any:
    """Evenly spaced rows of training, at most 400: what values a column has, and whom risks are averaged over."""
    if not hasattr(X, "__len__"):
        X = np.asarray(X)
    step = -(-len(X) // ROWS_KEPT)
    return X.iloc[::step].copy() if isinstance(X, pd.DataFrame) else np.array(X[::step])


def values_of(column: str, learnt: Column | None, rows: pd.DataFrame | None, values: Any) -> list[Any]:
    """The values at which the effect is stated, in order."""
    if values is not None:
        given = list(np.atleast_1d(values)) if not isinstance(values, str) else [values]
        return [value.item() if isinstance(value, np.generic) else value for value in given]
    if learnt is not None and learnt.levels:
        return list(learnt.levels)
    if learnt is not None and learnt.kind == "boolean":
        return [False, True]
    if rows is not None:
        found = rows[column].dropna()
        if learnt is None:
            return sorted(pd.unique(found), key=str)[:N_VALUES]
        numbers = np.unique(found.to_numpy(float))
        if numbers.size <= FEW_VALUES:
            return numbers.tolist()
        low, high = np.quantile(found.to_numpy(float), [0.02, 0.98])
        return np.linspace(low, high, N_VALUES).tolist()
    if learnt is not None and learnt.spline is not None:
        return np.linspace(learnt.spline.lower, learnt.spline.upper, N_VALUES).tolist()
    raise ValueError(f"this model does not hold which values {column} has (a saved one never does): give X, or values")
