"""Jackknife pseudo-values of the cumulative incidence: what each row says about the risk by a day, as if uncensored."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inputs.outcome import Outcome, check_outcome
from .inputs import followed_to, rows_without_delayed_entry, warn_past_follow_up


def pseudo_values(y: Any, times: Any, *, event: int = 1) -> np.ndarray:
    r"""Exact jackknife pseudo-values of the Aalen-Johansen cumulative incidence.

    .. math:: \theta_i(t) = n \hat F_k(t) - (n - 1) \hat F_k^{(-i)}(t)

    where :math:`\hat F_k^{(-i)}` leaves row ``i`` out. Without censoring :math:`\theta_i(t)` is 1 for a row that had
    the event by ``t`` and 0 for one that did not. In closed form: leaving a row out lowers the number at risk by one
    until its own day and only scales what comes after it, so all rows together take one pass over the days.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry are left out, with a warning that counts them.
    times : array, shape (n_times,)
        Days.
    event : int

    Returns
    -------
    ndarray, shape (n, n_times)
        NaN in rows with delayed entry and, with a warning, at times past the last follow-up.

    References
    ----------
    Andersen, Klein and Rosthøj (2003), Generalised linear models for correlated pseudo-observations, with applications
    to multi-state models, Biometrika 90. Agrees with ``prodlim::jackknife``.

    Examples
    --------
    >>> pseudo_values({"duration": [10, 20, 30], "event": [1, 2, 1]}, [25])[:, 0].round(6) + 0.0
    array([1., 0., 0.])
    """
    outcome = check_outcome(y)
    grid = np.atleast_1d(np.asarray(times, dtype=float))
    rows = rows_without_delayed_entry(outcome)
    kept = outcome.take(rows)
    supported = followed_to(kept, grid)
    warn_past_follow_up(kept, grid, supported)
    values = np.full((len(outcome), grid.size), np.nan)
    for k in np.flatnonzero(supported):
        values[rows, k] = _pseudo_values_at(kept, float(grid[k]), event)
    return values


def _pseudo_values_at(outcome: Outcome, time: float, event: int) -> np.ndarray:
    """Pseudo-values at one time, shape (n,); day ``u`` runs over the distinct days, ``day`` is each row's own."""
    n = len(outcome)
    days, day = np.unique(outcome.duration, return_inverse=True)
    n_days = days.size
    at_risk = np.cumsum(np.bincount(day, minlength=n_days)[::-1])[::-1].astype(float)
    d_any = np.bincount(day[outcome.event > 0], minlength=n_days).astype(float)
    d_event = np.bincount(day[outcome.event == event], minlength=n_days) * (days <= time)

    with np.errstate(divide="ignore", invalid="ignore"):
        # One fewer at risk on every day; only days before a row's own are used, where that leaves at least the events.
        survival_less = np.cumprod(_before(np.maximum(1.0 - d_any / (at_risk - 1.0), 0.0)))
        hazard_less = np.nan_to_num(d_event / (at_risk - 1.0), posinf=0.0)
        survival = np.cumprod(1.0 - d_any / at_risk)
    incidence_less = np.cumsum(_before(survival_less * hazard_less, first=0.0))
    incidence = np.cumsum(_before(survival, first=1.0) * d_event / at_risk)

    own_event = (outcome.event > 0).astype(float)
    own_event_of_interest = (outcome.event == event) & (outcome.duration <= time)
    others = np.maximum(at_risk[day] - 1.0, 1.0)
    someone_left = at_risk[day] > 1
    gain = np.where(someone_left, (d_event[day] - own_event_of_interest) / others, 0.0)
    stay = np.where(someone_left, 1.0 - (d_any[day] - own_event) / others, 1.0)
    level = survival_less[day]
    after = np.divide(incidence[-1] - incidence[day], survival[day], out=np.zeros(n), where=survival[day] > 0)
    without = incidence_less[day] + level * gain + level * stay * after
    return n * incidence[-1] - (n - 1) * without


def _before(values: np.ndarray, first: float = 1.0) -> np.ndarray:
    """The value of the day before: shifted by one day, ``first`` on the first."""
    return np.concatenate(([first], values[:-1]))
