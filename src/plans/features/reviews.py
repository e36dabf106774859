"""Features of the plan's reviews: how many, how many late, who was missing from them, and what progress they found."""

import numpy as np
import pandas as pd

from ..calendar_months import add_months
from ..codes import PROGRESS

REVIEW_FEATURES = (
    "n_reviews",
    "n_late_reviews",
    "share_reviews_not_quorate",
    "share_reviews_absent_agencies",
    "latest_progress",
)
FIRST_DUE_MONTHS, NEXT_DUE_MONTHS = 3, 6


def review_features(index_plans: pd.DataFrame, reviews: pd.DataFrame, period_of_plan: pd.DataFrame) -> pd.DataFrame:
    """Counts and shares over the reviews held after the plan's start and on or before its end.

    The first review is due within 3 calendar months of the start, each later one within 6 of the one before (*Working
    Together to Safeguard Children*). ``n_late_reviews`` counts the reviews held after they were due, and one that was
    overdue and not held when the plan ended. A share counts the reviews for which the fact is recorded; it is 0 where
    no review was held (``n_reviews`` tells) and missing where reviews were held but none records it. So it is with
    ``latest_progress``, the progress that the last review to record it found: 0 good, 1 some, 2 poor.

    Parameters
    ----------
    index_plans : DataFrame, n rows, index 0, 1, ...
    reviews : DataFrame
        ``plan_id, review_date, quorate, absent_agencies, progress``; several rows on one day are one review.
    period_of_plan : DataFrame
        ``plan_id``, ``period``.
    """
    n_rows = len(index_plans)
    features = pd.DataFrame(index=index_plans.index)
    if reviews.empty:
        return features
    held = _held(index_plans, reviews, period_of_plan)
    row = held["row"].to_numpy()
    n_reviews = np.bincount(row, minlength=n_rows).astype(float)
    features["n_reviews"] = n_reviews
    features["n_late_reviews"] = _n_late(index_plans, held)
    if reviews["quorate"].notna().any():
        not_quorate = 1.0 - held["quorate"].to_numpy(dtype=float, na_value=np.nan)
        features["share_reviews_not_quorate"] = _share(row, not_quorate, n_reviews)
    if reviews["absent_agencies"].notna().any():
        absent = held["absent_agencies"].to_numpy(dtype=float, na_value=np.nan)
        any_absent = np.where(np.isnan(absent), np.nan, absent > 0)
        features["share_reviews_absent_agencies"] = _share(row, any_absent, n_reviews)
    if reviews["progress"].notna().any():
        features["latest_progress"] = _latest_progress(held, n_reviews)
    return features


def _held(index_plans: pd.DataFrame, reviews: pd.DataFrame, period_of_plan: pd.DataFrame) -> pd.DataFrame:
    """One line per review and index plan (``row``), by row and date."""
    row_of_period = pd.Series(np.arange(len(index_plans)), index=index_plans["period"].to_numpy(), name="row")
    dated = reviews.merge(period_of_plan, on="plan_id").merge(row_of_period, left_on="period", right_index=True)
    start = index_plans["start_date"].to_numpy()[dated["row"]]
    end = index_plans["index_end"].to_numpy()[dated["row"]]
    dated = dated[(dated["review_date"] > start) & (dated["review_date"] <= end)]
    one_a_day = dated.groupby(["row", "review_date"], as_index=False)
    dated["progress"] = dated["progress"].map({code: place for place, code in enumerate(PROGRESS)}).astype("Int8")
    return one_a_day.agg(
        quorate=("quorate", "min"), absent_agencies=("absent_agencies", "max"), progress=("progress", "max")
    )


def _latest_progress(held: pd.DataFrame, n_reviews: np.ndarray) -> np.ndarray:
    latest = np.where(n_reviews == 0, 0.0, np.nan)
    recorded = held[held["progress"].notna()]
    # By row and date: of several the last stays.
    latest[recorded["row"].to_numpy()] = recorded["progress"].to_numpy(dtype=float)
    return latest


def _n_late(index_plans: pd.DataFrame, held: pd.DataFrame) -> np.ndarray:
    n_rows = len(index_plans)
    start, end = index_plans["start_date"], index_plans["index_end"]
    row = held["row"].to_numpy()
    is_first = np.append(True, row[1:] != row[:-1])[: row.size]
    date = held["review_date"]
    due = add_months(date.shift().astype("datetime64[us]"), NEXT_DUE_MONTHS)
    due = due.where(~is_first, add_months(start, FIRST_DUE_MONTHS).iloc[row].set_axis(held.index))
    late = np.bincount(row, weights=(date > due).to_numpy(dtype=float), minlength=n_rows)

    last = held.groupby("row")["review_date"].max().reindex(index_plans.index)
    next_due = add_months(last, NEXT_DUE_MONTHS).fillna(add_months(start, FIRST_DUE_MONTHS))
    return late + (next_due < end).to_numpy(dtype=float)


def _share(row: np.ndarray, flag: np.ndarray, n_reviews: np.ndarray) -> np.ndarray:
    recorded = ~np.isnan(flag)
    n_recorded = np.bincount(row[recorded], minlength=n_reviews.size)
    n_flagged = np.bincount(row[recorded], weights=flag[recorded], minlength=n_reviews.size)
    share = np.divide(n_flagged, n_recorded, out=np.full(n_reviews.size, np.nan), where=n_recorded > 0)
    return np.where(n_reviews == 0, 0.0, share)
