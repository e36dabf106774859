"""Assessment factors: what the latest assessment before or during the plan found."""

import numpy as np
import pandas as pd

# Feature -> census codes of assessment factors; codes 18A and 19A are those of earlier years.
FACTORS_OF_FEATURE = {
    "factor_domestic_abuse": ("3A", "3B", "3C"),
    "factor_parental_mental_health": ("4B",),
    "factor_alcohol": ("1A", "1B", "1C"),
    "factor_drugs": ("2A", "2B", "2C"),
    "factor_neglect": ("16A",),
    "factor_emotional_abuse": ("17A",),
    "factor_physical_abuse": ("18A", "18B", "18C"),
    "factor_sexual_abuse": ("19A", "19B", "19C"),
    "factor_learning_disability": ("5A", "5B", "5C"),
}
OTHER_FACTOR = "factor_other"
NO_FACTOR = "21"
FACTOR_FEATURES = (*FACTORS_OF_FEATURE, OTHER_FACTOR)
# An assessment must be finished within 45 working days (Working Together to Safeguard Children): nine weeks.
LONGEST_ASSESSMENT = pd.Timedelta(days=63)


def assessment_features(index_plans: pd.DataFrame, assessments: pd.DataFrame) -> pd.DataFrame:
    """Which factors the child's latest assessment with recorded factors found, of those known when the plan ended.

    Factors are recorded when the assessment is authorised and are known from that day; without that date, from 63 days
    (45 working days) after its start. The latest counts, however old; several of one day count together. Missing where
    the child has none. ``factor_other`` is any code without a feature of its own, but not 21 (no factor identified).

    Parameters
    ----------
    index_plans : DataFrame, n rows
    assessments : DataFrame
        ``child, start_date, authorisation_date, factors`` (codes joined by semicolons).
    """
    recorded = assessments[assessments["factors"].notna()]
    if recorded.empty:
        return pd.DataFrame(index=index_plans.index)
    known_on = recorded["authorisation_date"].fillna(recorded["start_date"] + LONGEST_ASSESSMENT)
    # Few distinct combinations occur, however many assessments there are.
    codes, combinations = pd.factorize(recorded["factors"])
    table = np.array([_features_of(text) for text in combinations])
    found = pd.DataFrame(table[codes], columns=list(FACTOR_FEATURES))
    found = found.assign(child=recorded["child"].to_numpy(), known_on=known_on.to_numpy())
    found = found[found["known_on"].notna()].groupby(["child", "known_on"], as_index=False).max()

    asked = index_plans[["child", "index_end"]].assign(row=np.arange(len(index_plans)))
    latest = pd.merge_asof(
        asked.sort_values("index_end", kind="stable"),
        found.astype({"known_on": "datetime64[us]"}).sort_values("known_on", kind="stable"),
        left_on="index_end",
        right_on="known_on",
        by="child",
    )
    latest = latest.sort_values("row").set_axis(index_plans.index)
    return latest[list(FACTOR_FEATURES)].astype("boolean")


def _features_of(factors: str) -> list[bool]:
    codes = set(factors.split(";"))
    named = [not codes.isdisjoint(group) for group in FACTORS_OF_FEATURE.values()]
    rest = codes.difference({NO_FACTOR, ""}, *FACTORS_OF_FEATURE.values())
    return [*named, bool(rest)]
