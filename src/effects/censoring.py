"""A Cox model of leaving observation, fitted to the rows of an effect: the chance to stay, and who moved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from ..models import CoxPH
from ..models.cox.hazard_influence import HazardSlopes, hazard_influence
from ..models.estimator.design import TrainingRows
from ..models.inputs.outcome import Outcome
from ..parameter_checks import shown


@dataclass(frozen=True)
class CoxCensoring:
    """A fitted model of censoring, and its rows; n rows, J days of censoring, one stratum.

    Attributes
    ----------
    model : CoxPH
    rows : TrainingRows
    time, hazard : ndarray, shape (J,)
        Days, and the increments of the baseline hazard.
    relative_risk : ndarray, shape (n,)
    """

    model: CoxPH
    rows: TrainingRows
    time: np.ndarray
    hazard: np.ndarray
    relative_risk: np.ndarray

    @classmethod
    def of(cls, model: Any, X: Any, outcome: Outcome, sample_weight: np.ndarray) -> CoxCensoring:
        """A plain Cox model of censoring, fitted to ``X`` unless it is; ValueError where it is not that of the rows."""
        if not isinstance(model, CoxPH):
            raise ValueError(f"censoring must be a Cox model, such as CoxPH(event=0), with X; got {shown(model)}")
        if model.strata is not None or model.offset is not None or model.alpha > 0 or model.firth:
            raise ValueError("a model of censoring must be a plain Cox model: no strata, offset or penalty")
        if outcome.has_delayed_entry:
            raise ValueError(
                "rows have delayed entry, whom weights for censoring do not stand for: leave censoring out, or use "
                "standardised_risk"
            )
        left = outcome.event == 0
        if not hasattr(model, "coef_"):
            if X is None:
                raise ValueError("a model of censoring that is not fitted needs X, the features of the rows")
            model = clone(model).set_params(event=1)
            weight = None if np.all(sample_weight == 1) else sample_weight
            model.fit(X, {"duration": outcome.duration, "event": left.astype(int)}, sample_weight=weight)
        rows = getattr(model, "_training", None)
        if (
            rows is None
            or not np.array_equal(rows.outcome.duration, outcome.duration)
            or not np.array_equal(rows.outcome.event == model.event, left)
        ):
            raise ValueError(
                "a fitted model of censoring must be fitted to the same rows in the same order, being censored its "
                "event: CoxPH().fit(X, y.assign(event=y.event == 0))"
            )
        hazard = np.diff(model.baseline_hazard_, prepend=0.0)
        predictor = (rows.design.matrix - model.center_) @ model.coef_
        return cls(model, rows, model.baseline_time_, hazard, np.exp(predictor))

    def free_before_own_day(self) -> np.ndarray:
        """Probability of still being observed just before each row's day, shape (n,)."""
        return np.exp(-self.relative_risk * self._until()[self._place()])

    def influence_of_own_day(self, gradient: np.ndarray, factor: np.ndarray) -> np.ndarray:
        """Influence of rows (Q, n) on what moves with the rows' cumulative hazards before their days, (Q, n)."""
        place = self._place()
        scaled = gradient * self.relative_risk
        reach = np.stack([np.bincount(place, row, self.time.size + 1) for row in scaled])
        by_increment = reach[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
        by_feature = (scaled * self._until()[place]) @ self.rows.design.matrix
        return self.influence(by_increment, by_feature, factor)

    def influence(self, by_increment: np.ndarray, by_feature: np.ndarray, factor: np.ndarray) -> np.ndarray:
        """Influence of rows on Q quantities, from derivatives by the increments (Q, J) and features (Q, p)."""
        slopes = {0: HazardSlopes(self.time, self.hazard, by_increment, by_feature)}
        target = np.arange(len(self.rows))
        return hazard_influence(self.model, self.model.event, self.rows, slopes, factor=factor, target=target)

    def _place(self) -> np.ndarray:
        return np.searchsorted(self.time, self.rows.outcome.duration, side="left")

    def _until(self) -> np.ndarray:
        return np.concatenate([[0.0], np.cumsum(self.hazard)])
