"""A pair of functions as a model: one fits and gives a state, one makes risks of the state."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd

from ..estimator.design import TrainingRows
from ..inputs.outcome import Outcome
from .foreign_call import foreign_call


class FunctionRisks:
    """The risks of event 1 that ``predict(state, X, times)`` gives.

    Parameters
    ----------
    predict : callable
    state : Any
    name : str
        What the pair is called in errors.
    """

    goes_on = False

    def __init__(self, predict: Callable[..., Any], state: Any, name: str):
        self.predict, self.state, self.name = predict, state, name

    def incidence(self, features: pd.DataFrame, times: np.ndarray, cause: int | None) -> np.ndarray:
        """Risk by each row's times, shape (n_rows, m)."""
        is_shared = len(times) <= 1 or times.strides[0] == 0
        days, place = np.unique(times[:1] if is_shared else times, return_inverse=True)
        risk = foreign_call(
            self.name, "a prediction", lambda: np.array(self.predict(self.state, features, days), dtype=float)
        )
        if risk.shape != (len(features), days.size):
            raise ValueError(f"{self.name}: risks of shape {risk.shape}, expected ({len(features)}, {days.size})")
        n_bad = int(((risk < 0) | (risk > 1)).any(axis=1).sum())
        if n_bad:
            raise ValueError(f"{self.name}: risks outside 0 to 1 in {n_bad} of {len(features)} rows")
        place = place.reshape(-1, times.shape[1])
        return np.take_along_axis(risk, np.broadcast_to(place, times.shape), axis=1)

    def free(self, features: pd.DataFrame, times: np.ndarray) -> np.ndarray:
        """There is none: the functions state the risk of event 1 alone."""
        raise ValueError(
            f"{self.name}: two functions state the risk of event 1 and not the probability of no event, which elapsed "
            "days need"
        )


def fit_functions(
    fit: Callable[..., Any], predict: Callable[..., Any], rows: TrainingRows, features: pd.DataFrame, name: str
) -> tuple[Any, FunctionRisks]:
    """What ``fit(X, y)`` gives, with ``sample_weight`` and ``cluster`` where it takes them; and the risks.

    Raises
    ------
    ValueError
        There are weights, and ``fit`` does not take them; or it raised something.
    """
    taken = signature(fit).parameters
    keywords = {"sample_weight": rows.weight, "cluster": rows.cluster}
    if rows.weight is not None and "sample_weight" not in taken:
        raise ValueError(f"{name} does not take sample_weight: fit without it, or let the function take it")
    given = {key: value for key, value in keywords.items() if key in taken}
    state = foreign_call(name, "the fit", lambda: fit(features, _frame(rows.outcome), **given))
    return state, FunctionRisks(predict, state, name)


def _frame(outcome: Outcome) -> pd.DataFrame:
    frame = outcome.to_frame()
    return frame if outcome.has_delayed_entry else frame.drop(columns="entry")


def name_of(fit: Any, predict: Any) -> str:
    """What a pair of functions is called."""
    names = [getattr(function, "__name__", type(function).__name__) for function in (fit, predict)]
    return f"functions {' and '.join(names)}"
