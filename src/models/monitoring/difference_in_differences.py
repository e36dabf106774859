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
