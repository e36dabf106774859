"""Features of the child: age, sex, ethnicity group, disability."""

import pandas as pd

from ..calendar_months import days_between
from ..codes import ETHNICITY_GROUPS, SEX

CHILD_FEATURES = ("age_at_end", "sex", "ethnicity_group", "disabled")
DAYS_PER_YEAR = 365.25
UNKNOWN_SEX, UNKNOWN_ETHNICITY, NO_DISABILITY = "0", "Unknown", "NONE"
SEX_TYPE = pd.CategoricalDtype(list(SEX))
ETHNICITY_GROUP_TYPE = pd.CategoricalDtype(list(dict.fromkeys(ETHNICITY_GROUPS.values())))


def child_features(index_plans: pd.DataFrame, children: pd.DataFrame) -> pd.DataFrame:
    """Age in years, 0 for the unborn; sex, not known for the unborn; ethnicity group; disability.

    Ethnicity that is refused, not yet obtained or missing is ``Unknown``; sex that is missing is ``0`` (not recorded).
    Disability is false only where the source says ``NONE``; where it says nothing, it is missing.

    Parameters
    ----------
    index_plans : DataFrame, n rows
    children : DataFrame
        With ``child`` (int). A feature that no child has a value for is left out.
    """
    known = children.drop_duplicates("child").set_index("child")
    rows = known.reindex(index_plans["child"]).set_axis(index_plans.index)
    birth = rows["date_of_birth"].fillna(rows["expected_date_of_birth"])
    end = index_plans["index_end"]
    features = pd.DataFrame(index=index_plans.index)
    if known["date_of_birth"].notna().any() or known["expected_date_of_birth"].notna().any():
        features["age_at_end"] = (days_between(birth, end) / DAYS_PER_YEAR).clip(lower=0.0)
    if known["sex"].notna().any():
        unborn = (birth > end).fillna(False).astype(bool)
        features["sex"] = rows["sex"].fillna(UNKNOWN_SEX).mask(unborn, UNKNOWN_SEX).astype(SEX_TYPE)
    if known["ethnicity"].notna().any():
        groups = rows["ethnicity"].map(ETHNICITY_GROUPS).astype("string")
        features["ethnicity_group"] = groups.fillna(UNKNOWN_ETHNICITY).astype(ETHNICITY_GROUP_TYPE)
    if known["disabilities"].notna().any():
        features["disabled"] = (rows["disabilities"] != NO_DISABILITY).astype("boolean")
    return features
