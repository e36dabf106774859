"""survival (PyPI, written in Rust): ``coxph`` as its users call it, else functions on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..data import HORIZONS, BenchmarkData
from . import Prepared


def version() -> str:
    import survival

    return str(survival.__version__)


def cox(data: BenchmarkData, *, ties: str = "efron", robust: bool = False) -> Prepared:
    from survival import coxph, regression

    status = (data.event == 1).astype(float)
    entry = data.entry if np.any(data.entry > 0) else None
    if not robust:
        names = [f"x{position}" for position in range(data.X.shape[1])]
        frame = pd.DataFrame(data.X, columns=names).assign(time=data.duration, status=status)
        times = "time"
        if entry is not None:
            frame["entry"], times = entry, "entry, time"
        formula = f"Surv({times}, status) ~ {' + '.join(names)}"
        return Prepared(lambda: coxph(formula, frame, ties=ties), lambda fitted: np.ravel(fitted.coefficients))
    family = np.unique(data.family, return_inverse=True)[1]
    return Prepared(
        lambda: regression.coxph_fit(
            data.duration, status, data.X, entry=entry, method=ties, cluster=family, robust=True
        ),
        lambda fitted: np.ravel(fitted.coefficients),
    )


def aalen_johansen(data: BenchmarkData) -> Prepared:
    from survival import Surv, regression, survfit

    if not np.any(data.entry > 0):
        event = data.event.astype(int).tolist()

        def at_horizons(fitted: Any) -> np.ndarray:
            return np.asarray(fitted.cif)[np.searchsorted(fitted.times, HORIZONS, side="right") - 1]

        return Prepared(lambda: regression.competing_risks_cif(data.duration.tolist(), event, 1), at_horizons)
    state = pd.Series(data.event.astype(int)).astype("category")
    row = np.arange(len(data.event))

    def numbers(fitted: Any) -> np.ndarray:
        position = np.searchsorted(np.asarray(fitted.time), HORIZONS, side="right") - 1
        return np.asarray(fitted.pstate)[position, 1]

    return Prepared(lambda: survfit(Surv(data.entry, data.duration, state, type="mstate"), id=row), numbers)


def fine_gray(data: BenchmarkData, *, std_errors: bool = True, censoring_ties: str = "finegray") -> Prepared:
    from survival import regression

    event = data.event.astype(int).tolist()
    return Prepared(
        lambda: regression.finegray_regression(data.duration.tolist(), event, data.X.tolist(), 1),
        lambda fitted: np.ravel(fitted.coefficients),
    )


def path(data: BenchmarkData, *, penalties: list[float], l1_ratio: float) -> Prepared:
    from survival import core, regression

    n_rows, n_features = data.X.shape
    matrix = core.CovariateMatrix(data.X.ravel(), n_rows, n_features)
    outcome = core.SurvivalData(data.duration, (data.event == 1).astype(int))
    lowest = penalties[-1] / penalties[0]
    config = regression.FastCoxPathConfig(l1_ratio=l1_ratio, n_lambda=len(penalties), lambda_min_ratio=lowest)
    return Prepared(
        lambda: regression.fast_cox_path(core.CoxRegressionInput(matrix, outcome), config),
        lambda fitted: np.asarray(fitted.coefficients),
    )
