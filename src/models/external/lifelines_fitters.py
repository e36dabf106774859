"""lifelines' regression fitters, told by what their ``fit`` takes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd

from ..inputs.case_weights import are_counts
from .cause_rows import CauseRows
from .foreign_call import foreign_call
from .hazards import CauseHazard
from .proportional_hazards import ProportionalHazards

# Names of columns beside the features.
NAMES = ("duration", "event", "entry", "weight", "cluster")
DURATION, EVENT, ENTRY, WEIGHT, CLUSTER = (f"secondplan_{name}" for name in NAMES)
INTERCEPT = "Intercept"


class LifelinesHazard:
    """What a fitted fitter states by its ``predict_cumulative_hazard``.

    Parameters
    ----------
    fitter : lifelines regression fitter
        Fitted.
    name : str
        What it is called in errors.
    jumps : ndarray, shape (n_days,), or None
        Days on which its hazard jumps.
    """

    def __init__(self, fitter: Any, name: str, jumps: np.ndarray | None):
        self.fitter, self.name, self.jumps = fitter, name, jumps

    def cumulative(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Cumulative hazard by each of ``days`` (m,), shape (n_rows, m)."""
        rows = _with_intercept(self.fitter, features.reset_index(drop=True))
        by_row, at = foreign_call(self.name, "a prediction", lambda: self._curves(rows, days))
        if self.jumps is None:
            return by_row
        before = np.zeros((len(by_row), 1))
        return np.hstack([before, by_row])[:, np.searchsorted(at, days, side="right")]

    def _curves(self, rows: pd.DataFrame, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cumulative hazards (n_rows, n_steps), and the days that they are of."""
        predict = self.fitter.predict_cumulative_hazard
        # Between its own steps lifelines draws a straight line.
        at = days if self.jumps is None else self.jumps
        curves = predict(rows, times=at) if "times" in _taken(predict) else predict(rows)
        return np.asarray(curves, dtype=float).T, np.asarray(curves.index, dtype=float)


def is_lifelines_fitter(fitter: Any) -> bool:
    """Whether it is fitted by a frame and the names of its columns, as lifelines' regression fitters are."""
    return "duration_col" in _taken(getattr(fitter, "fit", None))


def fit_lifelines(fitter: Any, rows: CauseRows, options: Mapping[str, Any], name: str) -> tuple[Any, CauseHazard]:
    """A copy of ``fitter`` fitted to the rows of one event, and the hazard that it states."""
    taken = _taken(fitter.fit)
    rows.require(name, takes_entry="entry_col" in taken, takes_weight="weights_col" in taken)
    if options.get("strata", getattr(fitter, "strata", None)) is not None:
        raise ValueError(
            f"{name}: strata have no place here, where all columns are features; see CauseSpecificCox(strata)"
        )
    is_cox = getattr(fitter, "baseline_estimation_method", None) == "breslow"
    has_jumps = is_cox or "entry_col" not in taken
    frame = _with_intercept(fitter, rows.features).copy()
    frame[DURATION] = rows.duration if has_jumps else rows.positive_duration
    frame[EVENT] = rows.is_event
    columns = {"duration_col": DURATION, "event_col": EVENT}
    if rows.has_delayed_entry:
        frame[ENTRY] = rows.entry if has_jumps else np.maximum(rows.entry, 0.0)
        columns["entry_col"] = ENTRY
    if rows.weight is not None:
        frame[WEIGHT] = rows.weight
        columns["weights_col"] = WEIGHT
        if "robust" in taken and not are_counts(rows.weight):
            options = {"robust": True, **options}
    if rows.cluster is not None and "cluster_col" in taken:
        frame[CLUSTER] = rows.cluster
        columns["cluster_col"] = CLUSTER
    fitted = copy.deepcopy(fitter)
    foreign_call(name, f"the fit for event {rows.event}", lambda: fitted.fit(frame, **columns, **options))
    coef = fitted.params_ if is_cox else pd.Series()
    if is_cox and list(coef.index) == list(rows.features.columns):
        return fitted, ProportionalHazards(rows, np.asarray(coef, dtype=float))
    if is_cox and rows.has_delayed_entry:
        raise ValueError(
            f"{name}: its baseline hazard leaves delayed entry out, and is made again only without a formula"
        )
    return fitted, LifelinesHazard(fitted, name, np.unique(rows.duration[rows.is_event]) if has_jumps else None)


def _taken(fit: Any) -> tuple[str, ...]:
    return tuple(signature(fit).parameters) if callable(fit) else ()


def _with_intercept(fitter: Any, features: pd.DataFrame) -> pd.DataFrame:
    """The features, and a constant where lifelines neither adds one nor has a baseline without."""
    if "regressors" in _taken(fitter.fit) and not getattr(fitter, "fit_intercept", False):
        return features.assign(**{INTERCEPT: 1.0})
    return features
