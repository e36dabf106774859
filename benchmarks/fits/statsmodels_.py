"""statsmodels: a row that enters on an event day counts as at risk on it, as in Stata, not in R."""

from __future__ import annotations

from ..data import BenchmarkData
from . import Prepared


def version() -> str:
    import statsmodels

    return str(statsmodels.__version__)


def cox(data: BenchmarkData, *, ties: str = "efron", robust: bool = False) -> Prepared:
    from statsmodels.duration.hazard_regression import PHReg

    is_event = (data.event == 1).astype(int)
    groups = data.family if robust else None

    def call() -> object:
        model = PHReg(data.duration, data.X, status=is_event, entry=data.entry, ties=ties)
        return model.fit(groups=groups, disp=0)

    return Prepared(call, lambda fitted: fitted.params)
