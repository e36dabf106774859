"""Curves of predicted risk of a few rows, day by day, with their bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

N_DAYS = 200
MOST_ROWS = 8


def risk_curves(
    model: Any, X: Any, until: float, *, event: int, level: float, rows: Mapping[str, Any], labels: Any = None
) -> pd.DataFrame:
    """Risks of few rows at up to 200 days until a last one.

    Parameters
    ----------
    model : IncidenceModel
    X : DataFrame, ndarray, Series or mapping
        Up to 8 rows.
    until : float
        Last day.
    event : int
    level : float
        Coverage of the band, pointwise.
    rows : mapping
        ``eligible_days`` and ``elapsed``.
    labels : list of str, optional
        What to call the rows; by default row 1, row 2, ... (an index may hold identifiers of children).

    Returns
    -------
    DataFrame
        row, day, risk, lower, upper (NaN where the model has no intervals).

    Raises
    ------
    ValueError
        More rows than can be told apart, another number of labels, or the last day is not above 0.
    """
    if not 0 < until < np.inf:
        raise ValueError(f"until must be a day above 0, got {until:g}")
    days = np.unique(np.append(np.arange(0, until, max(1.0, np.ceil(until / N_DAYS))), until))
    risk = model.predict_cumulative_incidence(X, days, event=event, **rows)
    if len(risk) > MOST_ROWS:
        raise ValueError(f"X has {len(risk)} rows; a picture shows up to {MOST_ROWS}, such as X[:3]")
    names = (
        [f"row {number}" for number in range(1, len(risk) + 1)] if labels is None else [str(name) for name in labels]
    )
    if len(names) != len(risk):
        raise ValueError(f"labels has {len(names)} values, X {len(risk)} rows")
    bounds = np.full((*risk.shape, 2), np.nan)
    if hasattr(model, "predict_cumulative_incidence_interval"):
        bounds = model.predict_cumulative_incidence_interval(X, days, event=event, level=level, **rows)
    return pd.DataFrame(
        {
            "row": np.repeat(names, days.size),
            "day": np.tile(days, len(risk)),
            "risk": risk.ravel(),
            "lower": bounds[..., 0].ravel(),
            "upper": bounds[..., 1].ravel(),
        }
    )
