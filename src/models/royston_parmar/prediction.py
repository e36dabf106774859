"""What a fitted Royston-Parmar model predicts: incidences, hazards over time, and their ratios, with intervals."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...caller_warnings import warn
from ..curves.confidence import check_interval
from ..estimator.asked import checked_times
from ..estimator.base import require_event
from ..estimator.delta_interval import NUMBERS_PER_BLOCK, DeltaIntervalModel
from ..estimator.design import Design
from ..numerics.blas_threads import one_blas_thread
from .curve import CauseCurve, curve_from_state, row_curves
from .hazard import half_width, hazard, hazard_bounds, log_hazard, log_hazard_gradient
from .incidence import (
    event_free,
    event_free_gradient,
    incidence,
    incidence_gradient,
    is_negative_somewhere,
    log_days,
)

# Points of a curve that is drawn.
CURVE_POINTS = 200


class RoystonParmarPrediction(DeltaIntervalModel):
    """Predictions from ``cause_curves_`` and ``joint_covariance_``; see :class:`.model.RoystonParmar`."""

    _goes_on: ClassVar[bool] = True
    events_: tuple[int, ...]
    cause_curves_: dict[int, dict[str, Any]]
    joint_covariance_: np.ndarray

    def predict_hazard(self, X: Any, times: Any, *, event: int = 1) -> np.ndarray:
        """Hazard of an event per day among those still free of all events.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
        times : array, shape (n_times,)
            Days, above 0.
        event : int
            Code of the event.

        Returns
        -------
        ndarray, shape (n_rows, n_times)
            Not negative.

        Raises
        ------
        ValueError
            The event is not modelled, or a time is not above 0: there a hazard is 0 or infinite.
        """
        curve, design, log_time = self._hazard_arguments(X, times, event)
        self._warn_past_follow_up(times, len(design))
        return hazard(curve, design, log_time)

    @one_blas_thread()
    def predict_hazard_interval(self, X: Any, times: Any, *, event: int = 1, level: float = 0.95) -> np.ndarray:
        """Interval of :meth:`predict_hazard` by the delta method, symmetric for the logarithm.

        Parameters
        ----------
        X, times, event
            As in :meth:`predict_hazard`.
        level : float
            Coverage, pointwise.

        Returns
        -------
        ndarray, shape (n_rows, n_times, 2)
            Lower and upper bound; both 0 where the hazard is.
        """
        curve, design, log_time = self._hazard_arguments(X, times, event)
        self._warn_past_follow_up(times, len(design))
        return self._hazard_bounds(curve, design, log_time, event, level)

    def _hazard_bounds(
        self, curve: CauseCurve, design: np.ndarray, log_time: np.ndarray, event: int, level: float
    ) -> np.ndarray:
        check_interval(level, "log")
        covariance = self._own_covariance(event)
        n_block = max(1, NUMBERS_PER_BLOCK // max(1, log_time.size * curve.n_parameters))
        bounds = np.empty((len(design), log_time.size, 2))
        for start in range(0, len(design), n_block):
            rows = slice(start, start + n_block)
            bounds[rows] = hazard_bounds(curve, design[rows], log_time, covariance, level)
        return bounds

    def predict_cumulative_hazard(self, X: Any, times: Any, *, event: int = 1) -> np.ndarray:
        """Cumulative hazard of an event by each day, 0 on day 0.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
        times : array, shape (n_times,)
            Days.
        event : int
            Code of the event.

        Returns
        -------
        ndarray, shape (n_rows, n_times)
        """
        check_is_fitted(self)
        require_event(event, self.events_)
        design = self._design(X).matrix
        log_time = log_days(checked_times(times, 1)[0])
        self._warn_past_follow_up(times, len(design))
        finite = np.isfinite(log_time)
        eta = row_curves(self._curve(event), design).eta(np.where(finite, log_time, 0.0))
        return np.where(finite, np.exp(eta), 0.0)

    def hazard_ratio(
        self, X: Any, reference: Any, times: Any = None, *, event: int = 1, level: float = 0.95
    ) -> pd.DataFrame:
        """Ratio of the hazards of one row to that of another, day by day, with intervals.

        Parameters
        ----------
        X, reference : DataFrame or ndarray, shape (1, n_columns)
        times : array, shape (n_times,), optional
            Days, above 0; by default up to the last event.
        event : int
            Code of the event.
        level : float
            Coverage, pointwise: delta method, symmetric for the logarithm.

        Returns
        -------
        DataFrame
            time, hazard_ratio, lower, upper.

        Raises
        ------
        ValueError
            One of the two is not one row, a hazard is not above 0, or an argument breaks a rule of
            :meth:`predict_hazard`.
        """
        check_interval(level, "log")
        times = self._grid(event) if times is None else times
        self._warn_past_follow_up(times, 1)
        values, gradients = [], []
        for rows, name in ((X, "X"), (reference, "reference")):
            curve, design, log_time = self._hazard_arguments(rows, times, event)
            if len(design) != 1:
                raise ValueError(f"{name} must be one row, got {len(design)}")
            value = log_hazard(curve, design, log_time)
            if value is None:
                raise ValueError(f"the hazard of {name} is not above 0 at all these times")
            values.append(value[0])
            gradients.append(log_hazard_gradient(curve, design, log_time))
        log_ratio = values[0] - values[1]
        half = half_width(gradients[0] - gradients[1], self._own_covariance(event), level)[0]
        with np.errstate(over="ignore"):
            ratios = np.exp([log_ratio, log_ratio - half, log_ratio + half])
        days = np.atleast_1d(np.asarray(times, dtype=float))
        return pd.DataFrame({"time": days, "hazard_ratio": ratios[0], "lower": ratios[1], "upper": ratios[2]})

    def hazard_curves(self, X: Any, times: Any = None, *, event: int = 1, level: float = 0.95) -> pd.DataFrame:
        """Hazards of rows over time, one line per row and day: what :meth:`plot_hazard` shows.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
        times : array, shape (n_times,), optional
            Days, above 0; by default up to the last event.
        event : int
            Code of the event.
        level : float
            Coverage, pointwise.

        Returns
        -------
        DataFrame
            row (the index of ``X``), time, hazard (a day), lower, upper.
        """
        check_is_fitted(self)
        require_event(event, self.events_)
        times = self._grid(event) if times is None else np.atleast_1d(np.asarray(times, dtype=float))
        curve, design, log_time = self._hazard_arguments(X, times, event)
        self._warn_past_follow_up(times, len(design))
        values = hazard(curve, design, log_time)
        bounds = self._hazard_bounds(curve, design, log_time, event, level)
        labels = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(values))
        return pd.DataFrame(
            {
                "row": np.repeat(labels.to_numpy(), times.size),
                "time": np.tile(times, len(values)),
                "hazard": values.ravel(),
                "lower": bounds[..., 0].ravel(),
                "upper": bounds[..., 1].ravel(),
            }
        )

    def baseline_hazard(self, times: Any = None, *, event: int = 1, level: float = 0.95) -> pd.DataFrame:
        """Hazard of an event over time where all features of the design are 0.

        Parameters
        ----------
        times, event, level
            As in :meth:`hazard_curves`.

        Returns
        -------
        DataFrame
            time, hazard (a day), lower, upper.
        """
        check_is_fitted(self)
        require_event(event, self.events_)
        check_interval(level, "log")
        times = self._grid(event) if times is None else times
        log_time = _log_of_positive(times)
        self._warn_past_follow_up(times, 1)
        curve, zero = self._curve(event), np.zeros((1, len(self.feature_names_out_)))
        bounds = hazard_bounds(curve, zero, log_time, self._own_covariance(event), level)[0]
        values = hazard(curve, zero, log_time)[0]
        return pd.DataFrame({"time": np.exp(log_time), "hazard": values, "lower": bounds[:, 0], "upper": bounds[:, 1]})

    def plot_hazard(
        self, X: Any, times: Any = None, *, event: int = 1, level: float = 0.95, ax: Any = None, **options: Any
    ) -> Any:
        """Draw :meth:`hazard_curves`, one line per row, by number or with ``labels``.

        Parameters
        ----------
        X, times, event, level
            As in :meth:`hazard_curves`.
        ax : matplotlib Axes, optional
        **options
            Of :func:`secondplan.plots.plot_hazard`.

        Returns
        -------
        Axes
        """
        from ...plots import plot_hazard

        return plot_hazard(self.hazard_curves(X, times, event=event, level=level), ax=ax, **options)

    def plot_hazard_ratio(
        self,
        X: Any,
        reference: Any,
        times: Any = None,
        *,
        event: int = 1,
        level: float = 0.95,
        ax: Any = None,
        **options: Any,
    ) -> Any:
        """Draw :meth:`hazard_ratio` over time.

        Parameters
        ----------
        X, reference, times, event, level
            As in :meth:`hazard_ratio`.
        ax : matplotlib Axes, optional
        **options
            Of :func:`secondplan.plots.plot_hazard_ratio`.

        Returns
        -------
        Axes
        """
        ratio = self.hazard_ratio(X, reference, times, event=event, level=level)
        from ...plots import plot_hazard_ratio

        return plot_hazard_ratio(ratio, ax=ax, **options)

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        return incidence(self._checked_curves(design.matrix), design.matrix, times)[self.events_.index(event)]

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        return event_free(self._curves(), design.matrix, times)

    def _parameter_covariance(self) -> np.ndarray:
        return self.joint_covariance_

    def _incidence_gradient(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        return incidence_gradient(self._curves(), design.matrix, times, self.events_.index(event))

    def _event_free_gradient(self, design: Design, times: np.ndarray) -> np.ndarray:
        return event_free_gradient(self._curves(), design.matrix, times)

    def _curves(self) -> list[CauseCurve]:
        return [self._curve(event) for event in self.events_]

    def _curve(self, event: int) -> CauseCurve:
        return curve_from_state(self.cause_curves_[event])

    def _checked_curves(self, design: np.ndarray) -> list[CauseCurve]:
        """The curves, after a warning if any hazard of these rows is negative somewhere."""
        curves = self._curves()
        n_negative = int(is_negative_somewhere([row_curves(curve, design) for curve in curves]).sum())
        if n_negative:
            warn(
                f"a hazard is negative at some time in {n_negative} of {len(design)} rows and counts as 0 there; "
                "fewer degrees of freedom (df, time_varying) avoid it"
            )
        return curves

    def _own_covariance(self, event: int) -> np.ndarray:
        """The block of the joint covariance that belongs to an event."""
        begin = 0
        for code, curve in zip(self.events_, self._curves(), strict=True):
            if code == event:
                return self.joint_covariance_[begin : begin + curve.n_parameters, begin : begin + curve.n_parameters]
            begin += curve.n_parameters
        raise KeyError(event)

    def _hazard_arguments(self, X: Any, times: Any, event: int) -> tuple[CauseCurve, np.ndarray, np.ndarray]:
        check_is_fitted(self)
        require_event(event, self.events_)
        return self._curve(event), self._design(X).matrix, _log_of_positive(times)

    def _warn_past_follow_up(self, times: Any, n_rows: int) -> None:
        days = checked_times(times, n_rows)
        self._unknown(Design(np.empty((n_rows, 0))), days, np.zeros((n_rows, 1)))

    def _grid(self, event: int) -> np.ndarray:
        check_is_fitted(self)
        require_event(event, self.events_)
        last = float(np.exp(self._curve(event).spline.knots[-1]))
        return np.linspace(0.0, last, CURVE_POINTS + 1)[1:]


def _log_of_positive(times: Any) -> np.ndarray:
    days = checked_times(times, 1)[0]
    if np.any(days <= 0):
        raise ValueError(f"times of a hazard must be above 0; got {int((days <= 0).sum())} of {days.size} that are not")
    return np.log(days)
