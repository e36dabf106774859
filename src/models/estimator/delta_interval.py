"""Confidence intervals of incidences by the delta method, for models with a covariance of all their parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..curves.confidence import check_interval, incidence_bounds
from ..numerics.blas_threads import one_blas_thread
from ..numerics.quadratic import quadratic_forms
from ..numerics.row_totals import RowTotals
from .asked import Asked
from .base import IncidenceModel, require_event
from .conditioning import divide, is_faint
from .design import Design

# Numbers of one array of gradients held at once.
NUMBERS_PER_BLOCK = 1_000_000


class DeltaIntervalModel(IncidenceModel):
    r"""Base of the models whose incidence is a smooth function of parameters :math:`\theta` with covariance V.

    .. math:: \widehat{var}\, F(t \mid s, x) = g^\top V g, \qquad g = \partial F(t \mid s, x) / \partial \theta,

    where F is the incidence given that nothing has happened by day s.

    A model implements ``_parameter_covariance()``, shape (q, q), and ``_incidence_gradient(design, times, event)`` and
    ``_event_free_gradient(design, times)``, shape (n_rows, n_times, q). ``_gradient_width()`` is the count of numbers
    held per row and time while these are computed.
    """

    @one_blas_thread()
    def predict_cumulative_incidence_interval(
        self,
        X: Any,
        times: Any,
        *,
        event: int = 1,
        level: float = 0.95,
        eligible_days: Any = None,
        elapsed: Any = 0.0,
    ) -> np.ndarray:
        r"""Interval of the cumulative incidence by the delta method, symmetric on the scale :math:`\log(-\log(1 - F))`.

        It covers what the estimated parameters leave open, not whether the model is right. It is robust where
        ``cluster`` or weights that are not whole were given to ``fit``.

        Parameters
        ----------
        X, times, event, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        level : float
            Coverage, pointwise.

        Returns
        -------
        ndarray, shape (n_rows, n_times, 2)
            Lower and upper bound; both are the incidence where it is 0 or 1. From 0 to 1 for rows that the model all
            but rules out to be free of events by ``elapsed`` (probability below 1e-8).

        Raises
        ------
        ValueError
            The level is not between 0 and 1, or an argument breaks a rule of :meth:`predict_cumulative_incidence`.
        """
        check_is_fitted(self)
        require_event(event, self.events_)
        check_interval(level, "log-log")
        return self._asked_interval(self._asked(X, times, eligible_days, elapsed), event, level)

    def _asked_interval(self, asked: Asked, event: int, level: float) -> np.ndarray:
        covariance = self._parameter_covariance()
        rows_per_block = max(1, NUMBERS_PER_BLOCK // max(1, asked.times.shape[1] * self._gradient_width()))
        bounds = np.empty((*asked.times.shape, 2))
        if not bounds.size:
            return bounds
        for rows, part in asked.chunks(rows_per_block):
            incidence, gradient = self._conditional_gradient(part.design, part.times, part.since, event)
            variance = quadratic_forms(gradient, covariance)
            error = np.sqrt(np.maximum(variance, 0.0))
            bounds[rows] = np.stack(incidence_bounds(np.clip(incidence, 0.0, 1.0), error, level), axis=-1)
            bounds[rows][np.isnan(incidence)] = (0.0, 1.0)
        return asked.finished(bounds)

    def _covariance_of_totals(self, asked: Asked, event: int, totals: RowTotals) -> np.ndarray:
        """Covariance of totals of rows' incidences by each time, shape (m, n_groups, n_groups)."""
        covariance, gradient = self._parameter_covariance(), self._gradient_of_totals(asked, event, totals)
        return np.einsum("gmq,qr,hmr->mgh", gradient, covariance, gradient, optimize=True)

    def _direction_of_total(self, asked: Asked, event: int, weight: np.ndarray) -> np.ndarray:
        """Gradient of the weighted total of the rows' incidences by each time, shape (m, q)."""
        totals = RowTotals(np.zeros(len(asked), dtype=np.int64), weight, 1)
        return self._gradient_of_totals(asked, event, totals)[0]

    def _gradient_of_totals(self, asked: Asked, event: int, totals: RowTotals) -> np.ndarray:
        """Gradient of totals of rows' incidences by each time, shape (n_groups, m, q)."""
        n_times, width = asked.times.shape[1], len(self._parameter_covariance())
        gradient = np.zeros((totals.n_groups, n_times, width))
        for rows, part in asked.chunks(max(1, NUMBERS_PER_BLOCK // max(1, n_times * self._gradient_width()))):
            gradient += totals.of(self._conditional_gradient(part.design, part.times, part.since, event)[1], rows)
        return gradient

    def _conditional_gradient(
        self, design: Design, times: np.ndarray, since: np.ndarray, event: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Incidence from ``since`` (n_rows, 1) to ``times`` (n_rows, n_times), and its gradient in the parameters.

        The incidence is NaN, and the gradient 0, where nothing can be said (see :func:`.base.is_faint`).
        """
        incidence = self._incidence(design, times, event)
        gradient = self._incidence_gradient(design, times, event)
        if not np.any(since > 0):
            return incidence, gradient
        free = self._event_free(design, since)
        faint = is_faint(free, since)
        free = np.where(faint, 0.0, free)
        later = divide(incidence - self._incidence(design, since, event), free)
        slope = gradient - self._incidence_gradient(design, since, event)
        slope -= later[:, :, None] * self._event_free_gradient(design, since)
        slope = divide(slope, free[:, :, None])
        after, given = times > since, since > 0
        incidence = np.where(given, np.where(after, np.where(faint, np.nan, later), 0.0), incidence)
        return incidence, np.where(given[:, :, None], np.where(after[:, :, None], slope, 0.0), gradient)

    def _parameter_covariance(self) -> np.ndarray:
        raise NotImplementedError

    def _gradient_width(self) -> int:
        return len(self._parameter_covariance())

    def _incidence_gradient(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        raise NotImplementedError

    def _event_free_gradient(self, design: Design, times: np.ndarray) -> np.ndarray:
        raise NotImplementedError
