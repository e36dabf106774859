"""Families and their children on the day the family's first plans start."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...plans.features.assessments import FACTORS_OF_FEATURE
from ..randomness.columns import Columns, owners_and_places
from ..randomness.day_numbers import DAYS_PER_YEAR, NEVER, day_number, eighteenth_birthdays, to_weekday_after
from ..randomness.portable import exp, log
from ..randomness.streams import Streams
from ..scenarios.definition import Scenario
from ..scenarios.trends import trend
from .authorities import Authorities, first_simulated_day, log_odds, probability

LONGEST_UNBORN = 150
"""Days before the expected date of birth from which an unborn child comes onto a plan."""

OLDEST_YEARS = 16.5
"""Older siblings do not come onto plans."""

SHARED_FACTORS = ("B", "C", "0")
"""Factors of parents and household (by the code's last sign) are mostly the same for siblings."""

FACTOR_SHARING = 0.85


@dataclass(frozen=True)
class Children(Columns):
    """Children, each field of shape ``(n,)`` unless stated; days are day numbers.

    Attributes
    ----------
    family : int
        Number of the family; siblings have the same.
    authority : int
        Position in :class:`~secondplan.synthetic.population.authorities.Authorities`.
    first_start : int
        Day on which the child's first plan starts.
    birth, expected_birth, adult, death : int
        Days of birth, expected birth, 18th birthday and death (``NEVER`` in almost all).
    severity, log_frailty : float
        Latent: severity with mean 0 and variance 1; the log of the family's frailty.
    male : bool
    ethnicity, disability, category : int
        Positions in the scenario's shares; ``disability`` is -1 for none; ``category`` is that of the first plan.
    other_authority : bool
        The plan is another authority's, temporarily here.
    factors : bool, shape (n, n_factors)
        Assessment factors, in the order of the scenario's ``factor_shares``.
    n_referrals : int
        Referrals before the one that led to the first plan.
    negative_control : int
        Day of an event after the first plan's start that nothing of the plan can cause, but the child's needs can.
    """

    family: np.ndarray
    authority: np.ndarray
    first_start: np.ndarray
    birth: np.ndarray
    expected_birth: np.ndarray
    adult: np.ndarray
    death: np.ndarray
    severity: np.ndarray
    log_frailty: np.ndarray
    male: np.ndarray
    ethnicity: np.ndarray
    disability: np.ndarray
    category: np.ndarray
    other_authority: np.ndarray
    factors: np.ndarray
    n_referrals: np.ndarray
    negative_control: np.ndarray


def draw_children(scenario: Scenario, authorities: Authorities, n_families: int, streams: Streams) -> Children:
    """The children of ``n_families`` families whose first plans start between the burn-in and the extract date."""
    rng = streams["families"]
    entry = _entry_days(scenario, n_families, rng)
    authority = _authority_of(scenario, authorities, entry, rng)
    start = to_weekday_after(entry)
    size = 1 + draw_shares(np.array(list(scenario.family_size_shares.values())), n_families, rng)
    family_ethnicity = draw_shares(np.array(list(scenario.ethnicity_shares.values())), n_families, rng)
    other_authority = rng.random(n_families) < scenario.other_authority_share
    frailty = _log_frailty(scenario.frailty_variance, n_families, streams["frailty"])
    share = scenario.severity_family_share
    family_severity = np.sqrt(share) * streams["severity"].standard_normal(n_families)

    family, place = owners_and_places(size)
    birth, expected = _births(scenario, start[family], place, streams["children"])
    youngest = np.minimum.reduceat(start[family] - birth, np.cumsum(size) - size)
    category = draw_categories(scenario, authorities, authority, youngest, streams["categories"])
    young = start[family] - birth <= OLDEST_YEARS * DAYS_PER_YEAR
    family, place, birth, expected = family[young], place[young], birth[young], expected[young]
    n = family.size
    severity = family_severity[family] + np.sqrt(1 - share) * streams["severity"].standard_normal(n)

    rng = streams["children"]
    late = (rng.random(n) < scenario.sibling_late_share) & (place > 0)
    first_start = to_weekday_after(start[family] + np.where(late, rng.integers(14, 76, n), 0))
    death = first_start + np.minimum(rng.standard_exponential(n) / max(scenario.death_rate, 1e-9), 200) * DAYS_PER_YEAR
    disability = draw_shares(np.array(list(scenario.disability_shares.values())), n, rng)
    age = np.maximum(first_start - birth, 0) / DAYS_PER_YEAR
    factors = _factors(scenario, family, category[family], severity, streams["factors"])
    of_needs = needs_effect(scenario, scenario.negative_control_log_hazard_ratios, severity, factors)
    years = streams["negative_control"].standard_exponential(n) / (scenario.negative_control_rate * exp(of_needs))
    adult = eighteenth_birthdays(birth)
    event = first_start + np.ceil(np.minimum(years * DAYS_PER_YEAR, NEVER)).astype(np.int64)
    return Children(
        family=family,
        authority=authority[family],
        first_start=first_start,
        birth=birth,
        expected_birth=expected,
        adult=adult,
        death=np.where(first_start > birth, death, NEVER).astype(np.int64),
        severity=severity,
        log_frailty=frailty[family],
        male=rng.random(n) < scenario.male_share,
        ethnicity=family_ethnicity[family],
        disability=np.where(rng.random(n) < scenario.disabled_share, disability, -1),
        category=category[family],
        other_authority=other_authority[family],
        factors=factors,
        n_referrals=_referrals(scenario, age, streams["referrals"]),
        negative_control=np.where(event < adult, event, NEVER),
    )


def has_factor(scenario: Scenario, factors: np.ndarray, feature: str) -> np.ndarray:
    """Whether a feature of ``FACTORS_OF_FEATURE`` is there, shape (n,), given ``factors``, shape (n, n_factors)."""
    own = [code in FACTORS_OF_FEATURE[feature] for code in scenario.factor_shares]
    return np.asarray(factors[:, own].any(axis=1))


def needs_effect(
    scenario: Scenario, effects: Mapping[str, float], severity: np.ndarray | float, factors: np.ndarray
) -> np.ndarray:
    """Sum of the effects of severity and of recorded factors, shape (n,); other names in ``effects`` are left out."""
    total = effects.get("severity", 0.0) * severity + np.zeros(len(factors))
    for name in (name for name in FACTORS_OF_FEATURE if name in effects):
        total += effects[name] * has_factor(scenario, factors, name)
    return total


def draw_shares(shares: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Positions 0, 1, ... drawn with the probabilities ``shares``, shape (n,)."""
    limits = np.cumsum(shares)
    return np.minimum(np.searchsorted(limits, rng.random(n), side="right"), len(limits) - 1)


def draw_categories(
    scenario: Scenario, authorities: Authorities, authority: np.ndarray, age_days: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Initial categories by age, shape (n,); authorities that never record "multiple" use the other categories.

    Elsewhere "multiple" is as much more frequent as keeps its share over all authorities.
    """
    names = list(scenario.initial_category_shares)
    shares = np.array(list(scenario.initial_category_shares.values()))
    is_multiple = np.array([name == "MUL" for name in names])
    records = authorities.records_multiple
    use = max(float(authorities.share[records].sum()), 1e-9)
    raised = np.where(is_multiple, shares / use, shares)
    raised[~is_multiple] *= (1 - raised[is_multiple].sum()) / shares[~is_multiple].sum()
    without = np.where(is_multiple, 0, shares)
    ages = list(scenario.youngest_age_shares)
    effects = scenario.category_age_log_odds
    odds = exp(np.array([[effects.get(age, {}).get(name, 0.0) for name in names] for age in ages]))
    band = np.searchsorted([age_limits(age)[0] for age in ages[1:]], age_days, side="right")
    # One row per age band and practice of recording.
    chances = np.concatenate([without * odds, raised * odds])
    limits = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    row = band + len(ages) * records[authority]
    drawn = (rng.random(authority.size)[:, None] >= limits[row]).sum(axis=1)
    last = np.where(records[authority], len(names) - 1, np.flatnonzero(~is_multiple)[-1])
    return np.minimum(drawn, last)


def _entry_days(scenario: Scenario, n: int, rng: np.random.Generator) -> np.ndarray:
    """Days on which families' first plans start: the rate grows by the scenario's growth and trend."""
    days = np.arange(first_simulated_day(scenario), day_number(scenario.extract_date) + 1)
    log_rate = float(log(1 + scenario.entry_growth)) / DAYS_PER_YEAR * (days - days[-1])
    rate = exp(log_rate + trend(scenario.trends, "entry", days))
    return days[draw_shares(rate / rate.sum(), n, rng)]


def _authority_of(
    scenario: Scenario, authorities: Authorities, day: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Authority of each family: its share of all families, and its good and bad years."""
    weight = authorities.share[:, None] * exp(authorities.entry)
    limits = np.cumsum(weight / weight.sum(axis=0), axis=0)
    year = ((day - first_simulated_day(scenario)) // DAYS_PER_YEAR).astype(np.int64)
    # Years one after the other on one axis, so that one search finds the authority within the year.
    n = len(authorities)
    place = np.searchsorted((limits + np.arange(limits.shape[1])).T.ravel(), year + rng.random(day.size), side="right")
    return np.clip(place - year * n, 0, n - 1)


def _births(
    scenario: Scenario, start: np.ndarray, place: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Days of birth and expected birth: the youngest by the scenario's ages, each next sibling older by a gap."""
    n = start.size
    names = list(scenario.youngest_age_shares)
    band = draw_shares(np.array(list(scenario.youngest_age_shares.values())), n, rng)
    low, high = np.array([age_limits(name) for name in names]).T
    youngest = low[band] + rng.random(n) * (high - low)[band]
    gap = np.where(
        rng.random(n) < scenario.twin_share, 0, 300 + scenario.sibling_gap_mean * rng.standard_exponential(n)
    )
    gap[place == 0] = youngest[place == 0]
    total = np.cumsum(gap)
    first_row = np.maximum.accumulate(np.where(place == 0, np.arange(n), 0))
    age = total - (total[first_row] - gap[first_row])
    expected = start - np.floor(age).astype(np.int64)
    # Born about the expected date; children already born have only their date of birth.
    shift = np.clip(np.round(9 * rng.standard_normal(n) - 2), -60, 14).astype(np.int64)
    return np.where(expected > start, expected + shift, expected), expected


def age_limits(name: str) -> tuple[float, float]:
    """Youngest and oldest age in days of a band of ``youngest_age_shares``: ``unborn``, or years as ``1-5``."""
    if name == "unborn":
        return -LONGEST_UNBORN, 0
    low, high = name.split("-")
    return float(low) * DAYS_PER_YEAR, float(high) * DAYS_PER_YEAR


def _log_frailty(variance: float, n: int, rng: np.random.Generator) -> np.ndarray:
    if variance == 0:
        return np.zeros(n)
    return log(np.maximum(rng.standard_gamma(1 / variance, n) * variance, 1e-12))


def _factors(
    scenario: Scenario, family: np.ndarray, category: np.ndarray, severity: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    n_families = int(family.max()) + 1 if family.size else 0
    names = list(scenario.initial_category_shares)
    present = np.zeros((family.size, len(scenario.factor_shares)), dtype=bool)
    for column, (code, share) in enumerate(scenario.factor_shares.items()):
        by_category = scenario.factor_category_log_odds.get(code, {})
        effect = np.array([by_category.get(name, 0.0) for name in names])
        logit = log_odds(share) + effect[category] + scenario.factor_severity_log_odds * severity
        ours, own = rng.random(n_families), rng.random(family.size)
        together = rng.random(family.size) < (FACTOR_SHARING if code[-1] in SHARED_FACTORS else 0.0)
        present[:, column] = np.where(together, ours[family], own) < probability(logit)
    return present


def _referrals(scenario: Scenario, age_years: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    spread_between = rng.standard_gamma(scenario.referral_rate_shape, age_years.size) / scenario.referral_rate_shape
    counts = rng.poisson(scenario.referral_rate * spread_between * age_years)
    # Each referral takes at least four months of the child's life.
    return np.minimum(counts, np.floor(age_years * 3).astype(np.int64))
