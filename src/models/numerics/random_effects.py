r"""Random-effects pooling of one estimate per unit, such as a place.

With estimates :math:`\theta_k` of variance :math:`v_k`, units are taken to differ in truth by a normal law,
:math:`\theta_k \sim N(\mu, \tau^2 + v_k)`. :math:`\tau^2` is that of Paule and Mandel (by statsmodels). The interval of
:math:`\mu` is that of Hartung and Knapp, with t quantiles of K - 1 degrees of freedom, and never narrower than the
usual variance :math:`1 / \sum w_k` makes it. A new unit lies in
:math:`\hat\mu \pm t_{K-2} \sqrt{\hat\tau^2 + \widehat{var}(\hat\mu)}`.

Sources: Veroniki et al. (2016), Research Synthesis Methods 7, for the estimate; Knapp and Hartung (2003), Statistics in
Medicine 22, and Jackson et al. (2017), Statistics in Medicine 36, for the interval; Higgins, Thompson and Spiegelhalter
(2009), Journal of the Royal Statistical Society A 172, for prediction and :math:`I^2`; Debray et al. (2019),
Statistical Methods in Medical Research 28, for their use on prediction models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit


@dataclass(frozen=True)
class RandomEffects:
    """The mean over units; NaN where fewer than two have an estimate.

    Attributes
    ----------
    mean, std_error, lower, upper : float
        With the interval for the mean.
    p_value : float
        That the mean is 0.
    tau2 : float
        Variance of the true values between units.
    i2 : float
        Share of the variance of the estimates that is not chance, 0 to 1.
    prediction_lower, prediction_upper : float
        Interval for a new unit; NaN with fewer than three.
    n : int
        Units with an estimate.
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
    from statsmodels.stats.meta_analysis import combine_effects

    with np.errstate(divide="ignore"):  # its own share of heterogeneity, of estimates that are all equal
        tau2 = float(combine_effects(theta, v, method_re="iterated").tau2)
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
