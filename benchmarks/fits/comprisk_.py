"""comprisk: Breslow's ties, no delayed entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data import HORIZONS, BenchmarkData
from . import Prepared


def version() -> str:
    import comprisk

    return str(comprisk.__version__)


def cox(data: BenchmarkData, *, ties: str = "breslow") -> Prepared:
    from comprisk import CauseSpecificCox, Surv

    y = Surv.from_arrays(event=data.event.astype(int), time=data.duration)
    return Prepared(lambda: CauseSpecificCox(cause=1).fit(data.X, y), lambda fitted: fitted.coef_)


def fine_gray(data: BenchmarkData, *, std_errors: bool = True, censoring_ties: str = "crr") -> Prepared:
    from comprisk import FineGrayRegression, Surv

    y = Surv.from_arrays(event=data.event.astype(int), time=data.duration)
    model = FineGrayRegression(cause=1, robust_se=std_errors)
    return Prepared(lambda: model.fit(data.X, y), lambda fitted: fitted.coef_)


def aalen_johansen(data: BenchmarkData) -> Prepared:
    from comprisk import CumulativeIncidence

    event = data.event.astype(int)

    def numbers(fitted: Any) -> np.ndarray:
        return fitted.curves_[(None, 1)].evaluate(np.array(HORIZONS))[0]

    return Prepared(lambda: CumulativeIncidence().fit(data.duration, event), numbers)
