"""From out-of-fold risks to the tables of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ..models.inputs.outcome import Outcome
from .measured_rows import BY_DAY, MeasuredRows


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
    repeat : int
        A row is tested once in each.
    label : str
        What was tested, where a design says so: an authority, or a day.
    chosen : dict
        Parameters that a search within the training rows chose.
    n_coefficients : int or None
        Of the equation for second plans.
    """

    fold: int
    rows: np.ndarray
    risk: np.ndarray
    fit_seconds: float
    repeat: int = 0
    label: str = ""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    n_coefficients: int | None = None


def unstated_rows(folds: Sequence[FoldRisks]) -> np.ndarray:
    """Number of test rows without a risk by each day, shape (n_times,)."""
    return np.sum([np.isnan(part.risk).sum(axis=0) for part in folds], axis=0)


def of_stated_days(folds: Sequence[FoldRisks]) -> list[FoldRisks]:
    """The folds without the days for which the model states no risk for some row: every measure is of all rows."""
    unstated = unstated_rows(folds) > 0
    return [replace(part, risk=np.where(unstated, np.nan, part.risk)) for part in folds]


def fold_table(
    results: Mapping[str, Sequence[FoldRisks]], outcome: Outcome, times: np.ndarray, families: np.ndarray
) -> pd.DataFrame:
    """``Comparison.by_fold``: a row for each model and fold; ``families`` (n,) of the rows of the cohort."""
    records = []
    for parts in zip(*results.values(), strict=True):
        y = outcome.take(parts[0].rows)
        risks = {name: part.risk for name, part in zip(results, parts, strict=True)}
        found = MeasuredRows.of(risks, y, times, families[parts[0].rows], calibration=False)
        for name, part in zip(results, parts, strict=True):
            about = {"model": name, "fold": part.fold, "repeat": part.repeat, "tested_on": part.label, "n": len(y)}
            about |= {"n_events": int(np.sum(y.event == 1)), "fit_seconds": part.fit_seconds}
            records.append(about | _fold_measures(found.table[found.table["model"] == name], times))
    table = pd.DataFrame(records)
    unused = [name for name, empty in (("repeat", 0), ("tested_on", "")) if (table[name] == empty).all()]
    order = table["model"].map({name: place for place, name in enumerate(results)})
    return table.drop(columns=unused).iloc[np.lexsort([table["fold"], order])].reset_index(drop=True)


def _fold_measures(found: pd.DataFrame, times: np.ndarray) -> dict[str, float]:
    """Concordance at the longest time followed; Brier, IPA and AUC at each time, NaN where it cannot be estimated."""
    known = {(row.metric, row.time): row for row in found.itertuples()}
    concordance = next((key for key in known if key[0] == "concordance"), None)
    named = {"c_index": concordance} | {f"{name}_{day:g}": (name, day) for name in BY_DAY for day in times}
    values = {}
    for name, key in named.items():
        row = known.get(key)
        for column, part in ((name, "estimate"), (f"{name}_lower", "lower"), (f"{name}_upper", "upper")):
            values[column] = float("nan") if row is None else float(getattr(row, part))
    return dict(sorted(values.items(), key=lambda item: item[0].endswith(("_lower", "_upper"))))


def predictions_table(results: Mapping[str, Sequence[FoldRisks]], times: np.ndarray) -> pd.DataFrame:
    """``Comparison.predictions``: ``model, fold, row, risk_<day>``; of the first repeat, so that a row stands once."""
    names = [f"risk_{day:g}" for day in times]
    parts = [
        pd.DataFrame(part.risk, columns=names).assign(model=name, fold=part.fold, row=part.rows)
        for name, folds in results.items()
        for part in folds
        if part.repeat == 0
    ]
    return pd.concat(parts, ignore_index=True)[["model", "fold", "row", *names]]


def one_fold(parts: Sequence[FoldRisks]) -> FoldRisks:
    """Several parts as one, whose fit took as long as theirs on average."""
    rows, risk = (np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "risk"))
    return FoldRisks(0, rows, risk, float(np.mean([part.fit_seconds for part in parts])))


def chosen_table(results: Mapping[str, Sequence[FoldRisks]]) -> pd.DataFrame:
    """``Comparison.chosen``: a row for each parameter that was chosen in a fold."""
    records = [
        (name, part.repeat, part.fold, parameter, value)
        for name, folds in results.items()
        for part in folds
        for parameter, value in part.chosen.items()
    ]
    return pd.DataFrame(records, columns=["model", "repeat", "fold", "parameter", "value"])
