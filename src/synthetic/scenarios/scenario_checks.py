"""The rules that a scenario's parameters obey."""

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...given_dates import given_date
from ...plans.bands import PLAN_LENGTH_BANDS
from ...plans.codes import CATEGORIES, CLOSURE_REASONS, DISABILITIES, ETHNICITIES, FACTORS, PROGRESS
from ...plans.features.assessments import FACTORS_OF_FEATURE
from .trends import TRENDS

if TYPE_CHECKING:
    from .definition import Scenario

MARKS = ("published", "calibrated", "assumed")
"""Where a parameter's value may come from."""

DRIVERS = (
    "plan_length_days",
    "plan_length_band",
    "age_at_end",
    "disabled",
    "latest_category",
    "n_reviews",
    "share_reviews_not_quorate",
    "share_reviews_absent_agencies",
    "latest_progress",
    "n_previous_referrals",
    "n_siblings_on_plan",
    "n_worker_changes",
    "share_agency_worker",
    *FACTORS_OF_FEATURE,
)
"""Features of the cohort that may have an effect on the hazards."""

NEEDS = ("severity", *FACTORS_OF_FEATURE)
"""What may have an effect on progress, on care during the plan, and on the negative-control event."""

ENDING_DRIVERS = (*NEEDS, "neglect", "parental_drugs")
"""What may have an effect on the chance of ending at a review."""


_SHARES_OF_ONE = (
    "family_size_shares",
    "youngest_age_shares",
    "ethnicity_shares",
    "disability_shares",
    "initial_category_shares",
    "other_exit_shares",
)
_PROBABILITIES = (
    "authority_never_multiple_share",
    "twin_share",
    "sibling_late_share",
    "sibling_end_share",
    "sibling_return_share",
    "severity_family_share",
    "male_share",
    "disabled_share",
    "category_persistence",
    "early_review_share",
    "late_review_share",
    "end_delay_share",
    "not_quorate_share",
    "agency_share",
    "care_permanent_share",
    "closure_within_3_months",
    "closure_3_to_6_months",
    "transfer_within_3_months",
    "conference_in_time_share",
    "other_authority_share",
    "transfer_in_share",
)
_POSITIVE = (
    "n_authorities",
    "children_per_authority",
    "sibling_gap_mean",
    "referral_rate_shape",
    "second_plan_rate",
    "second_plan_shape",
    "care_rate",
    "care_shape",
    "care_length_mean",
    "closure_later_mean",
    "negative_control_rate",
)
_NOT_NEGATIVE = (
    "burn_in_years",
    "authority_size_sd",
    "authority_hazard_sd",
    "authority_closing_sd",
    "authority_entry_year_sd",
    "authority_agency_sd",
    "authority_turnover_sd",
    "authority_attendance_sd",
    "frailty_variance",
    "referral_rate",
    "care_on_plan_rate",
    "transfer_on_plan_rate",
    "death_rate",
    "absent_agencies_mean",
    "worker_change_rate",
    "other_exit_rate",
)


def check_scenario(scenario: "Scenario") -> None:
    """Raise ValueError where a parameter is outside its range, misnamed, or without provenance."""
    if scenario.first_date >= scenario.extract_date:
        raise ValueError(f"first_date {scenario.first_date} must be before extract_date {scenario.extract_date}")
    for name in _SHARES_OF_ONE:
        shares = getattr(scenario, name)
        if not shares or min(shares.values()) < 0 or not math.isclose(sum(shares.values()), 1.0, abs_tol=1e-6):
            raise ValueError(f"{name} must be at least 0 and add up to 1, they add up to {sum(shares.values()):.6g}")
    for name in _PROBABILITIES:
        _require(0 <= getattr(scenario, name) <= 1, name, "in [0, 1]", getattr(scenario, name))
    for name in _POSITIVE:
        _require(getattr(scenario, name) > 0, name, "above 0", getattr(scenario, name))
    for name in _NOT_NEGATIVE:
        _require(getattr(scenario, name) >= 0, name, "at least 0", getattr(scenario, name))
    for name, value in scenario.factor_shares.items():
        _require(0 < value < 1, f"factor_shares[{name}]", "in (0, 1)", value)
    _check_names(scenario)
    _check_trends(scenario)
    codes = scenario.authority_codes
    _require(len(codes) in (0, scenario.n_authorities), "authority_codes", "none, or one per authority", codes)
    correlation = scenario.authority_closing_correlation
    _require(-1 <= correlation <= 1, "authority_closing_correlation", "in [-1, 1]", correlation)
    closed = scenario.closure_within_3_months + scenario.closure_3_to_6_months
    _require(closed <= 1, "closure_within_3_months + closure_3_to_6_months", "at most 1", closed)
    _require(len(scenario.end_logits) > 0, "end_logits", "at least one number", scenario.end_logits)
    logits = scenario.progress_logits
    _require(len(logits) == 2 and logits[0] >= logits[1], "progress_logits", "two numbers, the first not less", logits)
    names = {f.name for f in dataclasses.fields(scenario)} - {"name", "description", "provenance"}
    if set(scenario.provenance) != names:
        wrong = sorted(set(scenario.provenance) ^ names)
        raise ValueError(f"provenance must name every parameter once; missing or unknown: {wrong}")
    for name, (mark, source) in scenario.provenance.items():
        if mark not in MARKS or not source:
            raise ValueError(f"{name}: the mark must be one of {MARKS} with a source or reason, got {mark!r}")


def _check_names(scenario: "Scenario") -> None:
    """Refuse names that nothing would read: a misspelt effect would silently be none."""
    levels = {"plan_length_band": PLAN_LENGTH_BANDS, "latest_category": CATEGORIES}
    allowed = {
        "ethnicity_shares": ETHNICITIES,
        "disability_shares": DISABILITIES,
        "initial_category_shares": CATEGORIES,
        "category_age_log_odds": scenario.youngest_age_shares,
        "category_change": CATEGORIES,
        "factor_shares": FACTORS,
        "factor_category_log_odds": scenario.factor_shares,
        "progress_after": PROGRESS,
        "progress_log_odds": NEEDS,
        "care_on_plan_log_hazard_ratios": NEEDS,
        "negative_control_log_hazard_ratios": NEEDS,
        "end_log_odds": ENDING_DRIVERS,
        "end_progress_log_odds": PROGRESS,
        "care_on_plan_progress": PROGRESS,
        "other_exit_shares": CLOSURE_REASONS,
        "trends": TRENDS,
    }
    for name, known in allowed.items():
        unknown = sorted(set(getattr(scenario, name)) - set(known))
        _require(not unknown, name, f"of {', '.join(known)}", unknown)
    for name in ("log_hazard_ratios", "care_log_hazard_ratios"):
        for feature, effect in getattr(scenario, name).items():
            parts = feature.split(":")
            unknown = [] if feature == "severity" else [part for part in parts if not _is_driver(part)]
            _require(not unknown, name, f"of {', '.join((*DRIVERS, 'severity'))}, or two of them as a:b", unknown)
            with_levels = [part for part in parts if part in levels]
            # Beside levels stands what holds or does not.
            flags = [part for part in parts if "<" in part or part == "disabled" or part.startswith("factor_")]
            rule = "of two features, of which one may have levels if the other is yes or no (disabled, age_at_end<5)"
            is_one = len(parts) == 1 or (len(parts) == 2 and (not with_levels or len(with_levels) == len(flags) == 1))
            _require(is_one, f"{name}[{feature}]", rule, feature)
            expected = "a number, or one number per level"
            _require(isinstance(effect, Mapping) == bool(with_levels), f"{name}[{feature}]", expected, effect)
            known = levels[with_levels[0]] if with_levels else ()
            unknown = sorted(set(effect) - set(known)) if isinstance(effect, Mapping) else []
            _require(not unknown, f"{name}[{feature}]", f"of {', '.join(known)}", unknown)


def _is_driver(part: str) -> bool:
    """Whether a feature has the name, or it is a condition on one that is a number, as ``age_at_end<5``."""
    name, is_less, limit = part.partition("<")
    if not is_less:
        return name in DRIVERS
    return name in DRIVERS and name not in ("plan_length_band", "latest_category") and _is_number(limit)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _check_trends(scenario: "Scenario") -> None:
    for name, knots in scenario.trends.items():
        for date, value in knots.items():
            given_date(date, f"trends[{name}]")
            _require(math.isfinite(value), f"trends[{name}][{date}]", "a finite number", value)


def _require(holds: bool, name: str, rule: str, value: Any) -> None:
    if not holds:
        raise ValueError(f"{name} must be {rule}, got {value!r}")
