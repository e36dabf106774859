"""Tables of a fitted regression of hazards: coefficients with intervals, and tests that all of them are 0."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri

from ...parameter_checks import shown
from ..curves.confidence import check_interval


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
    # Where a coefficient has no finite estimate rounding may leave a variance below 0: there is no error to state.
    with np.errstate(invalid="ignore"):
        error, naive_error = (np.sqrt(np.diag(matrix)) for matrix in (covariance, naive_covariance))
    z = np.divide(coef, error, out=np.where(np.isnan(error), np.nan, 0.0), where=error > 0)
    half = float(ndtri(0.5 + 0.5 * level)) * error
    with np.errstate(over="ignore"):
        ratios = np.exp([coef, coef - half, coef + half])
    return pd.DataFrame(
        {
            "coef": coef,
            "se": naive_error,
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


def scaled_table(summary: pd.DataFrame, per: Mapping[str, float], level: float) -> pd.DataFrame:
    """A ``summary_`` of so many units of some features, with intervals of a level.

    Parameters
    ----------
    summary : DataFrame
        Indexed by feature, or by (event, feature), with coef, se, robust_se, lower, upper and ratios.
    per : mapping of str to float
        Units by feature; 1 where not named.
    level : float

    Raises
    ------
    ValueError
        ``per`` names what is no feature, or is not above 0.
    """
    check_interval(level, "plain")
    features = summary.index.get_level_values(-1)
    unknown = [name for name in per if name not in features]
    if unknown:
        raise ValueError(f"per names what is no feature of the model: {', '.join(map(str, unknown))}")
    for name, units in per.items():
        if isinstance(units, bool) or not isinstance(units, int | float | np.number) or not 0 < units < np.inf:
            raise ValueError(f"per: {name} must be a number of units above 0, got {shown(units)}")
    unit = np.array([float(per.get(name, 1.0)) for name in features])
    table = summary.copy()
    table[["coef", "se", "robust_se"]] = summary[["coef", "se", "robust_se"]].mul(unit, axis=0)
    half = ndtri(0.5 + 0.5 * level) * table["robust_se"].fillna(table["se"])
    table["lower"], table["upper"] = table["coef"] - half, table["coef"] + half
    with np.errstate(over="ignore"):
        for ratio in [name for name in summary if name.endswith("_ratio")]:
            table[ratio] = summary[ratio] ** unit
            if f"{ratio}_lower" in summary:
                known = summary[ratio].notna()
                for bound in ("lower", "upper"):
                    table[f"{ratio}_{bound}"] = np.exp(table[bound]).where(known)
    names = [f"{name} (per {per[name]:g})" if name in per else name for name in features]
    levels = [summary.index.get_level_values(place) for place in range(summary.index.nlevels - 1)]
    table.index = (
        pd.MultiIndex.from_arrays([*levels, names], names=summary.index.names)
        if levels
        else pd.Index(names, name=summary.index.name)
    )
    return table


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
