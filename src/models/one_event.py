"""Models of one event among others: which rows have it, and the risk of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import IncidenceModel
from .outcome import Outcome


class OneEventModel(IncidenceModel):
    """Base of the models with a parameter ``event``: they state and score the risk of that event."""

    event: int

    def predict(self, X: Any) -> np.ndarray:
        """Risk of ``event`` by ``horizon`` days, shape (n_rows,)."""
        return self.predict_cumulative_incidence(X, [self.horizon], event=self.event)[:, 0]

    def score(self, X: Any, y: Any, *, sample_weight: Any = None) -> float:
        """Index of prediction accuracy for ``event`` at ``horizon``, as :meth:`IncidenceModel.score`.

        Parameters
        ----------
        X, y
            As in :meth:`fit`.
        sample_weight : array, shape (n_rows,), optional
            Case weights. In a search that scikit-learn routes metadata through, weights that are passed count here too.

        Returns
        -------
        float
            1 for perfect predictions, 0 for none better than everybody's average risk; NaN, with a warning, where
            nobody is observed until ``horizon``.
        """
        return self._accuracy(X, y, sample_weight, event=self.event)

    def _check_event(self) -> None:
        if self.event < 1:
            raise ValueError(f"event must be a code of 1 or more (0 is censoring), got {self.event}")

    def _has_event(self, outcome: Outcome, weight: np.ndarray | None, kind: str) -> np.ndarray:
        """Whether a row has the event, shape (n_rows,); refused where none of positive weight has it."""
        is_event = outcome.event == self.event
        if not np.any(is_event if weight is None else is_event & (weight > 0)):
            raise ValueError(f"no row has event {self.event} (and a weight above 0); a {kind} model cannot be fitted")
        return is_event
