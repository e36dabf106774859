r"""Random-effects pooling of one estimate per authority.

With estimates :math:`\theta_k` of variance :math:`v_k`, authorities are taken to differ in truth by a normal law,
:math:`\theta_k \sim N(\mu, \tau^2 + v_k)`. :math:`\tau^2` is the restricted maximum likelihood estimate, by scoring.
The interval of :math:`\mu` is that of Hartung and Knapp, with t quantiles of K - 1 degrees of freedom, and never
narrower than the usual variance :math:`1 / \sum w_k` makes it. A new authority lies in
:math:`\hat\mu \pm t_{K-2} \sqrt{\hat\tau^2 + \widehat{var}(\hat\mu)}`.

Sources: Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30, for the estimate; Knapp and Hartung
(2003), Statistics in Medicine 22, and Jackson et al. (2017), Statistics in Medicine 36, for the interval; Higgins,
Thompson and Spiegelhalter (2009), Journal of the Royal Statistical Society A 172, for prediction and :math:`I^2`;
Debray et al. (2019), Statistical Methods in Medical Research 28, for their use on prediction models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

ITERATIONS = 200
CLOSE_ENOUGH = 1e-12


@dataclass(frozen=True)
class RandomEffects:
    """The mean over authorities; NaN where fewer than two have an estimate.

    Attributes
    ----------
    mean, std_error, lower, upper : float
        With the interval for the mean.
    p_value : float
        That the mean is 0.
    tau2 : float
        Variance of the true values between authorities.
    i2 : float
        Share of the variance of the estimates that is not chance, 0 to 1.
    prediction_lower, prediction_upper : float
        Interval for a new authority; NaN with fewer than three.
    n : int
        Authorities with an estimate.
    """

    mean: float
    std_error: float
    lower: float
    upper: float
    p_value: float
    tau2: float
    i2: float
    prediction_lower: float
    prediction_upper: float
    n: int


def random_effects(estimates: np.ndarray, variances: np.ndarray, level: float = 0.95) -> RandomEffects:
    """Pool estimates (K,) with their variances (K,); those that are NaN or without variance are left out."""
    used = np.isfinite(estimates) & np.isfinite(variances) & (variances > 0)
    theta, v = estimates[used], variances[used]
    n, unknown = int(theta.size), float("nan")
    if n < 2:
        return RandomEffects(*(unknown,) * 9, n=n)
    tau2 = _between(theta, v)
    w = 1.0 / (tau2 + v)
    mean = float(w @ theta / w.sum())
    scale = max(1.0, float(w @ (theta - mean) ** 2 / (n - 1)))
    error = float(np.sqrt(scale / w.sum()))
    half = float(stdtrit(n - 1, 0.5 + level / 2.0)) * error
    p_value = float(2.0 * stdtr(n - 1, -abs(mean) / error))
    fixed = 1.0 / v
    typical = (n - 1) * fixed.sum() / (fixed.sum() ** 2 - fixed @ fixed)
    spread = float(stdtrit(n - 2, 0.5 + level / 2.0)) * np.sqrt(tau2 + error**2) if n > 2 else unknown
    bounds = (mean - half, mean + half)
    return RandomEffects(
        mean, error, *bounds, p_value, tau2, float(tau2 / (tau2 + typical)), mean - spread, mean + spread, n
    )


def _between(theta: np.ndarray, v: np.ndarray) -> float:
    """Variance between authorities that maximises the restricted likelihood, 0 or more, by Fisher scoring."""
    tau2 = max(0.0, float(np.var(theta, ddof=1) - v.mean()))
    for _ in range(ITERATIONS):
        w = 1.0 / (tau2 + v)
        residual = theta - w @ theta / w.sum()
        trace = w.sum() - w @ w / w.sum()
        score = w**2 @ residual**2 - trace
        information = w @ w - 2.0 * (w**3).sum() / w.sum() + (w @ w / w.sum()) ** 2
        step = score / information
        new = max(0.0, tau2 + step)
        if abs(new - tau2) <= CLOSE_ENOUGH * (tau2 + v.min()):
            return float(new)
        tau2 = new
    return float(tau2)
