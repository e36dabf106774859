"""Folds within training rows that depend on what the rows are, and not on their order or how often they are written."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..estimator.design import TrainingRows
from ..inputs.folds import deal_folds


def inner_folds(rows: TrainingRows, n_folds: int, random_state: Any) -> np.ndarray:
    """Fold 0 ... n_folds - 1 of each row, shape (n_rows,); rows of a cluster, or equal rows, share one.

    Rows are sorted by what they are before folds are dealt, so that a fit does not depend on their order; equal rows
    share a fold, so that it is the same with a row written twice and with its weight doubled.

    Raises
    ------
    ValueError
        Fewer clusters with event 1 than folds, or fewer than two folds.
    """
    outcome = rows.outcome
    columns = np.column_stack([rows.design.matrix, outcome.entry, outcome.duration, outcome.event])
    order = np.lexsort(columns.T[::-1])
    unit = rows.cluster
    if unit is None:
        is_new = np.any(np.diff(columns[order], axis=0) != 0, axis=1)
        unit = np.empty(len(rows), dtype=np.int64)
        unit[order] = np.concatenate(([0], np.cumsum(is_new)))
    # Units are numbered as they come in the sorted rows.
    first = np.full(int(unit.max()) + 1, len(rows))
    np.minimum.at(first, unit[order], np.arange(len(rows)))
    present = np.flatnonzero(first < len(rows))
    number = np.empty(first.size, dtype=np.int64)
    number[present[np.argsort(first[present])]] = np.arange(present.size)
    counts = outcome.event == 1 if rows.weight is None else (outcome.event == 1) & (rows.weight > 0)
    return deal_folds(counts, number[unit], n_folds, random_state)
