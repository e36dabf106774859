"""scikit-survival: knows no delayed entry in these models."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data import HORIZONS, BenchmarkData
from . import Prepared


def version() -> str:
    import sksurv

    return str(sksurv.__version__)


def cox(data: BenchmarkData, *, ties: str = "efron") -> Prepared:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    y = Surv.from_arrays(data.event == 1, data.duration)
    return Prepared(lambda: CoxPHSurvivalAnalysis(ties=ties).fit(data.X, y), lambda fitted: fitted.coef_)


def aalen_johansen(data: BenchmarkData) -> Prepared:
    from sksurv.nonparametric import cumulative_incidence_competing_risks

    event = data.event.astype(int)

    def call() -> Any:
        return cumulative_incidence_competing_risks(event, data.duration, conf_type="log-log")

    def numbers(result: Any) -> np.ndarray:
        return result[1][1][np.searchsorted(result[0], HORIZONS, side="right") - 1]

    return Prepared(call, numbers)


def path(data: BenchmarkData, *, penalties: list[float], l1_ratio: float) -> Prepared:
    from sksurv.linear_model import CoxnetSurvivalAnalysis
    from sksurv.util import Surv

    y = Surv.from_arrays(data.event == 1, data.duration)
    model = CoxnetSurvivalAnalysis(alphas=penalties, l1_ratio=l1_ratio, normalize=True)
    return Prepared(lambda: model.fit(data.X, y), lambda fitted: fitted.coef_.T)
