"""What a fitted Fine-Gray model predicts: incidences of new rows, with their intervals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ..cox.baseline import LARGEST_ETA, fill_means
from ..curves.confidence import check_interval, incidence_bounds
from ..estimator.asked import Asked
from ..estimator.base import require_event
from ..estimator.conditioning import divide
from ..estimator.design import Design, TrainingRows
from ..estimator.likelihood_criteria import LikelihoodCriteria
from ..estimator.one_event import OneEventModel
from ..estimator.unstated import warn_of_unstated
from ..features.encoder import as_frame
from ..numerics.blas_threads import one_blas_thread
from ..numerics.row_totals import RowTotals
from ..numerics.steps import step_values
from .standard_error import UncertainBaseline, covariance_of_totals, incidence_error, slopes_of_total

if TYPE_CHECKING:
    from ..cox.model import CoxPH

# Rows whose derivatives are held at once: few, to stay in the processor's cache.
ROWS_PER_BLOCK = 2_000


class FineGrayPrediction(LikelihoodCriteria, OneEventModel):
    """The part of :class:`.model.FineGray` that needs no training rows: loaded models have it too."""

    _column_parameters: ClassVar[dict[str, str]] = {"censoring_strata": "strata"}
    censoring_strata: str | list[str] | None
    coef_: np.ndarray
    covariance_: np.ndarray
    center_: np.ndarray
    baseline_time_: np.ndarray
    baseline_hazard_: np.ndarray
    error_parts_: dict[str, np.ndarray]
    event_free_model_: CoxPH

    @property
    def baseline_cumulative_hazard_(self) -> pd.Series:
        """Cumulative subdistribution hazard at features 0, by day."""
        check_is_fitted(self)
        values = self.baseline_hazard_ * np.exp(-np.clip(self.center_ @ self.coef_, -LARGEST_ETA, LARGEST_ETA))
        return pd.Series(values, index=pd.Index(self.baseline_time_, name="day"), name="cumulative_hazard")

    @one_blas_thread()
    def predict_cumulative_incidence_interval(
        self,
        X: Any,
        times: Any,
        *,
        event: int | None = None,
        level: float = 0.95,
        eligible_days: Any = None,
        elapsed: Any = 0.0,
    ) -> np.ndarray:
        r"""Interval of the cumulative incidence, symmetric on the scale :math:`\log(-\log(1 - F))`.

        The standard error is that of the influence function, of coefficients and baseline together, with the
        convention of ``covariance_``; exact at 91, 182, 365, 730 and ``horizon`` days up to the thinning of what a
        model keeps, elsewhere nearly so. Given ``elapsed`` days, the probability of no event until then counts as
        known.

        Parameters
        ----------
        X, times, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        event : int, optional
            The model's own event, which is the default.
        level : float
            Coverage, pointwise.

        Returns
        -------
        ndarray, shape (n_rows, n_times, 2)
            Lower and upper bound; both are the incidence where it is 0 or 1.

        Raises
        ------
        ValueError
            The level is not between 0 and 1, or an argument breaks a rule of :meth:`predict_cumulative_incidence`.
        """
        check_is_fitted(self)
        event = self.event if event is None else event
        require_event(event, self.events_)
        check_interval(level, "log-log")
        return self._asked_interval(self._asked(X, times, eligible_days, elapsed), event, level)

    def _asked_interval(self, asked: Asked, event: int, level: float) -> np.ndarray:
        incidence = self._asked_incidence(asked, event)
        baseline = self._uncertain_baseline()
        error = np.empty(asked.times.shape)
        for rows, part in asked.chunks(ROWS_PER_BLOCK):
            matrix, since = part.design.matrix, part.since
            if baseline is None:
                error[rows] = np.where(incidence[rows] > 0, np.nan, 0.0)
                continue
            distance, risk = matrix - self.center_, self._relative_risk(matrix)
            error[rows] = incidence_error(baseline, distance, risk, part.times, since)
            if np.any(since > 0):
                error[rows] = divide(error[rows], np.where(since > 0, self._still_free(part.design, since), 1.0))
        warn_of_unstated(error)
        return asked.finished(np.stack(incidence_bounds(incidence, error, level), axis=-1))

    def _covariance_of_totals(self, asked: Asked, event: int, totals: RowTotals) -> np.ndarray | None:
        """Covariance of totals of rows' incidences by each time, shape (m, n_groups, n_groups).

        None where a saved model does not hold it, and for risks after elapsed days.
        """
        baseline, matrix = self._uncertain_baseline(), asked.design.matrix
        if baseline is None or np.any(asked.since > 0):
            return None
        return covariance_of_totals(baseline, matrix - self.center_, self._relative_risk(matrix), asked.times, totals)

    def _direction_of_total(self, asked: Asked, event: int, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How the weighted total of the rows' incidences by each time moves with baseline and coefficients."""
        matrix = asked.design.matrix
        mean = self._exact_mean if hasattr(self, "_exact_mean") else None
        baseline = self._uncertain_baseline()
        assert baseline is not None  # of a model that holds its rows
        if mean is not None:
            baseline = replace(baseline, mean=mean)
        return slopes_of_total(baseline, matrix - self.center_, self._relative_risk(matrix), asked.times, weight)

    def _asked_event_free(self, asked: Asked) -> np.ndarray:
        """From the Cox model of all events; at most 1 less the incidence."""
        free = super()._asked_event_free(asked)
        return np.minimum(free, 1.0 - self._asked_incidence(asked, self.event)) if np.any(asked.since > 0) else free

    def _last_days_followed(self, rows: TrainingRows) -> np.ndarray:
        """Of all rows: strata are of the censoring alone."""
        return np.array([rows.of_positive_weight().outcome.followed_until])

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        position = np.searchsorted(self.baseline_time_, times, side="right") - 1
        relative_risk = self._relative_risk(design.matrix)[:, None]
        with np.errstate(over="ignore"):  # an infinite hazard is a probability of 1
            return -np.expm1(-step_values(self.baseline_hazard_, position) * relative_risk)

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        free = self.event_free_model_._event_free(design, times)
        return np.minimum(free, 1.0 - self._incidence(design, times, self.event))

    def _relative_risk(self, design: np.ndarray) -> np.ndarray:
        """Against the center, shape (n_rows,)."""
        return np.exp(np.minimum((design - self.center_) @ self.coef_, LARGEST_ETA))

    def _design(self, X: Any) -> Design:
        """The design matrix; strata of the censoring play no part in predictions."""
        frame = as_frame(X)
        unused = [name for name in self._strata_columns() if name in frame.columns]
        return Design(self.encoder_.design(frame.drop(columns=unused)))

    def _uncertain_baseline(self) -> UncertainBaseline | None:
        """What errors rest on; None where a saved model does not hold it."""
        parts = dict(self.error_parts_ or self._own_error_parts)
        if not parts:
            return None
        kept = parts.pop("mean_steps"), parts.pop("mean_values")
        mean = fill_means(np.zeros(self.baseline_time_.size, dtype=np.int64), self.baseline_hazard_, *kept)
        return UncertainBaseline(
            self.baseline_time_, self.baseline_hazard_, mean, coef_covariance=self.covariance_, **parts
        )

    def _strata_columns(self) -> list[str]:
        columns = self.censoring_strata
        return [columns] if isinstance(columns, str) else list(columns or [])
