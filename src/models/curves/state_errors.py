r"""Standard errors of Kaplan-Meier, Nelson-Aalen and Aalen-Johansen curves.

Those of the infinitesimal jackknife: the root of the sum, over rows or clusters, of the squared derivative of the
curve with respect to the row's weight, times the weight. With weights 1 and no delayed entry it equals Greenwood's for
S and the delta method's for the incidences (``survfit`` in R, stcompet in Stata, ``ERROR=DELTA`` in SAS). Aalen's for
the incidences, as R's cmprsk has it, is there by name.

Source: Andersen, Borgan, Gill and Keiding (1993), sections IV.1 and IV.4; Therneau, "survival: the methods" (vignette
of R's package survival), section 2.2 and 2.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .state_counts import StateCounts, before, event_free, incidence

if TYPE_CHECKING:
    from .curve_variance import InfluenceTables


def greenwood_error(counts: StateCounts) -> np.ndarray:
    """Greenwood's standard error of :func:`event_free`, shape (T,); 0 where nobody is left."""
    return event_free(counts) * np.sqrt(np.cumsum(greenwood_terms(counts)))


def poisson_error(counts: StateCounts) -> np.ndarray:
    """Standard error of :func:`cumulative_hazard`, from the sum of ``d / Y^2``, shape (T,)."""
    return np.sqrt(np.cumsum(counts.rate.sum(axis=1) / counts.n_at_risk))


def robust_hazard_error(counts: StateCounts, cluster: np.ndarray | None) -> np.ndarray:
    """Infinitesimal-jackknife standard error of :func:`cumulative_hazard`, shape (T,); ``cluster`` (n,) are codes."""
    every = np.ones((1, len(counts.events)), dtype=bool)
    return _influence_errors(counts, every, cluster, [hazard_tables(counts)])[:, 0]


def robust_errors(counts: StateCounts, kinds: np.ndarray, cluster: np.ndarray | None) -> np.ndarray:
    """Infinitesimal-jackknife standard errors of summed incidences of some events, shape (T, K).

    Parameters
    ----------
    kinds : ndarray of bool, shape (K, E)
        Events whose incidences are summed; all of them give the standard error of :func:`event_free`.
    cluster : ndarray of int, shape (n,), optional
        Codes of rows that are not independent.
    """
    errors = _influence_errors(counts, kinds, cluster, [incidence_tables(counts, kind) for kind in kinds])
    # From where nobody is left nothing changes, whatever the weights: exactly so, without what rounding leaves.
    nobody = np.flatnonzero(event_free(counts) <= 0)
    if nobody.size:
        errors[nobody] = np.where(kinds.all(axis=1), 0.0, errors[nobody[0]])
    return errors


def aalen_error(counts: StateCounts) -> np.ndarray:
    r"""Aalen's standard error of :func:`incidence` of each event, shape (T, E); weights must count rows.

    .. math::
        \sum_{t_j \le t} S_{j-1}^2 \Big[\Big(1 - \frac{F(t) - F_j}{S_j}\Big)^2 \frac{d_j c(d_j)}{Y_j^2}
        + \Big(\frac{F(t) - F_j}{S_j}\Big)^2 \frac{o_j c(o_j)}{Y_j^2}\Big], \quad c(d) = 1 - \frac{d - 1}{Y_j - 1},

    with :math:`d_j` events of the kind and :math:`o_j` of other kinds on day :math:`t_j`; where nobody is left,
    :math:`1 / S_j` is 0. The factor c is for ties, drawn without replacement.

    Source: Aalen (1978), Annals of Statistics 6:534; Gray (1988), Annals of Statistics 16:1141, whose ``cuminc`` it is.
    """
    free, curves = event_free(counts)[:, None], incidence(counts)
    size = counts.n_at_risk[:, None]
    own, other = counts.n_events, counts.n_events.sum(axis=1, keepdims=True) - counts.n_events
    unit = (before(free[:, 0])[:, None] / size) ** 2
    ties = np.maximum(size - 1.0, 1.0)
    own, other = (unit * d * (1.0 - np.maximum(d - 1.0, 0.0) / ties) for d in (own, other))
    inverse = np.divide(1.0, free, out=np.zeros_like(free), where=free > 0)
    reached = curves * inverse
    # The square of (a - F(t) / S) is summed by its parts.
    square = np.cumsum(own * (1.0 + reached) ** 2 + other * reached**2, axis=0)
    cross = np.cumsum((own * (1.0 + reached) + other * reached) * inverse, axis=0)
    slope = np.cumsum((own + other) * inverse**2, axis=0)
    return np.sqrt(np.maximum(square - curves * (2.0 * cross - curves * slope), 0.0))


def hazard_tables(counts: StateCounts) -> InfluenceTables:
    """What the influences of rows on :func:`cumulative_hazard` need of each day."""
    from .curve_variance import InfluenceTables

    zero = np.zeros(counts.times.size)
    shared = -np.cumsum(counts.rate.sum(axis=1) / counts.n_at_risk)
    return InfluenceTables(zero, shared, before(shared, 0.0), zero, 1.0 / counts.n_at_risk, zero, zero, zero)


def incidence_tables(counts: StateCounts, kinds: np.ndarray) -> InfluenceTables:
    """What the influences of rows on the summed incidence of some events (``kinds``, (E,)) need of each day."""
    from .curve_variance import InfluenceTables

    free = event_free(counts)
    free_before = before(free)
    rate = counts.rate[:, kinds].sum(axis=1)
    greenwood = np.cumsum(greenwood_terms(counts))
    curve = np.cumsum(free_before * rate)
    shared = np.cumsum(free_before * rate * (before(greenwood, 0.0) - 1.0 / counts.n_at_risk))
    since = before(greenwood, 0.0)
    at_entry = before(shared, 0.0) - since * before(curve, 0.0)
    alive = (free > 0).astype(float)
    staying = np.where(counts.all_fail, 1.0, 1.0 - counts.rate.sum(axis=1))
    drop = alive / (counts.n_at_risk * staying)
    jump = free_before / counts.n_at_risk
    return InfluenceTables(curve, shared, at_entry, since, jump, alive * greenwood, alive, drop)


def _influence_errors(
    counts: StateCounts, kinds: np.ndarray, cluster: np.ndarray | None, tables: list[InfluenceTables]
) -> np.ndarray:
    from .curve_variance import clustered_variances, independent_variance

    rows = counts.rows
    counted = np.vstack([np.zeros(len(kinds), dtype=bool), kinds.T])
    if cluster is None:
        curves = zip(tables, counted.T.copy(), strict=True)
        variance = np.column_stack([independent_variance(table, *counts.independent, kind) for table, kind in curves])
    else:
        together = tables[0]._replace(
            **{name: np.stack([getattr(table, name) for table in tables]) for name in ("curve", "shared", "at_entry")}
        )
        n_clusters = int(cluster.max()) + 1
        variance = clustered_variances(
            together, rows.first, rows.last, rows.code + 1, counted, rows.weight, cluster, n_clusters
        )
    return np.sqrt(np.maximum(variance, 0.0))


def greenwood_terms(counts: StateCounts) -> np.ndarray:
    """``d / (Y (Y - d))`` of each day, 0 where nobody is left: the curve does not change after that."""
    total = counts.n_events.sum(axis=1)
    staying = np.where(counts.all_fail, 1.0, counts.n_at_risk - total)
    return np.where(counts.all_fail, 0.0, total / (counts.n_at_risk * staying))
