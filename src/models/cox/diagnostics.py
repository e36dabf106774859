"""Residuals of a Cox model and the test of its proportional hazards, from the rows it was fitted to."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ...parameter_checks import require_choice
from ..estimator.design import TrainingRows

RESIDUALS = ("martingale", "deviance", "score", "schoenfeld", "scaledsch", "dfbeta", "dfbetas")


class FittedCox(NamedTuple):
    """What diagnostics need of the fit: the event, ties, coefficients (p,), naive covariance (p, p), names (p,)."""

    event: int
    ties: str
    coef: np.ndarray
    naive_covariance: np.ndarray
    names: np.ndarray


def residual_table(
    rows: TrainingRows, fitted: FittedCox, kind: str, *, weighted: bool | None = None, collapse: Any = None
) -> np.ndarray | pd.Series | pd.DataFrame:
    """Residuals as :meth:`.model.CoxPH.residuals` describes them."""
    require_choice("kind", kind, RESIDUALS)
    weighted = kind in ("dfbeta", "dfbetas") if weighted is None else weighted
    if kind in ("schoenfeld", "scaledsch"):
        if collapse is not None:
            raise ValueError(f"{kind} residuals belong to events, not to rows: they cannot be collapsed")
        return _by_event(rows, fitted, kind, weighted)
    values = _by_row(rows, fitted, kind, weighted)
    n_events = (rows.outcome.event == fitted.event).astype(float)
    if weighted and rows.weight is not None:
        n_events *= rows.weight
    index = None
    if collapse is not None:
        codes, index = _collapse_codes(collapse, rows)
        values, n_events = (_sum_by(codes, array, len(index)) for array in (values, n_events))
    if kind == "deviance":
        values = deviance(values, n_events)
    if index is None:
        values = rows.to_given(values)
    if values.ndim == 1:
        return values if index is None else pd.Series(values, index=index, name=kind)
    return pd.DataFrame(values, columns=fitted.names, index=index)


def deviance(martingale: np.ndarray, n_events: np.ndarray) -> np.ndarray:
    r"""Deviance residuals, shape (n,): signed root of the Poisson deviance of :math:`D` events, :math:`D - M` expected.

    .. math:: \mathrm{sign}(M) \sqrt{-2 \{M + D \log((D - M) / D)\}}

    For one event at most this is the deviance residual of Therneau, Grambsch and Fleming (1990).
    """
    with_event = n_events > 0
    share = np.divide(n_events - martingale, n_events, out=np.ones_like(martingale), where=with_event)
    logarithm = n_events * np.log(np.maximum(share, np.finfo(float).tiny))
    return np.sign(martingale) * np.sqrt(np.maximum(-2.0 * (martingale + logarithm), 0.0))


def concordance(rows: TrainingRows, fitted: FittedCox) -> tuple[float, float]:
    """Concordance of the linear predictor and its standard error; see :attr:`.model.CoxPH.concordance_`."""
    from ..risk_sets.risk_sets import build_risk_sets
    from .kernels.concordance import comparable_pairs

    weight, stratum = rows.weight_of_each, rows.design.stratum_of_each
    is_event = rows.outcome.event == fitted.event
    sets = build_risk_sets(rows.outcome.entry, rows.outcome.duration, is_event, weight, stratum)
    eta = rows.design.matrix @ fitted.coef + rows.design.offset_of_each
    # Equal rows may differ by the rounding of a sum, which must not order them.
    unit = 1e-12 * max(1.0, float(np.abs(eta).max()))
    ranks, rank = np.unique(np.round(eta[sets.rows] / unit), return_inverse=True)
    pairs = comparable_pairs(sets, rank, ranks.size)
    own = sets.weight
    n_pairs = float(own @ pairs.all)
    if not n_pairs > 0:
        return float("nan"), float("nan")
    value = float(own @ (pairs.concordant + 0.5 * pairs.tied)) / n_pairs
    influence: np.ndarray = 2.0 * own * (pairs.concordant + 0.5 * pairs.tied - value * pairs.all) / n_pairs
    if rows.cluster is not None:
        influence = np.bincount(rows.cluster[sets.rows], influence)
    return value, float(np.sqrt(influence @ influence))


def robust_covariance(rows: TrainingRows, fitted: FittedCox, cluster: np.ndarray) -> np.ndarray:
    """Sandwich by other clusters, codes of shape (n,), than those of the fit; shape (p, p)."""
    influence = _residuals(rows, fitted, "dfbeta", weighted=True)[0]
    by_cluster = _sum_by(cluster, influence, int(cluster.max()) + 1)
    return by_cluster.T @ by_cluster


def score_statistics(rows: TrainingRows, fitted: FittedCox) -> tuple[float, float]:
    """Score statistic that all coefficients are 0, and the robust one by the clusters of the fit, NaN without."""
    from .kernels.score_statistics import score_statistics_of_rows

    return score_statistics_of_rows(
        rows.design.matrix,
        rows.outcome.entry,
        rows.outcome.duration,
        rows.outcome.event == fitted.event,
        weight=rows.weight,
        stratum=rows.design.strata,
        offset=rows.design.offset,
        cluster=rows.cluster,
        ties=fitted.ties,
        usable=np.diag(fitted.naive_covariance) > 0,
    )


def _by_row(rows: TrainingRows, fitted: FittedCox, kind: str, weighted: bool) -> np.ndarray:
    """Residuals by row, shape (n,) or (n, p); for ``deviance`` the martingale residuals that it is made of."""
    base = {"deviance": "martingale", "dfbetas": "dfbeta"}.get(kind, kind)
    values, _ = _residuals(rows, fitted, base, weighted)
    if kind == "dfbetas":
        error = np.sqrt(np.diag(fitted.naive_covariance))
        values = np.divide(values, error, out=np.zeros_like(values), where=error > 0)
    return values


def _by_event(rows: TrainingRows, fitted: FittedCox, kind: str, weighted: bool) -> pd.DataFrame:
    values, day = _residuals(rows, fitted, "schoenfeld", weighted)
    if kind == "scaledsch":
        values = len(values) * values @ fitted.naive_covariance + fitted.coef
    return pd.DataFrame(values, columns=fitted.names, index=pd.Index(day, name="day"))


def _residuals(
    rows: TrainingRows, fitted: FittedCox, kind: str, weighted: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    from .kernels.residuals import cox_residuals

    return cox_residuals(
        kind,
        rows.design.matrix,
        rows.outcome.entry,
        rows.outcome.duration,
        rows.outcome.event == fitted.event,
        coef=fitted.coef,
        naive_covariance=fitted.naive_covariance,
        weight=rows.weight,
        stratum=rows.design.strata,
        offset=rows.design.offset,
        ties=fitted.ties,
        weighted=weighted,
    )


def _collapse_codes(collapse: Any, rows: TrainingRows) -> tuple[np.ndarray, pd.Index]:
    labels, n_rows = pd.Series(np.asarray(collapse)), rows.n_given
    if labels.shape != (n_rows,):
        raise ValueError(f"collapse has shape {labels.shape}, expected ({n_rows},)")
    if labels.isna().any():
        raise ValueError(f"collapse: missing in {int(labels.isna().sum())} of {n_rows} rows")
    codes, index = pd.factorize(pd.Series(rows.of_given(labels)), sort=True)
    return codes, pd.Index(index, name=getattr(collapse, "name", None))


def _sum_by(codes: np.ndarray, values: np.ndarray, n_codes: int) -> np.ndarray:
    sums = np.zeros((n_codes, *values.shape[1:]))
    np.add.at(sums, codes, values)
    return sums
