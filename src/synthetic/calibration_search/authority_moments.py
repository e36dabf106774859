"""Moments of the differences between authorities."""

import numpy as np
import pandas as pd

from ...plans.bands import plan_length_band

FEWEST_AUTHORITIES = 30
FEWEST_PLANS = 50
"""Authorities with fewer plans in the year are left out, as in the published comparison."""

PERCENTILES = (5, 25, 50, 75, 95)


def authority_moments(
    plans: pd.DataFrame, ended: pd.DataFrame, started: pd.DataFrame, at_any_point: pd.DataFrame, last: pd.Timestamp
) -> dict[str, float]:
    """Spread of plans started, of the share that ended within three months, and of second plans; nothing of few.

    Parameters
    ----------
    plans, ended, started, at_any_point : DataFrame
        All plans of the store, and those of the last year.
    last : Timestamp
        The year's last day.
    """
    counts = ended["la_code"].value_counts()
    large = counts.index[counts >= FEWEST_PLANS]
    if len(large) < FEWEST_AUTHORITIES:
        return {}
    short = plan_length_band(ended["start_date"], ended["end_date"]) == "up to 3 months"
    share = short.groupby(ended["la_code"].astype(object)).mean().reindex(large)
    at_percentiles = np.percentile(share, PERCENTILES)
    by_authority = at_any_point.groupby(at_any_point["la_code"].astype(object))["child_id"]
    repeats = (by_authority.size() - by_authority.nunique()).reindex(large).to_numpy()
    return {
        **{f"within_3_months_percentile_{p}": value for p, value in zip(PERCENTILES, at_percentiles, strict=True)},
        "log_started_sd": float(np.log(started["la_code"].value_counts().reindex(large).to_numpy(dtype=float)).std()),
        "repeats_ratio_per_10_points": repeats_ratio(share.to_numpy(), repeats, counts.reindex(large).to_numpy()),
        **_second_plan_logits(plans, last),
    }


def repeats_ratio(share: np.ndarray, repeats: np.ndarray, n_ended: np.ndarray) -> float:
    """Rate ratio of repeats within the year for 10 points more that ended within three months: a Poisson regression.

    Parameters
    ----------
    share, repeats, n_ended : ndarray, shape (n_authorities,)
    """
    X = np.column_stack([np.ones(share.size), share * 10])
    beta = np.array([np.log(repeats.sum() / n_ended.sum()), 0.0])
    for _ in range(20):
        expected = n_ended * np.exp(X @ beta)
        beta = beta + np.linalg.solve((X.T * expected) @ X, X.T @ (repeats - expected))
    return float(np.exp(beta[1]))


def _second_plan_logits(plans: pd.DataFrame, last: pd.Timestamp) -> dict[str, float]:
    """SD of the logit of second plans over authorities net of binomial noise, and its correlation from year to year."""
    logits, noise = {}, {}
    for back in (0, 1):
        year_end = last - pd.DateOffset(years=back)
        year = plans[plans["start_date"].between(year_end - pd.DateOffset(years=1), year_end, inclusive="right")]
        by_authority = (year["previous_plans_reported"] > 0).groupby(year["la_code"].astype(object))
        n, second = by_authority.size(), by_authority.sum()
        usable = (n >= FEWEST_PLANS) & (second > 0) & (second < n)
        n, p = n[usable].astype(float), (second / n)[usable].astype(float)
        logits[back], noise[back] = np.log(p / (1 - p)), (1 / (n * p * (1 - p))).mean()
    both = pd.concat(logits, axis=1).dropna()
    net = logits[0].var() - noise[0]
    return {
        "second_plan_logit_sd": float(np.sqrt(max(net, 0.0))),
        "second_plan_logit_year_correlation": float(np.corrcoef(both[0], both[1])[0, 1]),
    }
