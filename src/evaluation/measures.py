"""From out-of-fold risks to the tables of a comparison."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..models.inputs.outcome import BEFORE_DAY_0, Outcome
from ..models.metrics import (
    MetricWarning,
    brier_score,
    concordance_index,
    index_of_prediction_accuracy,
    time_dependent_auc,
)
from ..models.metrics.inputs import followed_to

TABLE_DAYS = (365.0, 730.0)
CALIBRATION_DAY = 730.0


@dataclass(frozen=True)
class FoldRisks:
    """Risks that one model gave to the test rows of one fold.

    Attributes
    ----------
    fold : int
    rows : ndarray of int, shape (n,)
        Positions in the cohort.
    risk : ndarray, shape (n, n_times)
        NaN where the model states none, as past the last follow-up of its training rows.
    fit_seconds : float
    """

    fold: int
    rows: np.ndarray
    risk: np.ndarray
    fit_seconds: float


def unstated_rows(folds: Sequence[FoldRisks]) -> np.ndarray:
    """Number of test rows without a risk by each day, shape (n_times,)."""
    return np.sum([np.isnan(part.risk).sum(axis=0) for part in folds], axis=0)


def of_stated_days(folds: Sequence[FoldRisks]) -> list[FoldRisks]:
    """The folds without the days for which the model states no risk for some row: every measure is of all rows."""
    unstated = unstated_rows(folds) > 0
    return [replace(part, risk=np.where(unstated, np.nan, part.risk)) for part in folds]


def fold_table(results: Mapping[str, Sequence[FoldRisks]], outcome: Outcome, times: np.ndarray) -> pd.DataFrame:
    """``Comparison.by_fold``: a row for each model and fold."""
    records = []
    for name, folds in results.items():
        for part in folds:
            kept = usable(outcome, part.rows)
            y, risk = outcome.take(part.rows[kept]), part.risk[kept]
            record = {
                "model": name,
                "fold": part.fold,
                "n": len(y),
                "n_events": int(np.sum(y.event == 1)),
                "fit_seconds": part.fit_seconds,
            }
            records.append(record | fold_measures(y, risk, times))
    return pd.DataFrame(records)


def fold_measures(y: Outcome, risk: np.ndarray, times: np.ndarray) -> dict[str, float]:
    """Concordance at the longest time followed; Brier, IPA and AUC at each time, NaN where it cannot be estimated."""
    followed = followed_to(y, times)
    supported = followed & _is_stated(risk)
    columns = {name: np.full(times.size, np.nan) for name in ("brier", "ipa", "auc")}
    c_index = float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MetricWarning)  # said once, for all folds, by whoever compares
        if supported.any():
            columns["brier"][supported] = brier_score(y, risk[:, supported], times[supported])
            columns["ipa"][supported] = index_of_prediction_accuracy(y, risk[:, supported], times[supported])
            columns["auc"][supported] = time_dependent_auc(y, risk[:, supported], times[supported])
        if supported[followed][-1:].any():
            longest = int(np.flatnonzero(followed)[-1])
            c_index = concordance_index(y, risk[:, longest], horizon=float(times[longest]))
    named = {f"{name}_{day:g}": values[k] for name, values in columns.items() for k, day in enumerate(times)}
    return {"c_index": c_index} | named


def predictions_table(results: Mapping[str, Sequence[FoldRisks]], times: np.ndarray) -> pd.DataFrame:
    """``Comparison.predictions``: ``model, fold, row, risk_<day>``."""
    names = [f"risk_{day:g}" for day in times]
    parts = [
        pd.DataFrame(part.risk, columns=names).assign(model=name, fold=part.fold, row=part.rows)
        for name, folds in results.items()
        for part in folds
    ]
    return pd.concat(parts, ignore_index=True)[["model", "fold", "row", *names]]


def _is_stated(risk: np.ndarray) -> np.ndarray:
    """Whether every row has a risk by each day, shape (n_times,)."""
    return ~np.isnan(risk).any(axis=0)


def usable(outcome: Outcome, rows: np.ndarray) -> np.ndarray:
    """Positions within ``rows`` of those observed from day 0, which are the ones that a metric can use."""
    return np.flatnonzero(outcome.entry[rows] == BEFORE_DAY_0)
