r"""The influence of each row on the score and on the baseline of a subdistribution hazard, as one matrix of products.

Row i moves the score by :math:`\eta_i + \psi_i` and the baseline hazard of a cell of event times (for known
coefficients) by :math:`a_i + \phi_i`. The first parts are the weighted score residual

.. math:: \eta_i = \int (x_i - \bar x(t))\, \omega_i(t)\, dM_i(t), \qquad a_i = \int \omega_i(t)\, dM_i(t) / S(t),

the second ones what follows from the estimated distribution of censoring (and of entry),

.. math:: \psi_i = \int \frac{q(u)}{Y(u)}\, dM_i^c(u), \qquad
    q(u) = \sum_{j: \text{stays at } u} \int_u^\infty (x_j - \bar x(t))\, \omega_j(t) e^{\eta_j} d\Lambda(t),

within each stratum of the observation process. All of these are differences of tables over days, so that the work is
linear in the rows, and no row is kept: only the sums over rows (or clusters) of their products.

Source: Fine and Gray (1999), JASA 94:496, section 3; the influence of entries is derived in the same way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numba import njit

from ...numerics.counting_sort import counting_sort
from ...numerics.run_starts import run_starts
from ...numerics.threads import run_all
from ...risk_sets.intervals import FAST
from ...risk_sets.partial_likelihood import RiskSums
from ...risk_sets.score_residuals import mean_increments, own_mean_increments, tied_means
from ...risk_sets.staying import hazards_ahead
from .likelihood import weighted_hazards
from .observation_influence import add_shift, observation_shifts
from .subdistribution import Subdistribution

# Rows whose influences are held at once.
ROWS_PER_BLOCK = 16_384


@dataclass(frozen=True)
class BaselineIncrements:
    """How the baseline hazard of each event time answers to the rows, every array of shape (K,).

    By a relative risk of 1 at risk it falls by ``per_risk``, less ``less_if_own`` for a row whose event it is; it rises
    by ``per_event`` for such a row. ``cell`` is the number 0, 1, ... of its cell.
    """

    per_risk: np.ndarray
    less_if_own: np.ndarray
    per_event: np.ndarray
    cell: np.ndarray


def baseline_increments(sums: RiskSums, sub: Subdistribution, cell: np.ndarray) -> BaselineIncrements:
    """The answers of Breslow's (or Efron's) estimate."""
    sets = sub.sets
    mean_weight = sets.tied_weight / sets.n_tied
    once, _, square, square_f, _ = sums.moments.T
    return BaselineIncrements(
        per_risk=mean_weight * square / sums.total**2,
        less_if_own=mean_weight * square_f / sums.total**2,
        per_event=once / (sets.n_tied * sums.total),
        cell=cell,
    )


def influence_of_rows(
    x: np.ndarray,
    sums: RiskSums,
    sub: Subdistribution,
    increments: BaselineIncrements,
    *,
    convention: str,
    exact: bool = False,
) -> Callable[[np.ndarray], np.ndarray]:
    """What gives the influences (n, p + G) of some rows, by positions (n,): on the score, then on G cells.

    Parameters
    ----------
    x : ndarray, shape (m, p)
        In the order of ``sub.sets.rows``.
    convention : {"crr", "finegray"}
        With "finegray" the weights count as known: the second parts are left out.
    exact : bool
        See :func:`.observation_influence.observation_shifts`.
    """
    sets, staying = sub.sets, sub.staying
    n_columns, n_cells = x.shape[1], int(increments.cell.max()) + 1
    at_risk, own = mean_increments(sums, sets), own_mean_increments(sums, sets)
    # What a relative risk of 1 adds at each event time, to the score (apart from x) and to the cells.
    per_risk = np.zeros((sets.n_times, n_columns + n_cells))
    per_risk[:, :n_columns] = at_risk
    per_risk[np.arange(sets.n_times), n_columns + increments.cell] = -increments.per_risk
    own_per_risk = own - at_risk
    until = np.concatenate([np.zeros((1, per_risk.shape[1])), np.cumsum(per_risk, axis=0)])
    hazard = weighted_hazards(sums, sub)
    start = np.zeros(sets.rows.size)
    start[staying.rows] = staying.start * sums.relative_risk[staying.rows]
    after = np.zeros(sets.rows.size, dtype=np.int64)
    after[staying.rows] = staying.after
    ahead = hazards_ahead(per_risk, staying.decay, staying.counted)
    shifts = [] if convention == "finegray" else observation_shifts(x, sums, sub, per_risk, exact=exact)
    ahead_rows = sub.stratum * (sets.n_times + 1) + after
    ahead_table = ahead.reshape(-1, per_risk.shape[1])
    events = (
        tied_means(sums, sets),
        own_per_risk,
        increments.less_if_own,
        increments.per_event,
        increments.cell,
    )
    arguments = (x, sums.relative_risk, hazard, sets.is_event, sets.first, sets.last, until, start, ahead_rows)

    def of_rows(rows: np.ndarray) -> np.ndarray:
        influence = np.empty((rows.size, per_risk.shape[1]))
        _write_influence(rows, *arguments, ahead_table, *events, influence)
        for shift in shifts:
            add_shift(rows, shift.begin, shift.end, shift.own, shift.own_scale, shift.table, influence)
        return influence

    return of_rows


def influence_products(
    x: np.ndarray,
    sums: RiskSums,
    sub: Subdistribution,
    increments: BaselineIncrements,
    *,
    factor: np.ndarray,
    cluster: np.ndarray | None,
    convention: str,
) -> np.ndarray:
    """Sum over rows or clusters of the products of their influences, shape (p + G, p + G): score, then G cells.

    Parameters
    ----------
    x : ndarray, shape (m, p)
        In the order of ``sub.sets.rows``, as ``factor`` and ``cluster``.
    factor : ndarray, shape (m,)
        By what the influence of a row is multiplied before clusters are added up.
    cluster : ndarray of int, shape (m,), optional
    convention : {"crr", "finegray"}
        See :func:`influence_of_rows`.
    """
    of_rows = influence_of_rows(x, sums, sub, increments, convention=convention)
    order = np.arange(sub.sets.rows.size)
    if cluster is not None:
        order, _ = counting_sort(cluster, int(cluster.max()) + 1)

    def of_block(rows: np.ndarray) -> np.ndarray:
        influence = of_rows(rows)
        influence *= factor[rows, None]
        if cluster is not None:
            starts = run_starts(cluster[rows])
            if starts.size < rows.size:
                influence = np.add.reduceat(influence, starts, axis=0)
        return influence.T @ influence

    width = x.shape[1] + int(increments.cell.max()) + 1
    products = np.zeros((width, width))
    blocks = _blocks(order, cluster)
    for part in run_all([partial(of_block, order[block]) for block in blocks]):
        products += part
    return products


def _blocks(order: np.ndarray, cluster: np.ndarray | None) -> list[slice]:
    """Runs of ``order`` that do not cut a cluster."""
    blocks, begin = [], 0
    sorted_cluster = None if cluster is None else cluster[order]
    while begin < order.size:
        end = min(begin + ROWS_PER_BLOCK, order.size)
        if sorted_cluster is not None:
            end = int(np.searchsorted(sorted_cluster, sorted_cluster[end - 1], side="right"))
        blocks.append(slice(begin, end))
        begin = end
    return blocks


@njit(cache=True, nogil=True, fastmath=FAST)
def _write_influence(
    rows,
    x,
    relative_risk,
    hazard,
    is_event,
    first,
    last,
    until,
    start,
    ahead_rows,
    ahead,
    means,
    own_per_risk,
    less_if_own,
    per_event,
    cell,
    influence,
):
    n_columns, width = x.shape[1], until.shape[1]
    for place in range(rows.size):
        row = rows[place]
        risk = relative_risk[row]
        if last[row] >= first[row]:
            for column in range(width):
                influence[place, column] = risk * (until[last[row] + 1, column] - until[first[row], column])
        else:
            for column in range(width):
                influence[place, column] = 0.0
        if start[row] > 0.0:
            table = ahead_rows[row]
            for column in range(width):
                influence[place, column] += start[row] * ahead[table, column]
        for column in range(n_columns):
            influence[place, column] -= risk * hazard[row] * x[row, column]
        if is_event[row]:
            time = last[row]
            for column in range(n_columns):
                influence[place, column] += x[row, column] - means[time, column] + risk * own_per_risk[time, column]
            influence[place, n_columns + cell[time]] += per_event[time] + risk * less_if_own[time]
