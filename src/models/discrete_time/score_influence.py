"""What each row adds to the score of a multinomial logit of person-periods."""

import numpy as np

from .person_period import PersonPeriods

# Numbers of one array held at once.
BLOCK = 2_000_000


def score_sums(
    design: np.ndarray,
    lines: PersonPeriods,
    log_odds: np.ndarray,
    coef: np.ndarray,
    basis: np.ndarray,
    factor: np.ndarray,
    target: np.ndarray,
) -> np.ndarray:
    r"""Sums by target of ``factor`` times the scores, shape (n_targets, c (p + q)): each cause's features, then terms.

    .. math:: u_{ic} = \sum_k \omega_{ik} (1\{\text{event } c \text{ in period } k\} - h_{ick}) (x_i, B_k)

    Parameters
    ----------
    design : ndarray, shape (n, p)
    lines : PersonPeriods
        In the order of the rows, with events 1 to c, and weights without the case weights.
    log_odds : ndarray, shape (K, c)
        Of each period, at features of 0.
    coef : ndarray, shape (c, p)
    basis : ndarray, shape (K, q)
    factor : ndarray, shape (n,)
    target : ndarray of int, shape (n,)
    """
    n_causes, (n_rows, n_columns) = len(coef), design.shape
    predictor = design @ coef.T
    by_row, by_term = np.zeros((n_rows, n_causes)), np.zeros((n_rows, n_causes, basis.shape[1]))
    step = max(1, BLOCK // (n_causes * (1 + basis.shape[1])))
    for begin in range(0, len(lines), step):
        part = lines.take(np.arange(begin, min(begin + step, len(lines))))
        odds = np.exp(predictor[part.row] + log_odds[part.period])
        residual = -odds / (1.0 + odds.sum(axis=1, keepdims=True))
        own = np.flatnonzero(part.event)
        residual[own, part.event[own] - 1] += 1.0
        residual *= part.weight[:, None]
        starts = np.flatnonzero(np.diff(part.row, prepend=-1))
        rows = part.row[starts]
        by_row[rows] += np.add.reduceat(residual, starts, axis=0)
        by_term[rows] += np.add.reduceat(residual[:, :, None] * basis[part.period][:, None, :], starts, axis=0)
    scores = np.concatenate([by_row[:, :, None] * design[:, None, :], by_term], axis=2) * factor[:, None, None]
    result = np.zeros((int(target.max(initial=-1)) + 1, n_causes * (n_columns + basis.shape[1])))
    np.add.at(result, target, scores.reshape(n_rows, -1))
    return result
