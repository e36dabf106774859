"""Tables of a fitted regression of hazards: coefficients with intervals, and tests that all of them are 0."""

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri


def coefficient_table(
    coef: np.ndarray,
    covariance: np.ndarray,
    naive_covariance: np.ndarray,
    names: np.ndarray,
    *,
    is_robust: bool,
    level: float = 0.95,
) -> pd.DataFrame:
    """Coefficients, Wald intervals, hazard ratios and tests.

    Parameters
    ----------
    coef : ndarray, shape (p,)
    covariance, naive_covariance : ndarray, shape (p, p)
        The one that intervals and tests rest on, and the inverse information.
    names : array of str, shape (p,)
    is_robust : bool
        Whether ``covariance`` is a sandwich; otherwise ``robust_se`` is NaN.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per feature: coef, se (naive), robust_se, lower, upper, hazard_ratio, hazard_ratio_lower,
        hazard_ratio_upper, z, p (two-sided).
    """
    error = np.sqrt(np.diag(covariance))
    z = np.divide(coef, error, out=np.zeros_like(error), where=error > 0)
    half = float(ndtri(0.5 + 0.5 * level)) * error
    with np.errstate(over="ignore"):
        ratios = np.exp([coef, coef - half, coef + half])
    return pd.DataFrame(
        {
            "coef": coef,
            "se": np.sqrt(np.diag(naive_covariance)),
            "robust_se": error if is_robust else np.full_like(error, np.nan),
            "lower": coef - half,
            "upper": coef + half,
            "hazard_ratio": ratios[0],
            "hazard_ratio_lower": ratios[1],
            "hazard_ratio_upper": ratios[2],
            "z": z,
            "p": 2.0 * ndtr(-np.abs(z)),
        },
        index=pd.Index(names, name="feature"),
    )


def wald_statistic(coef: np.ndarray, covariance: np.ndarray) -> float:
    """Wald statistic ``b' V^-1 b`` over the columns with a variance above 0; 0 where there are none."""
    used = np.diag(covariance) > 0
    if not used.any():
        return 0.0
    return float(coef[used] @ np.linalg.pinv(covariance[np.ix_(used, used)]) @ coef[used])


def chi_squared_table(statistics: dict[str, float], df: float) -> pd.DataFrame:
    """Chi-squared tests on ``df`` degrees of freedom: one row per test, with statistic, df, p (1 where ``df`` is 0)."""
    values = np.array(list(statistics.values()))
    p_values = chdtrc(df, np.maximum(values, 0.0)) if df > 0 else np.ones(values.size)
    index = pd.Index(list(statistics), name="test")
    return pd.DataFrame({"statistic": values, "df": df, "p": p_values}, index=index)
