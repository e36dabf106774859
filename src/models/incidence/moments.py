r"""Second moments of the influence of rows on cause-specific hazards and coefficients, by cells of event times.

The weight of row i moves the baseline hazard increment of cause k at an event time s (for known coefficients) and the
coefficients by

.. math:: m_{ki}(s) = \frac{dN_{ki}(s) - Y_i(s) e^{\eta_{ki}} d\Lambda_k(s)}{S_k(s)}, \qquad u_{ki} = V_k U_{ki}

with S the sum of relative risks at risk, U the score residual and V the inverse information; Efron's ties replace
:math:`1 / S` as in the fit. A cumulative incidence with derivatives w with respect to the increments and b with respect
to the coefficients has the variance :math:`\sum_i (\sum_{k,s} w_k(s) m_{ki}(s) + \sum_k b_k' u_{ki})^2`, rows summed by
cluster before they are squared. Only sums over rows are kept: the covariance of the sums of m over cells (runs of event
times of the cause) and of u, and the variance of m at each event time. What a single event adds to m is nearly all that
m is on its day, so that a cell must hold several (``FEWEST_EVENTS``) lest the features of the child can be told.

Source: Ozenne et al. (2017), The R Journal 9(2):440, section 2; Reid and Crepeau (1985), Biometrika 72:1.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ...small_counts import SMALLEST_SHOWN
from ..numerics.run_starts import run_starts

if TYPE_CHECKING:
    from ..risk_sets.cell_influence import CellHazard

# Cells of a model, fewer for each stratum where there are many strata, so that a bundle stays small.
N_CELLS = 64
FEWEST_CELLS = 8
# Days after which a cell begins: those at which risks are usually stated.
CUTS = (91.0, 182.0, 365.0, 730.0)
# A cell of fewer events would say too much of single rows: tables show no count under it either.
FEWEST_EVENTS = SMALLEST_SHOWN
# Of strata of fewer children a saved model keeps nothing that intervals rest on: cells would be too few for right
# errors, or their events too few to hide a child.
LEAST_CHILDREN = 200


@dataclass(frozen=True)
class CauseRows:
    """The influence of n rows on the hazard of one cause that has J event times over all strata.

    Attributes
    ----------
    time, stratum, n_tied : ndarray, shape (J,)
        Sorted by stratum, then time; number of events.
    increment : ndarray, shape (J,)
        :math:`d\\Lambda / S`: by a relative risk of 1 at risk, the hazard falls by it.
    first, last : ndarray of int, shape (n,)
        Event times at which the row is at risk; none where ``last < first``.
    risk : ndarray, shape (n,)
        Relative risk times the row's factor (its weight).
    jump : ndarray, shape (n,)
        What the row's own event adds at ``last``, times the factor.
    variance : ndarray, shape (J,)
        Of the own events.
    coef : ndarray, shape (n_clusters, p)
        Influence on the coefficients, summed by cluster.
    """

    time: np.ndarray
    stratum: np.ndarray
    n_tied: np.ndarray
    increment: np.ndarray
    first: np.ndarray
    last: np.ndarray
    risk: np.ndarray
    jump: np.ndarray
    variance: np.ndarray
    coef: np.ndarray


def cell_moments(
    causes: list[CauseRows], stratum: np.ndarray, target: np.ndarray, *, horizon: float
) -> list[dict[str, Any]]:
    """Moments of each stratum, for K causes on its J common event times; cause k has G_k cells of them.

    Parameters
    ----------
    causes : list of CauseRows
    stratum, target : ndarray of int, shape (n,)
        Codes 0, 1, ... of the stratum and of the cluster of each row (or of the row itself).
    horizon : float
        A day after which a cell begins, besides ``CUTS``: intervals are most exact where cells end.

    Returns
    -------
    list of dict
        For each stratum ``cell_start``, for each cause the positions (G_k,) in the J event times at which its cells
        begin; ``variance`` (K, J) of the increments; ``covariance`` (sum of G_k + K p, the same) of the cells'
        increments, cause after cause, and of the coefficients, cause after cause.
    """
    n_strata = int(stratum.max()) + 1
    n_cells, cuts = max(FEWEST_CELLS, round(N_CELLS / n_strata**0.5)), np.array([*CUTS, horizon])
    coef = np.concatenate([cause.coef for cause in causes], axis=1)
    order = np.argsort(target, kind="stable")
    moments = []
    for code in range(n_strata):
        time = np.unique(np.concatenate([cause.time[cause.stratum == code] for cause in causes]))
        variance, starts, hazards = np.zeros((len(causes), time.size)), [], []
        for cause, by_time in zip(causes, variance, strict=True):
            own = slice(*np.searchsorted(cause.stratum, [code, code + 1]))
            position = np.searchsorted(time, cause.time[own])
            by_time[position] = cause.variance[own]
            cell = assign_cells(cause.time[own], cause.n_tied[own], n_cells, cuts)
            starts.append(position[run_starts(cell)])
            hazards.append(_cell_hazard(cause, own, cell))
        covariance = _covariance(hazards, coef, order[stratum[order] == code], target)
        moments.append({"cell_start": starts, "variance": variance, "covariance": covariance})
    return moments


def assign_cells(time: np.ndarray, n_events: np.ndarray, n_cells: int, cuts: np.ndarray) -> np.ndarray:
    """Cell 0, 1, ... of each event time (J,); each holds ``FEWEST_EVENTS`` events, or all where there are fewer.

    No cell goes over a cut (a day), but a cut after which or before which fewer than ``FEWEST_EVENTS`` lie does not
    count. Between cuts, cells hold about equally many events.
    """
    until = np.concatenate([[0.0], np.cumsum(n_events)])
    bounds = [0]
    for end in sorted(np.searchsorted(time, cuts, side="right").tolist()):
        if min(until[end] - until[bounds[-1]], until[-1] - until[end]) >= FEWEST_EVENTS:
            bounds.append(end)
    ends: list[int] = []
    middle = until[:-1] + n_events / 2.0
    for begin, end in pairwise([*bounds, time.size]):
        n_between = until[end] - until[begin]
        n_here = max(1, int(n_between / max(FEWEST_EVENTS, until[-1] / n_cells)))
        wanted = until[begin] + n_between * np.arange(1, n_here) / n_here
        last = begin
        for one in np.unique(np.searchsorted(middle, wanted)):
            if min(until[one] - until[last], until[end] - until[one]) >= FEWEST_EVENTS:
                ends.append(int(one))
                last = int(one)
        ends.append(end)
    return np.searchsorted(ends, np.arange(time.size), side="right")


def run_ends(time: np.ndarray, n_children: np.ndarray, horizon: float) -> np.ndarray:
    """Positions, shape (n_runs,), of the last of each run of steps (J,) that ``FEWEST_EVENTS`` children tell apart.

    Runs are as short as that allows; ``n_children`` (J,) are those that each step counts. Empty where all are fewer.
    """
    if n_children.sum() < FEWEST_EVENTS:
        return np.empty(0, dtype=np.int64)
    run = assign_cells(time, n_children, n_children.size + int(n_children.sum()), np.array([*CUTS, horizon]))
    return np.flatnonzero(np.diff(run, append=-1))


def are_kept(causes: list[CauseRows], n_children: np.ndarray) -> np.ndarray:
    """Of which strata, with ``n_children`` (n_strata,) each, a saved model keeps what intervals rest on.

    Those with ``LEAST_CHILDREN`` children and with no event of a cause, or ``FEWEST_EVENTS`` and more.
    """
    kept = n_children >= LEAST_CHILDREN
    for cause in causes:
        n_events = np.bincount(cause.stratum, cause.n_tied, minlength=n_children.size)
        kept &= (n_events == 0) | (n_events >= FEWEST_EVENTS)
    return kept


def event_variance(last: np.ndarray, jump: np.ndarray, target: np.ndarray, n_times: int) -> np.ndarray:
    """Sum by event time of the squared jumps of the events, added up by cluster first, shape (n_times,)."""
    n_targets = np.int64(target.max(initial=0) + 1)
    pairs, pair = np.unique(last * n_targets + target, return_inverse=True)
    return np.bincount(pairs // n_targets, np.bincount(pair, jump) ** 2, minlength=n_times)


def _covariance(hazards: "list[CellHazard]", coef: np.ndarray, rows: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Covariance of cells and coefficients; ``rows`` are the stratum's, sorted by cluster."""
    from ..risk_sets.cell_influence import influence_moments

    starts = run_starts(target[rows])
    present = target[rows[starts]]
    covariance = influence_moments(hazards, coef, rows, starts, present)
    n_coef = coef.shape[1]
    if n_coef and starts.size < len(coef):
        elsewhere = np.delete(coef, present, axis=0)
        covariance[-n_coef:, -n_coef:] += elsewhere.T @ elsewhere
    return covariance


def _cell_hazard(cause: CauseRows, own: slice, cell: np.ndarray) -> "CellHazard":
    """Of one cause in the stratum whose event times are ``own``, by the ``cell`` of each of these."""
    from ..risk_sets.cell_influence import CellHazard

    until = np.concatenate([[0.0], np.cumsum(cause.increment[own])])
    bounds = np.searchsorted(cell, np.arange(int(cell.max(initial=-1)) + 2))
    until = until[np.clip(np.arange(until.size)[:, None], bounds[:-1], bounds[1:])]
    return CellHazard(int(own.start), cell, until, cause.first, cause.last, cause.risk, cause.jump)
