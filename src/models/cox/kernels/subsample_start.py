"""A start near the maximum of the partial likelihood of very many rows.

Newton's method on every thirty-second row costs little and ends a few standard errors from the maximum over all rows. A
step from there with the information matrix of these rows is right to a few percent and needs no Gram matrix of all
rows; one with the matrix at that point, to a few hundredths of a percent; and so is the third, with the same matrix
corrected by what the second step showed of it (BFGS). Newton's method then has only to confirm what it is given.

Source: Nocedal and Wright (2006), Numerical Optimization, chapter 6.
"""

from functools import partial

import numpy as np

from ...numerics.independent_columns import independent_columns
from ...numerics.information import inverse
from ...numerics.newton import FLAT_GAIN, ROUNDING
from ...risk_sets.partial_likelihood import evaluate_at, risk_sums_at
from ...risk_sets.risk_sets import RiskSets, build_risk_sets
from ...risk_sets.score_residuals import tied_means
from .maximum import COLLINEAR, CoxMaximum, cox_maximum

# Fewer rows are fitted as fast without.
FEWEST_ROWS = 200_000
FEWEST_EVENTS = 2_500
ROWS_PER_SAMPLED_ROW = 32
# Columns that are nearly determined by others in the sample may be so in all rows.
MARGIN = 1e4
STEPS = 3
# Of the fit of the sample: less than where the search sees that a coefficient runs away.
SAMPLE_DECREMENT = 0.1 * FLAT_GAIN
# Newton decrement that ends the search: with so many events a thousandth of its root is left of the relative error of
# the information.
DECREMENT = 1e-14


def start_from_subsample(
    x: np.ndarray, offset: np.ndarray, event_sum: np.ndarray, sets: RiskSets, efron: bool, usable: np.ndarray
) -> np.ndarray | None:
    """A point (p,) that Newton's method ends at in one step, or None where it had better start from 0.

    That is where rows or events are few, and where the sample does not have a clear maximum of its own: data that are
    separated or collinear as a whole are so in every part.

    Parameters
    ----------
    x, offset : ndarray, shape (m, p), (m,)
        In the order of ``sets.rows``.
    event_sum : ndarray, shape (p,)
        Weighted sum of ``x`` over the rows with the event.
    usable : ndarray of bool, shape (p,)
        Columns that vary.
    """
    if offset.size < FEWEST_ROWS or sets.n_tied.sum() < FEWEST_EVENTS * ROWS_PER_SAMPLED_ROW or not usable.any():
        return None
    rows = np.arange(0, offset.size, ROWS_PER_SAMPLED_ROW)
    # At risk from event time ``first`` to ``last``: the numbers of the times serve as days.
    first, last = sets.first[rows] - 0.5, sets.last[rows].astype(float)
    sample = build_risk_sets(first, last, sets.is_event[rows], sets.weight[rows], sets.stratum[rows])
    rows = rows[sample.rows]
    found = _maximum_of_sample(x[rows], offset[rows], sample, efron, usable)
    if found is None:
        return None
    share = sets.tied_weight.sum() / sample.tied_weight.sum()
    return _approach(x, offset, event_sum, sets, efron, usable, found.beta, share * found.likelihood.information)


def _maximum_of_sample(
    x: np.ndarray, offset: np.ndarray, sample: RiskSets, efron: bool, usable: np.ndarray
) -> CoxMaximum | None:
    unit = float(sample.tied_weight.sum() / sample.n_tied.sum())
    evaluate = partial(evaluate_at, x, offset=offset, sets=sample, efron=efron)
    found = cox_maximum(evaluate, usable, np.ptp(x, axis=0), unit=unit, decrement=SAMPLE_DECREMENT)
    null = found.null
    if null is None or not found.converged or found.diverging.any():
        return None
    least = np.where(usable, MARGIN * COLLINEAR * null.size, np.inf)
    return found if np.array_equal(independent_columns(null.information, least), usable) else None


def _approach(
    x: np.ndarray,
    offset: np.ndarray,
    event_sum: np.ndarray,
    sets: RiskSets,
    efron: bool,
    usable: np.ndarray,
    start: np.ndarray,
    information: np.ndarray,
) -> np.ndarray | None:
    """``STEPS`` steps over all rows from ``start``; None where one of them does not gain."""

    def value_and_gradient(beta: np.ndarray) -> tuple[float, np.ndarray] | None:
        sums = risk_sums_at(x, beta, offset, sets, efron)
        if sums is None:
            return None
        return sums.log_likelihood, event_sum - sets.tied_weight @ tied_means(sums, sets)

    first = value_and_gradient(start)
    if first is None:
        return None
    beta = start + inverse(information, usable) @ first[1]
    middle = evaluate_at(x, beta, offset, sets, efron)
    if middle is None or middle.value < first[0]:
        return None
    step = inverse(middle.information, usable) @ middle.gradient
    last = value_and_gradient(beta + step)
    if last is None or last[0] < middle.value - ROUNDING * abs(middle.value):
        return None
    information = corrected(middle.information, step, middle.gradient - last[1])
    return beta + step + inverse(information, usable) @ last[1]


def corrected(matrix: np.ndarray, step: np.ndarray, fall: np.ndarray) -> np.ndarray:
    """BFGS update of the information (q, q) by a step and the fall of the gradient along it, both (q,)."""
    expected = matrix @ step
    seen, foreseen = float(fall @ step), float(expected @ step)
    if seen <= 0 or foreseen <= 0:
        return matrix
    return matrix + np.outer(fall / seen, fall) - np.outer(expected / foreseen, expected)
