r"""Incidences from the cumulative hazards of causes that other libraries state, some of which jump and some do not.

Between two days of a grid hazards that do not jump are taken as proportional to each other; those that jump do so on
days of the grid, after that. With :math:`C_j` the hazard of all causes by day :math:`j`, :math:`c_{jk}` what of it came
between days and :math:`d_{jk}` the jump on the day,

.. math:: F_k(t) = \sum_{t_j \le t} \left[ e^{-C_{j-1}} (1 - e^{-c_j}) \frac{c_{jk}}{c_j}
                   + e^{-C_{j-1} - c_j}\, d_{jk} \right].

With jumps only this is the exponential form of :mod:`..incidence.exact_sums`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

# Most days of the grid on which hazards that do not jump are looked at: each day of two years, and more.
MOST_DAYS = 1_000
# Numbers held at once.
BLOCK = 1_000_000
# exp(-1000) is 0: a larger hazard says no more, and two infinite ones have no difference.
LARGEST_HAZARD = 1_000.0

Curve = Callable[[list[np.ndarray], list[bool]], np.ndarray]


class CauseHazard(Protocol):
    """The hazard of one event that a fitted model states."""

    @property
    def jumps(self) -> np.ndarray | None:
        """Days on which it jumps, ascending; None where it does not."""

    def cumulative(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Cumulative hazard by each of the ascending ``days`` (m,), shape (n_rows, m)."""


class CauseSpecificRisks:
    """The risks that the hazards of all causes make together.

    Parameters
    ----------
    hazards : sequence of CauseHazard
        One for each event, in the order of the model's events.
    """

    def __init__(self, hazards: Sequence[CauseHazard]):
        self.hazards = list(hazards)

    @property
    def goes_on(self) -> bool:
        """Whether no hazard is made of jumps, so that formulas go on past the last day followed."""
        return all(hazard.jumps is None for hazard in self.hazards)

    def incidence(self, features: pd.DataFrame, times: np.ndarray, cause: int | None) -> np.ndarray:
        """Incidence of the event at this position, of all for None, by each row's times, shape (n_rows, m)."""
        return self._by_blocks(features, times, lambda increments, jumps: _incidence(increments, jumps, cause), 0.0)

    def free(self, features: pd.DataFrame, times: np.ndarray) -> np.ndarray:
        """Probability of no event by the hazards, exp(-C), shape (n_rows, m)."""
        return self._by_blocks(features, times, lambda increments, _: np.exp(-_summed(increments)), 1.0)

    def _by_blocks(self, features: pd.DataFrame, times: np.ndarray, curve: Curve, before: float) -> np.ndarray:
        grid = self._grid(times)
        result = np.full(times.shape, before)
        if not grid.size:
            return result
        position = np.searchsorted(grid, times, side="right")
        n_block = max(1, BLOCK // grid.size)
        is_jump = [hazard.jumps is not None for hazard in self.hazards]
        for begin in range(0, len(times), n_block):
            rows = slice(begin, begin + n_block)
            part = features.iloc[rows]
            increments = [_increments(hazard.cumulative(part, grid), len(part)) for hazard in self.hazards]
            values = curve(increments, is_jump)
            found = np.take_along_axis(values, np.maximum(position[rows] - 1, 0), axis=1)
            result[rows] = np.where(position[rows] > 0, found, before)
        return result

    def _grid(self, times: np.ndarray) -> np.ndarray:
        """The days on which hazards are looked at, ascending: those of jumps, and of a grid where any does not jump."""
        last = float(times.max(initial=0.0))
        days = [hazard.jumps for hazard in self.hazards if hazard.jumps is not None]
        if any(hazard.jumps is None for hazard in self.hazards):
            step = max(1.0, np.ceil(last / MOST_DAYS))
            asked = times[:1] if len(times) > 1 and times.strides[0] == 0 else times
            days += [np.arange(0.0, last + step, step), np.unique(asked)]
        grid = np.unique(np.concatenate(days)) if days else np.empty(0)
        return grid[grid <= last]


def _increments(cumulative: np.ndarray, n_rows: int) -> np.ndarray:
    """What is added to a cumulative hazard day by day, never negative (as an additive model's may be)."""
    n_bad = int(np.isnan(cumulative).any(axis=1).sum())
    if n_bad:
        raise ValueError(f"the hazard that the fitted model states is missing in {n_bad} of {n_rows} rows")
    rising = np.maximum.accumulate(np.clip(cumulative, 0.0, LARGEST_HAZARD), axis=1)
    return np.diff(rising, axis=1, prepend=0.0)


def _summed(increments: list[np.ndarray]) -> np.ndarray:
    return np.cumsum(np.sum(increments, axis=0), axis=1)


def _incidence(increments: list[np.ndarray], is_jump: list[bool], cause: int | None) -> np.ndarray:
    """Incidence of one event, or of all, by each day of the grid, shape (n_rows, n_days)."""
    nothing = np.zeros_like(increments[0])
    between = sum((part for part, jumps in zip(increments, is_jump, strict=True) if not jumps), nothing)
    jump = sum((part for part, jumps in zip(increments, is_jump, strict=True) if jumps), nothing)
    before = np.exp(-(_summed(increments) - between - jump))
    added = nothing
    for position, (own, jumps) in enumerate(zip(increments, is_jump, strict=True)):
        if cause is not None and position != cause:
            continue
        if jumps:
            # Hazards of one day that add up to more than 1 share in proportion what is left.
            added = added + before * np.exp(-between) * own / np.maximum(jump, 1.0)
        else:
            share = np.divide(own, between, out=np.zeros_like(own), where=between > 0)
            added = added + before * -np.expm1(-between) * share
    return np.minimum(np.cumsum(added, axis=1), 1.0)
