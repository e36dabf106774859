"""Assessment factors on plans: their published shares of all assessments, raised where plans follow."""

import math

from ...plans.published import published_factors

PUBLISHED_NAMES = {
    "1A": "Alcohol_Misuse_child",
    "1B": "Alcohol_Misuse_parent",
    "1C": "Alcohol_Misuse_person",
    "2A": "Drug_Misuse_child",
    "2B": "Drug_Misuse_parent",
    "2C": "Drug_Misuse_person",
    "3A": "Domestic_Abuse_child",
    "3B": "Domestic_Abuse_parent",
    "3C": "Domestic_Abuse_person",
    "4A": "Mental_Health_child",
    "4B": "Mental_Health_parent",
    "4C": "Mental_Health_person",
    "5A": "Learning_Disability_child",
    "5B": "Learning_Disability_parent",
    "6A": "Physical_Disability_child",
    "6B": "Physical_Disability_parent",
    "7A": "Young_Carer",
    "10A": "Going_missing",
    "11A": "Child_sexual_exploitation",
    "13A": "Gangs",
    "14A": "Socially_unacceptable_behaviour",
    "15A": "Self_harm",
    "16A": "Neglect",
    "17A": "Emotional_Abuse",
    "18C": "Physical_Abuse_unknown",
    "19C": "Sexual_Abuse_unknown",
    "20": "Other",
}
"""Factors that the simulation has, by their published names."""

# Codes 18A and 19A, abuse by whom unknown, gave way to 18C and 19C, abuse by an adult, in 2022.
_SINCE_2022 = {"18C": "Physical_Abuse_adult_on_child", "19C": "Sexual_Abuse_adult_on_child"}

RAISED = ("1B", "2B", "3B", "4B", "5B", "16A", "17A")
"""Factors of parents, neglect and emotional abuse, which plans are made for."""

RAISED_LOG_ODDS = 0.65


def shares_on_plans(year: int) -> tuple[dict[str, float], str, str]:
    """Share of each factor among children on plans at average severity, with its mark and reason.

    Parameters
    ----------
    year : int
        The year ending 31 March whose published shares are taken.
    """
    published = published_factors().set_index(["factor", "year_ending"])["pct"]
    names = PUBLISHED_NAMES | (_SINCE_2022 if year >= 2022 else {})
    shares = {}
    for code, name in names.items():
        share = published[(name, year)] / 100
        logit = math.log(share / (1 - share)) + (RAISED_LOG_ODDS if code in RAISED else 0.0)
        shares[code] = round(1 / (1 + math.exp(-logit)), 4)
    reason = (
        f"Share of all assessments {year} (DfE, factors at the end of assessment); on plans the odds of parents' "
        f"factors, neglect and emotional abuse are exp({RAISED_LOG_ODDS}) times as high"
    )
    return shares, "assumed", reason
