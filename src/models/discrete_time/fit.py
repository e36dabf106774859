"""Fit of the discrete-time model: from rows to person-periods, to a well-conditioned likelihood, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from ..inputs.outcome import Outcome
from ..numerics.independent_columns import independent_columns
from ..numerics.run_starts import run_starts
from .period_effect import period_basis
from .period_logit import Maximum, PeriodLogit, maximise
from .person_period import PersonPeriods, number_causes, person_periods

DEPENDENT = 1e-9
UNBOUNDED = 50.0


@dataclass(frozen=True)
class DiscreteTimeFit:
    """A fitted discrete-time model of ``c`` causes, ``p`` features, ``K`` periods and ``q`` terms of the period effect.

    Attributes
    ----------
    coef : ndarray, shape (c, p)
        Log odds ratios; 0 for features that depend on others.
    period_log_odds : ndarray, shape (K, c)
        Log odds of each cause in each period against no event, at ``X = 0``.
    period_coef : ndarray, shape (c, q)
    period_basis : ndarray, shape (K, q)
    covariance : ndarray, shape (c * (p + q), c * (p + q))
        Of each cause's ``coef`` and ``period_coef`` in turn; inverse of the information.
    robust_covariance : ndarray or None
        The sandwich over clusters.
    log_likelihood : tuple of float
        With the period effect only, and fitted.
    n_events : ndarray of int, shape (c,)
    n_iterations : int
    converged : bool
    estimated : ndarray of bool, shape (c, p)
        False for the coefficients of the next three.
    dependent, unbounded, rare : list
        Features that are combinations of others; (cause, feature) whose coefficient has no finite estimate; causes with
        no more events than features, which have one hazard for all rows and periods.
    """

    coef: np.ndarray
    period_log_odds: np.ndarray
    period_coef: np.ndarray
    period_basis: np.ndarray
    covariance: np.ndarray
    robust_covariance: np.ndarray | None
    log_likelihood: tuple[float, float]
    n_events: np.ndarray
    n_iterations: int
    converged: bool
    estimated: np.ndarray
    dependent: list[int]
    unbounded: list[tuple[int, int]]
    rare: list[int]


def fit_discrete_time(
    design: np.ndarray,
    outcome: Outcome,
    events: tuple[int, ...],
    ends: np.ndarray,
    sample_weight: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
    *,
    period_effect: str = "spline",
    period_df: int = 4,
    max_iter: int = 100,
    tol: float = 1e-8,
) -> DiscreteTimeFit:
    """Fit the multinomial logit of person-periods.

    Parameters
    ----------
    design : ndarray, shape (n_rows, p)
    outcome : Outcome
    events : tuple of int
        Codes of the causes.
    ends : ndarray, shape (K,)
        Last day of each period.
    sample_weight : ndarray, shape (n_rows,), optional
    cluster : ndarray of int, shape (n_rows,), optional
    period_effect, period_df, max_iter, tol
        As in :class:`DiscreteTimeHazard`.

    Raises
    ------
    ValueError
        No events, or none of a cause, within the periods.
    """
    lines, n_events = number_causes(person_periods(outcome, ends, sample_weight), events)
    rows, lines = _compact(lines, None if cluster is None else cluster[lines.row])
    sorted_cluster = None if cluster is None else cluster[rows]
    x, centre, scale, used = _standardise(design[rows])
    basis = period_basis(period_effect, period_df, ends, lines)
    n_causes, n_used, n_terms = len(events), used.size, basis.shape[1]

    # With no more events than features, separation is all but certain: it would give some rows a hazard of 1.
    rare = np.flatnonzero(n_events <= n_used).tolist()
    constant = np.linalg.lstsq(basis, np.ones(ends.size), rcond=None)[0]
    null = _fit_period_only(lines, basis, constant, n_causes, rare, max_iter, tol)
    start = np.zeros((n_causes, n_used + n_terms))
    start[:, n_used:] = null.params.reshape(n_causes, n_terms)
    starts = None if sorted_cluster is None else run_starts(sorted_cluster)
    model = PeriodLogit(x, lines, basis, n_causes, _restriction(n_causes, n_used, constant, rare), starts)
    fitted = maximise(model, start.ravel(), max_iter, tol)

    to_original = _to_original(centre, scale, used, design.shape[1], constant)
    params = fitted.params.reshape(n_causes, -1) @ to_original.T
    outer = np.kron(np.eye(n_causes), to_original)
    robust = None
    if sorted_cluster is not None:
        bread = fitted.covariance
        robust = outer @ (bread @ model.cluster_scores(fitted.params, sorted_cluster) @ bread) @ outer.T
    p = design.shape[1]
    unbounded = [(cause, int(used[column])) for cause, column in _unbounded(x, lines, fitted, n_causes)]
    estimated = np.zeros((n_causes, p), dtype=bool)
    estimated[:, used] = True
    estimated[rare] = False
    for cause, column in unbounded:
        estimated[cause, column] = False
    return DiscreteTimeFit(
        coef=params[:, :p],
        period_log_odds=basis @ params[:, p:].T,
        period_coef=params[:, p:],
        period_basis=basis,
        covariance=outer @ fitted.covariance @ outer.T,
        robust_covariance=robust,
        log_likelihood=(null.log_likelihood, fitted.log_likelihood),
        n_events=n_events,
        n_iterations=fitted.n_iterations,
        converged=fitted.converged,
        dependent=sorted(set(range(p)) - set(used.tolist())),
        estimated=estimated,
        unbounded=unbounded,
        rare=rare,
    )


def _compact(lines: PersonPeriods, cluster: np.ndarray | None) -> tuple[np.ndarray, PersonPeriods]:
    """Rows that have lines, by cluster where there are clusters, and the lines numbered and ordered by them."""
    if cluster is not None:
        lines = lines.take(np.lexsort((lines.period, lines.row, cluster)))
    is_first = np.diff(lines.row, prepend=-1) != 0
    row = np.cumsum(is_first) - 1
    return lines.row[is_first], PersonPeriods(row, lines.period, lines.event, lines.weight)


def _standardise(design: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Independent columns, centred and scaled; centres, scales and positions of these columns."""
    centre = design.mean(axis=0)
    # Column after column in memory: the likelihood multiplies whole columns.
    columns = np.subtract(design.T, centre[:, None], order="C")
    scale = np.sqrt(np.einsum("pn,pn->p", columns, columns) / max(design.shape[0], 1))
    varies = scale > DEPENDENT * np.maximum(np.abs(centre), np.finfo(float).tiny)
    used = np.flatnonzero(varies)
    if not varies.all():
        columns = columns[used]
    columns /= scale[used, None]
    kept = independent_columns(columns @ columns.T / max(design.shape[0], 1), DEPENDENT)
    if not kept.all():
        columns, used = columns[kept], used[kept]
    return columns.T, centre[used], scale[used], used


def _unbounded(x: np.ndarray, lines: PersonPeriods, fitted: Maximum, n_causes: int) -> list[tuple[int, int]]:
    """Cause and column of the coefficients about which the likelihood says nothing where it stopped: they run away.

    Their standard error over the column's range exceeds any log odds ratio that data could bear, and the estimate.
    """
    n_columns = x.shape[1]
    if n_columns == 0:
        return []
    coef = fitted.params.reshape(n_causes, -1)[:, :n_columns]
    # The scale of case weights changes standard errors, and says nothing about separation.
    error = np.sqrt(np.diag(fitted.covariance) * lines.weight.mean()).reshape(n_causes, -1)[:, :n_columns]
    found = (error * np.ptp(x, axis=0) > UNBOUNDED) & (error > np.abs(coef))
    return [(int(cause), int(column)) for cause, column in np.argwhere(found)]


def _restriction(n_causes: int, n_columns: int, constant: np.ndarray, rare: list[int]) -> np.ndarray:
    """Matrix from free to full parameters: rare causes have one level for all rows and periods, the others are free."""
    level = np.concatenate([np.zeros(n_columns), constant])[:, None]
    free = np.eye(level.size)
    return block_diag(*(level if cause in rare else free for cause in range(n_causes)))


def _fit_period_only(
    lines: PersonPeriods,
    basis: np.ndarray,
    constant: np.ndarray,
    n_causes: int,
    rare: list[int],
    max_iter: int,
    tol: float,
) -> Maximum:
    """The model without features, on one line per period and outcome."""
    n_periods = basis.shape[0]
    weight = np.bincount(
        lines.period * (n_causes + 1) + lines.event, lines.weight, minlength=n_periods * (n_causes + 1)
    )
    occurs = np.flatnonzero(weight)
    period, event = np.divmod(occurs, n_causes + 1)
    collapsed = PersonPeriods(np.arange(occurs.size), period, event, weight[occurs])
    total = np.bincount(event, weight[occurs], minlength=n_causes + 1)
    start = np.outer(np.log(total[1:] / max(total[0], total.sum() * 1e-6)), constant)
    restriction = _restriction(n_causes, 0, constant, rare)
    model = PeriodLogit(np.empty((occurs.size, 0)), collapsed, basis, n_causes, restriction)
    return maximise(model, start.ravel(), max_iter, tol)


def _to_original(
    centre: np.ndarray, scale: np.ndarray, used: np.ndarray, n_columns: int, constant: np.ndarray
) -> np.ndarray:
    """Matrix from one cause's parameters of standardised columns to those of all columns as they came."""
    n_terms = constant.size
    matrix = np.zeros((n_columns + n_terms, used.size + n_terms))
    matrix[used, np.arange(used.size)] = 1 / scale
    matrix[n_columns:, : used.size] = -np.outer(constant, centre / scale)
    matrix[n_columns:, used.size :] = np.eye(n_terms)
    return matrix
