"""Estimators with scikit-survival's methods; the library itself is never imported."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from .cause_rows import CauseRows
from .foreign_call import foreign_call
from .hazards import LARGEST_HAZARD, CauseHazard

HAZARD, SURVIVAL = "predict_cumulative_hazard_function", "predict_survival_function"


class StepFunctionsHazard:
    """The step functions that a fitted estimator gives for each row.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    name : str
        What it is called in errors.
    jumps : ndarray, shape (n_days,)
        Days with an event.
    """

    def __init__(self, estimator: Any, name: str, jumps: np.ndarray):
        self.estimator, self.name, self.jumps = estimator, name, jumps

    def cumulative(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Cumulative hazard by each of ``days`` (m,), shape (n_rows, m)."""
        return foreign_call(self.name, "a prediction", lambda: self._read(features, days))

    def _read(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        result = np.zeros((len(features), days.size))
        is_hazard = hasattr(self.estimator, HAZARD)
        for row, function in enumerate(getattr(self.estimator, HAZARD if is_hazard else SURVIVAL)(features)):
            at = np.asarray(function.x, dtype=float)
            values = np.asarray(function(at), dtype=float)
            if not is_hazard:
                values = -np.log(np.maximum(values, np.exp(-LARGEST_HAZARD / 2.0)))
            result[row] = np.append(0.0, values)[np.searchsorted(at, days, side="right")]
        return result


def is_survival_estimator(estimator: Any) -> bool:
    """Whether it has the methods of scikit-survival's estimators."""
    states_curves = hasattr(estimator, HAZARD) or hasattr(estimator, SURVIVAL)
    return hasattr(estimator, "fit") and states_curves and "y" in signature(estimator.fit).parameters


def fit_survival_estimator(
    estimator: Any, rows: CauseRows, options: Mapping[str, Any], name: str
) -> tuple[Any, CauseHazard]:
    """A clone of ``estimator`` fitted to the rows of one event, and the hazard that it states."""
    rows.require(name, takes_entry=False, takes_weight=has_fit_parameter(estimator, "sample_weight"))
    y = np.empty(len(rows.duration), dtype=[("event", bool), ("time", float)])
    y["event"], y["time"] = rows.is_event, rows.duration
    weights = {} if rows.weight is None else {"sample_weight": rows.weight}
    fitted = clone(estimator, safe=False)
    foreign_call(name, f"the fit for event {rows.event}", lambda: fitted.fit(rows.features, y, **weights, **options))
    return fitted, StepFunctionsHazard(fitted, name, np.unique(rows.duration[rows.is_event]))
