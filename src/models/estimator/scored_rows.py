"""Predictions for rows that are encoded and checked, as a scorer asks for them: any number, with the same digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd

from ..inputs.follow_up import past_follow_up
from .asked import Asked
from .design import Design

if TYPE_CHECKING:
    from ..features.encoder import FeatureEncoder

# Rows of a block. Sums of linear algebra, and the way in which a sum is taken, depend on how many rows there are.
ROWS = 1024
# What a model knows of its training rows and of its bundle, and no pickle takes.
LEFT_OUT = ("_averages", "_some_rows", "_loaded_from", "_reloaded")


@dataclass(frozen=True)
class Change:
    """Columns that have their typical values in each row.

    Attributes
    ----------
    names : tuple of str
    columns : ndarray of int, shape (q,)
        Positions of their features among the main effects; none of a column of which "missing" is typical.
    values : ndarray, shape (q,)
        What these are.
    """

    names: tuple[str, ...]
    columns: np.ndarray
    values: np.ndarray

    @classmethod
    def to_typical(cls, encoder: FeatureEncoder, names: Sequence[str]) -> Change:
        """The change of some columns to what an encoder has found typical."""
        return cls(tuple(names), *encoder.typical_features(names))

    def of_frame(self, X: pd.DataFrame, encoder: FeatureEncoder) -> pd.DataFrame:
        """Rows that are not encoded yet, changed."""
        rows = X.copy()
        for name in self.names:
            typical = encoder.columns_[name].typical
            if typical is not None:
                kind: Any = "string" if isinstance(typical, str) else float
                rows[name] = pd.Series([typical], dtype=kind).take([0] * len(rows)).set_axis(rows.index)
        return rows

    def of(self, matrix: np.ndarray, encoder: FeatureEncoder) -> tuple[np.ndarray, np.ndarray]:
        """Positions (q',) of what changes in a design (n, p), products too, and the new values (n, q')."""
        if encoder.n_main == matrix.shape[1]:
            return self.columns, np.broadcast_to(self.values, (len(matrix), self.values.size))
        main = matrix[:, : encoder.n_main].copy()
        main[:, self.columns] = self.values
        changed = encoder.with_products(main)
        columns = np.flatnonzero((changed != matrix).any(axis=0))
        return columns, changed[:, columns]


@dataclass(frozen=True)
class Wanted:
    """The changes that are asked for of each row: so many that move it most, of those that move it by ``least``."""

    number: int
    least: float


class LargestSoFar:
    """How much the changes that move each of n rows most do so, as far as they are known.

    Parameters
    ----------
    wanted : Wanted, optional
        None: all of them, so that nothing is kept.
    n_rows : int
    """

    # What rounding may do to a change.
    ROUNDING = 1e-9

    def __init__(self, wanted: Wanted | None, n_rows: int):
        self._sizes = np.zeros((0, n_rows)) if wanted is None else np.full((wanted.number, n_rows), wanted.least)

    def may_be(self, bound: np.ndarray) -> np.ndarray:
        """Rows whose change, at most ``bound`` (n,), may be wanted."""
        least = self._sizes[-1] - self.ROUNDING if len(self._sizes) else 0.0
        return np.flatnonzero(bound > least)

    def add(self, rows: np.ndarray, size: np.ndarray) -> None:
        """Changes of some rows (n',)."""
        for largest in self._sizes:
            before = largest[rows]
            largest[rows] = np.maximum(before, size)
            size = np.minimum(before, size)


class ScoredRows:
    """The part of :class:`.base.IncidenceModel` for those who score.

    A row's numbers have the same digits whatever rows are beside it, in whatever order, and however many.
    """

    encoder_: FeatureEncoder
    # Of a model that was loaded: what its bundle holds, and the bundle's digest. Of a fitted one: the loaded one.
    _loaded_from: tuple[str, str]
    _reloaded: Self
    _goes_on: ClassVar[bool]
    _design: Callable[[Any], Design]
    _last_day: Callable[[Design], np.ndarray]
    _asked_incidence: Callable[[Asked, int], np.ndarray]
    _asked_interval: Callable[[Asked, int, float], np.ndarray]

    def made_ready(self) -> Self:
        """The model, set up to score; what is made for it once is made when first needed."""
        return self

    def rows_asked(
        self, X: Any, days: np.ndarray, *, eligible_days: np.ndarray, elapsed: np.ndarray
    ) -> tuple[Asked, np.ndarray]:
        """Rows with days of their own, and which of these are past the last follow-up in training.

        Parameters
        ----------
        X : DataFrame, n rows
            The columns of training, in their kinds, without a value that may not enter.
        days : ndarray, shape (n, m)
        eligible_days, elapsed : ndarray, shape (n,)

        Returns
        -------
        Asked
        ndarray of bool, shape (n, m)
        """
        design, since = self._design(X), elapsed[:, None]
        times = np.minimum(days, eligible_days[:, None])
        is_past = np.asarray(past_follow_up(self._last_day(design), times, since))
        return Asked(design, times, since, None if self._goes_on else is_past), is_past

    def risk_of_rows(self, asked: Asked, event: int) -> np.ndarray:
        """Incidence of an event given no event so far, shape (n, m), as ``predict_cumulative_incidence`` states it."""
        return _in_blocks(lambda part: self._asked_incidence(part, event), asked)

    def interval_of_rows(self, asked: Asked, risk: np.ndarray, event: int, level: float = 0.95) -> np.ndarray:
        """Intervals (n, m, 2) of :meth:`risk_of_rows`, as ``predict_cumulative_incidence_interval`` states them.

        Parameters
        ----------
        asked : Asked
        risk : ndarray, shape (n, m)
            What :meth:`risk_of_rows` has given.
        event : int
        level : float
            Coverage.
        """
        if not len(asked):
            return np.empty((*asked.times.shape, 2))
        return _in_blocks(lambda part: self._asked_interval(part, event, level), asked)

    def risk_of_changed_rows(
        self, asked: Asked, risk: np.ndarray, event: int, changes: list[Change], wanted: Wanted | None = None
    ) -> np.ndarray:
        """The incidence (n,) by the last of each row's times with one change after the other, shape (n_changes, n).

        Parameters
        ----------
        asked : Asked, n rows
        risk : ndarray, shape (n,)
            That without a change.
        event : int
        changes : list of Change
        wanted : Wanted, optional
            Of a change that moves a row by less than these the risk itself may be given.
        """
        return self._changed_risks(asked, risk, event, changes, wanted)

    def _changed_risks(
        self, asked: Asked, risk: np.ndarray, event: int, changes: list[Change], wanted: Wanted | None
    ) -> np.ndarray:
        """:meth:`risk_of_changed_rows`, by the risk of each changed row."""
        matrix, found = asked.design.matrix, np.tile(risk, (len(changes), 1))
        for result, change in zip(found, changes, strict=True):
            columns, values = change.of(matrix, self.encoder_)
            rows = np.flatnonzero((matrix[:, columns] != values).any(axis=1))
            if rows.size:
                changed = matrix[rows]
                changed[:, columns] = values[rows]
                part = asked[rows].at_last(changed)
                result[rows] = self.risk_of_rows(part, event)[:, 0]
        return found


def _in_blocks(call: Callable[[Asked], np.ndarray], asked: Asked) -> np.ndarray:
    """What a call gives, from blocks of the same number of rows; the last is filled with copies of its last row."""
    parts = [call(part[_filled(len(part))])[: len(part)] for _, part in asked.chunks(ROWS)]
    return np.concatenate(parts) if parts else np.empty(asked.times.shape)


def _filled(n_rows: int) -> np.ndarray:
    return np.minimum(np.arange(ROWS), n_rows - 1)
