"""Authorities: size, level of second plans, closing practice, staffing and attendance."""

from dataclasses import dataclass

import numpy as np

from ..randomness.columns import Columns
from ..randomness.day_numbers import DAYS_PER_YEAR, day_number
from ..randomness.portable import exp, log, normal_quantile
from ..scenarios.definition import Scenario

FIRST_CODE = 501
"""No English authority has a code from 501 to 650: synthetic authorities cannot be taken for real ones."""


@dataclass(frozen=True)
class Authorities(Columns):
    """The true characteristics of ``n`` authorities, each field of shape ``(n,)``.

    Attributes
    ----------
    code : str
        Three digits.
    entry : float, shape (n, n_years)
        Added to the log number of first plans in each year from the start of the simulation.
    share : float
        Share of all families.
    log_hazard : float
        Added to the log hazard of a second plan.
    closing : float
        Added to the log odds of ending at the first review (a quarter of it at later ones).
    agency_share, worker_change_rate, not_quorate_share, absent_agencies_mean : float
    records_multiple : bool
        Whether the category "multiple" is in use.
    """

    code: np.ndarray
    entry: np.ndarray
    share: np.ndarray
    log_hazard: np.ndarray
    closing: np.ndarray
    agency_share: np.ndarray
    worker_change_rate: np.ndarray
    not_quorate_share: np.ndarray
    absent_agencies_mean: np.ndarray
    records_multiple: np.ndarray


def draw_authorities(scenario: Scenario, n_children: int, rng: np.random.Generator) -> Authorities:
    """As many authorities as ``n_children`` fill, at least one and at most ``scenario.n_authorities``."""
    n = int(np.clip(n_children // scenario.children_per_authority, 1, scenario.n_authorities))
    size = exp(scenario.authority_size_sd * _normal(n, rng))
    share = size / size.sum()
    closing = _normal(n, rng)
    rho = scenario.authority_closing_correlation
    level = rho * closing + np.sqrt(1 - rho**2) * _normal(n, rng)
    n_never = round(n * scenario.authority_never_multiple_share)
    n_years = simulated_years(scenario)
    return Authorities(
        code=np.array(scenario.authority_codes[:n] or [str(FIRST_CODE + i) for i in range(n)]),
        entry=scenario.authority_entry_year_sd * rng.standard_normal((n, n_years)),
        share=share,
        log_hazard=scenario.authority_hazard_sd * _centred(level, share),
        closing=scenario.authority_closing_sd * _centred(closing, share),
        agency_share=_shifted(scenario.agency_share, scenario.authority_agency_sd * rng.standard_normal(n)),
        worker_change_rate=scenario.worker_change_rate * exp(scenario.authority_turnover_sd * rng.standard_normal(n)),
        not_quorate_share=_shifted(
            scenario.not_quorate_share, scenario.authority_attendance_sd * rng.standard_normal(n)
        ),
        absent_agencies_mean=scenario.absent_agencies_mean
        * exp(scenario.authority_attendance_sd * rng.standard_normal(n)),
        records_multiple=rng.permutation(n) >= n_never,
    )


def simulated_years(scenario: Scenario) -> int:
    """Number of years, the last one begun, from the start of the burn-in to the extract date."""
    days = day_number(scenario.extract_date) - first_simulated_day(scenario) + 1
    return int(np.ceil(days / DAYS_PER_YEAR))


def first_simulated_day(scenario: Scenario) -> int:
    """Day number of the start of the burn-in."""
    return day_number(scenario.first_date) - round(scenario.burn_in_years * DAYS_PER_YEAR)


def _normal(n: int, rng: np.random.Generator) -> np.ndarray:
    """Quantiles of the normal distribution in random order: its spread without the chance of ``n`` draws."""
    return rng.permutation(normal_quantile((np.arange(n) + 0.5) / n))


def _centred(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    """With mean 0 over plans, not authorities: the large ones weigh more."""
    # Summed in order: a dot product may add in another order on another processor.
    return values - float(np.cumsum(share * values)[-1])


def log_odds(share: float | np.ndarray) -> np.ndarray:
    """``log(p / (1 - p))``."""
    return log(np.asarray(share) / (1 - np.asarray(share)))


def probability(logit: np.ndarray) -> np.ndarray:
    """The inverse of :func:`log_odds`."""
    return 1 / (1 + exp(-logit))


def _shifted(share: float, shift: np.ndarray) -> np.ndarray:
    if share in (0, 1):
        return np.full(shift.size, float(share))
    return probability(log_odds(share) + shift)
