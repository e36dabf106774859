"""England in the years ending 31 March 2018 (the default scenario) and 2025.

Published figures are the Department for Education's (DfE), read from the figures that ship with the package. What is
not published is assumed, and says so: no study gives hazard ratios for plan length. What is calibrated is stated here
as the value from which the calibration starts; ``calibration/parameters.json`` holds where it ended.
"""

import datetime as dt
import math

from ...plans.published import published_england
from .calibrated import build_scenario
from .definition import Scenario
from .factor_shares import shares_on_plans
from .free_parameters import FREE_PARAMETERS

_CIN = "DfE, Characteristics of children in need"
_REVIEWS = (
    "Direction from reviews of recurrence (previous referrals, neglect, domestic abuse, parental mental health, "
    "substance misuse, young age, disability, siblings, worker changes); size assumed so that discrimination is as low "
    "as published"
)

Values = dict[str, tuple]
"""Parameter: (value, mark, source or reason)."""


def england_2018(*, calibrated: bool = True) -> Scenario:
    """England, window 1 April 2011 to 31 March 2018."""
    return build_scenario(
        "england-2018",
        "Child protection plans in England, in the window 1 April 2011 to 31 March 2018.",
        england_values(2018),
        calibrated=calibrated,
    )


def england_2025(*, calibrated: bool = True) -> Scenario:
    """England, window 1 April 2018 to 31 March 2025: fewer first plans, more second plans, fewer short plans."""
    values = without_figures(england_values(2025), "england-2025")
    # DfE's data set A6 holds the stock of 2020; the number of plans started for sexual abuse is of 2025.
    categories = {"NEG": 0.505, "PHY": 0.074, "SAB": 0.035, "EMO": 0.360, "MUL": 0.026}
    source = "Initial category of plans open in 2020 (DfE, A6); sexual abuse 2,190 of 61,840 plans started in 2025"
    values["initial_category_shares"] = (categories, "assumed", source)
    # Fewer short plans, and second plans sooner and more often, than in 2018.
    end_logits = (-2.5, -0.25, 0.3, -0.1, 0.9)
    values["end_logits"] = (end_logits, "calibrated", "D7 bands 15.9 / 11.0 / 43.5 / 25.2 / 4.4 %")
    values["second_plan_rate"] = (0.0155, "calibrated", "Within-year repeats 2.55 % of plans ended in 2024-25")
    values["second_plan_shape"] = (0.87, "calibrated", "More of eventual repeats are early than in 2018")
    values["conference_in_time_share"] = (0.78, "calibrated", "Conferences within 15 working days 2024-25 (DfE, C4)")
    return build_scenario(
        "england-2025",
        "Child protection plans in England, in the window 1 April 2018 to 31 March 2025.",
        values,
        calibrated=calibrated,
    )


def without_figures(values: Values, name: str) -> Values:
    """The values, with what ``name`` has no figures of its own for marked as assumed to be as in England in 2018."""
    own = {free.path[0] for free in FREE_PARAMETERS[name]}
    marked = {}
    for parameter, (value, mark, source) in values.items():
        borrowed = mark == "calibrated" and parameter not in own
        marked[parameter] = (
            (value, "assumed", f"As for England in 2018: {source}") if borrowed else (value, mark, source)
        )
    return marked


def england_values(year: int) -> Values:
    """Every parameter for the year ending 31 March ``year`` (2018 or 2025), calibrated ones where they start."""
    parts = (_window(year), _authorities(), _families(), _needs(year), _course(), _hazards(), _afterwards())
    return {name: entry for part in parts for name, entry in part.items()}


def _window(year: int) -> Values:
    last_year = f"The census date of the year that the scenario stands for: 31 March {year}"
    return {
        "first_date": (
            dt.date(year - 7, 4, 1),
            "assumed",
            "Seven census years, so that most first plans have a follow-up",
        ),
        "extract_date": (dt.date(year, 3, 31), "published", last_year),
        "burn_in_years": (17.0, "assumed", "Long enough for the share of second plans to settle"),
        "entry_growth": (
            0.041,
            "published",
            "First plans started 44,810 in 2013 and 54,870 in 2018 (starts less subsequent): (54870/44810)**(1/5) - 1",
        ),
        "trends": (
            {"entry": _entry_trend(year), "second_plan": {"2008-03-31": -0.72, f"{year}-03-31": 0.0}},
            "calibrated",
            "Entry: first plans started each year, against the growth (published). Second plans: their share of plans "
            "started rose every year from 14.9 % in 2013 to 20.2 % in 2018 and 24.5 % in 2025",
        ),
    }


def _entry_trend(year: int) -> dict[str, float]:
    """First plans of each published year beside steady growth from 2013, in the middle of the year."""
    england = published_england().loc[:year]
    first = england["n_started"] - england["n_second"]
    steady = first.iloc[0] * 1.041 ** (first.index.to_numpy() - first.index[0])
    return {f"{y - 1}-09-30": round(math.log(n / m), 4) for y, n, m in zip(first.index, first, steady, strict=True)}


def _authorities() -> Values:
    return {
        "authority_codes": ((), "assumed", "Made-up authorities, with codes that no English authority has"),
        "n_authorities": (150, "published", "Authorities with figures in 2017-18, rounded"),
        "children_per_authority": (400, "assumed", "Fewer children than that have fewer authorities"),
        "authority_size_sd": (0.58, "calibrated", "Spread of log plans started across authorities, 2017-18"),
        "authority_hazard_sd": (0.16, "calibrated", "SD of the logit of second plans 0.25 net of binomial noise"),
        "authority_closing_sd": (0.45, "calibrated", "Percentiles of the share ended within three months, 2017-18"),
        "authority_closing_correlation": (
            0.75,
            "assumed",
            "Ecological rate ratio 1.28 (1.08 to 1.52) for 10 points more",
        ),
        "authority_entry_year_sd": (
            0.08,
            "assumed",
            "First plans of an authority change by a log SD of 0.20 from year to year, in part with second plans",
        ),
        "authority_never_multiple_share": (0.2, "assumed", "Some authorities never record the category multiple"),
        "authority_agency_sd": (0.6, "assumed", "Agency shares differ widely between authorities"),
        "authority_turnover_sd": (0.25, "assumed", "Staff turnover differs between authorities"),
        "authority_attendance_sd": (0.5, "assumed", "Inspectors name single authorities for absent professionals"),
    }


def _families() -> Values:
    sizes = {"1": 0.47, "2": 0.28, "3": 0.15, "4": 0.07, "5": 0.03}
    ages = {"unborn": 0.185, "0-1": 0.155, "1-5": 0.25, "5-10": 0.22, "10-14": 0.15, "14-16": 0.04}
    ethnicity = {
        "WBRI": 0.708,
        "WIRI": 0.005,
        "WIRT": 0.003,
        "WOTH": 0.036,
        "WROM": 0.006,
        "MWBC": 0.036,
        "MWBA": 0.010,
        "MWAS": 0.017,
        "MOTH": 0.030,
        "AIND": 0.010,
        "APKN": 0.027,
        "ABAN": 0.011,
        "AOTH": 0.018,
        "BCRB": 0.016,
        "BAFR": 0.028,
        "BOTH": 0.012,
        "CHNE": 0.003,
        "OOTH": 0.014,
        "REFU": 0.002,
        "NOBT": 0.008,
    }
    disabilities = {"LD": 0.35, "BEH": 0.20, "AUT": 0.17, "COMM": 0.08, "MOB": 0.07, "VIS": 0.03, "HEAR": 0.03}
    disabilities |= {"PC": 0.02, "CON": 0.01, "DDA": 0.04}
    return {
        "family_size_shares": (sizes, "assumed", "About 1.9 children of a family come onto plans together"),
        "youngest_age_shares": (ages, "calibrated", f"Age of children on plans at 31 March 2018. {_CIN} 2017-18"),
        "sibling_gap_mean": (750.0, "assumed", "Siblings about 2.9 years apart"),
        "twin_share": (0.02, "assumed", "Near the share of multiple births"),
        "sibling_late_share": (0.08, "assumed", "Most siblings are conferenced together"),
        "sibling_end_share": (0.85, "assumed", "Most siblings leave plans together"),
        "sibling_return_share": (0.8, "assumed", "Most siblings come back together"),
        "frailty_variance": (0.12, "assumed", "Modest, so that the marginal hazards stay near to proportional"),
        "severity_family_share": (0.7, "assumed", "What children suffer is mostly the household's"),
        "male_share": (0.517, "published", f"Boys 50.5 of 97.7 with known sex at 31 March 2018. {_CIN} 2017-18"),
        "ethnicity_shares": (
            ethnicity,
            "calibrated",
            "White 76.9, Mixed 9.3, Asian 6.5, Black 5.7, other 1.6 %",
        ),
        "disabled_share": (0.10, "assumed", "12.3 % of children in need, fewer on plans, who are younger"),
        "disability_shares": (disabilities, "assumed", "Learning, behaviour and autism lead among children in need"),
    }


def _needs(year: int) -> Values:
    categories = {"NEG": 0.4325, "PHY": 0.088, "SAB": 0.0505, "EMO": 0.374, "MUL": 0.055}
    # Shares of categories among the unborn over those among all children on plans in 2020: neglect 69.7 / 50.5 % ...
    unborn = {"NEG": 0.32, "PHY": 0.0, "SAB": -0.86, "EMO": -0.59, "MUL": -0.48}
    change = {
        "NEG": {"EMO": 0.095, "PHY": 0.004, "SAB": 0.003},
        "PHY": {"EMO": 0.120, "NEG": 0.060},
        "SAB": {"EMO": 0.060, "NEG": 0.050},
        "EMO": {"NEG": 0.032, "PHY": 0.005, "SAB": 0.002},
        "MUL": {"EMO": 0.050, "NEG": 0.040},
    }
    by_category = {
        "16A": {"NEG": 1.6, "MUL": 1.2},
        "17A": {"EMO": 1.2, "MUL": 0.9},
        "18C": {"PHY": 2.2, "MUL": 1.2},
        "19C": {"SAB": 3.2, "MUL": 1.2},
        "3B": {"EMO": 0.5, "SAB": -0.6},
        "2B": {"NEG": 0.4, "SAB": -0.5},
        "1B": {"NEG": 0.3, "SAB": -0.4},
    }
    return {
        "initial_category_shares": (categories, "calibrated", f"Initial category, plans started. {_CIN} 2017-18"),
        "category_age_log_odds": ({"unborn": unborn}, "published", "DfE, A5 2019-20: initial category by age"),
        "category_change": (change, "calibrated", "Latest category 46.6 / 7.6 / 4.1 / 36.9 / 4.7 % at 31 March 2018"),
        "category_persistence": (0.6, "assumed", "A second plan is often for the same reason"),
        "factor_shares": shares_on_plans(year),
        "factor_category_log_odds": (by_category, "assumed", "The abuse factors follow the category of abuse"),
        "factor_severity_log_odds": (0.25, "assumed", "Severe cases have more factors recorded"),
        "referral_rate": (0.22, "assumed", "Re-referral within 12 months 21.9 % in 2018"),
        "referral_rate_shape": (1.2, "assumed", "Referrals gather in a few families"),
    }


def _course() -> Values:
    effects = {"severity": -0.25, "neglect": -0.05, "parental_drugs": -0.2}
    unknown = "No collection holds the progress of plans"
    guidance = "Working Together 2015: first review within 3 months, later ones within 6"
    return {
        "first_review_due": (91, "published", guidance),
        "later_review_due": (183, "published", guidance),
        "early_review_share": (0.205, "calibrated", "Plans of 3 to 6 months, 11.4 % of those ended"),
        "late_review_share": (0.066, "calibrated", "90.5 % of plans had all their reviews on time"),
        "end_logits": ((-2.2, -0.2, 0.3, 0.1, 0.9), "calibrated", "D7 bands 19.6 / 11.4 / 41.8 / 23.8 / 3.4 %"),
        "end_log_odds": (effects, "assumed", "The stated confounding: severe cases stay longer and return more"),
        "progress_logits": ((0.5, -1.5), "assumed", f"First reviews find good, some, poor in 4, 4, 2 of 10. {unknown}"),
        "progress_log_odds": ({"severity": 0.6}, "assumed", f"Severe cases make less progress. {unknown}"),
        "progress_after": ({"good": -0.9, "some": 0.0, "poor": 0.9}, "assumed", f"Progress lasts. {unknown}"),
        "end_progress_log_odds": (
            {"good": 1.2, "some": 0.0, "poor": -1.5},
            "assumed",
            f"Conferences end the plans that go well. {unknown}",
        ),
        "end_delay_share": (0.1, "assumed", "Most plans end at the conference"),
        "care_on_plan_rate": (
            0.15,
            "assumed",
            "About one plan in eight ends in care; nobody records why plans end",
        ),
        "care_on_plan_log_hazard_ratios": ({"severity": 0.5}, "assumed", "Severe cases enter care"),
        "care_on_plan_progress": (
            {"good": -0.4, "some": 0.0, "poor": 0.4},
            "assumed",
            f"Care follows where plans make no progress. {unknown}",
        ),
        "transfer_on_plan_rate": (0.03, "assumed", "Part of the 4.1 % who had moved within three months"),
        "death_rate": (0.0003, "assumed", "Above the childhood death rate"),
        "not_quorate_share": (0.06, "assumed", "Inspectors report conferences without the required attendance"),
        "absent_agencies_mean": (0.4, "assumed", "Inspectors report absent school nurses and substance misuse workers"),
        "worker_change_rate": (1.0, "assumed", "About one change of worker a year"),
        "agency_share": (0.16, "assumed", "Near the national share of agency social workers"),
    }


def _hazards() -> Values:
    plan_length = {
        "up to 3 months": 0.45,
        "over 3 to 6 months": 0.25,
        "over 6 months to under 1 year": 0.0,
        "1 to under 2 years": -0.10,
        "2 years and over": -0.15,
    }
    ratios = {
        "plan_length_band": plan_length,
        "age_at_end": -0.04,
        "disabled": 0.20,
        "latest_category": {"NEG": 0.30, "PHY": 0.0, "SAB": -0.20, "EMO": 0.10, "MUL": 0.20},
        "share_reviews_not_quorate": 0.30,
        "share_reviews_absent_agencies": 0.20,
        "latest_progress": 0.25,
        "factor_domestic_abuse": 0.35,
        "factor_parental_mental_health": 0.30,
        "factor_alcohol": 0.30,
        "factor_drugs": 0.30,
        "n_previous_referrals": 0.15,
        "n_siblings_on_plan": 0.08,
        "n_worker_changes": 0.12,
        "share_agency_worker": 0.25,
        "severity": 0.35,
    }
    return {
        "second_plan_rate": (0.0132, "calibrated", "Within-year repeats 1.88 % of plans ended in 2017-18"),
        "second_plan_shape": (1.1, "calibrated", "Low and long-lived: a fifth of eventual repeats in the first year"),
        "log_hazard_ratios": (ratios, "assumed", _REVIEWS),
        "care_rate": (0.03, "assumed", "Fewer enter care after a plan than come back to one"),
        "care_shape": (0.7, "assumed", "Entry into care is earlier than second plans"),
        "care_log_hazard_ratios": ({"severity": 0.4, "age_at_end": -0.03}, "assumed", "Severe cases enter care"),
        "care_length_mean": (800.0, "assumed", "Mean length of a period in care"),
        "care_permanent_share": (0.5, "assumed", "Adoption, special guardianship, long-term care"),
        "after_care_log_hazard_ratio": (math.log(0.8), "assumed", "Support continues after care"),
    }


def _afterwards() -> Values:
    control = "An accident in traffic, say: more frequent where needs are greater, whatever becomes of the plan"
    closures = "Children in need whose plans ended April to September 2017"
    return {
        "other_exit_rate": (0.003, "assumed", "Adoption and special guardianship mostly follow care"),
        "other_exit_shares": (
            {"RC1": 0.15, "RC4": 0.85},
            "assumed",
            "Special guardianship is the more frequent",
        ),
        "closure_within_3_months": (0.322, "calibrated", f"{closures}: 31.2 % of all, moves on the plan included"),
        "closure_3_to_6_months": (0.268, "calibrated", f"{closures}: 22.3 % of all"),
        "closure_later_mean": (240.0, "assumed", "46.5 % closed later; when is not published"),
        "transfer_within_3_months": (0.021, "calibrated", f"{closures}: 13 % of 31.2 %, with moves on the plan"),
        "conference_in_time_share": (0.733, "calibrated", "Conferences within 15 working days 76.9 %, 2017-18"),
        "negative_control_rate": (0.05, "assumed", control),
        "negative_control_log_hazard_ratios": (
            {"severity": 0.35, "factor_domestic_abuse": 0.3, "factor_alcohol": 0.3, "factor_drugs": 0.3},
            "assumed",
            control,
        ),
        "other_authority_share": (0.008, "assumed", "Temporary plans of another authority are rare"),
        "transfer_in_share": (0.03, "assumed", "Near the share that move out"),
    }
