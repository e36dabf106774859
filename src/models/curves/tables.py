"""Curves as tables: at given days with intervals, numbers at risk, and a short one for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..inputs.follow_up import past_follow_up, warn_past_curve
from ..inputs.outcome import as_numbers
from ..inputs.time_spans import spans_as_days
from .confidence import check_interval, hazard_bounds, probability_bounds

if TYPE_CHECKING:
    from .results import IncidenceCurve, StepCurve

ROWS_SHOWN = 8
STRATA_SHOWN = 12


def curve_table(
    times: Any,
    steps: np.ndarray,
    estimate: np.ndarray,
    error: np.ndarray,
    start: float,
    level: float,
    interval: str,
    last: float,
    *,
    hazard: bool = False,
) -> pd.DataFrame:
    """A step function by given days: index ``day``; columns estimate, std_error, lower, upper; NaN past ``last``."""
    check_interval(level, interval)
    days = np.atleast_1d(as_numbers(spans_as_days(times), "times"))
    if days.ndim != 1 or np.isnan(days).any():
        n_bad = int(np.isnan(days).sum())
        raise ValueError(f"times must be days: one dimension, none missing; got shape {days.shape}, {n_bad} missing")
    position = np.searchsorted(steps, days, side="right")
    values = np.concatenate([[start], estimate])[position]
    errors = np.concatenate([[0.0], error])[position]
    lower, upper = (hazard_bounds if hazard else probability_bounds)(values, errors, level, interval)
    columns = {"estimate": values, "std_error": errors, "lower": lower, "upper": upper}
    return known_until(pd.DataFrame(columns, index=pd.Index(days, name="day")), last)


def known_until(table: pd.DataFrame, last: float) -> pd.DataFrame:
    """A table by days, NaN past the ``last`` one, with a warning."""
    days = table.index.to_numpy(dtype=float)
    warn_past_curve(days, np.array([last]))
    table.loc[past_follow_up(np.array([last]), days)] = np.nan
    return table


def number_at_risk(times: Any, curve: IncidenceCurve | StepCurve) -> np.ndarray:
    """Weight that has entered before each time less the weight that has left before it."""
    days = np.atleast_1d(np.asarray(times, dtype=float))
    n_events = curve.n_events if curve.n_events.ndim == 1 else curve.n_events.sum(axis=1)
    left = np.concatenate([[0.0], np.cumsum(n_events + curve.n_censored)])
    entered = np.concatenate([[0.0], curve.n_entered])
    at_risk = entered[np.searchsorted(curve.entry_times, days)] - left[np.searchsorted(curve.times, days)]
    return np.maximum(at_risk, 0.0)


def curve_summary(at_risk: np.ndarray, columns: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """What is shown of a curve, a row per day: the number at risk, and each column's estimate with its interval."""
    first = next(iter(columns.values()))
    shown = {"at risk": [f"{count:,.1f}".removesuffix(".0") for count in at_risk]}
    for name, table in columns.items():
        parts = zip(table["estimate"], table["lower"], table["upper"], strict=True)
        shown[name] = [f"{estimate:.4f} ({lower:.4f} to {upper:.4f})" for estimate, lower, upper in parts]
    return pd.DataFrame(shown, index=pd.Index([f"{day:g}" for day in first.index], name="day"))


def as_html(title: str, table: pd.DataFrame) -> str:
    """A title and its table for notebooks."""
    return f"<p>{escape(title)}</p>{table.to_html()}"


def as_text(title: str, table: pd.DataFrame) -> str:
    """The same for consoles."""
    return f"{title}\n{table.to_string()}"
