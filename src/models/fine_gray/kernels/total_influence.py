"""The influence of rows on totals of incidences by a Fine-Gray model."""

from dataclasses import replace

import numpy as np

from ...inputs.outcome import Outcome
from ...risk_sets.scaled_rows import scale_rows
from .influence import ROWS_PER_BLOCK, baseline_increments, influence_of_rows
from .likelihood import subdistribution_sums
from .subdistribution import build_subdistribution


def fine_gray_influence(
    design: np.ndarray,
    outcome: Outcome,
    coef: np.ndarray,
    naive_covariance: np.ndarray,
    by_increment: np.ndarray,
    by_coef: np.ndarray,
    *,
    event: int,
    weight: np.ndarray,
    censoring_stratum: np.ndarray | None,
    factor: np.ndarray,
    target: np.ndarray,
    ties: str,
    convention: str,
) -> np.ndarray:
    """Influence of the targets on Q quantities that follow from baseline and coefficients, shape (Q, n_targets).

    Parameters
    ----------
    design : ndarray, shape (n, p)
    outcome : Outcome
    coef, naive_covariance : ndarray, shapes (p,) and (p, p)
        Of the fit to these rows.
    by_increment : ndarray, shape (Q, K)
        Derivatives by the increments of the baseline at the means of the features, on the K event times.
    by_coef : ndarray, shape (Q, p)
    event : int
    weight, factor : ndarray, shape (n,)
        Case weights, and by what the influence of a row is multiplied.
    censoring_stratum, target : ndarray of int, shape (n,)
    ties, convention
        As of the fit.
    """
    strata = np.zeros(len(outcome), dtype=np.int64) if censoring_stratum is None else censoring_stratum
    kind = np.where(outcome.event == event, 1, np.where(outcome.event > 0, 2, 0))
    sub = build_subdistribution(outcome.entry, outcome.duration, kind, weight, strata, convention=convention)
    scaled = scale_rows(design, sub.sets, None)
    sums = subdistribution_sums(scaled.x, scaled.x @ (coef * scaled.scale), sub, ties == "efron")
    increments = baseline_increments(sums, sub, np.zeros(sub.sets.n_times, dtype=np.int64))
    through_coef = by_coef @ (naive_covariance * scaled.scale)
    rows, n_columns = sub.sets.rows, design.shape[1]
    result = np.zeros((len(by_increment), int(target.max()) + 1))
    for quantity, slope in enumerate(by_increment):
        scales = {name: getattr(increments, name) * slope for name in ("per_risk", "less_if_own", "per_event")}
        of_rows = influence_of_rows(
            scaled.x, sums, sub, replace(increments, **scales), convention=convention, exact=True
        )
        for begin in range(0, rows.size, ROWS_PER_BLOCK):
            part = np.arange(begin, min(begin + ROWS_PER_BLOCK, rows.size))
            influence = of_rows(part)
            values = influence[:, n_columns] + influence[:, :n_columns] @ through_coef[quantity]
            result[quantity] += np.bincount(target[rows[part]], values * factor[rows[part]], result.shape[1])
    return result
