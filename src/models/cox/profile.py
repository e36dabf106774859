"""Profile-likelihood intervals and tests of a Cox model's coefficients, from the rows it was fitted to."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc, chdtri
from sklearn.exceptions import ConvergenceWarning

from ...caller_warnings import warn
from ..estimator.design import TrainingRows
from .diagnostics import FittedCox


def profile_table(rows: TrainingRows, fitted: FittedCox, level: float, *, firth: bool) -> pd.DataFrame:
    """Intervals and tests as :meth:`.model.CoxPH.profile_likelihood` describes them."""
    from ..risk_sets.risk_sets import build_risk_sets
    from .kernels.firth import PenalisedRows
    from .kernels.fit import LARGEST_ETA, scale_rows
    from .kernels.profile_likelihood import profiles

    weight, stratum = rows.weight_of_each, rows.design.stratum_of_each
    is_event = rows.outcome.event == fitted.event
    sets = build_risk_sets(rows.outcome.entry, rows.outcome.duration, is_event, weight, stratum)
    scaled = scale_rows(rows.design.matrix, sets, rows.design.offset)
    error = np.sqrt(np.diag(fitted.naive_covariance)) * scaled.scale
    penalised = PenalisedRows(scaled.x, scaled.offset, sets, fitted.ties == "efron", firth, error > 0, LARGEST_ETA)
    found = profiles(penalised, fitted.coef * scaled.scale, error, float(chdtri(1, 1.0 - level)))
    if not found.converged:
        warn(
            "the search for some limits of the profile likelihood did not converge; they may be off", ConvergenceWarning
        )
    lower, upper = found.lower / scaled.scale, found.upper / scaled.scale
    with np.errstate(over="ignore"):
        ratios = np.exp([lower, upper])
    statistic = np.maximum(found.statistic, 0.0)
    return pd.DataFrame(
        {
            "coef": fitted.coef,
            "lower": lower,
            "upper": upper,
            "hazard_ratio_lower": ratios[0],
            "hazard_ratio_upper": ratios[1],
            "chisq": statistic,
            "p": chdtrc(1, statistic),
        },
        index=pd.Index(fitted.names, name="feature"),
    )
