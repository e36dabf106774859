"""What a fitted Cox model predicts: hazards and incidences of new rows, with their standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...caller_warnings import warn
from ..curves.confidence import check_interval
from ..estimator.asked import Asked
from ..estimator.base import ROWS_PER_CHUNK, require_event
from ..estimator.design import Design
from ..estimator.likelihood_criteria import LikelihoodCriteria
from ..estimator.one_event import OneEventModel
from ..estimator.unstated import warn_of_unstated
from ..incidence.hazard_moments import CellMoments, RowMoments
from ..inputs.follow_up import flat_until
from ..numerics.blas_threads import one_blas_thread
from ..numerics.row_totals import RowTotals
from .baseline import (
    BaselineHazard,
    cumulative_hazard,
    cumulative_hazard_error,
    fill_means,
    survival_bounds,
)
from .curve_error import covariance_of_totals, jackknife_hazard_error


class CoxPrediction(LikelihoodCriteria, OneEventModel):
    """The part of :class:`.model.CoxPH` that needs no training rows: loaded models have it too."""

    _column_parameters: ClassVar[dict[str, str]] = {"strata": "strata", "offset": "offset"}
    alpha: float
    firth: bool
    strata: str | list[str] | None
    offset: str | None
    coef_: np.ndarray
    covariance_: np.ndarray
    has_competing_events_: bool
    center_: np.ndarray
    offset_center_: float
    baseline_time_: np.ndarray
    baseline_stratum_: np.ndarray
    baseline_hazard_: np.ndarray
    baseline_variance_: np.ndarray
    mean_steps_: np.ndarray
    mean_values_: np.ndarray
    mean_error_: np.ndarray
    _exact_mean: np.ndarray
    hazard_moments_: list[dict[str, Any]]

    _given_remedies: tuple[str, ...] | None = None
    _asked_zero: np.ndarray | None = None

    @property
    def _remedies(self) -> tuple[str, ...]:
        """What a warning of coefficients without a finite estimate may advise."""
        if self._given_remedies is not None:
            return self._given_remedies
        if self.firth:
            return ("set alpha > 0 in place of firth",)
        return ("raise alpha",) if self.alpha > 0 else ("set firth=True or alpha > 0",)

    def advising(self, *remedies: str) -> Self:
        """The same model, which advises this in its warnings: of a part of another model, whose parameters differ."""
        self._given_remedies = remedies
        return self

    def leaving_out(self, features: np.ndarray) -> Self:
        """The same model, which does not warn of features (p,) that are to have no coefficient."""
        self._asked_zero = features
        return self

    @property
    def baseline_(self) -> BaselineHazard:
        """The baseline at the mean of the features and of the offset."""
        is_exact = hasattr(self, "_exact_mean")
        return BaselineHazard(
            self.baseline_time_,
            self.baseline_stratum_,
            self.baseline_hazard_,
            self.baseline_variance_,
            self._exact_mean if is_exact else self.saved_mean(),
            self.center_,
            None if is_exact else self.mean_error_,
        )

    def saved_mean(self) -> np.ndarray:
        """The baseline's running sum of means as a saved model has it, shape (n_steps, n_features)."""
        return fill_means(self.baseline_stratum_, self.baseline_hazard_, self.mean_steps_, self.mean_values_)

    @property
    def baseline_cumulative_hazard_(self) -> pd.Series | pd.DataFrame:
        """Cumulative hazard at features 0 and offset 0 by day; with strata one column each, NaN past its follow-up."""
        values = self.baseline_.at_zero(self.coef_, self.offset_center_)
        if self.strata is None:
            index = pd.Index(self.baseline_time_, name="day")
            return pd.Series(values, index=index, name="cumulative_hazard")
        columns = {
            label: pd.Series(values[own], index=self.baseline_time_[own])
            for label, own in ((label, self.baseline_stratum_ == code) for code, label in enumerate(self.strata_))
        }
        return flat_until(pd.DataFrame(columns), self.follow_up_).rename_axis("day")

    def predict_cumulative_incidence(
        self, X: Any, times: Any, *, event: int = 1, eligible_days: Any = None, elapsed: Any = 0.0
    ) -> np.ndarray:
        """Incidence ``1 - exp(-H)`` of the event if no other event existed, shape (n_rows, n_times).

        Parameters are those of :meth:`IncidenceModel.predict_cumulative_incidence`. Warns if the training data had
        other events: use ``CauseSpecificCox`` for the incidence among them.
        """
        check_is_fitted(self)
        self._warn_of_competing_events()
        return super().predict_cumulative_incidence(X, times, event=event, eligible_days=eligible_days, elapsed=elapsed)

    def predict_log_hazard_ratio(self, X: Any, reference: Any = None, *, return_std: bool = False) -> Any:
        r"""Log hazard ratio :math:`(x - x_0)'\beta` of each row against one reference row, offsets included.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
        reference : DataFrame or ndarray, shape (1, n_columns), optional
            With the columns of ``X``; by default features and offset 0. ``type = "lp"`` of R's ``predict.coxph`` is
            against 0 with ``reference = "zero"``, else against means.
        return_std : bool
            Give the standard error too: that of the coefficients (robust if the fit is).

        Returns
        -------
        ndarray, shape (n_rows,); with ``return_std`` two of them.

        Raises
        ------
        ValueError
            The reference is not one row.

        Examples
        --------
        >>> from secondplan.models import CoxPH
        >>> X = pd.DataFrame({"age": [3.0, 7.0, 2.0, 11.0, 5.0, 9.0]})
        >>> y = pd.DataFrame({"duration": [5, 8, 3, 9, 4, 6], "event": [1, 0, 1, 1, 0, 1]})
        >>> CoxPH().fit(X, y).predict_log_hazard_ratio(X[:2], X[:1]).round(2).tolist()
        [0.0, -2.42]
        """
        check_is_fitted(self)
        rows = self._centred(self._design(X))
        base, base_offset = np.zeros((1, rows.matrix.shape[1])), -self.offset_center_
        if reference is not None:
            one = self._centred(self._design(reference))
            if len(one) != 1:
                raise ValueError(f"reference must be one row, got {len(one)}")
            base, base_offset = one.matrix, one.offset_of_each[0]
        distance = rows.matrix - base
        ratio = distance @ self.coef_ + rows.offset_of_each - base_offset
        if not return_std:
            return ratio
        variance = np.einsum("np,pq,nq->n", distance, self.covariance_, distance, optimize=True)
        return ratio, np.sqrt(np.maximum(variance, 0.0))

    def predict_cumulative_hazard(
        self, X: Any, times: Any, *, eligible_days: Any = None, elapsed: Any = 0.0, return_std: bool = False
    ) -> Any:
        r"""Cumulative hazard :math:`H(t \mid x) - H(s \mid x)` of each row by each day.

        Parameters
        ----------
        X, times, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        return_std : bool
            Give the standard error too: that of the baseline and of the coefficients together, as ``std_error`` of the
            model says: robust where ``cluster`` or weights that are not whole were given to ``fit``, else ``std.err``
            of R's ``survfit.coxph``. After ``elapsed`` days it is that of the difference; R's
            ``predict(type = "expected")`` of rows that enter late subtracts variances, which is not.

        Returns
        -------
        ndarray, shape (n_rows, n_times); with ``return_std`` two of them.
        """
        check_is_fitted(self)
        hazard, error = self._hazard_and_error(self._asked(X, times, eligible_days, elapsed), with_error=return_std)
        return (hazard, error) if return_std else hazard

    def predict_survival(
        self, X: Any, times: Any, *, eligible_days: Any = None, elapsed: Any = 0.0, return_std: bool = False
    ) -> Any:
        """Probability ``exp(-H)`` of no event if no other event existed.

        Parameters
        ----------
        X, times, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        return_std : bool
            Give the standard error too: that of :meth:`predict_cumulative_hazard` times the probability, as
            ``summary(survfit.coxph)`` in R.

        Returns
        -------
        ndarray, shape (n_rows, n_times); with ``return_std`` two of them.
        """
        check_is_fitted(self)
        hazard, error = self._hazard_and_error(self._asked(X, times, eligible_days, elapsed), with_error=return_std)
        survival = np.exp(-hazard)
        return (survival, survival * error) if return_std else survival

    def predict_cumulative_incidence_interval(
        self,
        X: Any,
        times: Any,
        *,
        event: int | None = None,
        level: float = 0.95,
        interval: str = "log",
        eligible_days: Any = None,
        elapsed: Any = 0.0,
    ) -> np.ndarray:
        """Interval of the incidence ``1 - exp(-H)`` by the delta method, as R's ``survfit.coxph``.

        The standard error is that of :meth:`predict_cumulative_hazard`: robust where ``cluster`` or weights that
        are not whole were given to ``fit``, which R's is in part only (see ``std_error`` of the model).

        Parameters
        ----------
        X, times, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        event : int, optional
            The model's own event, which is the default.
        level : float
            Coverage.
        interval : {"plain", "log", "log-log"}
            Scale of the event-free probability on which the interval is symmetric.

        Returns
        -------
        ndarray, shape (n_rows, n_times, 2)
            Lower and upper bound.
        """
        check_is_fitted(self)
        require_event(self.event if event is None else event, self.events_)
        check_interval(level, interval)
        self._warn_of_competing_events()
        return self._asked_interval(self._asked(X, times, eligible_days, elapsed), self.event, level, interval)

    def _asked_interval(self, asked: Asked, event: int, level: float, interval: str = "log") -> np.ndarray:
        hazard, error = self._hazard_and_error(asked)
        lower, upper = survival_bounds(hazard, error, level, interval)
        return np.stack([1.0 - upper, 1.0 - lower], axis=-1)

    @one_blas_thread()
    def _hazard_and_error(self, asked: Asked, *, with_error: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Cumulative hazard since ``elapsed`` and its standard error, both (n_rows, n_times); by chunks of rows."""
        shape = asked.times.shape
        hazard, error = np.empty(shape), np.zeros(shape if with_error else (0, 0))
        for rows, part in asked.chunks(ROWS_PER_CHUNK):
            design, times, since = self._centred(part.design), part.times, part.since
            if with_error:
                hazard[rows], error[rows] = self._chunk_error(design, times, since)
            else:
                hazard[rows] = cumulative_hazard(
                    self.baseline_, self.coef_, design, times, since if np.any(since > 0) else None
                )
        warn_of_unstated(error)
        return asked.finished(hazard), asked.finished(error) if with_error else error

    def _chunk_error(self, design: Design, times: np.ndarray, since: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cumulative hazard and its standard error, the same once the model is saved, or not stated then."""
        exact, moments = self.baseline_, self._jackknife_moments()
        grouped = self._as_saved(exact)
        if moments:
            return jackknife_hazard_error(grouped, self.coef_, moments, design, times, since)
        hazard, error = np.empty(times.shape), np.empty(times.shape)
        for baseline, is_own in ((exact, since[:, 0] <= 0), (grouped, since[:, 0] > 0)):
            own = slice(None) if is_own.all() else np.flatnonzero(is_own)
            if is_own.any():
                hazard[own], error[own] = cumulative_hazard_error(
                    baseline, self.coef_, self.covariance_, design[own], times[own], since[own]
                )
        return hazard, error

    def _covariance_of_totals(self, asked: Asked, event: int, totals: RowTotals) -> np.ndarray | None:
        """Covariance of totals of rows' incidences by each time, shape (m, n_groups, n_groups).

        None where the errors of rows are not known, after elapsed days, and by the jackknife for several strata.
        """
        design = self._centred(asked.design)
        if np.any(asked.since > 0) or np.isnan(self._chunk_error(design, asked.times, asked.since)[1]).any():
            return None
        exact, moments = self.baseline_, self._jackknife_moments()
        if moments:
            exact = self._as_saved(exact)
        return covariance_of_totals(exact, self.coef_, self.covariance_, moments, design, asked.times, totals)

    def _as_saved(self, exact: BaselineHazard) -> BaselineHazard:
        """The baseline with the means that a saved model has, of strata that it holds means of."""
        saved = self.saved_mean()
        return replace(exact, mean=np.where(np.isnan(saved), exact.mean, saved), mean_error=None)

    def _jackknife_moments(self) -> Sequence[RowMoments | CellMoments | None]:
        """What errors rest on by stratum, the same once the model is saved; none for errors as survfit's.

        The strata of which a saved model keeps nothing have the influences of their rows, or None once it is saved.
        """
        saved = self.hazard_moments_
        rows = getattr(self, "_row_moments", [None] * len(saved))
        return [CellMoments(**moments) if moments else own for moments, own in zip(saved, rows, strict=True)]

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        return -np.expm1(-self._hazard(design, times))

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        return np.exp(-self._hazard(design, times))

    def _hazard(self, design: Design, times: np.ndarray) -> np.ndarray:
        return cumulative_hazard(self.baseline_, self.coef_, self._centred(design), times)

    def _centred(self, design: Design) -> Design:
        """The design with its offsets against that of the baseline."""
        return design if design.offset is None else replace(design, offset=design.offset - self.offset_center_)

    def _warn_of_competing_events(self) -> None:
        if self.has_competing_events_:
            warn(
                "the training data have competing events, which CoxPH counts as censored: this incidence is too high; "
                "use CauseSpecificCox"
            )
