"""Results of the non-parametric estimators: step functions with standard errors, by stratum."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from ...parameter_checks import check_event
from ...round_days import shown_days
from ..inputs.follow_up import FollowUpWarning, warn_past_curve
from ..inputs.given_days import as_days
from .quantiles import quantile_table
from .restricted_mean import area, area_influence, greenwood_area_error, mean_table, robust_area_error
from .state_counts import StateCounts
from .tables import (
    STRATA_SHOWN,
    as_html,
    as_text,
    curve_summary,
    curve_table,
    number_at_risk,
)


@dataclass(frozen=True)
class CurveRows:
    """What a curve was estimated from, for the errors of what is worked out from the whole curve.

    Attributes
    ----------
    counts : StateCounts
    cluster : ndarray of int, shape (n,), optional
        Codes of rows that are not independent.
    is_robust : bool
        Whether the standard errors are the infinitesimal jackknife's; Greenwood's otherwise.
    """

    counts: StateCounts
    cluster: np.ndarray | None
    is_robust: bool

    def area_error(self, kinds: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Standard error of the area under the summed incidence of ``kinds`` (E,) until each day, shape (m,)."""
        if kinds.all() and not self.is_robust:
            return greenwood_area_error(self.counts, days)
        return robust_area_error(self.counts, kinds, self.cluster, days)

    def area_influence(self, kinds: np.ndarray, day: float) -> np.ndarray:
        """Influence of each row on the area under the summed incidence of ``kinds`` (E,) until a day, shape (n,)."""
        return area_influence(self.counts, kinds, day)


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
    rows : CurveRows
        Single rows: they stay in the process, and are in no model that is saved.
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
    rows: CurveRows = field(repr=False, compare=False)

    @property
    def followed_until(self) -> float:
        """Last day of an event or a censoring; infinite where the curve is complete: nobody is left free of events."""
        return np.inf if self.event_free[-1] == 0 else float(self.times[-1])

    def at(self, times: Any, event: int = 1, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """Incidence of an event by given days, with interval.

        Parameters
        ----------
        times : array, shape (n_times,)
            Days.
        event : int
            Code of the event; 0 for the probability of no event.
        level : float
        interval : {"log", "log-log", "plain"}

        Returns
        -------
        DataFrame
            Index ``day``; columns estimate, std_error, lower, upper. NaN past ``followed_until``, with a warning.
        """
        estimate, error, start = self._column(event)
        return curve_table(times, self.times, estimate, error, start, level, interval, self.followed_until)

    def at_risk(self, times: Any) -> np.ndarray:
        """Weighted number at risk just before each day, shape (n_times,)."""
        return number_at_risk(times, self)

    def to_frame(self, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """One row per day and event: day, event, estimate, std_error, lower, upper, n_at_risk, n_events, n_censored.

        Without any event the rows are those of event 0: the probability of no event, which is 1.
        """
        parts = []
        for event in self.events or (0,):
            part = self.at(self.times, event, level=level, interval=interval).reset_index()
            part.insert(1, "event", event)
            counts = self.n_events[:, self.events.index(event)] if event else 0.0
            parts.append(part.assign(n_at_risk=self.n_at_risk, n_events=counts, n_censored=self.n_censored))
        return pd.concat(parts, ignore_index=True)

    def _column(self, event: int) -> tuple[np.ndarray, np.ndarray, float]:
        if not isinstance(event, bool) and event == 0:
            return self.event_free, self.event_free_std_error, 1.0
        if check_event(event) not in self.events:
            known = ", ".join(map(str, self.events)) or "none"
            raise ValueError(f"event {event} is not in the data; events are: {known}")
        position = self.events.index(event)
        return self.incidence[:, position], self.std_error[:, position], 0.0

    def restricted_mean_time(self, tau: Any, *, level: float = 0.95) -> pd.DataFrame:
        """Mean number of days without any event until day ``tau``, the area under the event-free probability.

        Parameters
        ----------
        tau : float or array, shape (m,)
            Days.
        level : float

        Returns
        -------
        DataFrame
            Index ``tau``; columns estimate, std_error, lower, upper (symmetric interval, between 0 and tau). NaN past
            ``followed_until``, with a warning.
        """
        days = as_days(tau, "tau")
        error = self.rows.area_error(np.ones(len(self.events), dtype=bool), days)
        return mean_table(days, area(self.times, self.event_free, 1.0, days), error, level, self.followed_until)

    def restricted_mean_time_lost(self, tau: Any, event: int = 1, *, level: float = 0.95) -> pd.DataFrame:
        """Mean number of days lost to an event until day ``tau``, the area under its cumulative incidence.

        The days lost to all events and the days without any (:meth:`restricted_mean_time`) sum to ``tau``; parameters
        and the table are the same. ``event`` 0 gives the days lost to any event.
        """
        days = as_days(tau, "tau")
        curve = self._column(event)[0]
        kinds = np.array([event in (0, code) for code in self.events], dtype=bool)
        lost = area(self.times, curve, 0.0, days) if event else days - area(self.times, curve, 1.0, days)
        return mean_table(days, lost, self.rows.area_error(kinds, days), level, self.followed_until)

    def quantile(
        self, probabilities: Any, event: int = 1, *, level: float = 0.95, interval: str = "log"
    ) -> pd.DataFrame:
        """Days by which the incidence of an event has reached given probabilities, with intervals.

        Parameters
        ----------
        probabilities : float or array, shape (m,)
            Between 0 and 1.
        event : int
            Code of the event; 0 for any event.
        level : float
        interval : {"log", "log-log", "plain"}
            Scale of the curve's interval, from which the limits are read.

        Returns
        -------
        DataFrame
            Index ``probability``; columns estimate, lower, upper; NaN where the curve, or its bound, never gets there.
        """
        table = self.at(self.times, event, level=level, interval=interval)
        return _quantiles(self.times, table, probabilities, falls=event == 0)

    def median(self, event: int = 1, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """Day by which half have had the event: :meth:`quantile` of 0.5."""
        return self.quantile(0.5, event, level=level, interval=interval)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the curve with its interval and numbers at risk; options as in :func:`secondplan.plot_curves`."""
        from ...plots import plot_curves

        return plot_curves(self, ax=ax, **options)

    def _shown(self) -> tuple[str, pd.DataFrame]:
        days = np.minimum(shown_days(self.times[-1]), self.times[-1])
        columns = {f"event {event}": self.at(days, event) for event in self.events}
        title = f"Cumulative incidence (95 % interval), {self.n_rows:,} rows"
        return title, curve_summary(self.at_risk(days), columns or {"event-free": self.at(days, 0)})

    def __repr__(self) -> str:
        return as_text(*self._shown())

    def _repr_html_(self) -> str:
        return as_html(*self._shown())


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
    rows : CurveRows
        Single rows: they stay in the process, and are in no model that is saved.
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
    rows: CurveRows = field(repr=False, compare=False)

    @property
    def followed_until(self) -> float:
        """Last day of an event or a censoring; infinite where the curve is complete: nobody is left without event."""
        return np.inf if self.n_events[-1] >= self.n_at_risk[-1] else float(self.times[-1])

    def at(self, times: Any, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """The curve by given days: index ``day``; columns estimate, std_error, lower, upper.

        NaN past ``followed_until``, with a warning. ``interval`` is "log", "log-log" or "plain"; for a cumulative
        hazard "log" and "log-log" are the same.
        """
        hazard = self.kind == "cumulative_hazard"
        start = 0.0 if hazard else 1.0
        return curve_table(
            times, self.times, self.estimate, self.std_error, start, level, interval, self.followed_until, hazard=hazard
        )

    def at_risk(self, times: Any) -> np.ndarray:
        """Weighted number at risk just before each day, shape (n_times,)."""
        return number_at_risk(times, self)

    def to_frame(self, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """One row per day: day, estimate, std_error, lower, upper, n_at_risk, n_events, n_censored."""
        counts = {"n_at_risk": self.n_at_risk, "n_events": self.n_events, "n_censored": self.n_censored}
        return self.at(self.times, level=level, interval=interval).reset_index().assign(**counts)

    def restricted_mean_time(self, tau: Any, *, level: float = 0.95) -> pd.DataFrame:
        """Mean number of days without any event until day ``tau``, the area under the survival curve.

        As :meth:`IncidenceCurve.restricted_mean_time`; standard errors are of the kind that the curve's are (R's
        ``survfit`` prints Greenwood's with clusters and fractional weights too, where they do not hold).
        """
        self._require_survival()
        days = as_days(tau, "tau")
        error = self.rows.area_error(np.ones(len(self.rows.counts.events), dtype=bool), days)
        return mean_table(days, area(self.times, self.estimate, 1.0, days), error, level, self.followed_until)

    def restricted_mean_time_lost(self, tau: Any, *, level: float = 0.95) -> pd.DataFrame:
        """``tau`` less :meth:`restricted_mean_time`: mean number of days lost to any event."""
        kept = self.restricted_mean_time(tau, level=level)
        days = kept.index.to_numpy(dtype=float)
        return mean_table(days, days - kept["estimate"].to_numpy(), kept["std_error"].to_numpy(), level, np.inf)

    def quantile(self, probabilities: Any, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """Days by which given shares have had an event, with intervals; as :meth:`IncidenceCurve.quantile`."""
        self._require_survival()
        return _quantiles(self.times, self.at(self.times, level=level, interval=interval), probabilities, falls=True)

    def median(self, *, level: float = 0.95, interval: str = "log") -> pd.DataFrame:
        """Day by which half have had an event: :meth:`quantile` of 0.5."""
        return self.quantile(0.5, level=level, interval=interval)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the curve with its interval and numbers at risk; options as in :func:`secondplan.plot_curves`."""
        from ...plots import plot_curves

        return plot_curves(self, ax=ax, **options)

    def _require_survival(self) -> None:
        if self.kind != "survival":
            raise ValueError("only a survival curve has mean times and quantiles; this is a cumulative hazard")

    def _shown(self) -> tuple[str, pd.DataFrame]:
        days = np.minimum(shown_days(self.times[-1]), self.times[-1])
        name = "Event-free probability" if self.kind == "survival" else "Cumulative hazard"
        return f"{name} (95 % interval), {self.n_rows:,} rows", curve_summary(self.at_risk(days), {name: self.at(days)})

    def __repr__(self) -> str:
        return as_text(*self._shown())

    def _repr_html_(self) -> str:
        return as_html(*self._shown())


@dataclass(frozen=True)
class StratifiedCurves:
    """One curve per stratum: a mapping from the stratum's label to its curve, in order of the labels."""

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
        return self._each("at", times, *args, **options)

    def at_risk(self, times: Any) -> pd.DataFrame:
        """Weighted number at risk just before each day: one row per stratum, one column per day."""
        columns = pd.Index(np.atleast_1d(times), name="day")
        counts = [curve.at_risk(times) for curve in self.curves.values()]
        return pd.DataFrame(counts, index=pd.Index(self.labels, name="stratum"), columns=columns)

    def to_frame(self, **options: Any) -> pd.DataFrame:
        """``to_frame`` of every curve below one another, with the column ``stratum`` first."""
        tables = {label: curve.to_frame(**options) for label, curve in self.curves.items()}
        return pd.concat(tables, names=["stratum", None]).reset_index(level=0).reset_index(drop=True)

    def restricted_mean_time(self, tau: Any, **options: Any) -> pd.DataFrame:
        """``restricted_mean_time`` of every curve; index (stratum, tau)."""
        return self._each("restricted_mean_time", tau, **options)

    def restricted_mean_time_lost(self, tau: Any, *args: Any, **options: Any) -> pd.DataFrame:
        """``restricted_mean_time_lost`` of every curve; index (stratum, tau)."""
        return self._each("restricted_mean_time_lost", tau, *args, **options)

    def quantile(self, probabilities: Any, *args: Any, **options: Any) -> pd.DataFrame:
        """``quantile`` of every curve; index (stratum, probability)."""
        return self._each("quantile", probabilities, *args, **options)

    def median(self, *args: Any, **options: Any) -> pd.DataFrame:
        """``median`` of every curve; index (stratum, probability)."""
        return self._each("median", *args, **options)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """One line per stratum with intervals and numbers at risk; options as in :func:`secondplan.plot_curves`."""
        from ...plots import plot_curves

        return plot_curves(self, ax=ax, **options)

    def _each(self, method: str, *args: Any, **options: Any) -> pd.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FollowUpWarning)  # said below, once for all curves
            tables = {label: getattr(curve, method)(*args, **options) for label, curve in self.curves.items()}
        table = pd.concat(tables, names=["stratum"])
        if table.index.names[-1] in ("day", "tau"):
            days = table.index.get_level_values(-1).unique().to_numpy(dtype=float)
            warn_past_curve(days, np.array([curve.followed_until for curve in self.curves.values()]))
        return table

    def __repr__(self) -> str:
        shown = list(self.curves.items())[:STRATA_SHOWN]
        more = len(self.curves) - len(shown)
        tables = "\n\n".join(f"{label}: {curve!r}" for label, curve in shown)
        return tables + (f"\n\nand {more} more strata" if more else "")

    def _repr_html_(self) -> str:
        shown = list(self.curves.items())[:STRATA_SHOWN]
        tables = "".join(f"<h4>{escape(str(label))}</h4>{curve._repr_html_()}" for label, curve in shown)
        more = len(self.curves) - len(shown)
        return tables + (f"<p>and {more} more strata</p>" if more else "")


def _quantiles(times: np.ndarray, table: pd.DataFrame, probabilities: Any, *, falls: bool) -> pd.DataFrame:
    """Quantiles of a curve from its table; of one that falls from 1, by what is missing to 1."""
    estimate, lower, upper = (table[name].to_numpy() for name in ("estimate", "lower", "upper"))
    if falls:
        estimate, lower, upper = 1.0 - estimate, 1.0 - upper, 1.0 - lower
    return quantile_table(times, estimate, lower, upper, probabilities)
