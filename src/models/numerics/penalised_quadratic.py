"""Maximum of a quadratic less an elastic-net penalty: sweeps over the coordinates, then Newton where signs stay."""

import numpy as np
from numba import njit

SWEEPS = 25
MAX_ROUNDS = 400


def quadratic_maximum(
    beta: np.ndarray, gradient: np.ndarray, matrix: np.ndarray, lasso: np.ndarray, ridge: np.ndarray, tolerance: float
) -> np.ndarray:
    """Step s from ``beta`` to the maximum of ``g's - s'Hs/2`` less the penalty at ``beta + s``.

    Parameters
    ----------
    beta, gradient : ndarray, shape (q,)
        g is the gradient at ``beta``.
    matrix : ndarray, shape (q, q)
        H, positive semidefinite.
    lasso, ridge : ndarray, shape (q,)
        Finite.
    tolerance : float
        Sweeps end once no change of a coordinate gains more than this.
    """
    target, gradient = beta.copy(), gradient.copy()
    for _ in range(MAX_ROUNDS):
        if lasso.any() and sweep(target, gradient, matrix, lasso, ridge, tolerance, SWEEPS):
            break
        moved = _newton_on_support(target, gradient, matrix, lasso, ridge)
        if moved is None:
            continue
        target += moved
        gradient -= matrix @ moved
        if not lasso.any():
            break
    return target - beta


def _newton_on_support(
    target: np.ndarray, gradient: np.ndarray, matrix: np.ndarray, lasso: np.ndarray, ridge: np.ndarray
) -> np.ndarray | None:
    """Newton's step among the columns that are not 0, cut short where the first of them would change its sign."""
    free = np.flatnonzero((target != 0) | (lasso == 0))
    if free.size == 0:
        return None
    signs = np.sign(target[free])
    system = matrix[np.ix_(free, free)] + np.diag(ridge[free])
    goal = gradient[free] - lasso[free] * signs - ridge[free] * target[free]
    try:
        step = np.linalg.solve(system, goal)
    except np.linalg.LinAlgError:
        step = np.linalg.lstsq(system, goal, rcond=1e-12)[0]
    if not np.isfinite(step).all():
        return None
    crossing = (lasso[free] > 0) & (np.sign(target[free] + step) != signs)
    moved = np.zeros_like(target)
    if crossing.any():
        share = np.where(crossing, -target[free] / np.where(step == 0, 1.0, step), np.inf)
        first = int(np.argmin(share))
        moved[free] = share[first] * step
        moved[free[first]] = -target[free[first]]
    else:
        moved[free] = step
    return moved


@njit(cache=True, nogil=True)
def sweep(target, gradient, matrix, lasso, ridge, tolerance, n_sweeps):
    """Coordinate descent in place over ``target`` (q,) and the model's ``gradient`` (q,); True once it has settled."""
    for _ in range(n_sweeps):
        largest = 0.0
        for column in range(target.size):
            curvature = matrix[column, column]
            if curvature <= 0.0:
                continue
            pull = gradient[column] + curvature * target[column]
            size = abs(pull) - lasso[column]
            new = 0.0
            if size > 0.0:
                new = np.sign(pull) * size / (curvature + ridge[column])
            change = new - target[column]
            if change != 0.0:
                target[column] = new
                for other in range(target.size):
                    gradient[other] -= matrix[column, other] * change
                largest = max(largest, change * change * curvature)
        if largest <= tolerance:
            return True
    return False
