"""The rows that a fitter of another library gets for one event, and what it must take of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..estimator.design import TrainingRows


@dataclass(frozen=True)
class CauseRows:
    """Rows of training with one event, the others counted as censoring.

    Attributes
    ----------
    features : DataFrame, shape (n_rows, n_features)
        The encoded features.
    entry : ndarray, shape (n_rows,)
        ``BEFORE_DAY_0`` where entry is not delayed.
    duration : ndarray, shape (n_rows,)
    is_event : ndarray of bool, shape (n_rows,)
    weight : ndarray, shape (n_rows,), or None
    cluster : ndarray of int, shape (n_rows,), or None
    event : int
    """

    features: pd.DataFrame
    entry: np.ndarray
    duration: np.ndarray
    is_event: np.ndarray
    weight: np.ndarray | None
    cluster: np.ndarray | None
    event: int

    @property
    def has_delayed_entry(self) -> bool:
        """Whether any row comes under observation after day 0."""
        return bool(np.any(self.entry >= 0))

    @property
    def positive_duration(self) -> np.ndarray:
        """The durations, 0 as half a day: distributions have no event at 0, shape (n_rows,)."""
        return np.where(self.duration > 0, self.duration, 0.5)

    def require(self, name: str, *, takes_entry: bool, takes_weight: bool) -> None:
        """Refuse in one line what the fitter ``name`` has no place for, as a fit without it would be another one.

        Raises
        ------
        ValueError
            Rows have delayed entry, or weights are given, that it does not take.
        """
        if self.has_delayed_entry and not takes_entry:
            raise ValueError(
                f"{name} does not take delayed entry, which rows of y have: keep rows observed from day 0, or use a "
                "model that takes it, as CauseSpecificCox does"
            )
        if self.weight is not None and not takes_weight:
            raise ValueError(f"{name} does not take sample_weight: fit without it, or use a model that takes it")


def rows_of_cause(rows: TrainingRows, names: np.ndarray, event: int) -> CauseRows:
    """The rows for ``event``, without those of weight 0; ``names`` are those of the features."""
    rows = rows.of_positive_weight()
    outcome = rows.outcome
    return CauseRows(
        pd.DataFrame(rows.design.matrix, columns=[str(name) for name in names]),
        outcome.entry,
        outcome.duration,
        outcome.event == event,
        rows.weight,
        rows.cluster,
        event,
    )
