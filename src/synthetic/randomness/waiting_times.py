"""Waiting times with exactly proportional hazards, that siblings may share.

With cumulative hazard ``a_i * years ** shape`` the exposure ``u = years ** shape`` at the event is exponential with
rate ``a_i``. In a group of siblings, events of the family come as a Poisson process in ``u`` with rate ``max a``; at
each one a single uniform number ``v`` is drawn, and every sibling with ``v < a_i / max a`` has the event. Thinning
leaves each child's own time exponential with rate ``a_i`` (Lewis and Shedler, 1979), while siblings often have it on
one day. The marginal hazards are therefore exactly proportional; only siblings' times are dependent. A rate that is
lower at some times is thinned further there.
"""

from collections.abc import Callable

import numpy as np

from .day_numbers import DAYS_PER_YEAR, NEVER
from .portable import power

LONGEST_YEARS = 30.0

Share = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Rows and the exposure of each, both of shape (m,), to the share of its rate that it has then, in [0, 1]."""


def waiting_days(
    rate: np.ndarray,
    shape: float,
    group: np.ndarray,
    rng: np.random.Generator,
    *,
    share: Share | None = None,
    longest_years: float = LONGEST_YEARS,
) -> np.ndarray:
    """Days to the event, at least 1, for cumulative hazard ``rate * (days / 365.25) ** shape``.

    Parameters
    ----------
    rate : ndarray, shape (n,)
        Cumulative hazard in the first year; at least 0.
    shape : float
        Weibull shape, above 0.
    group : ndarray of int, shape (n,)
        Numbers from 0 of the siblings who are exposed to the same events.
    rng : Generator
    share : callable, optional
        See :func:`first_event_exposure`.
    longest_years : float

    Returns
    -------
    ndarray of int, shape (n,)
        ``NEVER`` where the event comes after ``longest_years``.
    """
    exposure = first_event_exposure(rate, group, rng, limit=float(power(longest_years, shape)), share=share)
    days = np.full(rate.size, NEVER, dtype=np.int64)
    happens = np.isfinite(exposure)
    days[happens] = np.maximum(np.ceil(DAYS_PER_YEAR * power(exposure[happens], 1 / shape)), 1).astype(np.int64)
    return days


def first_event_exposure(
    rate: np.ndarray, group: np.ndarray, rng: np.random.Generator, *, limit: float, share: Share | None = None
) -> np.ndarray:
    """Exponential times with the rates ``rate``, shared within ``group`` by thinning; ``inf`` after ``limit``.

    Parameters
    ----------
    rate : ndarray, shape (n,)
    group : ndarray of int, shape (n,)
        Numbers from 0 without gaps.
    rng : Generator
    limit : float
    share : callable, optional
        Of rows and their exposures: what share of ``rate`` each has then. All of it, always, as default.

    Returns
    -------
    ndarray, shape (n,)
    """
    time = np.full(rate.size, np.inf)
    if rate.size == 0:
        return time
    n_groups = int(group.max()) + 1
    highest = np.zeros(n_groups)
    np.maximum.at(highest, group, rate)
    thinning = np.divide(rate, highest[group], out=np.zeros(rate.size), where=rate > 0)
    clock = np.zeros(n_groups)
    mark = np.zeros(n_groups)
    pending = np.flatnonzero(rate > 0)
    while pending.size:
        live = np.unique(group[pending])
        clock[live] += rng.standard_exponential(live.size) / highest[live]
        mark[live] = rng.random(live.size)
        owner = group[pending]
        over = clock[owner] > limit
        chance = thinning[pending] if share is None else thinning[pending] * share(pending, clock[owner])
        hit = ~over & (mark[owner] < chance)
        time[pending[hit]] = clock[owner[hit]]
        pending = pending[~(hit | over)]
    return time
