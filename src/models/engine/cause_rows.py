"""The influence of each row of a fit of cause-specific Cox models, as :mod:`..incidence_moments` takes it."""

from dataclasses import dataclass

import numpy as np

from ..incidence_moments import CauseRows, event_variance
from ..outcome import Outcome
from .cox_fit import LARGEST_ETA
from .cox_residuals import at_coefficients
from .score_residuals import score_residuals


@dataclass(frozen=True)
class CauseFit:
    """What is taken of the fit of one cause: code, coefficients (p,), naive covariance, center of the baseline."""

    code: int
    coef: np.ndarray
    naive_covariance: np.ndarray
    center: np.ndarray


def row_factor(weight: np.ndarray | None, cluster: np.ndarray | None, n_rows: int) -> np.ndarray:
    """By what the influence of each row is multiplied before it is squared, shape (n,).

    Its weight; where all weights are whole numbers and no clusters are given, they count as repeated rows (as in
    ``CoxPH``), whose squares add up to the weight times the square.
    """
    if weight is None:
        return np.ones(n_rows)
    are_counts = cluster is None and bool(np.all(weight == np.round(weight)))
    return np.sqrt(weight) if are_counts else weight


def cause_rows(
    design: np.ndarray,
    outcome: Outcome,
    fit: CauseFit,
    *,
    weight: np.ndarray | None,
    stratum: np.ndarray,
    factor: np.ndarray,
    target: np.ndarray,
    ties: str,
) -> CauseRows:
    """The influence of each row on one cause.

    Parameters
    ----------
    design : ndarray, shape (n, p)
    outcome : Outcome
    fit : CauseFit
    weight : ndarray, shape (n,), optional
    stratum : ndarray of int, shape (n,)
    factor : ndarray, shape (n,)
        See :func:`row_factor`.
    target : ndarray of int, shape (n,)
        Cluster of each row, or the row itself.
    ties : {"efron", "breslow"}
    """
    sets, scaled, sums = at_coefficients(
        design,
        outcome.entry,
        outcome.duration,
        outcome.event == fit.code,
        coef=fit.coef,
        weight=weight,
        stratum=stratum,
        offset=None,
        ties=ties,
    )
    # From the hazard at each stratum's own mean to that at the center.
    apart = np.exp(np.clip((fit.center - scaled.mean) @ fit.coef, -LARGEST_ETA, LARGEST_ETA))[sets.time_stratum]
    mean_weight = sets.tied_weight / sets.n_tied
    once, _, square, square_f, _ = sums.moments.T
    increment = apart * mean_weight * square / sums.total**2
    less_if_own = apart * mean_weight * square_f / sums.total**2
    of_event = apart * once / (sets.n_tied * sums.total)

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
    return CauseRows(
        time=sets.time,
        stratum=sets.time_stratum,
        n_tied=sets.n_tied,
        increment=increment,
        first=first,
        last=last,
        risk=risk,
        jump=jump,
        variance=event_variance(last[own], of_event[last[own]] * factor[own], target[own], sets.n_times),
        coef=(score * scaled.scale) @ fit.naive_covariance,
    )
