"""Weights from features: by a multinomial logistic regression of levels, or by normal densities of the log length."""

from __future__ import annotations

import numpy as np

from ..models.numerics.independent_columns import independent_columns
from ..models.numerics.multinomial_logit import fit_multinomial_logit

# Names of what is done about extreme weights: the quantile at which weights are cut, or the probability of some level
# under which rows are left out.
CAPS = {"cap_95": 0.95, "cap_99": 0.99, "cap_99.9": 0.999}
DROPS = {"drop_1": 0.01, "drop_5": 0.05, "drop_10": 0.10}
DEPENDENT = 1e-10


def independent_design(matrix: np.ndarray, new: np.ndarray | None = None) -> np.ndarray:
    """Ones, and the columns of ``matrix`` (or of ``new``), standardised, without those that others determine."""
    center, spread = matrix.mean(axis=0), matrix.std(axis=0)
    varies = np.flatnonzero(spread > DEPENDENT * np.maximum(np.abs(center), 1e-300))
    scaled = (matrix[:, varies] - center[varies]) / spread[varies]
    chosen = varies[independent_columns(scaled.T @ scaled / max(len(scaled), 1), DEPENDENT)]
    rows = matrix if new is None else new
    return np.column_stack([np.ones(len(rows)), (rows[:, chosen] - center[chosen]) / spread[chosen]])


def estimated_weights(
    design: np.ndarray,
    codes: np.ndarray,
    n_levels: int,
    log_length: np.ndarray,
    case_weight: np.ndarray,
    stabilised: bool,
    estimand: str,
    trim: str | None,
    leave_one_out: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """Weights (n,), slopes of their logarithms (n, q), influence of rows on the q parameters, probabilities (n, K).

    Of lengths in days where there are no levels: without probabilities. The influence is the derivative by the weight
    of a row, or (``leave_one_out``) what the parameters are less those fitted without it, to one Newton step.
    """
    probability: np.ndarray | None = None
    if n_levels:
        weights, slopes, influence, probability = _by_level(
            design, codes, n_levels, case_weight, stabilised, estimand, leave_one_out
        )
    else:
        weights, slopes, influence = _density_ratio(design, log_length, case_weight, stabilised, leave_one_out)
    weights, slopes = _trimmed(weights, slopes, probability, trim)
    return weights, slopes, influence, probability


def _by_level(
    design: np.ndarray,
    codes: np.ndarray,
    n_levels: int,
    case_weight: np.ndarray,
    stabilised: bool,
    estimand: str,
    leave_one_out: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """By levels; see :func:`estimated_weights`."""
    fitted = fit_multinomial_logit(design, codes, case_weight, n_levels)
    if not fitted.converged:
        raise ValueError(
            "no probabilities of the levels fit best: features part the levels (every child with some value has one "
            "level, or never does); join levels (bands of an effect study) or leave these features out"
        )
    probability, rows = fitted.probability, np.arange(codes.size)
    own = fitted.log_slopes(design, codes)
    if leave_one_out:
        influence = fitted.moved_by_each(design, codes, case_weight)
    else:
        influence = case_weight[:, None] * (fitted.scores(design, codes) @ fitted.inverse)
    weights, slopes = 1.0 / probability[rows, codes], -own
    if estimand == "overlap":
        tilt = 1.0 / (1.0 / probability).sum(axis=1)
        weights = weights * tilt
        for level in range(n_levels):
            of_level = fitted.log_slopes(design, np.full(codes.size, level))
            slopes = slopes + (tilt / probability[:, level])[:, None] * of_level
    elif stabilised:
        share = np.bincount(codes, case_weight, n_levels) / case_weight.sum()
        is_level = codes[:, None] == np.arange(n_levels)
        weights = weights * share[codes]
        slopes = np.hstack([slopes, is_level / share])
        influence = np.hstack([influence, case_weight[:, None] * (is_level - share) / case_weight.sum()])
    return weights, slopes, influence, probability


def _density_ratio(
    design: np.ndarray, log_length: np.ndarray, case_weight: np.ndarray, stabilised: bool, leave_one_out: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for normal densities of the log length: coefficients and log spread, then mean and log spread of all."""
    total = case_weight.sum()
    inverse = np.linalg.inv((design * case_weight[:, None]).T @ design)
    residual = log_length - design @ (inverse @ (design.T @ (case_weight * log_length)))
    spread = np.sqrt(case_weight @ residual**2 / total)
    if not spread > 0:
        raise ValueError("length follows from the features without error: no density given them")
    z = residual / spread
    log_weight = np.log(spread) + z**2 / 2.0
    slopes = np.column_stack([-(z / spread)[:, None] * design, 1.0 - z**2])
    hat = design @ inverse
    freed = residual / (1.0 - case_weight * (hat * design).sum(axis=1)) if leave_one_out else residual
    influence = np.column_stack([(case_weight * freed)[:, None] * hat, case_weight * (z**2 - 1.0) / (2.0 * total)])
    if stabilised:
        mean = case_weight @ log_length / total
        spread = np.sqrt(case_weight @ (log_length - mean) ** 2 / total)
        z = (log_length - mean) / spread
        log_weight -= np.log(spread) + z**2 / 2.0
        slopes = np.column_stack([slopes, z / spread, z**2 - 1.0])
        influence = np.column_stack(
            [influence, case_weight * (log_length - mean) / total, case_weight * (z**2 - 1.0) / (2.0 * total)]
        )
    return np.exp(log_weight), slopes, influence


def _trimmed(
    weights: np.ndarray, slopes: np.ndarray, probability: np.ndarray | None, trim: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """The weights after trimming; what was cut or left out does not move with the parameters."""
    if trim is None:
        return weights, slopes
    if trim in CAPS:
        most = float(np.quantile(weights, CAPS[trim]))
        moved = weights > most
        weights = np.minimum(weights, most)
    else:
        assert probability is not None  # refused for density ratios
        moved = probability.min(axis=1) < DROPS[trim]
        weights = np.where(moved, 0.0, weights)
        if moved.all():
            raise ValueError(f"trim={trim!r} leaves no row")
    return weights, np.where(moved[:, None], 0.0, slopes)
