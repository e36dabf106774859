"""Features of the plan itself: its length, its categories of abuse, the authority and the season."""

import pandas as pd

from ..bands import plan_length_band
from ..calendar_months import days_between
from ..codes import CATEGORIES

LENGTH_FEATURES = ("plan_length_days", "plan_length_band")
CATEGORY_FEATURES = ("initial_category", "latest_category", "category_changed")
PLACE_AND_SEASON_FEATURES = ("la_code", "season_of_end")

CATEGORY_TYPE = pd.CategoricalDtype(list(CATEGORIES))
SEASONS = ("winter", "spring", "summer", "autumn")
SEASON_TYPE = pd.CategoricalDtype(SEASONS)


def plan_features(index_plans: pd.DataFrame, plans: pd.DataFrame) -> pd.DataFrame:
    """Length (days, and the DfE band in calendar months), categories, authority, season of the end.

    Winter is December to February. The latest category belongs to the plan's last day; a plan scored before it ends has
    the one that was latest when the extract was made.

    Parameters
    ----------
    index_plans : DataFrame, n rows
    plans : DataFrame
        All plans; a category that none of them records is left out.
    """
    start, end = index_plans["start_date"], index_plans["index_end"]
    features = pd.DataFrame(
        {
            "plan_length_days": days_between(start, end),
            "plan_length_band": plan_length_band(start, end),
            "la_code": index_plans["la_code"].astype("string"),
            "season_of_end": pd.Categorical.from_codes(end.dt.month.to_numpy() % 12 // 3, dtype=SEASON_TYPE),
        },
        index=index_plans.index,
    )
    recorded = [name for name in CATEGORY_FEATURES[:2] if plans[name].notna().any()]
    for name in recorded:
        features[name] = index_plans[name].astype(CATEGORY_TYPE)
    if len(recorded) == 2:
        initial, latest = (index_plans[name].astype("string") for name in recorded)
        features["category_changed"] = (initial != latest).astype("boolean")
    return features
