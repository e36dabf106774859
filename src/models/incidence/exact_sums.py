"""Cumulative incidence from cause-specific hazards that jump: sums over event times, for many rows at once."""

from dataclasses import dataclass

import numpy as np

# Numbers held at once, rows of a block times event times: few, to stay in the processor's cache.
BLOCK = 100_000
# The same where all rows have the same times, which needs no more than two such arrays.
SHARED_BLOCK = 40_000
# A hazard of one day beyond this is as good as infinite, and two infinite ones have no shares.
LARGEST_INCREMENT = 1e150
FORMS = ("exponential", "product_limit")


@dataclass(frozen=True)
class Jumps:
    """Baseline hazards of K causes on their common J event times.

    Attributes
    ----------
    time : ndarray, shape (J,)
        Ascending.
    hazard : ndarray, shape (K, J)
        Increment of each cause's cumulative baseline hazard.
    """

    time: np.ndarray
    hazard: np.ndarray


def merge_jumps(times: list[np.ndarray], cumulative: list[np.ndarray]) -> Jumps:
    """Put the cumulative baseline hazards of several causes, each on its own event times, on common times."""
    common = np.unique(np.concatenate(times))
    hazard = np.zeros((len(times), common.size))
    for cause, (time, values) in enumerate(zip(times, cumulative, strict=True)):
        hazard[cause, np.searchsorted(common, time)] = np.diff(values, prepend=0.0)
    return Jumps(common, hazard)


def sum_incidence(
    jumps: Jumps, relative_risk: np.ndarray, times: np.ndarray, cause: int | None, form: str
) -> np.ndarray:
    r"""Cumulative incidence :math:`F_k(t) = \sum_{t_j \le t} S(t_j-) dH_k(t_j)` with :math:`dH_k = e^{\eta_k} dH_{0k}`.

    In the form ``exponential`` :math:`S(t) = \exp(-\sum_k H_k(t))`; in the form ``product_limit`` S is the product of
    :math:`1 - \sum_k dH_k(t_j)` up to t. No jump takes more than was left before it: hazards that add up to more than 1
    at one time share 1 in proportion. The product-limit incidences then add up to ``1 - S(t)``. The exponential ones
    are the sums as they stand, and where S nears 0 they can add up to slightly more than 1.

    Parameters
    ----------
    jumps : Jumps
    relative_risk : ndarray, shape (n, K)
    times : ndarray, shape (n, m)
    cause : int or None
        Position of the cause; None for all causes together.
    form : {"exponential", "product_limit"}

    Returns
    -------
    ndarray, shape (n, m)
    """
    position = np.broadcast_to(event_positions(jumps, times), times.shape)
    n_used = int(position.max(initial=0))
    result = np.zeros(times.shape)
    if n_used == 0:
        return result
    relative_risk = np.minimum(relative_risk, LARGEST_INCREMENT / max(1.0, float(jumps.hazard.max())))
    if len(times) > 1 and position.strides[0] == 0:
        # Hazards of one day that may add up to more than 1 are left to the sum that looks at each day.
        is_plain = relative_risk @ jumps.hazard[:, :n_used].max(axis=1) <= 1.0
        if is_plain.all():
            return _sum_by_shared_times(jumps.hazard, relative_risk, position[0], cause, form)
        result[is_plain] = _sum_by_shared_times(jumps.hazard, relative_risk[is_plain], position[0], cause, form)
        left = np.flatnonzero(~is_plain)
    else:
        left = np.arange(len(times))
    n_block = max(1, BLOCK // n_used)
    for begin in range(0, left.size, n_block):
        rows = left[begin : begin + n_block]
        last = int(position[rows].max())
        if last:
            curve = _curve(jumps.hazard[:, :last], relative_risk[rows], cause, form)
            found = np.take_along_axis(curve, np.maximum(position[rows] - 1, 0), axis=1)
            result[rows] = np.where(position[rows] > 0, found, 0.0)
    return result


def _sum_by_shared_times(
    hazard: np.ndarray, relative_risk: np.ndarray, position: np.ndarray, cause: int | None, form: str
) -> np.ndarray:
    """Incidences after the first ``position`` (m,) event times, the same of all rows, shape (n, m).

    Sums over event times are matrix products: those between one time and the next, which then add up, so that no
    incidence falls. No row's hazards of one event time add up to more than 1.
    """
    ends, place = np.unique(position, return_inverse=True)
    n_used, causes = int(ends[-1]), range(len(hazard)) if cause is None else [cause]
    hazard = hazard[:, :n_used]
    segment = np.searchsorted(ends, np.arange(n_used), side="right")
    in_segment = np.zeros((len(hazard), n_used, ends.size))
    in_segment[:, np.arange(n_used), segment] = hazard
    before = np.zeros_like(hazard)
    np.cumsum(hazard[:, :-1], axis=1, out=before[:, 1:])
    result = np.zeros((len(relative_risk), ends.size))
    n_block = max(1, SHARED_BLOCK // n_used)
    for begin in range(0, len(result), n_block):
        rows = slice(begin, begin + n_block)
        own = relative_risk[rows]
        if form == "product_limit":
            free = np.ones((len(own), n_used))
            np.cumprod(1.0 - own @ hazard[:, :-1], axis=1, out=free[:, 1:])
        else:
            free = own @ -before
            np.exp(free, out=free)
        for one in causes:
            result[rows] += own[:, [one]] * (free @ in_segment[one])
    return np.minimum(np.cumsum(result, axis=1), 1.0)[:, place]


def product_limit(jumps: Jumps, relative_risk: np.ndarray, times: np.ndarray) -> np.ndarray:
    """S of the product-limit form by each row's times, shape (n, m), to its last digit where it is next to nothing.

    One less the sum of the incidences is the same, but for its rounding. Parameters are those of :func:`sum_incidence`.
    """
    position = np.broadcast_to(event_positions(jumps, times), times.shape)
    result = np.ones(times.shape)
    relative_risk = np.minimum(relative_risk, LARGEST_INCREMENT / max(1.0, float(jumps.hazard.max(initial=0.0))))
    n_block = max(1, BLOCK // max(1, int(position.max(initial=0))))
    for begin in range(0, len(times), n_block):
        rows = slice(begin, begin + n_block)
        last = int(position[rows].max())
        if last:
            kept = 1.0 - np.minimum(total_increments(jumps.hazard[:, :last], relative_risk[rows]), 1.0)
            free = np.cumprod(kept, axis=1)
            found = np.take_along_axis(free, np.maximum(position[rows] - 1, 0), axis=1)
            result[rows] = np.where(position[rows] > 0, found, 1.0)
    return result


def event_positions(jumps: Jumps, times: np.ndarray) -> np.ndarray:
    """Number of event times until each time (n, m), shape (n, m); (1, m) where the times of all rows are one row."""
    if len(times) > 1 and times.strides[0] == 0:
        times = times[:1]
    return np.searchsorted(jumps.time, times, side="right")


def total_hazard(jumps: Jumps, relative_risk: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Cumulative hazard of all causes by each row's times, shape (n, m)."""
    cumulative = np.concatenate([np.zeros((len(jumps.hazard), 1)), np.cumsum(jumps.hazard, axis=1)], axis=1)
    position = event_positions(jumps, times)
    with np.errstate(over="ignore"):  # an infinite hazard leaves nobody free
        return np.sum([relative_risk[:, [cause]] * by[position] for cause, by in enumerate(cumulative)], axis=0)


def _curve(hazard: np.ndarray, relative_risk: np.ndarray, cause: int | None, form: str) -> np.ndarray:
    """Incidence of one cause (or all) just after each event time, shape (n, J)."""
    total = total_increments(hazard, relative_risk)
    return incidence_after(hazard, relative_risk, total, free_before(total, form), cause)


def total_increments(hazard: np.ndarray, relative_risk: np.ndarray) -> np.ndarray:
    """Hazard of all causes at each event time, shape (n, J); without BLAS, whose rounding depends on n."""
    total = relative_risk[:, :1] * hazard[:1]
    for cause in range(1, len(hazard)):
        total += relative_risk[:, cause, None] * hazard[cause]
    return total


def free_before(total: np.ndarray, form: str) -> np.ndarray:
    """S just before each event time, shape (n, J), from the hazard of all causes (n, J)."""
    if form == "product_limit":
        free = np.ones_like(total)
        np.cumprod(1.0 - np.minimum(total[:, :-1], 1.0), axis=1, out=free[:, 1:])
        return free
    before = np.zeros_like(total)
    np.cumsum(total[:, :-1], axis=1, out=before[:, 1:])
    return np.exp(-before)


def incidence_after(
    hazard: np.ndarray, relative_risk: np.ndarray, total: np.ndarray, free: np.ndarray, cause: int | None
) -> np.ndarray:
    """Incidence of one cause (or all) just after each event time, shape (n, J)."""
    own = total if cause is None else relative_risk[:, cause, None] * hazard[cause]
    if total.max() > 1.0:
        own = own / np.maximum(total, 1.0)
    return np.minimum(np.cumsum(free * own, axis=1), 1.0)
