r"""Interrupted time series: does a share jump or turn on a date that was named beforehand?

Shares :math:`y_t` of :math:`n_t` at times t (years from the date of change) are fitted by weighted least squares,

.. math:: y_t = \alpha + \beta t + \delta\, 1(t \ge 0) + \gamma\, t\, 1(t \ge 0) + e_t,
   \quad var(e_t) = \phi\, \bar y (1 - \bar y) / n_t

:math:`\delta` is the jump, :math:`\gamma` the change of slope. :math:`\phi`, at least 1, is the mean square of the
residuals: children leave plans together and practice drifts, so that shares vary more than the binomial says.

References
----------
Bernal, Cummins and Gasparrini (2017), *Interrupted time series regression*, International Journal of Epidemiology 46;
Spiegelhalter (2005), Quality and Safety in Health Care 14:347, for overdispersion.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

TERMS = ("level", "slope", "change of level", "change of slope", "departure at the end")
LEAST_PERIODS = 3


@dataclass(frozen=True)
class SegmentedRegression:
    """A series of shares before and after a date.

    Attributes
    ----------
    table : DataFrame
        Per term: ``estimate``, ``std_error``, ``lower``, ``upper``, ``p_value``. Terms are ``level`` (just before the
        date), ``slope`` (per year), ``change of level``, ``change of slope``, and ``departure at the end`` (of the last
        period from the trend before).
    fitted, projected : ndarray, shape (n_periods,)
        The fitted shares, and what they would have been without a change.
    overdispersion : float
        Variance of the residuals by that of the binomial, at least 1.
    autocorrelation : float
        Of successive residuals: well above 0, the errors here are too small.
    """

    table: pd.DataFrame
    fitted: np.ndarray = field(repr=False)
    projected: np.ndarray = field(repr=False)
    overdispersion: float
    autocorrelation: float


def segmented_regression(
    share: np.ndarray, n: np.ndarray, time: np.ndarray, level: float = 0.95
) -> SegmentedRegression:
    """Fit shares (n_periods,) of ``n`` at ``time``, in years from the date of change, the first one after it 0 or more.

    Raises
    ------
    ValueError
        Fewer than three periods before or after the date, or all shares are 0 or all 1.
    """
    is_after = time >= 0
    before, after = int((~is_after).sum()), int(is_after.sum())
    if min(before, after) < LEAST_PERIODS:
        raise ValueError(
            f"a series needs {LEAST_PERIODS} or more periods before and after the date, got {before} and {after}"
        )
    overall = float(n @ share / n.sum())
    if not 0.0 < overall < 1.0:
        raise ValueError("the share is the same in all periods, 0 or 1: there is nothing to compare")
    from statsmodels.regression.linear_model import WLS

    design = np.column_stack([np.ones(time.size), time, is_after, time * is_after])
    fit = WLS(share, design, weights=n / (overall * (1.0 - overall))).fit()
    overdispersion = max(1.0, float(fit.scale))
    contrasts = np.vstack([np.eye(design.shape[1]), design[-1] * (0, 0, 1, 1)])
    estimate = contrasts @ fit.params
    error = np.sqrt(overdispersion * np.einsum("ij,jk,ik->i", contrasts, fit.normalized_cov_params, contrasts))
    half = stdtrit(fit.df_resid, 0.5 + level / 2.0) * error
    p_value = 2.0 * stdtr(fit.df_resid, -np.abs(estimate) / error)
    columns = {"estimate": estimate, "std_error": error, "lower": estimate - half, "upper": estimate + half}
    table = pd.DataFrame(columns | {"p_value": p_value}, index=pd.Index(TERMS, name="term"))
    residual = fit.wresid
    square = float(residual @ residual)
    autocorrelation = float(residual[1:] @ residual[:-1] / square) if square > 0 else 0.0
    projected = design[:, :2] @ fit.params[:2]
    return SegmentedRegression(table, fit.fittedvalues, projected, overdispersion, autocorrelation)
