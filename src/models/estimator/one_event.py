"""Models of one event among others: which rows have it, and the risk of it."""

from __future__ import annotations

import numpy as np

from ...parameter_checks import check_event
from ..inputs.outcome import Outcome
from .base import IncidenceModel


class OneEventModel(IncidenceModel):
    """Base of the models with a parameter ``event``: they state and score the risk of that event."""

    event: int

    @property
    def _stated_event(self) -> int:
        return self.event

    def _as_counted(self, outcome: Outcome) -> Outcome:
        return outcome.keep_event(self.event)

    def _check_event(self) -> None:
        check_event(self.event)

    def _has_event(self, outcome: Outcome, weight: np.ndarray | None, kind: str) -> np.ndarray:
        """Whether a row has the event, shape (n_rows,); refused where none of positive weight has it."""
        is_event = outcome.event == self.event
        if not np.any(is_event if weight is None else is_event & (weight > 0)):
            raise ValueError(f"no row has event {self.event} (and a weight above 0); a {kind} model cannot be fitted")
        return is_event
