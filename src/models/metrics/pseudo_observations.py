"""Jackknife pseudo-values of the cumulative incidence: what each row says about the risk by a day, as if uncensored."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...parameter_checks import check_event_of
from ..inputs.distinct_days import DistinctDays
from ..inputs.outcome import BEFORE_DAY_0, Outcome, check_outcome
from .inputs import followed_to, warn_metric, warn_past_follow_up


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
    check_event_of(event, outcome.events)
    grid = np.atleast_1d(np.asarray(times, dtype=float))
    rows = _observed_from_day_0(outcome)
    kept = outcome.take(rows)
    supported = followed_to(kept, grid)
    warn_past_follow_up(kept, grid, supported)
    values = np.full((len(outcome), grid.size), np.nan)
    for k in np.flatnonzero(supported):
        values[rows, k] = PseudoValues(kept, np.ones(rows.size), float(grid[k]), event).value
    return values


class PseudoValues:
    r"""Pseudo-values at one time, and how case weights move them.

    With case weights a row is left out by one unit of weight: 1 where all weights are whole numbers, which count rows,
    and their mean otherwise, so that multiplying all weights changes nothing. Below, ``u`` runs over the distinct days;
    names that end in ``_less`` have one unit fewer at risk on every day.

    Parameters
    ----------
    outcome : Outcome, n rows without delayed entry
    weight : ndarray, shape (n,)
    time : float
    event : int

    Attributes
    ----------
    value : ndarray, shape (n,)
    """

    def __init__(self, outcome: Outcome, weight: np.ndarray, time: float, event: int) -> None:
        days = DistinctDays(outcome.duration)
        self._day, n_days = days.place, days.distinct.size
        day = self._day
        self._weight = weight
        self._unit = unit = 1.0 if np.array_equal(weight, np.floor(weight)) else float(weight.mean())
        self._total = float(weight.sum())
        self._any, self._own = outcome.event > 0, (outcome.event == event) & (outcome.duration <= time)
        at_risk = np.cumsum(np.bincount(day, weights=weight, minlength=n_days)[::-1])[::-1]
        d_any = np.bincount(day, weights=weight * self._any, minlength=n_days)
        d_event = np.bincount(day, weights=weight * self._own, minlength=n_days)
        others = at_risk > unit * (1 + 1e-12)
        # One over the number at risk without the row; 0 where nobody else is, which is the last day.
        of_risk_less = np.divide(1.0, at_risk - unit, out=np.zeros(n_days), where=others)
        step_less = np.where(others, np.maximum(1.0 - d_any * of_risk_less, 0.0), 0.0)
        step = 1.0 - d_any / at_risk
        self._free_less = np.cumprod(_before(step_less))
        self._free = np.cumprod(step)
        incidence_less = np.cumsum(_before(self._free_less * d_event * of_risk_less, first=0.0))
        incidence = np.cumsum(_before(self._free) * d_event / at_risk)
        following = incidence[-1] - incidence
        self._after = _ratio(following, self._free)
        self._at_risk, self._d_any, self._d_event = at_risk, d_any, d_event
        self._of_risk_less, self._step_less, self._step = of_risk_less, step_less, step
        gain = (d_event[day] - unit * self._own) * of_risk_less[day]
        stay = 1.0 - np.where(others, d_any, 0.0)[day] * of_risk_less[day] + unit * self._any * of_risk_less[day]
        self._without = incidence_less[day] + self._free_less[day] * (gain + stay * self._after[day])
        self._incidence = float(incidence[-1])
        self.value = (self._total * self._incidence - (self._total - unit) * self._without) / unit

    def gradient(self, factor: np.ndarray) -> np.ndarray:
        r"""How case weights move :math:`L = \sum_i f_i \theta_i`, :math:`w_j\,dL / dw_j`, shape (n,).

        Backwards through the sums and products of the values, day by day: ``to_x`` is the derivative of L by ``x``.
        """
        day, n_days, unit = self._day, self._at_risk.size, self._unit
        of_less, d_any, d_event, at_risk = self._of_risk_less, self._d_any, self._d_event, self._at_risk
        left_out = -(self._total - unit) / unit * factor
        by_day, by_any, by_own = (
            np.bincount(day, weights=left_out * rows, minlength=n_days) for rows in (1.0, self._any, self._own)
        )
        gain = (d_event * by_day - unit * by_own) * of_less
        gone = (d_any * by_day - unit * by_any) * of_less
        stay = by_day - gone
        level, after = self._free_less, self._after
        # Incidence and probability of no event without the row, up to the day before its own.
        later = _after(by_day)
        to_level = gain + stay * after + later * d_event * of_less
        to_step_less = _ratio(_after(to_level * level), self._step_less)
        to_d_event = level * of_less * (by_day + later)
        to_d_any = -of_less * (level * after * by_day + to_step_less)
        to_at_risk = of_less * (
            level * (after * gone - gain) - later * level * d_event * of_less + to_step_less * d_any * of_less
        )
        # What follows the row's own day, and the incidence of all.
        to_following = _ratio(level * stay, self._free)
        whole = self._total / unit * factor.sum() + to_following.sum()
        to_jump = whole - np.cumsum(to_following[::-1])[::-1]
        before = _before(self._free)
        to_d_event += to_jump * before / at_risk
        to_at_risk -= to_jump * before * d_event / at_risk**2
        to_free = np.append((to_jump * d_event / at_risk)[1:], 0.0) - to_following * after
        to_step = np.cumsum((to_free * self._free)[::-1])[::-1]
        to_step = _ratio(to_step, self._step)
        to_d_any -= to_step / at_risk
        to_at_risk += to_step * d_any / at_risk**2
        explicit = float(factor @ (self._incidence - self._without)) / unit
        moved = explicit + np.cumsum(to_at_risk)[day] + self._any * to_d_any[day] + self._own * to_d_event[day]
        gradient = self._weight * moved
        # The unit is the mean weight, and what does not change when all weights do has no slope along them.
        return gradient - self._weight * (gradient.sum() / self._total)


def _observed_from_day_0(outcome: Outcome) -> np.ndarray:
    """Positions of the rows without delayed entry, shape (m,); warns with the number of the others."""
    delayed = outcome.entry > BEFORE_DAY_0
    if delayed.all():
        raise ValueError(f"all {delayed.size} rows have delayed entry; pseudo-values need rows observed from day 0")
    if delayed.any():
        warn_metric(
            f"{int(delayed.sum())} of {delayed.size} rows have delayed entry and no pseudo-value: what is left out of "
            "the risks of rows that are seen late depends on when they came"
        )
    return np.flatnonzero(~delayed)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """``above / below``, 0 where that is not defined."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _after(values: np.ndarray) -> np.ndarray:
    """Sum of the values of all later days."""
    return np.cumsum(values[::-1])[::-1] - values


def _before(values: np.ndarray, first: float = 1.0) -> np.ndarray:
    """The value of the day before: shifted by one day, ``first`` on the first."""
    return np.concatenate(([first], values[:-1]))
