r"""Score test of :math:`\theta = 0` in a coefficient that changes with time, :math:`\beta(t) = \beta + \theta g(t)`.

Source: Grambsch and Therneau (1994); in the exact form of ``cox.zph`` in R's survival 3, which uses the information of
each risk set instead of its average.
"""

import numpy as np
from scipy.stats import rankdata

from ...numerics.information import inverse
from ...risk_sets.partial_likelihood import cumulative_hazards, time_gram
from ...risk_sets.score_residuals import tied_means
from ...risk_sets.weighted_gram import weighted_gram
from .residuals import at_coefficients


def time_transform(entry: np.ndarray, duration: np.ndarray, is_event: np.ndarray, transform: str) -> np.ndarray:
    """``g`` at each row's duration, shape (n,): 1 - Kaplan-Meier just before it, its rank, itself, or its logarithm."""
    if transform == "identity":
        return duration
    if transform == "rank":
        return rankdata(duration)
    if transform == "log":
        if not np.all(duration > 0):
            raise ValueError("transform 'log' needs durations above 0; use 'km', 'rank' or 'identity'")
        return np.log(duration)
    days, n_events = np.unique(duration[is_event], return_counts=True)
    n_left = np.searchsorted(np.sort(duration), days, side="left")
    n_entered = np.searchsorted(np.sort(entry), days, side="left")
    survival = np.concatenate([[1.0], np.cumprod(1.0 - n_events / (n_entered - n_left))])
    return 1.0 - survival[np.searchsorted(days, duration, side="left")]


def proportional_hazards_test(
    design: np.ndarray,
    entry: np.ndarray,
    duration: np.ndarray,
    is_event: np.ndarray,
    transformed: np.ndarray,
    groups: list[list[int]],
    *,
    coef: np.ndarray,
    weight: np.ndarray | None,
    stratum: np.ndarray | None,
    offset: np.ndarray | None,
    ties: str,
) -> np.ndarray:
    """Chi-squared statistic of each group of columns, then of all of them, shape (n_groups + 1,).

    Parameters
    ----------
    transformed : ndarray, shape (n,)
        ``g`` at each row's duration.
    groups : list of list of int
        Columns that are tested together; columns in no group are taken as fixed.
    """
    sets, scaled, sums = at_coefficients(
        design, entry, duration, is_event, coef=coef, weight=weight, stratum=stratum, offset=offset, ties=ties
    )
    events = np.flatnonzero(sets.is_event)
    change = np.zeros(sets.n_times)
    change[sets.last[events]] = transformed[sets.rows[events]]
    change -= float(np.average(change, weights=sets.n_tied))
    # The unit of time does not matter to the test, but it does to squares of very long times.
    change /= float(np.abs(change).max(initial=0.0)) or 1.0

    times = sets.last[events]
    schoenfeld = scaled.x[events] - tied_means(sums, sets)[times]
    gradient = (sets.weight[events] * change[times]) @ schoenfeld
    blocks = []
    for power in range(3):
        mass = sets.weight * sums.relative_risk * cumulative_hazards(sums, sets, change**power)
        gram, _ = weighted_gram(scaled.x, mass, mass)
        blocks.append(gram - time_gram(sums, sets, change**power))
    information = np.block([[blocks[0], blocks[1]], [blocks[1], blocks[2]]])

    n_columns = coef.size
    fixed = sorted(column for group in groups for column in group)
    statistics = []
    for group in [*groups, fixed]:
        score = np.zeros(2 * n_columns)
        tested = np.asarray(group, dtype=int) + n_columns
        score[tested] = gradient[group]
        kept = np.zeros(2 * n_columns, dtype=bool)
        kept[fixed] = True
        kept[tested] = True
        statistics.append(score @ inverse(information, kept) @ score)
    return np.array(statistics)
