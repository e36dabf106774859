"""Authorities: size, level of second plans, closing practice, staffing and attendance."""

from dataclasses import dataclass

import numpy as np

from .columns import Columns
from .portable import exp, log
from .scenario import Scenario

FIRST_CODE = 501
"""No English authority has a code from 501 to 650: synthetic authorities cannot be taken for real ones."""


@dataclass(frozen=True)
class Authorities(Columns):
    """The true characteristics of ``n`` authorities, each field of shape ``(n,)``.

    Attributes
    ----------
    code : str
        Three digits.
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
    size = exp(scenario.authority_size_sd * rng.standard_normal(n))
    closing = rng.standard_normal(n)
    rho = scenario.authority_closing_correlation
    level = rho * closing + np.sqrt(1 - rho**2) * rng.standard_normal(n)
    return Authorities(
        code=np.array([str(FIRST_CODE + i) for i in range(n)]),
        share=size / size.sum(),
        log_hazard=scenario.authority_hazard_sd * level,
        closing=scenario.authority_closing_sd * closing,
        agency_share=_shifted(scenario.agency_share, scenario.authority_agency_sd * rng.standard_normal(n)),
        worker_change_rate=scenario.worker_change_rate * exp(scenario.authority_turnover_sd * rng.standard_normal(n)),
        not_quorate_share=_shifted(
            scenario.not_quorate_share, scenario.authority_attendance_sd * rng.standard_normal(n)
        ),
        absent_agencies_mean=scenario.absent_agencies_mean
        * exp(scenario.authority_attendance_sd * rng.standard_normal(n)),
        records_multiple=rng.random(n) >= scenario.authority_never_multiple_share,
    )


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
