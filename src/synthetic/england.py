"""England in the year ending 31 March 2018: the default scenario.

Published figures are the Department for Education's, *Characteristics of children in need: 2017 to 2018* (Open
Government Licence v3). What is not published is assumed, and says so: no study gives hazard ratios for plan length.
"""

import datetime as dt
import math

from .scenario import Scenario

_CIN_2018 = "DfE, Characteristics of children in need 2017-18"
_REVIEWS = (
    "Direction from reviews of recurrence (previous referrals, neglect, domestic abuse, parental mental health, "
    "substance misuse, young age, disability, siblings, worker changes); size assumed so that discrimination is as low "
    "as published"
)


def england_2018() -> Scenario:
    """England, window 1 April 2011 to 31 March 2018."""
    values = {**_window(), **_authorities(), **_families(), **_needs(), **_course(), **_hazards(), **_afterwards()}
    return Scenario(
        name="england-2018",
        description="Child protection plans in England, in the window 1 April 2011 to 31 March 2018.",
        provenance={name: (mark, source) for name, (_, mark, source) in values.items()},
        **{name: value for name, (value, _, _) in values.items()},
    )


def _window() -> dict:
    return {
        "first_date": (dt.date(2011, 4, 1), "assumed", "Seven census years, so that most first plans have a follow-up"),
        "extract_date": (dt.date(2018, 3, 31), "published", "The census date of the year that the scenario stands for"),
        "burn_in_years": (17.0, "assumed", "Long enough for the share of second plans to settle"),
        "entry_growth": (
            0.041,
            "published",
            "First plans started 44,810 in 2013 and 54,870 in 2018 (starts less subsequent): (54870/44810)**(1/5) - 1",
        ),
    }


def _authorities() -> dict:
    return {
        "n_authorities": (150, "published", "Authorities with figures in 2017-18, rounded"),
        "children_per_authority": (400, "assumed", "Fewer children than that have fewer authorities"),
        "authority_size_sd": (0.62, "calibrated", "Spread of log plans started across authorities, 2017-18"),
        "authority_hazard_sd": (0.25, "published", "SD of the logit of second plans net of binomial noise"),
        "authority_closing_sd": (0.33, "calibrated", "Percentiles of the share ended within three months, 2017-18"),
        "authority_closing_correlation": (0.3, "assumed", "Ecological rate ratio 1.08 to 1.52 for 10 points more"),
        "authority_never_multiple_share": (0.2, "assumed", "Some authorities never record the category multiple"),
        "authority_agency_sd": (0.6, "assumed", "Agency shares differ widely between authorities"),
        "authority_turnover_sd": (0.25, "assumed", "Staff turnover differs between authorities"),
        "authority_attendance_sd": (0.5, "assumed", "Inspectors name single authorities for absent professionals"),
    }


def _families() -> dict:
    sizes = {"1": 0.47, "2": 0.28, "3": 0.15, "4": 0.07, "5": 0.03}
    ages = {"unborn": 0.185, "0-1": 0.155, "1-5": 0.25, "5-10": 0.22, "10-14": 0.15, "14-16": 0.04}
    ethnicity = {
        "WBRI": 0.715,
        "WIRI": 0.005,
        "WIRT": 0.003,
        "WOTH": 0.036,
        "WROM": 0.006,
        "MWBC": 0.036,
        "MWBA": 0.010,
        "MWAS": 0.017,
        "MOTH": 0.029,
        "AIND": 0.010,
        "APKN": 0.025,
        "ABAN": 0.011,
        "AOTH": 0.017,
        "BCRB": 0.016,
        "BAFR": 0.028,
        "BOTH": 0.012,
        "CHNE": 0.002,
        "OOTH": 0.012,
        "REFU": 0.002,
        "NOBT": 0.008,
    }
    disabilities = {"LD": 0.35, "BEH": 0.20, "AUT": 0.17, "COMM": 0.08, "MOB": 0.07, "VIS": 0.03, "HEAR": 0.03}
    disabilities |= {"PC": 0.02, "CON": 0.01, "DDA": 0.04}
    return {
        "family_size_shares": (sizes, "assumed", "About 1.9 children of a family come onto plans together"),
        "youngest_age_shares": (ages, "calibrated", f"Age of children on plans at 31 March 2018. {_CIN_2018}"),
        "sibling_gap_mean": (750.0, "assumed", "Siblings about 2.9 years apart"),
        "twin_share": (0.02, "assumed", "Near the share of multiple births"),
        "sibling_late_share": (0.08, "assumed", "Most siblings are conferenced together"),
        "sibling_end_share": (0.85, "assumed", "Most siblings leave plans together"),
        "sibling_return_share": (0.8, "assumed", "Most siblings come back together"),
        "frailty_variance": (0.2, "assumed", "Modest, so that the marginal hazards stay near to proportional"),
        "severity_family_share": (0.7, "assumed", "What children suffer is mostly the household's"),
        "male_share": (0.517, "published", f"Boys 50.5 of 97.7 with known sex at 31 March 2018. {_CIN_2018}"),
        "ethnicity_shares": (
            ethnicity,
            "calibrated",
            "White 76.9, Mixed 9.3, Asian 6.5, Black 5.7, other 1.6 %",
        ),
        "disabled_share": (0.10, "assumed", "12.3 % of children in need, fewer on plans, who are younger"),
        "disability_shares": (disabilities, "assumed", "Learning, behaviour and autism lead among children in need"),
    }


def _needs() -> dict:
    categories = {"NEG": 0.473, "PHY": 0.085, "SAB": 0.043, "EMO": 0.347, "MUL": 0.052}
    change = {
        "NEG": {"EMO": 0.085, "PHY": 0.004, "SAB": 0.003},
        "PHY": {"EMO": 0.120, "NEG": 0.060},
        "SAB": {"EMO": 0.060, "NEG": 0.050},
        "EMO": {"NEG": 0.032, "PHY": 0.005, "SAB": 0.002},
        "MUL": {"EMO": 0.050, "NEG": 0.040},
    }
    # The 2018 code 18A / 19A (abuse by whom unknown) is written as 18C / 19C, which replaced it.
    factors = {
        "1A": 0.02,
        "1B": 0.22,
        "1C": 0.02,
        "2A": 0.04,
        "2B": 0.25,
        "2C": 0.03,
        "3A": 0.15,
        "3B": 0.48,
        "3C": 0.05,
        "4A": 0.12,
        "4B": 0.38,
        "4C": 0.04,
        "5A": 0.09,
        "5B": 0.05,
        "6A": 0.05,
        "6B": 0.05,
        "7A": 0.04,
        "10A": 0.03,
        "11A": 0.04,
        "13A": 0.02,
        "14A": 0.07,
        "15A": 0.04,
        "16A": 0.30,
        "17A": 0.34,
        "18C": 0.17,
        "19C": 0.05,
        "20": 0.18,
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
    source = "Share of all assessments 2018 (assessment factors), raised for plans, where needs are greater"
    return {
        "initial_category_shares": (categories, "published", f"Initial category, plans started. {_CIN_2018}"),
        "category_change": (change, "calibrated", "Latest category 46.6 / 7.6 / 4.1 / 36.9 / 4.7 % at 31 March 2018"),
        "category_persistence": (0.6, "assumed", "A second plan is often for the same reason"),
        "factor_shares": (factors, "assumed", source),
        "factor_category_log_odds": (by_category, "assumed", "The abuse factors follow the category of abuse"),
        "factor_severity_log_odds": (0.25, "assumed", "Severe cases have more factors recorded"),
        "referral_rate": (0.22, "assumed", "Re-referral within 12 months 21.9 % in 2018"),
        "referral_rate_shape": (1.2, "assumed", "Referrals gather in a few families"),
    }


def _course() -> dict:
    effects = {"severity": -0.5, "neglect": -0.2, "parental_drugs": -0.2}
    guidance = "Working Together 2015: first review within 3 months, later ones within 6"
    return {
        "first_review_due": (91, "published", guidance),
        "later_review_due": (183, "published", guidance),
        "early_review_share": (0.195, "calibrated", "Plans of 3 to 6 months, 11.4 % of those ended"),
        "late_review_share": (0.055, "calibrated", "90.5 % of plans had all their reviews on time"),
        "end_logits": ((-1.69, 0.30, 0.02, 0.65, 1.5), "calibrated", "D7 bands 19.6 / 11.4 / 41.8 / 23.8 / 3.4 %"),
        "end_log_odds": (effects, "assumed", "The stated confounding: severe cases stay longer and return more"),
        "end_delay_share": (0.1, "assumed", "Most plans end at the conference"),
        "care_on_plan_rate": (
            0.15,
            "assumed",
            "About one plan in eight ends in care; nobody records why plans end",
        ),
        "care_on_plan_severity": (0.5, "assumed", "Severe cases enter care"),
        "transfer_on_plan_rate": (0.03, "assumed", "Part of the 4.1 % who had moved within three months"),
        "death_rate": (0.0003, "assumed", "Above the childhood death rate"),
        "not_quorate_share": (0.06, "assumed", "Inspectors report conferences without the required attendance"),
        "absent_agencies_mean": (0.4, "assumed", "Inspectors report absent school nurses and substance misuse workers"),
        "worker_change_rate": (1.0, "assumed", "About one change of worker a year"),
        "agency_share": (0.16, "assumed", "Near the national share of agency social workers"),
    }


def _hazards() -> dict:
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
        "second_plan_rate": (0.0125, "calibrated", "Within-year repeats 1.88 % of plans ended in 2017-18"),
        "second_plan_shape": (0.97, "calibrated", "Low and long-lived: a fifth of eventual repeats in the first year"),
        "log_hazard_ratios": (ratios, "assumed", _REVIEWS),
        "care_rate": (0.03, "assumed", "Fewer enter care after a plan than come back to one"),
        "care_shape": (0.7, "assumed", "Entry into care is earlier than second plans"),
        "care_log_hazard_ratios": ({"severity": 0.4, "age_at_end": -0.03}, "assumed", "Severe cases enter care"),
        "care_length_mean": (800.0, "assumed", "Mean length of a period in care"),
        "care_permanent_share": (0.5, "assumed", "Adoption, special guardianship, long-term care"),
        "after_care_log_hazard_ratio": (math.log(0.8), "assumed", "Support continues after care"),
    }


def _afterwards() -> dict:
    closures = "Children in need whose plans ended April to September 2017"
    return {
        "other_exit_rate": (0.003, "assumed", "Adoption and special guardianship mostly follow care"),
        "other_exit_shares": (
            {"RC1": 0.15, "RC4": 0.85},
            "assumed",
            "Special guardianship is the more frequent",
        ),
        "closure_within_3_months": (0.318, "calibrated", f"{closures}: 31.2 % of all, moves on the plan included"),
        "closure_3_to_6_months": (0.268, "calibrated", f"{closures}: 22.3 % of all"),
        "closure_later_mean": (240.0, "assumed", "46.5 % closed later; when is not published"),
        "transfer_within_3_months": (0.018, "calibrated", f"{closures}: 13 % of 31.2 %, with moves on the plan"),
        "other_authority_share": (0.008, "assumed", "Temporary plans of another authority are rare"),
        "transfer_in_share": (0.03, "assumed", "Near the share that move out"),
    }
