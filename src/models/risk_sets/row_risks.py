"""Relative risks of rows, and how far a linear predictor may go."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from .intervals import FAST
from .risk_set_sums import sum_over_risk_sets
from .risk_sets import RiskSets

# exp(2 x 300) is still far from overflow, so products of two relative risks are safe.
LARGEST_ETA = 300.0


@dataclass(frozen=True)
class RowRisks:
    """By row, (m,) each: linear predictor ``eta``, ``relative`` risk ``exp(eta)``, and this times the case weight."""

    eta: np.ndarray
    relative: np.ndarray
    weighted: np.ndarray


def risks_of(eta: np.ndarray, weight: np.ndarray) -> RowRisks:
    """Risks of known linear predictors."""
    relative = np.exp(eta)
    return RowRisks(eta, relative, weight * relative)


def risks_and_sums_at(
    x: np.ndarray, beta: np.ndarray, offset: np.ndarray, sets: RiskSets
) -> tuple[RowRisks, tuple[np.ndarray, ...]] | None:
    """Risks at ``eta = offset + x beta`` and their sums over the risk sets (see :func:`.sum_over_risk_sets`).

    Each chunk of rows is read once for both. None where a linear predictor is beyond ``LARGEST_ETA``, or not a number.
    """
    eta, relative = np.empty(offset.size), np.empty(offset.size)
    weighted = relative if sets.has_unit_weights else np.empty(offset.size)
    beyond: list[bool] = []

    def fill(rows: slice) -> None:
        largest = predict_rows(x, beta, offset, rows.start, rows.stop, eta)
        if not largest <= LARGEST_ETA:
            beyond.append(True)
            eta[rows] = 0.0
        np.exp(eta[rows], out=relative[rows])
        if weighted is not relative:
            np.multiply(sets.weight[rows], relative[rows], out=weighted[rows])

    sums = sum_over_risk_sets(x, weighted, sets, fill)
    return None if beyond else (RowRisks(eta, relative, weighted), sums)


@njit(cache=True, nogil=True, fastmath=FAST)
def predict_rows(x, beta, offset, begin, end, eta):
    """Write ``offset + x beta`` of the rows from ``begin`` to ``end``; the largest in absolute value, or one NaN."""
    largest = 0.0
    for row in range(begin, end):
        own, value = x[row], offset[row]
        for column in range(beta.size):
            value += own[column] * beta[column]
        eta[row] = value
        if abs(value) > largest or value != value:  # no number is larger than NaN, which so stays
            largest = abs(value)
    return largest
