"""Aalen-Johansen as a model: the curve of all rows, or of each stratum."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...caller_warnings import warn
from ...parameter_checks import require_choice
from ..curves.confidence import check_interval, probability_bounds
from ..curves.nonparametric import incidence_curve
from ..curves.results import StratifiedCurves
from ..curves.state_counts import count_states
from ..estimator.asked import Asked
from ..estimator.base import IncidenceModel, require_event
from ..estimator.design import Design, TrainingRows
from ..features.encoder import FeatureEncoder
from ..inputs.cluster_levels import codes_within
from ..inputs.strata import match_strata
from ..numerics.row_totals import RowTotals
from ..numerics.steps import step_position, step_values
from .aalen_johansen_error import conditional_error, curve_moments

UNSEEN = ("error", "marginal")


class AalenJohansen(IncidenceModel):
    """Incidence without covariates: the Aalen-Johansen curve of all rows, or of each stratum. The reference for models.

    Parameters
    ----------
    strata : str or list of str, optional
        Columns of ``X``; each combination of their values has its own curves. Other columns are not used.
    unseen : {"error", "marginal"}
        Rows of a stratum that the training data did not have: an error, or the curve of all training rows.
    encoder : FeatureEncoder, optional
        Not used; there for the common interface.
    horizon : float
        Days at which ``predict`` states the risk.

    Attributes
    ----------
    curves_ : StratifiedCurves or IncidenceCurve
        With numbers at risk; in the process that fitted the model, not saved.
    strata_ : list of str
        Labels of the strata, ``"column=value"``.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"band": ["short", "short", "long", "long"]})
    >>> y = pd.DataFrame({"duration": [10, 20, 15, 30], "event": [1, 0, 0, 1]})
    >>> AalenJohansen(strata="band").fit(X, y).predict_cumulative_incidence(X, [12.0])[:, 0].tolist()
    [0.5, 0.5, 0.0, 0.0]
    """

    _column_parameters: ClassVar[dict[str, str]] = {"strata": "strata"}
    # No feature is in the way of a fit.
    _is_penalised: ClassVar[bool] = True
    _of_training: ClassVar[tuple[str, ...]] = ("curves_",)
    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        "strata_",
        "step_time_",
        "step_stratum_",
        "step_incidence_",
        "step_event_free_",
        "step_std_error_",
        "moments_",
    )

    def __init__(
        self,
        strata: str | list[str] | None = None,
        unseen: str = "error",
        encoder: FeatureEncoder | None = None,
        horizon: float = 730.0,
    ) -> None:
        self.strata = strata
        self.unseen = unseen
        self.encoder = encoder
        self.horizon = horizon

    def predict_cumulative_incidence_interval(
        self,
        X: Any,
        times: Any,
        *,
        event: int = 1,
        level: float = 0.95,
        interval: str = "log",
        eligible_days: Any = None,
        elapsed: Any = 0.0,
    ) -> np.ndarray:
        """Pointwise interval of the incidence, shape (n_rows, n_times, 2): lower and upper bound.

        Parameters
        ----------
        X, times, event, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        level : float
        interval : {"log", "log-log", "plain"}
        """
        check_is_fitted(self)
        check_interval(level, interval)
        require_event(event, self.events_)
        return self._asked_interval(self._asked(X, times, eligible_days, elapsed), event, level, interval)

    def _asked_interval(self, asked: Asked, event: int, level: float, interval: str = "log") -> np.ndarray:
        estimate = self._asked_incidence(asked, event)
        error = self._standard_error(asked.design, asked.times, asked.since, self.events_.index(event))
        return asked.finished(np.stack(probability_bounds(estimate, error, level, interval), axis=-1))

    def _fit(self, rows: TrainingRows) -> None:
        require_choice("unseen", self.unseen, UNSEEN)
        outcome, weight, cluster = rows.outcome, rows.weight_of_each, rows.cluster
        self.strata_ = list(rows.design.labels)
        codes = rows.design.stratum_of_each
        self.events_ = tuple(sorted({1, *outcome.take(weight > 0).events}))
        if 1 not in outcome.take(weight > 0).events:
            warn("no row has event 1: its incidence is 0 at every day")
        parts = [(codes == code) & (weight > 0) for code in range(len(self.strata_))]
        if not parts or self.unseen == "marginal":
            parts.append(weight > 0)
        if not all(part.any() for part in parts):
            raise ValueError("a stratum has no row with a weight above 0")
        curves = [
            incidence_curve(outcome.take(part), weight[part], codes_within(cluster, part), self.events_)
            for part in parts
        ]
        labelled = dict(zip(self.strata_, curves, strict=False))
        self.curves_ = StratifiedCurves(labelled) if labelled else curves[0]
        self.moments_ = [
            curve_moments(
                count_states(outcome.take(part), weight[part], self.events_), codes_within(cluster, part), self.horizon
            )
            for part in parts
        ]
        steps = [curve.n_events.sum(axis=1) > 0 for curve in curves]
        self.step_time_ = _join(curve.times[step] for curve, step in zip(curves, steps, strict=True))
        self.step_stratum_ = np.repeat(np.arange(len(curves)), [int(step.sum()) for step in steps])
        self.step_incidence_ = _join(curve.incidence[step] for curve, step in zip(curves, steps, strict=True))
        self.step_event_free_ = _join(curve.event_free[step] for curve, step in zip(curves, steps, strict=True))
        self.step_std_error_ = _join(curve.std_error[step] for curve, step in zip(curves, steps, strict=True))

    def _last_days_followed(self, rows: TrainingRows) -> np.ndarray:
        last = super()._last_days_followed(rows)
        if not self.strata_ or self.unseen == "error":
            return last
        everybody = rows.of_positive_weight().outcome.followed_until
        return np.append(last, everybody)

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        position = self._position(design, times)
        return step_values(self.step_incidence_[:, self.events_.index(event)], position)

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        return step_values(self.step_event_free_, self._position(design, times), before=1.0)

    def _standard_error(self, design: Design, times: np.ndarray, since: np.ndarray, kind: int) -> np.ndarray:
        """Standard error of the incidence from ``since`` (n_rows, 1) to ``times`` (n_rows, n_times)."""
        error = step_values(self.step_std_error_[:, kind], self._position(design, times))
        stratum = design.stratum_of_each
        for code in np.unique(stratum[since[:, 0] > 0]):
            rows = np.flatnonzero((stratum == code) & (since[:, 0] > 0))
            steps = slice(*np.searchsorted(self.step_stratum_, [code, code + 1]))
            curve = (self.step_time_[steps], self.step_incidence_[steps], self.step_event_free_[steps])
            error[rows] = conditional_error(*curve, self.moments_[code], times[rows], since[rows], kind)
        return error

    def _covariance_of_totals(self, asked: Asked, event: int, totals: RowTotals) -> np.ndarray | None:
        """Covariance of totals of rows' incidences by each time, shape (m, n_groups, n_groups).

        Strata are independent (families in several count as if they were not). None where rows of a stratum have
        days of their own.
        """
        error = self._standard_error(asked.design, asked.times, asked.since, self.events_.index(event))
        codes, first, own = np.unique(asked.design.stratum_of_each, return_index=True, return_inverse=True)
        if np.any(error != error[first][own]):
            return None
        by_stratum = totals.of(np.eye(codes.size)[own])
        return np.einsum("gs,sm,hs->mgh", by_stratum, error[first] ** 2, by_stratum)

    def _position(self, design: Design, times: np.ndarray) -> np.ndarray:
        return step_position(self.step_time_, self.step_stratum_, design.stratum_of_each, times)

    def _match_strata(self, values: pd.DataFrame) -> np.ndarray:
        if self.unseen == "error":
            return super()._match_strata(values)
        codes = match_strata(values.to_numpy(), list(values.columns), self.strata_)
        return np.where(codes < 0, len(self.strata_), codes)

    def _split_columns(self, X: Any) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
        """No covariates: only the columns of the strata are looked at, so the others may be anything."""
        frame, named = super()._split_columns(X)
        return frame[[]], named

    def _unfitted_encoder(self) -> FeatureEncoder:
        return FeatureEncoder()


def _join(parts: Any) -> np.ndarray:
    return np.concatenate(list(parts))
