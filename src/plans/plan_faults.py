"""The rules of clean plan data, as masks over tables: used when files are read and when a store is checked."""

import numpy as np
import pandas as pd

from .sequence import OPEN

DAYS_BEFORE_BIRTH = 300
"""A plan can start before birth, but not before conception: 280 days and a margin for the expected date."""

_IMPLAUSIBLE_PREVIOUS = 10


def find_plan_faults(plans: pd.DataFrame, children: pd.DataFrame) -> dict[str, pd.Series]:
    """Which plans break which rule.

    Parameters
    ----------
    plans, children : DataFrame
        As in the schema.

    Returns
    -------
    dict of code to Series of bool, indexed as ``plans``
        Codes as in `RULES`. Among overlapping plans, each but the first is marked; of several open plans, all.
    """
    start, end = plans["start_date"], plans["end_date"]
    keys = ["la_code", "child_id"]
    known = children[[*keys, "date_of_birth", "expected_date_of_birth", "date_of_death"]]
    child = plans[keys].merge(known, on=keys, how="left")
    child.index = plans.index
    birth = child["date_of_birth"].fillna(child["expected_date_of_birth"])
    death = child["date_of_death"]
    eighteenth = child["date_of_birth"] + pd.DateOffset(years=18)
    faults = {
        "end-before-start": end < start,
        "same-day": end == start,
        "start-long-before-birth": start < birth - pd.Timedelta(days=DAYS_BEFORE_BIRTH),
        "start-after-eighteen": start >= eighteenth,
        "after-death": (start > death) | (end > death),
        "category-missing": plans["initial_category"].isna() | plans["latest_category"].isna(),
    }
    faults |= _find_sequence_faults(plans)
    return {code: mask.astype(bool) for code, mask in faults.items()}


def find_review_faults(reviews: pd.DataFrame, plans: pd.DataFrame) -> dict[str, pd.Series]:
    """Which reviews break which rule; as :func:`find_plan_faults`, with ``plan_id`` linking the two."""
    dates = plans[["plan_id", "start_date", "end_date"]].drop_duplicates("plan_id").set_index("plan_id")
    start = pd.Series(dates["start_date"].reindex(reviews["plan_id"]).array, index=reviews.index)
    end = pd.Series(dates["end_date"].reindex(reviews["plan_id"]).array, index=reviews.index)
    return {
        "review-not-after-start": reviews["review_date"] <= start,
        "review-after-end": (reviews["review_date"] > end) & (end >= start),
    }


def _find_sequence_faults(plans: pd.DataFrame) -> dict[str, pd.Series]:
    child = plans.groupby(["la_code", "child_id"], sort=False).ngroup()
    is_open = plans["end_date"].isna()
    ordered = pd.DataFrame(
        {
            "child": child,
            "start": plans["start_date"].to_numpy().astype("datetime64[D]").astype(np.int64),
            "end": np.where(is_open, OPEN, plans["end_date"].to_numpy().astype("datetime64[D]").astype(np.int64)),
        },
        index=plans.index,
    ).sort_values(["child", "start", "end"], kind="stable")
    by_child = ordered.groupby("child", sort=False)
    reached = by_child["end"].cummax().groupby(ordered["child"], sort=False).shift()
    overlaps = (ordered["start"] < reached).reindex(plans.index)
    n_open = is_open.groupby(child).transform("sum")
    n_earlier = by_child.cumcount().reindex(plans.index)
    reported = plans["previous_plans_reported"].astype("Float64").astype(float)
    return {
        "plans-overlap": overlaps,
        "several-open-plans": is_open & (n_open > 1),
        "previous-plans-missing": reported.isna(),
        "previous-plans-implausible": reported >= _IMPLAUSIBLE_PREVIOUS,
        "previous-plans-differ": reported < n_earlier,
        "previous-plans-unseen": reported > n_earlier,
    }
