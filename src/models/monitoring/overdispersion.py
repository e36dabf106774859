r"""How much more shares vary than the binomial distribution says, when nothing is wrong.

With shares :math:`y_i` of :math:`n_i` and a target :math:`\theta`, the binomial standard error is
:math:`s_i = \sqrt{\theta (1 - \theta) / n_i}` and :math:`z_i = (y_i - \theta) / s_i`. Whatever makes units or months
differ a little more (siblings, casework, coding) makes the z-scores spread beyond 1.

References
----------
Spiegelhalter (2005), *Handling over-dispersion of performance indicators*, Quality and Safety in Health Care 14:347;
Laney (2002), *Improved control charts for attributes*, Quality Engineering 14:531.
"""

from typing import Any

import numpy as np

METHODS = ("laney", "multiplicative", "additive")
# Mean of the range of two normal deviates: the moving range over it estimates their standard deviation.
RANGE_OF_TWO = 1.128379167


def binomial_error(target: Any, n: Any) -> np.ndarray:
    """Standard error of a share of ``n`` at ``target``."""
    return np.sqrt(np.asarray(target) * (1.0 - np.asarray(target)) / np.asarray(n, dtype=float))


def winsorised(z: np.ndarray, share: float) -> np.ndarray:
    """z-scores (along the last axis) with the lowest and the highest ``share`` set to the quantiles there."""
    if share == 0.0:
        return z
    low, high = np.quantile(z, [share, 1.0 - share], axis=-1, keepdims=True)
    return np.clip(z, low, high)


def multiplicative_factor(z: np.ndarray, winsorise: float = 0.0) -> np.ndarray:
    r"""The factor :math:`\phi = \frac{1}{I} \sum_i z_i^2` by which variances exceed the binomial's, at least 1."""
    return np.maximum((winsorised(z, winsorise) ** 2).mean(axis=-1), 1.0)


def additive_variance(z: np.ndarray, std_error: np.ndarray, winsorise: float = 0.0) -> np.ndarray:
    r"""The variance between units beyond the binomial's, by the method of moments.

    .. math:: \tau^2 = \frac{I \phi - (I - 1)}{\sum w_i - \sum w_i^2 / \sum w_i}, \quad w_i = 1 / s_i^2

    and 0 where that is negative (DerSimonian and Laird's estimate; Spiegelhalter 2005).
    """
    count = z.shape[-1]
    weight = 1.0 / np.broadcast_to(std_error, z.shape) ** 2
    total = weight.sum(axis=-1)
    excess = (winsorised(z, winsorise) ** 2).sum(axis=-1) - (count - 1)
    return np.maximum(excess / (total - (weight**2).sum(axis=-1) / total), 0.0)


def moving_range_factor(z: np.ndarray) -> np.ndarray:
    r"""Laney's :math:`\sigma_z^2`: the squared mean moving range of the z-scores over 1.128.

    It is not raised to 1: below 1, months vary less than the binomial says.
    """
    return (np.abs(np.diff(z, axis=-1)).mean(axis=-1) / RANGE_OF_TWO) ** 2


def share_standard_deviation(
    target: Any, n: np.ndarray, z: np.ndarray, own: np.ndarray, method: str | None, winsorise: float
) -> np.ndarray:
    """Standard deviation of a share of each ``n`` when nothing is wrong.

    Parameters
    ----------
    target : array, shape (..., 1)
    n : ndarray, shape (m,)
    z : ndarray, shape (..., k)
        z-scores of the shares from which the overdispersion is estimated.
    own : ndarray, shape (..., k)
        Their binomial standard errors.
    method : {None, "laney", "multiplicative", "additive"}
    winsorise : float

    Returns
    -------
    ndarray, shape (..., m)
    """
    error = binomial_error(target, n)
    if method is None:
        return error
    if method == "laney":
        return error * np.sqrt(moving_range_factor(z))[..., None]
    if method == "multiplicative":
        return error * np.sqrt(multiplicative_factor(z, winsorise))[..., None]
    return np.sqrt(error**2 + additive_variance(z, own, winsorise)[..., None])
