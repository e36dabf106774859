"""A scenario: every true parameter of a synthetic population, in one object, each with where it comes from.

The scenario is the only place where a number that drives the simulation is stated. A parameter is marked

- ``published``: printed in, or computed by arithmetic from, official statistics;
- ``calibrated``: chosen so that simulated moments come near published ones;
- ``assumed``: no published figure exists; the reason for the choice is given.
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...given_dates import given_date
from .scenario_checks import check_scenario

CHANGED = ("assumed", "Set by the caller.")


@dataclass(frozen=True)
class Scenario:
    """The true parameters of a synthetic population. Rates are per year, lengths in days, effects on the log scale.

    Parameters
    ----------
    name, description : str
    first_date, extract_date : date
        The window: plans that ended before ``first_date`` are not in the data, nothing after ``extract_date`` is.
    burn_in_years : float
        How long before ``first_date`` the population is simulated, so that the window starts in its usual state.
    entry_growth : float
        Growth a year of the number of families whose first plans start.
    trends : mapping of str to mapping of ISO date to float
        What changes over calendar time, linear between the dates: ``entry`` (log rate of first plans, beside the
        growth), ``end_at_first_review`` and ``end_at_later_reviews`` (log odds of ending, by the review's day),
        ``second_plan`` (log hazard, by the day the plan ended).
    authority_codes : tuple of str
        Codes of the authorities; empty for made-up ones that no English authority has.
    n_authorities, children_per_authority : int
        A simulation has as many authorities as its children fill, at most ``n_authorities``.
    authority_size_sd, authority_hazard_sd, authority_closing_sd, authority_closing_correlation : float
        Spread of log size, of the log hazard of a second plan, of the log odds of ending at the first review, and the
        correlation of the last two. The spread is exact and the mean over plans 0: authorities are normal quantiles in
        random order, not independent draws, so that England is the same in all simulations.
    authority_entry_year_sd : float
        Spread of the log number of first plans of one authority from year to year.
    authority_never_multiple_share : float
        Share of authorities that never record the category "multiple".
    authority_agency_sd, authority_turnover_sd, authority_attendance_sd : float
        Spread of the log odds of agency workers, log rate of worker changes, log odds of conferences not quorate.
    family_size_shares : mapping of str to float
        Shares of families with 1, 2, ... children on plans.
    youngest_age_shares : mapping of str to float
        Age of a family's youngest child when its first plans start: ``unborn``, then years: ``0-1``, ``1-5``, ...
    sibling_gap_mean, twin_share : float
        Mean days between siblings beyond 300; share of neighbouring siblings born on one day.
    sibling_late_share : float
        Share of siblings whose first plan starts 14 to 75 days after the family's.
    sibling_end_share : float
        Chance that the decision to end is taken for a child together with its siblings.
    sibling_return_share : float
        Chance that a child's return is exposed to the family's events (the marginal hazard is the same either way).
    frailty_variance : float
        Variance of the family's gamma frailty (mean 1), which multiplies the hazard of a second plan. 0: no frailty.
    severity_family_share : float
        Share of the variance of latent severity (mean 0, variance 1) that siblings have in common.
    male_share, disabled_share : float
    ethnicity_shares, disability_shares : mapping of code to float
    initial_category_shares : mapping of code to float
    category_age_log_odds : mapping of age to mapping of code to float
        Effects of age at the plan's start, in the bands of ``youngest_age_shares``, on the initial category.
    category_change : mapping of code to mapping of code to float
        Chance that the category becomes another at the first review.
    category_persistence : float
        Chance that a later plan starts under the last plan's category.
    factor_shares : mapping of code to float
        Chance of each assessment factor at average severity, before the effects of category.
    factor_category_log_odds : mapping of factor to mapping of category to float
    factor_severity_log_odds : float
    referral_rate, referral_rate_shape : float
        Earlier referrals that led to no plan: mean a year of age at the first plan, and gamma shape over children.
    first_review_due, later_review_due : int
        Days from the start, and from the review before, within which a review is due.
    early_review_share, late_review_share : float
        Share of later reviews brought forward to 60 to 110 days, and of reviews that are late.
    end_logits : tuple of float
        Log odds of ending at the first, second, ... review; the last one holds for all further reviews.
    end_log_odds : mapping of str to float
        Effects on ending at a review: ``severity`` (1 SD), ``neglect``, ``parental_drugs``, and factors of the
        assessments by the cohort's names of them (``factor_alcohol``).
    progress_logits : (float, float)
        Log odds that a first review finds anything but good progress, and that it finds poor progress, at average
        severity.
    progress_log_odds : mapping of str to float
        What 1 SD of ``severity``, and factors of the assessments by the cohort's names of them, add to both.
    progress_after : mapping of state to float
        What the state that the review before found (``good``, ``some``, ``poor``) adds to both.
    end_progress_log_odds : mapping of state to float
        Effects on ending at a review of the progress that it finds.
    end_delay_share : float
        Share of endings recorded 1 to 14 days after the review.
    care_on_plan_rate, transfer_on_plan_rate, death_rate : float
    care_on_plan_log_hazard_ratios : mapping of str to float
        Effects of ``severity`` and factors of the assessments.
    care_on_plan_progress : mapping of state to float
        Effects of the progress that the latest review found on the hazard of care on the plan.
    not_quorate_share, absent_agencies_mean : float
    worker_change_rate, agency_share : float
    second_plan_rate, second_plan_shape : float
        Cumulative hazard in the first year at all-zero features, and the Weibull shape: ``rate * years ** shape``.
    log_hazard_ratios : mapping of str to float or mapping of level to float
        Effects on the hazard of a second plan of the cohort's features, by their names there, and of ``severity``.
        ``plan_length_band:age_at_end<5`` is an interaction: what is added for children under 5, by level.
    care_rate, care_shape : float
        The same for entry into care.
    care_log_hazard_ratios : mapping of str to float
    care_length_mean, care_permanent_share, after_care_log_hazard_ratio : float
        Mean days in care; share who do not come back; effect on the hazard of a second plan after care.
    other_exit_rate : float
        Hazard of adoption or special guardianship without prior care, a year.
    other_exit_shares : mapping of code to float
        Closure reasons of these.
    closure_within_3_months, closure_3_to_6_months, closure_later_mean : float
        When the episode of need closes, of plans that end at a review and not followed by care: two shares, and mean
        days beyond six months.
    transfer_within_3_months : float
        Share of these that are followed within three months by a move to another authority.
    negative_control_rate : float
        Hazard a year, from the first plan's start, of an event that nothing of the plan can cause; the truth alone
        holds it.
    negative_control_log_hazard_ratios : mapping of str to float
        Effects on it of ``severity`` and factors of the assessments.
    conference_in_time_share : float
        Share of enquiries followed by their conference within 15 working days.
    other_authority_share, transfer_in_share : float
        Share of families whose plan is another authority's, temporarily; share of conferences that are transfers in.
    provenance : mapping of str to (mark, source or reason)
        One entry for every parameter above except ``name`` and ``description``.

    Raises
    ------
    ValueError
        A parameter is outside its range, shares do not add up to 1, or a parameter has no provenance.
    """

    name: str
    description: str
    first_date: dt.date
    extract_date: dt.date
    burn_in_years: float
    entry_growth: float
    trends: Mapping[str, Mapping[str, float]]
    authority_codes: tuple[str, ...]
    n_authorities: int
    children_per_authority: int
    authority_size_sd: float
    authority_hazard_sd: float
    authority_closing_sd: float
    authority_closing_correlation: float
    authority_entry_year_sd: float
    authority_never_multiple_share: float
    authority_agency_sd: float
    authority_turnover_sd: float
    authority_attendance_sd: float
    family_size_shares: Mapping[str, float]
    youngest_age_shares: Mapping[str, float]
    sibling_gap_mean: float
    twin_share: float
    sibling_late_share: float
    sibling_end_share: float
    sibling_return_share: float
    frailty_variance: float
    severity_family_share: float
    male_share: float
    disabled_share: float
    ethnicity_shares: Mapping[str, float]
    disability_shares: Mapping[str, float]
    initial_category_shares: Mapping[str, float]
    category_age_log_odds: Mapping[str, Mapping[str, float]]
    category_change: Mapping[str, Mapping[str, float]]
    category_persistence: float
    factor_shares: Mapping[str, float]
    factor_category_log_odds: Mapping[str, Mapping[str, float]]
    factor_severity_log_odds: float
    referral_rate: float
    referral_rate_shape: float
    first_review_due: int
    later_review_due: int
    early_review_share: float
    late_review_share: float
    end_logits: tuple[float, ...]
    end_log_odds: Mapping[str, float]
    progress_logits: tuple[float, float]
    progress_log_odds: Mapping[str, float]
    progress_after: Mapping[str, float]
    end_progress_log_odds: Mapping[str, float]
    end_delay_share: float
    care_on_plan_rate: float
    care_on_plan_log_hazard_ratios: Mapping[str, float]
    care_on_plan_progress: Mapping[str, float]
    transfer_on_plan_rate: float
    death_rate: float
    not_quorate_share: float
    absent_agencies_mean: float
    worker_change_rate: float
    agency_share: float
    second_plan_rate: float
    second_plan_shape: float
    log_hazard_ratios: Mapping[str, float | Mapping[str, float]]
    care_rate: float
    care_shape: float
    care_log_hazard_ratios: Mapping[str, float]
    care_length_mean: float
    care_permanent_share: float
    after_care_log_hazard_ratio: float
    other_exit_rate: float
    other_exit_shares: Mapping[str, float]
    closure_within_3_months: float
    closure_3_to_6_months: float
    closure_later_mean: float
    transfer_within_3_months: float
    negative_control_rate: float
    negative_control_log_hazard_ratios: Mapping[str, float]
    conference_in_time_share: float
    other_authority_share: float
    transfer_in_share: float
    provenance: Mapping[str, tuple[str, str]] = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("first_date", "extract_date"):
            object.__setattr__(self, name, given_date(getattr(self, name), name).date())
        check_scenario(self)

    def replace(self, **changes: Any) -> "Scenario":
        """A copy with other values; what is changed is marked as assumed, set by the caller.

        Examples
        --------
        >>> from secondplan.synthetic import scenario
        >>> scenario("england-2018").replace(frailty_variance=0.0).frailty_variance
        0.0
        """
        marks = {name: CHANGED for name in changes if name in self.provenance}
        provenance = changes.pop("provenance", {**self.provenance, **marks})
        return dataclasses.replace(self, **changes, provenance=provenance)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: ``name``, ``description`` and ``parameters`` (value, mark, source by name)."""
        parameters = {}
        for name in parameter_names():
            mark, source = self.provenance[name]
            parameters[name] = {"value": _plain(getattr(self, name)), "mark": mark, "source": source}
        return {"name": self.name, "description": self.description, "parameters": parameters}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Scenario":
        """The scenario that :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            A parameter is missing, unknown, or invalid.
        """
        given = data.get("parameters", {})
        unknown = sorted(set(given) - set(parameter_names()))
        missing = [name for name in parameter_names() if name not in given]
        if unknown or missing:
            raise ValueError(f"scenario parameters unknown: {unknown}; missing: {missing}")
        values = {name: given[name]["value"] for name in parameter_names()}
        for name in ("end_logits", "progress_logits", "authority_codes"):
            values[name] = tuple(values[name])
        provenance = {name: (given[name]["mark"], given[name]["source"]) for name in parameter_names()}
        return cls(name=data["name"], description=data["description"], provenance=provenance, **values)


def parameter_names() -> tuple[str, ...]:
    """The names of the parameters that have a provenance, in the order of :class:`Scenario`."""
    return tuple(f.name for f in dataclasses.fields(Scenario) if f.name not in {"name", "description", "provenance"})


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return list(value)
    return value
