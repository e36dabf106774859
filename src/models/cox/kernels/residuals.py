"""Residuals of a fitted Cox model, from its coefficients and the rows it was fitted to."""

import numpy as np

from ...risk_sets.partial_likelihood import RiskSums, cumulative_hazards, risk_sums
from ...risk_sets.risk_sets import RiskSets, build_risk_sets
from ...risk_sets.scaled_rows import ScaledRows, scale_rows
from ...risk_sets.score_residuals import score_residuals, tied_means


def at_coefficients(
    design: np.ndarray,
    entry: np.ndarray,
    duration: np.ndarray,
    is_event: np.ndarray,
    *,
    coef: np.ndarray,
    weight: np.ndarray | None,
    stratum: np.ndarray | None,
    offset: np.ndarray | None,
    ties: str,
) -> tuple[RiskSets, ScaledRows, RiskSums]:
    """Risk sets, scaled rows and risk-set sums at given coefficients (p,); see :func:`.fit.fit_cox`."""
    weight = np.ones(duration.size) if weight is None else weight
    stratum = np.zeros(duration.size, dtype=np.int64) if stratum is None else stratum
    sets = build_risk_sets(entry, duration, is_event, weight, stratum)
    scaled = scale_rows(design, sets, offset)
    eta = scaled.x @ (coef * scaled.scale) + scaled.offset
    return sets, scaled, risk_sums(scaled.x, eta, sets, ties == "efron")


def cox_residuals(
    kind: str,
    design: np.ndarray,
    entry: np.ndarray,
    duration: np.ndarray,
    is_event: np.ndarray,
    *,
    coef: np.ndarray,
    naive_covariance: np.ndarray,
    weight: np.ndarray | None,
    stratum: np.ndarray | None,
    offset: np.ndarray | None,
    ties: str,
    weighted: bool,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Residuals by row, shape (n,) or (n, p); for ``schoenfeld`` by event, shape (n_events, p), with the events' days.

    ``kind`` is martingale, score, schoenfeld or dfbeta. Other parameters are those of :func:`.fit.fit_cox`, with
    ``coef`` (p,) and ``naive_covariance`` (p, p) of the fit.
    """
    sets, scaled, sums = at_coefficients(
        design, entry, duration, is_event, coef=coef, weight=weight, stratum=stratum, offset=offset, ties=ties
    )
    n_rows = duration.size
    if kind == "schoenfeld":
        events = np.flatnonzero(sets.is_event)
        times = sets.last[events]
        values = (scaled.x[events] - tied_means(sums, sets)[times]) * scaled.scale
        return values * (sets.weight[events, None] if weighted else 1.0), sets.time[times]
    factor = np.ones(n_rows) if weight is None or not weighted else weight
    if kind == "martingale":
        martingale = np.zeros(n_rows)
        martingale[sets.rows] = sets.is_event - sums.relative_risk * cumulative_hazards(sums, sets)
        return factor * martingale, None
    ones = np.ones(sets.rows.size)
    score = score_residuals(scaled.x, sums, sets, weight=ones, target=sets.rows, n_targets=n_rows) * scaled.scale
    return factor[:, None] * (score if kind == "score" else score @ naive_covariance), None
