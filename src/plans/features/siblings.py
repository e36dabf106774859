"""How many brothers and sisters were on a plan at the same time."""

import numpy as np
import pandas as pd

from ..families import family_ids

SIBLING_FEATURES = ("n_siblings_on_plan",)


def sibling_features(index_plans: pd.DataFrame, children: pd.DataFrame, plans: pd.DataFrame) -> pd.DataFrame:
    """Other children of the family in the authority with a plan in force at some time during the index plan.

    A sibling's plan counts if it began on or before the index plan's end and had not ended by its start; when it ends
    plays no other part. Missing where the family is not known. Plans that ended before the extract begins are not in
    it: during index plans that began earlier there may have been more siblings on plans than are counted.

    Parameters
    ----------
    index_plans : DataFrame, n rows, index 0, 1, ...
        ``child, la_code, family_id, start_date, index_end``.
    children : DataFrame
        All children: ``child, la_code, family_id``.
    plans : DataFrame
        All plans: ``child, la_code, start_date, end_date, other_authority``.
    """
    features = pd.DataFrame(index=index_plans.index)
    families = family_ids(children.drop_duplicates("child"))
    if families.isna().all():
        return features
    own = plans[~plans["other_authority"].fillna(False).astype(bool)]
    others = own[["la_code", "start_date", "end_date"]].assign(
        sibling=own["child"], family_id=own["child"].map(families).astype("string")
    )
    asked = index_plans[["child", "la_code", "family_id", "index_end"]].assign(
        row=np.arange(len(index_plans)), index_start=index_plans["start_date"]
    )
    pairs = asked.dropna(subset=["family_id"]).merge(
        others.dropna(subset=["family_id"]), on=["la_code", "family_id"], how="inner"
    )
    in_force = (pairs["start_date"] <= pairs["index_end"]) & ~(pairs["end_date"] <= pairs["index_start"])
    together = pairs[in_force & (pairs["sibling"] != pairs["child"])].drop_duplicates(["row", "sibling"])
    count = np.bincount(together["row"].to_numpy(dtype=np.int64), minlength=len(index_plans)).astype(float)
    features["n_siblings_on_plan"] = np.where(index_plans["family_id"].isna(), np.nan, count)
    return features
