"""survival (PyPI): the compiled fit itself, on arrays, which its own ``coxph`` calls."""

from __future__ import annotations

import numpy as np

from ..data import BenchmarkData
from . import Prepared
from .survival_ import version as version


def cox(data: BenchmarkData, *, ties: str = "efron") -> Prepared:
    from survival import regression

    status = (data.event == 1).astype(float)
    entry = data.entry if np.any(data.entry > 0) else None
    return Prepared(
        lambda: regression.coxph_fit_raw(data.duration, status, data.X, entry=entry, method=ties, resid=False),
        lambda fitted: np.ravel(fitted.coefficients),
    )
