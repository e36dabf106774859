"""What travels together through a model: rows of features, and rows of training with their outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..inputs.case_weights import robust_groups
from ..inputs.outcome import Outcome


def special_columns(model: Any) -> dict[str, list[Any]]:
    """Parameter of a model -> the columns of ``X`` that it names: for strata or an offset, no covariates."""
    named = {parameter: getattr(model, parameter) for parameter in type(model)._column_parameters}
    return {
        parameter: [columns] if isinstance(columns, str) else list(columns)
        for parameter, columns in named.items()
        if columns is not None
    }


@dataclass(frozen=True)
class Design:
    """Rows of features as a model takes them.

    Attributes
    ----------
    matrix : ndarray, shape (n_rows, n_features)
        The encoded covariates.
    strata : ndarray of int, shape (n_rows,), or None
        Code of each row's stratum; None where the model has none.
    offset : ndarray, shape (n_rows,), or None
        What is added to the linear predictor.
    labels : list of str
        Names of the strata, by code.
    """

    matrix: np.ndarray
    strata: np.ndarray | None = None
    offset: np.ndarray | None = None
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.matrix)

    def __getitem__(self, rows: Any) -> Design:
        """Some of the rows, by a slice, positions or a mask."""
        strata = None if self.strata is None else self.strata[rows]
        offset = None if self.offset is None else self.offset[rows]
        return Design(self.matrix[rows], strata, offset, self.labels)

    def by_stratum(self) -> list[tuple[int, Any]]:
        """Code of each stratum that occurs, and its rows: positions, or a slice of all where there are no strata."""
        if self.strata is None:
            return [(0, slice(None))]
        return [(int(code), np.flatnonzero(self.strata == code)) for code in np.unique(self.strata)]

    @property
    def stratum_of_each(self) -> np.ndarray:
        """Code of each row's stratum, 0 where the model has none, shape (n_rows,)."""
        return np.zeros(len(self), dtype=np.int64) if self.strata is None else self.strata

    @property
    def offset_of_each(self) -> np.ndarray:
        """The offsets, 0 where the model has none, shape (n_rows,)."""
        return np.zeros(len(self)) if self.offset is None else self.offset


@dataclass(frozen=True)
class TrainingRows:
    """Checked rows that a model is fitted to; where a fitted model keeps them, they are never saved or pickled.

    Attributes
    ----------
    design : Design
    outcome : Outcome
    weight : ndarray, shape (n_rows,), or None
        Case weights; None where each row counts once.
    cluster : ndarray of int, shape (n_rows,), or None
        Code of each row's cluster; None where rows are independent.
    given : ndarray of bool, shape (n_given,), or None
        Which of the rows that were given these are; None for all. The others are at risk on no day.
    """

    design: Design
    outcome: Outcome
    weight: np.ndarray | None = None
    cluster: np.ndarray | None = None
    given: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def n_given(self) -> int:
        """Number of rows that were given."""
        return len(self) if self.given is None else self.given.size

    def of_given(self, values: Any) -> Any:
        """The values of these rows, from an array with a value for each given row."""
        return values if self.given is None else np.asarray(values)[self.given]

    def to_given(self, values: np.ndarray) -> np.ndarray:
        """Values of these rows, shape (n_rows, ...), by given row; NaN for the rows that were left out."""
        if self.given is None:
            return values
        spread = np.full((self.given.size, *values.shape[1:]), np.nan)
        spread[self.given] = values
        return spread

    def __getitem__(self, rows: np.ndarray) -> TrainingRows:
        """Some of the rows, by positions or a mask."""
        weight = None if self.weight is None else self.weight[rows]
        cluster = None if self.cluster is None else self.cluster[rows]
        return TrainingRows(self.design[rows], self.outcome.take(rows), weight, cluster)

    def of_positive_weight(self) -> TrainingRows:
        """The rows that count for anything."""
        return self if self.weight is None or np.all(self.weight > 0) else self[self.weight > 0]

    @property
    def weight_of_each(self) -> np.ndarray:
        """The case weights, 1 where none were given, shape (n_rows,)."""
        return np.ones(len(self)) if self.weight is None else self.weight

    @property
    def robust_groups(self) -> np.ndarray | None:
        """Code of the group of each row whose scores robust errors add up, shape (n_rows,); None for plain errors."""
        return robust_groups(self.weight, self.cluster, len(self))
