"""lifelines: Efron's ties only; Aalen-Johansen moves tied times apart at random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..data import HORIZONS, BenchmarkData
from . import Prepared


def version() -> str:
    import lifelines

    return str(lifelines.__version__)


def cox(data: BenchmarkData, *, ties: str = "efron", robust: bool = False) -> Prepared:
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(data.X, columns=[f"x{j}" for j in range(data.X.shape[1])])
    frame = frame.assign(duration=data.duration, event=data.event == 1)
    arguments: dict[str, Any] = {}
    if np.any(data.entry > 0):
        frame["entry"] = data.entry
        arguments["entry_col"] = "entry"
    if robust:
        frame["family"] = data.family
        arguments["cluster_col"] = "family"
    return Prepared(
        lambda: CoxPHFitter().fit(frame, "duration", "event", **arguments),
        lambda fitted: fitted.params_.to_numpy(),
    )


def aalen_johansen(data: BenchmarkData) -> Prepared:
    from lifelines import AalenJohansenFitter

    entry = data.entry if np.any(data.entry > 0) else None

    def call() -> Any:
        return AalenJohansenFitter(seed=0).fit(data.duration, data.event.astype(int), 1, entry=entry)

    def numbers(fitted: Any) -> np.ndarray:
        curve = fitted.cumulative_density_.iloc[:, 0]
        return np.array([curve[curve.index <= day + 0.5].iloc[-1] for day in HORIZONS])

    return Prepared(call, numbers)
