r"""Incidence at any day from the hazards of periods.

Within a period the cause-specific hazards are constant. With the period's probabilities :math:`h_j` of event :math:`j`
and :math:`h = \sum_j h_j` given no event before it, the share :math:`f` of the period is passed without event with
probability :math:`(1 - h)^f`, and event :math:`j` has occurred with probability :math:`(h_j / h)(1 - (1 - h)^f)`: the
curves are continuous and never decrease, and at every day the incidences and the event-free probability sum to 1.
After the last period the curves are flat.
"""

from __future__ import annotations

import numpy as np


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
