r"""Incidence at any day from the hazards of periods.

Within a period the cause-specific hazards are constant. With the period's probabilities :math:`h_j` of event :math:`j`
and :math:`h = \sum_j h_j` given no event before it, the share :math:`f` of the period is passed without event with
probability :math:`(1 - h)^f`, and event :math:`j` has occurred with probability :math:`(h_j / h)(1 - (1 - h)^f)`: the
curves are continuous and never decrease, and at every day the incidences and the event-free probability sum to 1.
After the last period the curves are flat: what is asked of days past the follow-up is not known, and is
set aside by :mod:`..inputs.follow_up`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

HAZARDS_PER_BLOCK = 1_000_000


def log_one_plus_sum(eta: np.ndarray) -> np.ndarray:
    """``log(1 + sum(exp(eta)))`` over the last axis, without overflow."""
    # Few along the last axis: one after the other takes a fraction of the time of a reduction.
    causes = [eta[..., cause] for cause in range(eta.shape[-1])]
    top = reduce(np.maximum, causes, np.zeros(eta.shape[:-1]))
    total = np.exp(-top)
    for cause in causes:
        total += np.exp(cause - top)
    return top + np.log(total)


def hazards_from_log_odds(log_odds: np.ndarray) -> np.ndarray:
    """Softmax: probabilities of the causes from their log odds against no event; causes along the last axis."""
    return np.exp(log_odds - log_one_plus_sum(log_odds)[..., None])


def curves_by_blocks(
    hazards_of: Callable[[np.ndarray, int], np.ndarray],
    design: np.ndarray,
    ends: np.ndarray,
    times: np.ndarray,
    cause: int | None,
) -> np.ndarray:
    """Incidence of one event, or the event-free probability, with hazards made for a block of rows at a time.

    Parameters
    ----------
    hazards_of : callable
        From rows of the design (m, p) and a number of periods to their hazards (m, n_periods, n_causes).
    design : ndarray, shape (n_rows, p)
    ends : ndarray, shape (n_periods,)
        Last day of each period.
    times : ndarray, shape (n_rows, n_times)
        Days; may differ by row.
    cause : int or None
        Position of the event; None for the event-free probability.

    Returns
    -------
    ndarray, shape (n_rows, n_times)
    """
    needed = n_periods_until(ends, times)
    rows_per_block = max(1, HAZARDS_PER_BLOCK // max(needed, times.shape[1]))
    curves = np.empty(times.shape)
    for start in range(0, times.shape[0], rows_per_block):
        rows = slice(start, start + rows_per_block)
        hazards = hazards_of(design[rows], needed)
        if cause is None:
            curves[rows] = event_free_at(hazards, ends[:needed], times[rows])
        else:
            curves[rows] = incidence_at(hazards, ends[:needed], times[rows], cause)
    return curves


def incidence_at(hazards: np.ndarray, ends: np.ndarray, times: np.ndarray, cause: int) -> np.ndarray:
    """Cumulative incidence of one event.

    Parameters
    ----------
    hazards : ndarray, shape (n_rows, n_periods, n_causes)
        Probability of each event in a period, given none before it.
    ends : ndarray, shape (n_periods,)
        Last day of each period.
    times : ndarray, shape (n_rows, n_times)
        Days; may differ by row.
    cause : int
        Position of the event in the last axis of ``hazards``.

    Returns
    -------
    ndarray, shape (n_rows, n_times)
    """
    total = hazards.sum(axis=2)
    free = _free_at_bounds(total)
    own = hazards[:, :, cause]
    by_start = np.zeros_like(free)
    np.cumsum(free[:, :-1] * own, axis=1, out=by_start[:, 1:])
    period, share = _locate(ends, times)
    total_here = np.take_along_axis(total, period, axis=1)
    own_here = np.take_along_axis(own, period, axis=1)
    happened = 1.0 - _pass(total_here, share)
    portion = np.divide(own_here, total_here, out=np.zeros_like(own_here), where=total_here > 0)
    # Rounding must not carry the curve above its value at the next period's start.
    within = np.minimum(portion * happened, own_here)
    return np.take_along_axis(by_start, period, axis=1) + np.take_along_axis(free, period, axis=1) * within


def event_free_at(hazards: np.ndarray, ends: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Probability of no event by each time, with the parameters of :func:`incidence_at`; shape (n_rows, n_times)."""
    total = hazards.sum(axis=2)
    period, share = _locate(ends, times)
    at_start = np.take_along_axis(_free_at_bounds(total), period, axis=1)
    return at_start * _pass(np.take_along_axis(total, period, axis=1), share)


def incidence_slopes(hazards: np.ndarray, ends: np.ndarray, times: np.ndarray, cause: int) -> np.ndarray:
    r"""Derivatives of the incidence of one event by the log odds :math:`a_{li}` of each event in each period.

    In a multinomial logit :math:`\partial h_j / \partial a_l = h_j (1_{j = l} - h_l)`, so that passing a whole period
    without event changes by the factor :math:`-h_l`.

    Parameters
    ----------
    hazards, ends, times, cause
        As in :func:`incidence_at`.

    Returns
    -------
    ndarray, shape (n_rows, n_times, n_causes, n_periods)
    """
    total = hazards.sum(axis=2)
    own = hazards[:, :, cause]
    free = _free_at_bounds(total)
    by_end = np.cumsum(free[:, :-1] * own, axis=1)
    incidence = incidence_at(hazards, ends, times, cause)
    is_own = np.arange(hazards.shape[2]) == cause
    # Of a period that is over: what happened in it changes, and all that came after it.
    slopes = (free[:, :-1, None] * own[:, :, None] * (is_own - hazards))[:, None]
    slopes = slopes - hazards[:, None] * (incidence[:, :, None] - by_end[:, None])[..., None]
    period, share = _locate(ends, times)
    slopes *= (np.arange(ends.size) < period[:, :, None])[..., None]
    # Of the period that holds the time: (h_j / h) (1 - (1 - h)^f).
    here = np.take_along_axis(hazards, period[:, :, None], axis=1)
    total_here = np.take_along_axis(total, period, axis=1)[..., None]
    passed = _pass(total_here, share[..., None])
    portion = np.divide(here, total_here, out=np.zeros_like(here), where=total_here > 0)
    within = (is_own - portion) * (1.0 - passed) + share[..., None] * here * passed
    within *= (np.take_along_axis(free, period, axis=1) * portion[..., cause])[..., None]
    np.put_along_axis(slopes, period[:, :, None, None], within[:, :, None], axis=2)
    return np.moveaxis(slopes, 2, 3)


def event_free_slopes(hazards: np.ndarray, ends: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Derivatives of the event-free probability, with the shapes of :func:`incidence_slopes`."""
    period, share = _locate(ends, times)
    passed = np.arange(ends.size) < period[:, :, None]
    exposure = np.where(np.arange(ends.size) == period[:, :, None], share[:, :, None], passed)
    free = event_free_at(hazards, ends, times)
    return -np.moveaxis(hazards, 1, 2)[:, None] * (free[:, :, None] * exposure)[:, :, None]


def n_periods_until(ends: np.ndarray, times: np.ndarray) -> int:
    """How many periods are needed for incidences at ``times``; at least 1."""
    latest = float(times.max()) if times.size else 0.0
    return min(ends.size, int(np.searchsorted(ends, latest, side="left")) + 1)


def _free_at_bounds(total: np.ndarray) -> np.ndarray:
    """Event-free probability at the start of each period and at the last one's end, shape (n_rows, n_periods + 1)."""
    free = np.ones((total.shape[0], total.shape[1] + 1))
    np.cumprod(1.0 - total, axis=1, out=free[:, 1:])
    return free


def _locate(ends: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The period that holds each time, and the share of it that has passed."""
    starts = np.concatenate([[0.0], ends[:-1]])
    period = np.minimum(np.searchsorted(ends, times, side="left"), ends.size - 1)
    share = (times - starts[period]) / (ends - starts)[period]
    return period, np.clip(share, 0.0, 1.0)


def _pass(total: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Probability to pass a share of a period without event; 1 for none of it, whatever the hazard."""
    return np.power(np.clip(1.0 - total, 0.0, 1.0), share)
