r"""Difference in differences over units, of which one changed its practice.

Each unit's share after the date less its share before it is its own change. The one that changed is set against the
mean change of the others, its controls. Controls differ by more than chance, whatever happened to them: their changes
are pooled by random effects, and the difference

.. math:: \hat\theta = d_1 - \hat\mu, \quad var = v_1 + \hat\tau^2 + \widehat{var}(\hat\mu)

carries the variance :math:`\tau^2` between them. With one changed unit an error by clusters does not exist; the spread
of the controls stands in for it, and the share of controls that differ from the others as much is stated beside it.

References
----------
Conley and Taber (2011), *Inference with difference in differences with a small number of policy changes*, Review of
Economics and Statistics 93; Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association
105, for placebo units; pooling as in :mod:`~secondplan.models.numerics.random_effects`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from ..numerics.random_effects import random_effects
from .segmented_regression import LEAST_PERIODS

LEAST_CONTROLS = 3


@dataclass(frozen=True)
class DifferenceInDifferences:
    """How much more one unit changed than its controls did.

    Attributes
    ----------
    own, controls : float
        Change of the unit, and mean change of the controls.
    difference, std_error, lower, upper, p_value : float
    between : float
        Standard deviation of the true changes between controls.
    placebo_p_value : float
        Share of units, this one among them, that differ from the mean of all controls at least as much.
    n_controls : int
    """

    own: float
    controls: float
    difference: float
    std_error: float
    lower: float
    upper: float
    p_value: float
    between: float
    placebo_p_value: float
    n_controls: int


def difference_in_differences(
    own: float, own_variance: float, changes: np.ndarray, variances: np.ndarray, level: float = 0.95
) -> DifferenceInDifferences:
    """Set a unit's change against those of its controls (n_controls,), each with its sampling variance.

    Raises
    ------
    ValueError
        Fewer than three controls.
    """
    known = np.isfinite(changes) & np.isfinite(variances) & (variances > 0)
    if known.sum() < LEAST_CONTROLS:
        raise ValueError(f"needs {LEAST_CONTROLS} or more controls with a share before and after, got {known.sum()}")
    pooled = random_effects(changes[known], variances[known])
    difference = own - pooled.mean
    error = float(np.sqrt(own_variance + pooled.tau2 + pooled.std_error**2))
    df = pooled.n - 2
    half = float(stdtrit(df, 0.5 + level / 2.0)) * error
    p_value = float(2.0 * stdtr(df, -abs(difference) / error))
    # In units of each one's own error, so that a small unit's noise is not taken for an effect.
    scaled = np.abs(changes[known] - pooled.mean) / np.sqrt(variances[known] + pooled.tau2)
    mine = abs(difference) / np.sqrt(own_variance + pooled.tau2)
    placebo = float((1 + (scaled >= mine).sum()) / (1 + pooled.n))
    bounds = (difference - half, difference + half)
    return DifferenceInDifferences(
        own, pooled.mean, difference, error, *bounds, p_value, float(np.sqrt(pooled.tau2)), placebo, pooled.n
    )


class UnitChanges:
    """Shares of several units by period, of which the first changed its practice, against the others.

    Parameters
    ----------
    share, n : ndarray, shape (n_units, n_periods)
        NaN where a unit has no share in a period.
    time : ndarray, shape (n_periods,)
        Years from the date of change; the first period after it 0 or more.
    level : float
        Coverage of the intervals.
    """

    def __init__(self, share: np.ndarray, n: np.ndarray, time: np.ndarray, level: float = 0.95) -> None:
        self._share, self._n, self._time, self._level = share, n, time, level
        self._is_after = time >= 0
        overall = float(np.nansum(share * n) / np.nansum(n))
        self._binomial = overall * (1.0 - overall)
        self._before, self._n_before = self._mean(~self._is_after)
        self._after, self._n_after = self._mean(self._is_after)
        self._dispersion = self._dispersion_within()

    def change(self) -> DifferenceInDifferences:
        """Mean share after the date less that before it."""
        return self._against(self._after - self._before, 1.0 / self._n_before + 1.0 / self._n_after)

    def trend_before(self) -> DifferenceInDifferences | None:
        """Slopes before the date; None where there are too few periods for one."""
        if (~self._is_after).sum() < LEAST_PERIODS:
            return None
        share, n, time = self._share[:, ~self._is_after], self._n[:, ~self._is_after], self._time[~self._is_after]
        weight = np.nan_to_num(n)
        with np.errstate(divide="ignore", invalid="ignore"):
            centred = time - (weight @ time / weight.sum(axis=1))[:, None]
            square = (weight * centred**2).sum(axis=1)
            return self._against(np.nansum(weight * centred * share, axis=1) / square, 1.0 / square)

    def by_period(self) -> np.ndarray:
        """Each period's change since before: difference, lower, upper, shape (n_periods, 3); NaN if unknown."""
        found = np.full((self._time.size, 3), np.nan)
        for k in range(self._time.size):
            own = 1.0 / self._n_before + 1.0 / self._n[:, k]
            if np.isfinite(own[0]) and np.isfinite(own[1:]).sum() >= LEAST_CONTROLS:
                row = self._against(self._share[:, k] - self._before, own)
                found[k] = row.difference, row.lower, row.upper
        return found

    def _against(self, change: np.ndarray, inverse_n: np.ndarray) -> DifferenceInDifferences:
        variance = self._dispersion * self._binomial * inverse_n
        return difference_in_differences(change[0], variance[0], change[1:], variance[1:], self._level)

    def _mean(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        size = np.nansum(self._n[:, chosen], axis=1)
        size = np.where(size > 0, size, np.nan)
        return np.nansum(self._share[:, chosen] * self._n[:, chosen], axis=1) / size, size

    def _dispersion_within(self) -> float:
        """How much more the shares of one unit vary, before or after the date, than the binomial says."""
        expected = np.where(self._is_after, self._after[:, None], self._before[:, None])
        square = self._n * (self._share - expected) ** 2 / self._binomial
        sides = np.isfinite(self._before).sum() + np.isfinite(self._after).sum()
        return max(1.0, float(np.nansum(square) / max(np.isfinite(square).sum() - sides, 1)))
