"""Residuals of a Cox model and the test of its proportional hazards, from the rows it was fitted to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from .outcome import Outcome

RESIDUALS = ("martingale", "deviance", "score", "schoenfeld", "dfbeta")
TRANSFORMS = ("km", "rank", "identity", "log")


class TrainingRows(NamedTuple):
    """What diagnostics need of the data; kept in the process that fitted the model, never saved or pickled."""

    design: np.ndarray
    outcome: Outcome
    weight: np.ndarray | None
    stratum: np.ndarray | None
    offset: np.ndarray | None


class FittedCox(NamedTuple):
    """What diagnostics need of the fit: the event, ties, coefficients (p,), naive covariance (p, p), names (p,)."""

    event: int
    ties: str
    coef: np.ndarray
    naive_covariance: np.ndarray
    names: np.ndarray


def residual_table(
    rows: TrainingRows, fitted: FittedCox, kind: str, *, weighted: bool | None = None
) -> np.ndarray | pd.DataFrame:
    """Residuals as :meth:`.cox.CoxPH.residuals` describes them."""
    from .engine.cox_residuals import cox_residuals

    if kind not in RESIDUALS:
        raise ValueError(f"kind must be one of {', '.join(RESIDUALS)}, got {kind!r}")
    values, day = cox_residuals(
        kind,
        rows.design,
        rows.outcome.entry,
        rows.outcome.duration,
        rows.outcome.event == fitted.event,
        coef=fitted.coef,
        naive_covariance=fitted.naive_covariance,
        weight=rows.weight,
        stratum=rows.stratum,
        offset=rows.offset,
        ties=fitted.ties,
        weighted=kind == "dfbeta" if weighted is None else weighted,
    )
    if values.ndim == 1:
        return values
    index = None if day is None else pd.Index(day, name="day")
    return pd.DataFrame(values, columns=fitted.names, index=index)


def proportionality_table(
    rows: TrainingRows, fitted: FittedCox, transform: str, groups: dict[str, list[int]]
) -> pd.DataFrame:
    """Test of proportional hazards as :meth:`.cox.CoxPH.test_proportional_hazards` describes it.

    ``groups`` holds the positions of the columns that are tested together, by the name of the term.
    """
    from .engine.proportional_hazards import proportional_hazards_test, time_transform

    if transform not in TRANSFORMS:
        raise ValueError(f"transform must be one of {', '.join(TRANSFORMS)}, got {transform!r}")
    is_event = rows.outcome.event == fitted.event
    # A row of weight 0 counts for nothing, the time scale included.
    counted = np.ones(is_event.size, dtype=bool) if rows.weight is None else rows.weight > 0
    scale = np.zeros(is_event.size)
    scale[counted] = time_transform(
        rows.outcome.entry[counted], rows.outcome.duration[counted], is_event[counted], transform
    )
    used = np.diag(fitted.naive_covariance) > 0
    groups = {name: [c for c in columns if used[c]] for name, columns in groups.items()}
    groups = {name: columns for name, columns in groups.items() if columns}
    statistics = proportional_hazards_test(
        rows.design,
        rows.outcome.entry,
        rows.outcome.duration,
        is_event,
        scale,
        list(groups.values()),
        coef=fitted.coef,
        weight=rows.weight,
        stratum=rows.stratum,
        offset=rows.offset,
        ties=fitted.ties,
    )
    df = np.array([*(len(columns) for columns in groups.values()), int(used.sum())])
    index = pd.Index([*groups, "GLOBAL"], name="term")
    return pd.DataFrame({"chisq": statistics, "df": df, "p": chdtrc(df, statistics)}, index=index)
