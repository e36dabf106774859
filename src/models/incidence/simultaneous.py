"""How far estimates at several times can be from the truth together."""

import numpy as np


def simultaneous_quantile(covariance: np.ndarray, draws: np.ndarray, level: float) -> tuple[np.ndarray, float]:
    """Standard errors (m,), and the quantile of the largest of m estimates' errors, each divided by its standard error.

    Parameters
    ----------
    covariance : ndarray, shape (m, m)
        Estimates with variance 0 do not count.
    draws : ndarray, shape (n_simulations, m)
        Independent standard normal numbers.
    level : float

    Returns
    -------
    std_error : ndarray, shape (m,)
    quantile : float
        Between that of one normal variable and that of m independent ones, but for the error of the simulation.
    """
    error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    counted = error > 0
    if not counted.any() or not np.isfinite(covariance).all():
        return np.where(np.isfinite(error), error, np.inf), 0.0 if not counted.any() else np.inf
    correlation = covariance[np.ix_(counted, counted)] / np.multiply.outer(error[counted], error[counted])
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    largest = np.abs(draws[:, counted] @ root.T).max(axis=1)
    return error, float(np.quantile(largest, level))
