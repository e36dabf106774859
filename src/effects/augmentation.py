r"""What stands in for the outcomes of those who left observation, in doubly robust estimates, and how it moves.

With :math:`dM^c` the martingale of censoring, G the probability of still being observed, F and S the incidence and the
event-free probability that the model of the outcome gives a row,

.. math:: J(t) = \int_0^{T \wedge t} \frac{F(t) - F(u)}{S(u-)\, G(u-)}\, dM^c(u)

is added to the outcome weighted by :math:`1 / G(T-)`: together they are right if either model is.

Source: Ozenne, Scheike, Staerk and Gerds (2020), Biometrical Journal 62:751, section 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.incidence.exact_sums import Jumps, free_before, incidence_after, total_increments
from ..models.incidence.total_slopes import TotalSlopes

# Event-free probabilities under this are this: nobody is left of whom the future could be told.
SMALLEST_FREE = 1e-12


@dataclass(frozen=True)
class LeftBefore:
    """Censoring of n rows on J days of censoring.

    Attributes
    ----------
    days : ndarray, shape (J,)
    free_before : ndarray, shape (n, J)
        G just before each day.
    martingale : ndarray, shape (n, J)
        1 on the day a row was censored, less its hazard on the days it was under observation.
    at_risk : ndarray of bool, shape (n, J)
    """

    days: np.ndarray
    free_before: np.ndarray
    martingale: np.ndarray
    at_risk: np.ndarray


def left_before(
    days: np.ndarray, hazard: np.ndarray, relative_risk: np.ndarray, duration: np.ndarray, is_censored: np.ndarray
) -> LeftBefore:
    """Censoring by a hazard (J,) times relative risks (n,)."""
    increments = relative_risk[:, None] * hazard
    before = np.cumsum(increments, axis=1) - increments
    at_risk = days <= duration[:, None]
    left = is_censored[:, None] & (days == duration[:, None])
    return LeftBefore(days, np.exp(-before), left - np.where(at_risk, increments, 0.0), at_risk)


def augmentation(
    left: LeftBefore, by_time: np.ndarray, by_day: np.ndarray, free: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """J by each time, shape (n, m).

    Parameters
    ----------
    left : LeftBefore
    by_time, by_day : ndarray, shapes (n, m) and (n, J)
        Incidences by each time, and by each day of censoring.
    free : ndarray, shape (n, J)
        Event-free probability just before each day of censoring.
    times : ndarray, shape (m,)
    """
    scale = left.martingale / (left.free_before * free)
    whole, part = np.cumsum(scale, axis=1), np.cumsum(scale * by_day, axis=1)
    place = np.searchsorted(left.days, times, side="right")
    zero = np.zeros((len(scale), 1))
    whole, part = np.hstack([zero, whole])[:, place], np.hstack([zero, part])[:, place]
    return np.asarray(by_time * whole - part)


def slopes_of_censoring(
    left: LeftBefore, by_time: np.ndarray, by_day: np.ndarray, free: np.ndarray, time: float
) -> np.ndarray:
    """Derivatives of J by one time, by each row's own increments of the hazard of censoring, shape (n, J)."""
    ahead = np.where(left.days <= time, (by_time[:, None] - by_day) / (free * left.free_before), 0.0)
    passed = left.martingale * ahead
    later = passed.sum(axis=1, keepdims=True) - np.cumsum(passed, axis=1)
    return np.where(left.at_risk, -ahead, 0.0) + later


def add_slopes_of_outcome(
    found: TotalSlopes,
    left: LeftBefore,
    jumps: Jumps,
    relative_risk: np.ndarray,
    weight: np.ndarray,
    matrix: np.ndarray,
    times: np.ndarray,
    cause: int,
    form: str,
) -> None:
    """Add the derivatives of ``sum_i weight_i J_i`` by each time, by the hazards of cause-specific models.

    Parameters
    ----------
    found : TotalSlopes
        Of m times.
    left : LeftBefore, n rows
    jumps : Jumps
        Of the causes.
    relative_risk : ndarray, shape (n, K)
    weight : ndarray, shape (n,)
    matrix : ndarray, shape (n, p)
    times : ndarray, shape (n, m)
        No later than each row's last eligible day.
    cause : int
    form : {"exponential", "product_limit"}
    """
    # No risk moves with what happens after the last of the times.
    n_used = int(np.searchsorted(jumps.time, times.max(initial=0.0), side="right"))
    if n_used == 0:
        return
    jumps = Jumps(jumps.time[:n_used], jumps.hazard[:, :n_used])
    total = total_increments(jumps.hazard, relative_risk)
    free = free_before(total, form)
    curve = incidence_after(jumps.hazard, relative_risk, total, free, cause)
    kept = np.maximum(1.0 - total, SMALLEST_FREE) if form == "product_limit" else np.ones_like(total)
    zero = np.zeros((len(curve), 1))
    after = np.hstack([zero, curve])
    # S just before each day of censoring, and the incidence by it.
    last = np.exp(-total[:, -1:]) if form == "exponential" else 1.0 - np.minimum(total[:, -1:], 1.0)
    free_of_days = np.hstack([free, free[:, -1:] * last])[:, np.searchsorted(jumps.time, left.days, side="left")]
    free_of_days = np.maximum(free_of_days, SMALLEST_FREE)
    by_day = after[:, np.searchsorted(jumps.time, left.days, side="right")]
    passed = np.searchsorted(left.days, jumps.time, side="left")
    is_shared = np.isin(jumps.time, left.days)
    for column, time in enumerate(times.T[..., None]):
        by_time = np.take_along_axis(after, np.searchsorted(jumps.time, time, side="right"), axis=1)
        scale = np.where(left.days <= time, left.martingale / (left.free_before * free_of_days), 0.0)
        begun = np.hstack([zero, np.cumsum(scale, axis=1)])[:, passed]
        lost = (by_time - curve) / kept
        tied = np.zeros_like(curve)
        shared = np.searchsorted(left.days, jumps.time[is_shared])
        tied[:, is_shared] = scale[:, shared] * (by_time - by_day[:, shared]) / kept[:, is_shared]
        for other in range(len(jumps.hazard)):
            slope = ((free if other == cause else 0.0) - lost) * begun - tied
            slope *= (jumps.time <= time) * (weight * relative_risk[:, other])[:, None]
            found.by_increment[other, column, :n_used] += slope.sum(axis=0)
            found.by_feature[column, other] += (slope @ jumps.hazard[other]) @ matrix
