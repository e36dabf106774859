"""Intervals of metrics on scales that respect their bounds, and adjustment of p-values for their number."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

# A metric's scale: between 0 and 1, above 0, below 1, or any number.
SCALES = ("logit", "log", "log of the rest", "identity")


def metric_bounds(estimate: float, std_error: float, level: float, scale: str) -> tuple[float, float]:
    """Interval of a metric that is symmetric on its scale.

    Without error both bounds are the estimate; NaN where the estimate lies on the border of its scale.
    """
    if std_error == 0:
        return estimate, estimate
    z = float(ndtri(0.5 + level / 2.0))
    if scale == "identity":
        return estimate - z * std_error, estimate + z * std_error
    inside = {"logit": 0 < estimate < 1, "log": 0 < estimate < np.inf, "log of the rest": estimate < 1}[scale]
    if not inside or np.isnan(std_error):
        return float("nan"), float("nan")
    if scale == "logit":
        middle, half = np.log(estimate / (1.0 - estimate)), z * std_error / (estimate * (1.0 - estimate))
        low, high = 1.0 / (1.0 + np.exp(-(middle + half * np.array([-1.0, 1.0]))))
    elif scale == "log":
        low, high = estimate * np.exp(z * std_error / estimate * np.array([-1.0, 1.0]))
    else:
        low, high = 1.0 - (1.0 - estimate) * np.exp(z * std_error / (1.0 - estimate) * np.array([1.0, -1.0]))
    return float(low), float(high)


def on_scale(estimate: float, scale: str) -> tuple[float, float]:
    """An estimate on its scale, and how that moves with the estimate; NaN on the border of the scale."""
    inside = {"logit": 0 < estimate < 1, "log": 0 < estimate < np.inf, "log of the rest": estimate < 1}
    if scale == "identity":
        return estimate, 1.0
    if not inside[scale]:
        return float("nan"), float("nan")
    if scale == "logit":
        return float(np.log(estimate / (1.0 - estimate))), 1.0 / (estimate * (1.0 - estimate))
    if scale == "log":
        return float(np.log(estimate)), 1.0 / estimate
    return float(np.log1p(-estimate)), -1.0 / (1.0 - estimate)


def difference_bounds(
    one: tuple[float, float, float], other: tuple[float, float, float], correlation: float
) -> tuple[float, float]:
    """Interval of a difference of two estimates, each with its own bounds, which need not be symmetric.

    References
    ----------
    Zou (2007), Toward using confidence intervals to compare correlations, Psychological Methods 12: recovering the
    variances from the bounds on either side.
    """
    (first, low, high), (second, other_low, other_high) = one, other

    def half(near: float, far: float) -> float:
        return float(np.sqrt(max(near**2 + far**2 - 2.0 * correlation * near * far, 0.0)))

    difference = first - second
    return (
        difference - half(first - low, other_high - second),
        difference + half(high - first, second - other_low),
    )


def normal_p_value(difference: float, std_error: float) -> float:
    """Two-sided p-value; NaN without an error."""
    return float(2.0 * ndtr(-abs(difference) / std_error)) if std_error > 0 else float("nan")


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's adjustment of p-values (m,); NaN stay NaN and do not count.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    adjusted = np.full(p_values.size, np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = p_values[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if order.size else steps
    return adjusted


def holm_within(p_values: pd.Series, groups: pd.Series) -> np.ndarray:
    """Holm's adjustment within each of the groups, as of the pairs and times of a metric; shape (m,)."""
    of_group = p_values.astype(float).groupby(groups.to_numpy())
    return np.asarray(of_group.transform(lambda own: holm(own.to_numpy())))
