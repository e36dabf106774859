"""hazardous: boosted cumulative incidence; knows no delayed entry."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Any

import numpy as np
import pandas as pd

from ..data import HORIZONS, BenchmarkData
from . import Prepared


def version() -> str:
    return installed_version("hazardous")


def boosting(data: BenchmarkData, *, n_iterations: int = 100) -> Prepared:
    from hazardous import SurvivalBoost

    y = pd.DataFrame({"event": data.event.astype(int), "duration": data.duration})
    model = SurvivalBoost(n_iter=n_iterations, show_progressbar=False, random_state=0)

    def facts(fitted: Any) -> dict[str, float]:
        rows = slice(0, 5_000)
        risk = fitted.predict_cumulative_incidence(data.X[rows], times=np.array(HORIZONS))[:, 1]
        return {"rmse_of_risk": float(np.sqrt(np.mean((risk - data.truth[rows]) ** 2)))}

    return Prepared(lambda: model.fit(data.X, y), lambda fitted: np.empty(0), facts)
