"""Standard error of the Aalen-Johansen incidence among those still free of events on a day.

The incidence from a day on is a sum over hazard increments after it, as in cause-specific models without features:
the second moments of the increments, kept in cells, give its infinitesimal-jackknife variance (see
:mod:`..incidence.influence_error`).
"""

from typing import Any

import numpy as np

from ..curves.state_counts import StateCounts
from ..incidence.exact_sums import Jumps
from ..incidence.hazard_moments import CellMoments
from ..incidence.influence_error import UncertainHazards, incidence_error
from ..incidence.moments import CauseRows, cell_moments, event_variance


def curve_moments(counts: StateCounts, cluster: np.ndarray | None, horizon: float) -> dict[str, Any]:
    """Second moments of the hazard increments of each event; ``cluster`` (n,) are codes."""
    rows = counts.profiles if cluster is None else counts.rows
    target = np.arange(rows.last.size) if cluster is None else cluster
    happened = counts.n_events.sum(axis=1) > 0
    n_until = np.cumsum(happened)
    first, last = n_until[rows.first] - happened[rows.first], n_until[rows.last] - 1
    n_times = int(happened.sum())
    causes = []
    for kind in range(len(counts.events)):
        own = rows.code == kind
        jump = np.where(own, rows.weight / counts.n_at_risk[rows.last], 0.0)
        causes.append(
            CauseRows(
                time=counts.times[happened],
                stratum=np.zeros(n_times, dtype=np.int64),
                n_tied=np.bincount(n_until[counts.rows.last[counts.rows.code == kind]] - 1, minlength=n_times),
                increment=(counts.rate[:, kind] / counts.n_at_risk)[happened],
                first=first,
                last=last,
                risk=rows.weight,
                jump=jump,
                variance=event_variance(last[own], jump[own], target[own], n_times),
                coef=np.empty((int(target.max()) + 1, 0)),
            )
        )
    return cell_moments(causes, np.zeros(target.size, dtype=np.int64), target, horizon=horizon)[0]


def conditional_error(
    time: np.ndarray,
    incidence: np.ndarray,
    event_free: np.ndarray,
    moments: dict[str, Any],
    times: np.ndarray,
    since: np.ndarray,
    kind: int,
) -> np.ndarray:
    """Standard error of the incidence of one event by ``times`` (n, m), given no event until ``since`` (n, 1).

    Parameters
    ----------
    time : ndarray, shape (J,)
        Days of events.
    incidence : ndarray, shape (J, E)
    event_free : ndarray, shape (J,)
        Just after each day.
    moments : dict
        From :func:`curve_moments`.
    kind : int
        Position of the event.
    """
    before = np.concatenate([[1.0], event_free[:-1]])[:, None]
    steps = np.diff(incidence, axis=0, prepend=0.0)
    hazard = np.divide(steps, before, out=np.zeros_like(steps), where=before > 0).T
    hazards = UncertainHazards(Jumps(time, hazard), np.empty((*hazard.shape, 0)), CellMoments(**moments))
    asked, row = np.unique(np.hstack([since, times]), axis=0, return_inverse=True)
    ones = np.ones((len(asked), len(hazard)))
    distance = np.empty((len(hazard), len(asked), 0))
    error = incidence_error(hazards, distance, ones, asked[:, 1:], asked[:, :1], kind, "product_limit", exact=True)
    return error[row.ravel()]
