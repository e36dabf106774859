"""A Cox model by its coefficients, with a baseline hazard of our own, in which delayed entry counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .cause_rows import CauseRows

# exp(700) is finite.
LARGEST_ETA = 700.0


class ProportionalHazards:
    r"""Breslow's baseline hazard for given coefficients, and the hazards of rows by it.

    .. math:: dH(t) = \sum_i w_i d_i(t) \Big/ \sum_{i: L_i < t \le T_i} w_i e^{x_i'\beta}

    lifelines' and statsmodels' own baseline counts every row from day 0, whatever its entry; without delayed entry
    this one is theirs.

    Parameters
    ----------
    rows : CauseRows
    coef : ndarray, shape (n_features,)
        Zeros for a hazard without features, which is Nelson and Aalen's.

    Attributes
    ----------
    jumps : ndarray, shape (n_days,)
        Days with an event.
    hazard : ndarray, shape (n_days,)
        Cumulative hazard at the center of the features, just after each day.
    """

    def __init__(self, rows: CauseRows, coef: np.ndarray):
        matrix = rows.features.to_numpy()
        weight = np.ones(len(matrix)) if rows.weight is None else rows.weight
        self.coef = np.asarray(coef, dtype=float)
        self.center = matrix.mean(axis=0)
        risk = weight * self._relative_risk(matrix)
        self.jumps = np.unique(rows.duration[rows.is_event])
        day = np.searchsorted(self.jumps, rows.duration[rows.is_event])
        events = np.bincount(day, weights=weight[rows.is_event], minlength=self.jumps.size)
        at_risk = _sum_from(rows.duration, risk, self.jumps) - _sum_from(rows.entry, risk, self.jumps)
        self.hazard = np.cumsum(events / at_risk)

    def cumulative(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Cumulative hazard by each of ``days`` (m,), shape (n_rows, m)."""
        baseline = np.append(0.0, self.hazard)[np.searchsorted(self.jumps, days, side="right")]
        return self._relative_risk(features.to_numpy())[:, None] * baseline

    def _relative_risk(self, matrix: np.ndarray) -> np.ndarray:
        return np.exp(np.clip((matrix - self.center) @ self.coef, -LARGEST_ETA, LARGEST_ETA))


def _sum_from(time: np.ndarray, value: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Sum of the values whose time is the day or later, shape (n_days,)."""
    order = np.argsort(time, kind="stable")
    from_end = np.append(np.cumsum(value[order][::-1])[::-1], 0.0)
    return from_end[np.searchsorted(time[order], days, side="left")]
