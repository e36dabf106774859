"""The whole Fine-Gray fit on arrays: weighted risk sets, Newton, covariance, baseline and what its intervals need."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...cox.kernels.maximum import cox_maximum
from ...cox.kernels.row_influence import row_factor
from ...incidence.moments import CUTS, assign_cells, event_variance, run_ends
from ...numerics.blas_threads import one_blas_thread
from ...numerics.information import inverse, square_root
from ...numerics.run_starts import run_starts
from ...risk_sets.partial_likelihood import RiskSums, hazard_increments
from ...risk_sets.scaled_rows import ScaledRows, scale_rows
from ...risk_sets.score_residuals import mean_increments
from .influence import baseline_increments, influence_products
from .likelihood import evaluate_subdistribution, subdistribution_sums
from .subdistribution import Subdistribution, build_subdistribution

# Cells of event times between which the covariance of the baseline is kept.
N_CELLS = 32


@dataclass(frozen=True)
class FineGrayFit:
    """A fitted Fine-Gray model; p columns, K event times.

    Attributes
    ----------
    coef : ndarray, shape (p,)
    naive_covariance : ndarray, shape (p, p)
        The inverse information.
    log_likelihood : tuple of float
        At 0 and at ``coef``.
    center : ndarray, shape (p,)
        Means of the columns; the baseline below is at these.
    time : ndarray, shape (K,)
    cumulative_hazard : ndarray, shape (K,)
    cumulative_mean : ndarray, shape (K, p)
        Running sum of hazard times (mean of x in the risk set - center).
    constant, collinear, diverging : ndarray of bool, shape (p,)
        Columns without a finite coefficient of their own.
    n_iterations, n_events, n_unseen_days : int
    converged : bool
    errors : callable
        Gives the :class:`FineGrayErrors`. They take as long as the fit, and holding what they are made of takes as much
        memory as the rows.
    """

    coef: np.ndarray
    naive_covariance: np.ndarray
    log_likelihood: tuple[float, float]
    center: np.ndarray
    time: np.ndarray
    cumulative_hazard: np.ndarray
    cumulative_mean: np.ndarray
    constant: np.ndarray
    collinear: np.ndarray
    diverging: np.ndarray
    n_iterations: int
    n_events: int
    n_unseen_days: int
    converged: bool
    errors: Callable[[], "FineGrayErrors"]


@dataclass(frozen=True)
class FineGrayErrors:
    """What the rows' influence says of a fit's errors; p columns, K event times, G cells of these.

    Attributes
    ----------
    covariance : ndarray, shape (p, p)
        The sandwich.
    parts : dict of str to ndarray
        ``variance`` (K,) of the increments, from the events alone: by it a cell is shared out among its event times.
        ``mean_steps`` (M,) and ``mean_values`` (M, p), positions in the running sum of means, with enough events
        between them to be kept in a saved model, and the sum there. ``cell_start`` (G,), position of the first event
        time of each cell, ``cell_covariance`` (G, G) of the baseline hazard in each cell, for known coefficients, and
        ``cell_coef_covariance`` (G, p) of these with the coefficients.
    """

    covariance: np.ndarray
    parts: dict[str, np.ndarray]


def fit_fine_gray(
    design: np.ndarray,
    entry: np.ndarray,
    duration: np.ndarray,
    event: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    censoring_stratum: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
    ties: str = "breslow",
    convention: str = "crr",
    horizon: float = 730.0,
) -> FineGrayFit:
    """Fit a Fine-Gray model to arrays.

    Parameters
    ----------
    design : ndarray, shape (n, p)
    entry, duration : ndarray of float, shape (n,)
        Under observation on ``(entry, duration]``.
    event : ndarray of int, shape (n,)
        0 censored, 1 the event of interest, 2 any other.
    weight : ndarray of float, shape (n,), optional
        Case weights; rows of weight 0 are left out.
    censoring_stratum, cluster : ndarray of int, shape (n,), optional
        Codes 0, 1, ...
    ties : {"efron", "breslow"}
    convention : {"crr", "finegray"}
        See :class:`..model.FineGray`.
    horizon : float
        A day after which a cell begins, besides those at which risks are usually stated.

    Raises
    ------
    ValueError
        No event, or values so large that they overflow.
    """
    n_rows = duration.size
    factor = row_factor(weight, cluster, n_rows)
    weight = np.ones(n_rows) if weight is None else weight
    strata = np.zeros(n_rows, dtype=np.int64) if censoring_stratum is None else censoring_stratum
    sub = build_subdistribution(entry, duration, event, weight, strata, convention=convention)
    sets = sub.sets
    if sets.n_times == 0:
        raise ValueError("no row with a positive weight has the event; a Fine-Gray model cannot be fitted")
    scaled = scale_rows(design, sets, None)
    efron = ties == "efron"
    likelihood = partial(evaluate_subdistribution, scaled.x, sub=sub, efron=efron)
    unit = float(sets.tied_weight.sum() / sets.n_tied.sum())
    found = cox_maximum(likelihood, ~scaled.constant, scaled.spread, unit=unit)
    sums = subdistribution_sums(scaled.x, scaled.x @ found.beta, sub, efron)
    naive = inverse(found.likelihood.information, ~(scaled.constant | found.collinear))
    unscale = 1.0 / scaled.scale
    assert found.null is not None  # the search began at 0
    hazard, _ = hazard_increments(sums, sets)
    return FineGrayFit(
        coef=found.beta * unscale,
        naive_covariance=naive * np.outer(unscale, unscale),
        log_likelihood=(found.null.value, sums.log_likelihood),
        center=scaled.mean[0],
        time=sets.time,
        cumulative_hazard=np.cumsum(hazard),
        cumulative_mean=np.cumsum(mean_increments(sums, sets) * scaled.scale, axis=0),
        constant=scaled.constant | found.flat,
        collinear=found.collinear & ~found.flat,
        diverging=found.diverging,
        n_iterations=found.n_iterations,
        n_events=int(sets.n_tied.sum()),
        n_unseen_days=sub.n_unseen_days,
        converged=found.converged,
        errors=partial(
            _errors,
            scaled,
            sums,
            sub,
            naive,
            factor=factor[sets.rows],
            cluster=None if cluster is None else cluster[sets.rows],
            convention=convention,
            horizon=horizon,
        ),
    )


@one_blas_thread()
def _errors(
    scaled: ScaledRows,
    sums: RiskSums,
    sub: Subdistribution,
    naive: np.ndarray,
    *,
    factor: np.ndarray,
    cluster: np.ndarray | None,
    convention: str,
    horizon: float,
) -> FineGrayErrors:
    """Errors on the columns' own scale; ``factor`` and ``cluster`` (m,) are in the order of the sorted rows."""
    sets, n_columns, unscale = sub.sets, len(naive), 1.0 / scaled.scale
    cell = assign_cells(sets.time, sets.n_tied, N_CELLS, np.array([*CUTS, horizon]))
    increments = baseline_increments(sums, sub, cell)
    products = influence_products(
        scaled.x, sums, sub, increments, factor=factor, cluster=cluster, convention=convention
    )
    # By a square root, so that no variance is negative where the information is nearly flat.
    half = naive @ square_root(products[:n_columns, :n_columns])
    own = np.flatnonzero(sets.is_event)
    target = np.arange(own.size) if cluster is None else cluster[own]
    jump = increments.per_event[sets.last[own]] * factor[own]
    kept = run_ends(sets.time, sets.n_tied, horizon)
    return FineGrayErrors(
        covariance=half @ half.T * np.outer(unscale, unscale),
        parts={
            "variance": event_variance(sets.last[own], jump, target, sets.n_times),
            "mean_steps": kept,
            "mean_values": np.cumsum(mean_increments(sums, sets) * scaled.scale, axis=0)[kept],
            "cell_start": run_starts(cell),
            "cell_covariance": products[n_columns:, n_columns:],
            "cell_coef_covariance": products[n_columns:, :n_columns] @ naive * unscale,
        },
    )
