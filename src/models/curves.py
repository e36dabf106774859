"""Results of the non-parametric estimators: step functions with standard errors, by stratum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .confidence import check_interval, hazard_bounds, probability_bounds

ROWS_SHOWN = 10


@dataclass(frozen=True)
class IncidenceCurve:
    """Cumulative incidence of competing events (Aalen-Johansen); T days, E events.

    Attributes
    ----------
    times : ndarray, shape (T,)
        Distinct days of an event or a censoring.
    events : tuple of int
        The E event codes.
    incidence, std_error : ndarray, shape (T, E)
        Just after each day.
    event_free, event_free_std_error : ndarray, shape (T,)
        Probability of no event; with the incidences it sums to 1.
    n_at_risk : ndarray, shape (T,)
        Weighted number at risk just before each day.
    n_events : ndarray, shape (T, E)
    n_censored : ndarray, shape (T,)
    entry_times, n_entered : ndarray, shape (n_entries,)
        Distinct days on which observation begins (-1: before day 0), and the weight that has entered by then.
    n_rows : int
    """

    times: np.ndarray
    events: tuple[int, ...]
    incidence: np.ndarray
    std_error: np.ndarray
    event_free: np.ndarray
    event_free_std_error: np.ndarray
    n_at_risk: np.ndarray
    n_events: np.ndarray
    n_censored: np.ndarray
    entry_times: np.ndarray
    n_entered: np.ndarray
    n_rows: int

    def at(self, times: Any, event: int = 1, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """Incidence of an event by given days, with interval.

        Parameters
        ----------
        times : array, shape (n_times,)
            Days; beyond the last observed day the curve is carried forward.
        event : int
            Code of the event; 0 for the probability of no event.
        level : float
        interval : {"log", "log-log", "plain"}

        Returns
        -------
        DataFrame
            Index ``day``; columns estimate, std_error, lower, upper.
        """
        estimate, error, start = self._column(event)
        return _table(times, self.times, estimate, error, start, level, interval)

    def at_risk(self, times: Any) -> np.ndarray:
        """Weighted number at risk just before each day, shape (n_times,)."""
        return _at_risk(times, self)

    def to_frame(self, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """One row a day and event: day, event, estimate, std_error, lower, upper, n_at_risk, n_events, n_censored."""
        parts = []
        for position, event in enumerate(self.events):
            part = self.at(self.times, event, level=level, interval=interval).reset_index()
            part.insert(1, "event", event)
            part = part.assign(n_at_risk=self.n_at_risk, n_events=self.n_events[:, position])
            parts.append(part.assign(n_censored=self.n_censored))
        return pd.concat(parts, ignore_index=True)

    def _column(self, event: int) -> tuple[np.ndarray, np.ndarray, float]:
        if event == 0:
            return self.event_free, self.event_free_std_error, 1.0
        if event not in self.events:
            known = ", ".join(map(str, self.events)) or "none"
            raise ValueError(f"event {event} is not in the data; events are: {known}")
        position = self.events.index(event)
        return self.incidence[:, position], self.std_error[:, position], 0.0

    def _repr_html_(self) -> str:
        return _html(f"Cumulative incidence, {self.n_rows} rows", self.to_frame())


@dataclass(frozen=True)
class StepCurve:
    """One curve: a survival probability (Kaplan-Meier) or a cumulative hazard (Nelson-Aalen); T days.

    Attributes
    ----------
    kind : {"survival", "cumulative_hazard"}
    times : ndarray, shape (T,)
        Distinct days of an event or a censoring.
    estimate, std_error : ndarray, shape (T,)
        Just after each day.
    n_at_risk, n_events, n_censored : ndarray, shape (T,)
        Weighted; at risk just before the day.
    entry_times, n_entered : ndarray, shape (n_entries,)
        Distinct days on which observation begins (-1: before day 0), and the weight that has entered by then.
    n_rows : int
    """

    kind: str
    times: np.ndarray
    estimate: np.ndarray
    std_error: np.ndarray
    n_at_risk: np.ndarray
    n_events: np.ndarray
    n_censored: np.ndarray
    entry_times: np.ndarray
    n_entered: np.ndarray
    n_rows: int

    def at(self, times: Any, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """The curve by given days: index ``day``; columns estimate, std_error, lower, upper.

        ``interval`` is "log", "log-log" or "plain"; for a cumulative hazard "log" and "log-log" are the same.
        """
        hazard = self.kind == "cumulative_hazard"
        start = 0.0 if hazard else 1.0
        return _table(times, self.times, self.estimate, self.std_error, start, level, interval, hazard=hazard)

    def at_risk(self, times: Any) -> np.ndarray:
        """Weighted number at risk just before each day, shape (n_times,)."""
        return _at_risk(times, self)

    def to_frame(self, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """One row a day: day, estimate, std_error, lower, upper, n_at_risk, n_events, n_censored."""
        counts = {"n_at_risk": self.n_at_risk, "n_events": self.n_events, "n_censored": self.n_censored}
        return self.at(self.times, level=level, interval=interval).reset_index().assign(**counts)

    def _repr_html_(self) -> str:
        name = "Survival" if self.kind == "survival" else "Cumulative hazard"
        return _html(f"{name}, {self.n_rows} rows", self.to_frame())


@dataclass(frozen=True)
class StratifiedCurves:
    """One curve a stratum: a mapping from the stratum's label to its curve, in order of the labels."""

    curves: dict[Any, Any]

    def __getitem__(self, label: Any) -> Any:
        return self.curves[label]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    @property
    def labels(self) -> list[Any]:
        """Labels of the strata."""
        return list(self.curves)

    def at(self, times: Any, *args: Any, **options: Any) -> pd.DataFrame:
        """``at`` of every curve; index (stratum, day)."""
        tables = {label: curve.at(times, *args, **options) for label, curve in self.curves.items()}
        return pd.concat(tables, names=["stratum"])

    def at_risk(self, times: Any) -> pd.DataFrame:
        """Weighted number at risk just before each day: one row a stratum, one column a day."""
        columns = pd.Index(np.atleast_1d(times), name="day")
        counts = [curve.at_risk(times) for curve in self.curves.values()]
        return pd.DataFrame(counts, index=pd.Index(self.labels, name="stratum"), columns=columns)

    def to_frame(self, **options: Any) -> pd.DataFrame:
        """``to_frame`` of every curve below one another, with the column ``stratum`` first."""
        tables = {label: curve.to_frame(**options) for label, curve in self.curves.items()}
        return pd.concat(tables, names=["stratum", None]).reset_index(level=0).reset_index(drop=True)

    def _repr_html_(self) -> str:
        return "".join(f"<h4>{_escape(label)}</h4>{curve._repr_html_()}" for label, curve in self.curves.items())


def _table(
    times: Any,
    steps: np.ndarray,
    estimate: np.ndarray,
    error: np.ndarray,
    start: float,
    level: float,
    interval: str,
    *,
    hazard: bool = False,
) -> pd.DataFrame:
    check_interval(level, interval)
    days = np.atleast_1d(np.asarray(times, dtype=float))
    if days.ndim != 1 or np.isnan(days).any():
        raise ValueError("times must be days: one dimension, none missing")
    position = np.searchsorted(steps, days, side="right")
    values = np.concatenate([[start], estimate])[position]
    errors = np.concatenate([[0.0], error])[position]
    lower, upper = (hazard_bounds if hazard else probability_bounds)(values, errors, level, interval)
    columns = {"estimate": values, "std_error": errors, "lower": lower, "upper": upper}
    return pd.DataFrame(columns, index=pd.Index(days, name="day"))


def _at_risk(times: Any, curve: IncidenceCurve | StepCurve) -> np.ndarray:
    """Weight that has entered before each time less the weight that has left before it."""
    days = np.atleast_1d(np.asarray(times, dtype=float))
    n_events = curve.n_events if curve.n_events.ndim == 1 else curve.n_events.sum(axis=1)
    left = np.concatenate([[0.0], np.cumsum(n_events + curve.n_censored)])
    entered = np.concatenate([[0.0], curve.n_entered])
    at_risk = entered[np.searchsorted(curve.entry_times, days)] - left[np.searchsorted(curve.times, days)]
    return np.maximum(at_risk, 0.0)


def _html(title: str, table: pd.DataFrame) -> str:
    return f"<p>{title}</p>{table.round(4).to_html(index=False, max_rows=ROWS_SHOWN)}"


def _escape(label: Any) -> str:
    from html import escape

    return escape(str(label))
