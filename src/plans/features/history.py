"""Features of the case's history before the plan: earlier referrals and episodes of need."""

import numpy as np
import pandas as pd

HISTORY_FEATURES = ("n_previous_referrals", "n_previous_episodes")
CLOSED_AFTER_ASSESSMENT = ("RC8", "RC9")


def history_features(index_plans: pd.DataFrame, episodes: pd.DataFrame) -> pd.DataFrame:
    """Counts, on record, of what came before the referral that led to the plan.

    ``n_previous_referrals``: days with a referral on or before the plan's start, less the one that led to the plan.
    ``n_previous_episodes``: episodes of need closed before the plan's start, but not those closed after assessment
    (RC8, RC9), in which no need was found. Both are missing where no referral up to the start is on record, since every
    plan follows one.

    Parameters
    ----------
    index_plans : DataFrame, n rows
    episodes : DataFrame
        ``child, referral_date, closure_date, closure_reason``.
    """
    features = pd.DataFrame(index=index_plans.index)
    if episodes.empty:
        return features
    referrals = episodes[["child", "referral_date"]].dropna().drop_duplicates()
    n_referrals = count_until(index_plans["child"], index_plans["start_date"], *_columns(referrals))
    closed = episodes[episodes["closure_date"].notna() & ~episodes["closure_reason"].isin(CLOSED_AFTER_ASSESSMENT)]
    day_before = index_plans["start_date"] - pd.Timedelta(days=1)
    n_closed = count_until(index_plans["child"], day_before, *_columns(closed[["child", "closure_date"]]))
    known = n_referrals > 0
    features["n_previous_referrals"] = np.where(known, n_referrals - 1.0, np.nan)
    features["n_previous_episodes"] = np.where(known, n_closed, np.nan)
    return features


def count_until(child: pd.Series, date: pd.Series, event_child: pd.Series, event_date: pd.Series) -> np.ndarray:
    """How many of the child's events are dated on or before ``date``; float, shape of ``child``."""
    if not len(event_child):
        return np.zeros(len(child))
    events = np.sort(_moment(event_child, event_date))
    own_first = np.searchsorted(events, _moment(child, None))
    return (np.searchsorted(events, _moment(child, date), side="right") - own_first).astype(float)


def _moment(child: pd.Series, date: pd.Series | None) -> np.ndarray:
    """Child and day in one whole number that sorts by child, then by day."""
    n_days = 1 << 32
    day = 0 if date is None else date.to_numpy(dtype="datetime64[D]").astype(np.int64) + n_days // 2
    return child.to_numpy(dtype=np.int64) * n_days + day


def _columns(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return table.iloc[:, 0], table.iloc[:, 1]
