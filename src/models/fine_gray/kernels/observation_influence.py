r"""What each row adds to score and baseline through the estimated distributions of censoring and of entry.

With :math:`c / Y` the hazard of being censored on a day u, and q the derivative by it of what is estimated,

.. math:: \psi_i = \int \frac{q(u)}{Y(u)}\, dM_i^c(u), \qquad
    q(u) = \sum_{j: \text{stays at } u} \int_u^\infty (x_j - \bar x(t))\, \omega_j(t) e^{\eta_j} d\Lambda(t)

for the score, and in the same way for the baseline. For entries time runs backward: a row is at risk of entering on the
days on which it is under observation, and the weights rise by the factor :math:`1 / (1 - e / Y_e)`. As tables over days
these are differences: the work is linear in the rows.

Source: Fine and Gray (1999), JASA 94:496, section 3, for the censoring; that of entries is derived in the same way.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit

from ...risk_sets.intervals import FAST
from ...risk_sets.partial_likelihood import RiskSums, hazard_increments
from ...risk_sets.staying import hazards_ahead
from .observation_weights import Changes
from .subdistribution import Subdistribution


@dataclass(frozen=True)
class Shift:
    """What rows add through one estimated distribution.

    Row i adds ``own_scale[i]`` times the step of ``table`` (days, p + G) after ``own[i]``, less the change of ``table``
    from ``begin[i]`` to ``end[i]``; arrays of shape (m,).
    """

    begin: np.ndarray
    end: np.ndarray
    own: np.ndarray
    own_scale: np.ndarray
    table: np.ndarray


def observation_shifts(
    x: np.ndarray, sums: RiskSums, sub: Subdistribution, per_risk: np.ndarray, *, exact: bool = False
) -> list[Shift]:
    """The influence through the estimated censoring, and through the estimated entries where any row stays after them.

    Parameters
    ----------
    x : ndarray, shape (m, p)
        In the order of ``sub.sets.rows``.
    per_risk : ndarray, shape (K, p + G)
        What a relative risk of 1 adds at each event time, apart from its own x.
    exact : bool
        Take the derivative of the weights by the hazard of censoring, where days tie and by strata too, not ``crr``'s.
    """
    if not sub.staying.rows.size:
        return []
    hazard = hazard_increments(sums, sub.sets)[0][:, None]
    risk = (sub.sets.weight * sums.relative_risk)[sub.staying.rows] * sub.staying.start
    causes = [(False, sub.staying.counted if exact else _own_events(sub))]
    if any(process.entries.days.size for process in sub.observation):
        causes.append((True, sub.staying.counted))
    shifts = (
        _shift(x, risk, sub, *_ahead(x, sub, hazard, per_risk, share), is_entry, exact) for is_entry, share in causes
    )
    return [shift for shift in shifts if shift is not None]


def _ahead(
    x: np.ndarray, sub: Subdistribution, hazard: np.ndarray, per_risk: np.ndarray, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hazard (C, K + 1) and ``per_risk`` (C, K + 1, p + G) from each event time on; the score's by ``share`` (C, K)."""
    of_score = hazards_ahead(np.hstack([hazard, per_risk[:, : x.shape[1]]]), sub.staying.decay, share)
    of_cells = hazards_ahead(per_risk[:, x.shape[1] :], sub.staying.decay, sub.staying.counted)
    return of_score[..., 0], np.concatenate([of_score[..., 1:], of_cells], axis=2)


def _own_events(sub: Subdistribution) -> np.ndarray:
    """Share of the events of each event time that are a stratum's own, shape (C, K).

    With groups of censoring ``crr`` integrates q of a group over the events of that group only, although the hazard is
    one for all; so do we for the score, to have its covariance.
    """
    if len(sub.observation) == 1:
        return np.ones((1, sub.sets.n_times))
    sets = sub.sets
    own = np.zeros((len(sub.observation), sets.n_times))
    np.add.at(own, (sub.stratum[sets.is_event], sets.last[sets.is_event]), sets.weight[sets.is_event])
    return own / sets.tied_weight


def _shift(
    x: np.ndarray,
    risk: np.ndarray,
    sub: Subdistribution,
    hazard: np.ndarray,
    ahead: np.ndarray,
    is_entry: bool,
    exact: bool,
) -> Shift | None:
    side: Literal["left", "right"] = "left" if is_entry else "right"
    begin, end, own = (np.zeros(sub.duration.size, dtype=np.int64) for _ in range(3))
    scale = np.zeros(sub.duration.size)
    tables: list[np.ndarray] = []
    offset = 0
    for code, process in enumerate(sub.observation):
        changes = process.entries if is_entry else process.censoring
        sensitivity = _sensitivity(x, risk, sub, changes, is_entry, code, hazard[code], ahead[code], exact)
        if not sensitivity.any():
            continue
        step = sensitivity * (changes.count / changes.at_risk**2)[:, None]
        tables.append(np.concatenate([np.zeros((1, step.shape[1])), np.cumsum(step, axis=0)]))
        rows = np.flatnonzero(sub.stratum == code) if len(sub.observation) > 1 else np.arange(sub.stratum.size)
        begin[rows] = offset + np.searchsorted(changes.days, sub.entry[rows], side=side)
        end[rows] = offset + np.searchsorted(changes.days, sub.duration[rows], side=side)
        moved = rows if is_entry else rows[sub.event[rows] == 0]
        # The step of the own day: after ``begin`` for an entry, up to ``end`` for a censoring.
        own[moved] = begin[moved] if is_entry else end[moved] - 1
        scale[moved] = (changes.at_risk / changes.count)[own[moved] - offset]
        offset += len(tables[-1])
    return Shift(begin, end, own, scale, np.concatenate(tables)) if tables else None


def _sensitivity(
    x: np.ndarray,
    risk: np.ndarray,
    sub: Subdistribution,
    changes: Changes,
    is_entry: bool,
    code: int,
    hazard: np.ndarray,
    ahead: np.ndarray,
    exact: bool,
) -> np.ndarray:
    """Derivative of score and cells by the hazard of being censored (or of entering) on each day, shape (days, p + G).

    The tie rule for censoring is that of ``crr``: a row stays if its event came before the day, and event times on the
    day count. With ``exact`` it is that of the weights: a row stays from the day of its event on, and later event times
    count.
    """
    side: Literal["left", "right"] = "right" if is_entry or exact else "left"
    part = slice(int(sub.staying.end[code, 0]), int(sub.staying.end[code, -1]))
    staying, decay = sub.staying.rows[part], sub.staying.decay[code]
    n_staying = np.searchsorted(sub.duration[staying], changes.days, side=side)
    next_time = np.searchsorted(sub.sets.time, changes.days, side=side)
    table = np.zeros((changes.days.size, ahead.shape[1]))
    after = sub.staying.after[part]
    _scan_sensitivity(x, risk[part], staying, after, decay, n_staying, next_time, hazard, ahead, table)
    # Entries raise the weights; their hazard may be large where few had entered before.
    if is_entry:
        return -table * changes.factor[:, None]
    return np.divide(table, changes.factor[:, None], out=table, where=changes.factor[:, None] > 0) if exact else table


@njit(cache=True, nogil=True, fastmath=FAST)
def _scan_sensitivity(x, risk, staying, after, decay, n_staying, next_time, hazard, ahead, table):
    n_times, n_columns = decay.size, x.shape[1]
    sums, sum_risk = np.zeros(n_columns), 0.0
    time, position = 0, 0
    for day in range(n_staying.size):
        if next_time[day] >= n_times:
            break
        while position < n_staying[day] or time < next_time[day]:
            if position < n_staying[day] and after[position] == time:
                row = staying[position]
                sum_risk += risk[position]
                for column in range(n_columns):
                    sums[column] += risk[position] * x[row, column]
                position += 1
            else:
                time += 1
                sum_risk *= decay[time]
                for column in range(n_columns):
                    sums[column] *= decay[time]
        for column in range(table.shape[1]):
            table[day, column] = -sum_risk * ahead[time, column]
        for column in range(n_columns):
            table[day, column] += sums[column] * hazard[time]


@njit(cache=True, nogil=True, fastmath=FAST)
def add_shift(rows, begin, end, own, own_scale, table, influence):
    """Add what ``rows`` add, a :class:`Shift`, to ``influence`` (n_rows, p + G), in place."""
    width = table.shape[1]
    for place in range(rows.size):
        row = rows[place]
        for column in range(width):
            influence[place, column] -= table[end[row], column] - table[begin[row], column]
        if own_scale[row] > 0.0:
            for column in range(width):
                influence[place, column] += own_scale[row] * (table[own[row] + 1, column] - table[own[row], column])
