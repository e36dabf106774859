"""The influence of each row of a fit of cause-specific Cox models, as :mod:`...incidence.moments` takes it."""

from dataclasses import dataclass, replace

import numpy as np

from ...incidence.moments import CauseRows, event_variance
from ...inputs.case_weights import are_counts
from ...inputs.outcome import Outcome
from ...risk_sets.partial_likelihood import RiskSums, hazard_increments
from ...risk_sets.risk_sets import RiskSets
from ...risk_sets.score_residuals import mean_increments, score_residuals
from .fit import LARGEST_ETA
from .residuals import at_coefficients


@dataclass(frozen=True)
class CauseFit:
    """What is taken of the fit of one cause: code, coefficients (p,), naive covariance, centers of the baseline."""

    code: int
    coef: np.ndarray
    naive_covariance: np.ndarray
    center: np.ndarray
    offset_center: float = 0.0


@dataclass(frozen=True)
class HazardRows:
    """The influence of the rows on one cause, and ``mean`` (J, p): hazard times (mean of x at risk - center)."""

    rows: CauseRows
    mean: np.ndarray


def row_factor(weight: np.ndarray | None, cluster: np.ndarray | None, n_rows: int) -> np.ndarray:
    """By what the influence of each row is multiplied before it is squared, shape (n,).

    Its weight; where all weights are whole numbers and no clusters are given, they count as repeated rows (as in
    ``CoxPH``), whose squares add up to the weight times the square.
    """
    if weight is None:
        return np.ones(n_rows)
    return np.sqrt(weight) if cluster is None and are_counts(weight) else weight


def cause_rows(
    design: np.ndarray,
    outcome: Outcome,
    fit: CauseFit,
    *,
    weight: np.ndarray | None,
    stratum: np.ndarray,
    offset: np.ndarray | None,
    factor: np.ndarray,
    target: np.ndarray,
    ties: str,
    std_error: str,
) -> HazardRows:
    """The influence of each row on one cause.

    Parameters
    ----------
    design : ndarray, shape (n, p)
    outcome : Outcome
    fit : CauseFit
    weight : ndarray, shape (n,), optional
    stratum : ndarray of int, shape (n,)
    offset : ndarray, shape (n,), optional
    factor : ndarray, shape (n,)
        See :func:`row_factor`.
    target : ndarray of int, shape (n,)
        Cluster of each row, or the row itself.
    ties : {"efron", "breslow"}
    std_error : {"riskregression", "jackknife"}
        See :class:`...cause_specific.model.CauseSpecificCox`.
    """
    sets, scaled, sums = at_coefficients(
        design,
        outcome.entry,
        outcome.duration,
        outcome.event == fit.code,
        coef=fit.coef,
        weight=weight,
        stratum=stratum,
        offset=offset,
        ties=ties,
    )
    # From the hazard at each stratum's own mean to that at the center.
    shift = (fit.center - scaled.mean)[sets.time_stratum]
    offset_shift = (fit.offset_center - scaled.offset_mean)[sets.time_stratum]
    apart = np.exp(np.clip(shift @ fit.coef + offset_shift, -LARGEST_ETA, LARGEST_ETA))
    hazard = hazard_increments(sums, sets)[0]
    mean = mean_increments(sums, sets)
    if std_error == "riskregression":
        increment, less_if_own, of_event = hazard / sums.total, np.zeros_like(hazard), 1.0 / sums.total
        mean = hazard[:, None] * sums.mean
        sets, sums = _days_once(sets, sums)
    else:
        mean_weight = sets.tied_weight / sets.n_tied
        once, _, square, square_f, _ = sums.moments.T
        increment = mean_weight * square / sums.total**2
        less_if_own = mean_weight * square_f / sums.total**2
        of_event = once / (sets.n_tied * sums.total)
    increment, less_if_own, of_event = (apart * by_time for by_time in (increment, less_if_own, of_event))
    mean = apart[:, None] * (mean * scaled.scale - hazard[:, None] * shift)

    n_rows = len(outcome)
    first, last = np.zeros(n_rows, dtype=np.int64), np.full(n_rows, -1)
    risk, jump = np.zeros(n_rows), np.zeros(n_rows)
    first[sets.rows], last[sets.rows] = sets.first, sets.last
    risk[sets.rows] = sums.relative_risk * factor[sets.rows]
    own = sets.rows[sets.is_event]
    jump[own] = of_event[last[own]] * factor[own] + less_if_own[last[own]] * risk[own]

    score = score_residuals(
        scaled.x, sums, sets, weight=factor[sets.rows], target=target[sets.rows], n_targets=int(target.max()) + 1
    )
    rows = CauseRows(
        time=sets.time,
        stratum=sets.time_stratum,
        n_tied=sets.n_tied,
        increment=increment,
        first=first,
        last=last,
        risk=risk,
        jump=jump,
        variance=event_variance(last[own], of_event[last[own]] * factor[own], target[own], sets.n_times),
        coef=score @ (scaled.scale[:, None] * fit.naive_covariance),
    )
    return HazardRows(rows, mean)


def _days_once(sets: RiskSets, sums: RiskSums) -> tuple[RiskSets, RiskSums]:
    """Risk sets in which each day has one event, of the mean weight of its events, whatever the ties."""
    once = np.ones(sets.n_times, dtype=np.int64)
    moments = np.tile([1.0, 0.0, 1.0, 0.0, 0.0], (sets.n_times, 1))
    return replace(sets, n_tied=once, tied_weight=sets.tied_weight / sets.n_tied), replace(sums, moments=moments)
