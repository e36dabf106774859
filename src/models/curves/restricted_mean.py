r"""Areas under curves: the mean time free of events, and the mean time lost to one event, until a last day.

The restricted mean time is :math:`\int_0^\tau S(t)\,dt`, the time lost to event k :math:`\int_0^\tau F_k(t)\,dt`; with
the times lost to all events it sums to :math:`\tau`.

Source: Andersen (2013), Decomposition of number of life years lost according to causes of death, Statistics in Medicine
32, section 2; the standard errors: Greenwood's (as R's ``print(survfit, rmean = tau)``), or the integral of each row's
influence on the curve (as R's ``summary`` of a multi-state ``survfit`` with ``influence = TRUE``).
"""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from .confidence import check_interval
from .state_counts import StateCounts, event_free
from .state_errors import greenwood_terms, incidence_tables
from .tables import known_until


def area(times: np.ndarray, values: np.ndarray, start: float, until: np.ndarray) -> np.ndarray:
    """Integral from day 0 of a curve that is ``start`` before the first of ``times`` (T,), then ``values`` (T,).

    ``until`` may have any shape; beyond the last day the curve goes on as it is.
    """
    knots, heights = np.concatenate([[0.0], times]), np.concatenate([[start], values])
    areas = np.concatenate([[0.0], np.cumsum(np.diff(knots) * heights[:-1])])
    position = np.searchsorted(knots, until, side="right") - 1
    return areas[position] + heights[position] * (until - knots[position])


def greenwood_area_error(counts: StateCounts, until: np.ndarray) -> np.ndarray:
    """Greenwood's standard error of the area under :func:`.state_counts.event_free` until each day, shape (m,)."""
    free, terms = event_free(counts), greenwood_terms(counts)
    reached = area(counts.times, free, 1.0, counts.times)
    ahead = area(counts.times, free, 1.0, until)[:, None] - reached
    return np.sqrt((np.maximum(ahead, 0.0) ** 2 * terms * (counts.times <= until[:, None])).sum(axis=1))


def robust_area_error(
    counts: StateCounts, kinds: np.ndarray, cluster: np.ndarray | None, until: np.ndarray
) -> np.ndarray:
    """Infinitesimal-jackknife standard error of the area under the summed incidence of some events, shape (m,).

    Parameters
    ----------
    kinds : ndarray of bool, shape (E,)
        All of them give that of the area under :func:`.state_counts.event_free`.
    cluster : ndarray of int, shape (n,), optional
        Codes of rows that are not independent.
    until : ndarray, shape (m,)
    """
    influences = (area_influence(counts, kinds, day) for day in until)
    totals = (each if cluster is None else np.bincount(cluster, each) for each in influences)
    return np.array([np.sqrt(total @ total) for total in totals])


def area_influence(counts: StateCounts, kinds: np.ndarray, day: float) -> np.ndarray:
    """Weighted influence of each row on the area under the summed incidence of ``kinds`` (E,) until a day, (n,)."""
    tables, rows = incidence_tables(counts, kinds), counts.rows
    since, at_entry = tables.since[rows.first], tables.at_entry[rows.first]
    alive = tables.alive[rows.last]
    slope = tables.slope[rows.last] - alive * since - np.where(rows.code >= 0, tables.drop[rows.last], 0.0)
    jump = np.where(np.append(kinds, False)[rows.code], tables.jump[rows.last], 0.0)
    curve = tables.curve[rows.last]
    level = tables.shared[rows.last] - at_entry + jump - (slope + since) * curve
    entered, left = counts.times[rows.first], counts.times[rows.last]
    begin, end = np.minimum(entered, day), np.minimum(left, day)
    under_curve = [area(counts.times, tables.curve, 0.0, at) for at in (begin, end, np.array(day))]
    under_shared = [area(counts.times, tables.shared, 0.0, at) for at in (begin, end)]
    influence: np.ndarray = under_shared[1] - under_shared[0]
    influence -= at_entry * (end - begin) + since * (under_curve[1] - under_curve[0])
    influence += level * (day - end) + slope * (under_curve[2] - under_curve[1])
    return influence * rows.weight


def mean_table(days: np.ndarray, estimate: np.ndarray, error: np.ndarray, level: float, last: float) -> pd.DataFrame:
    """Index ``tau``; estimate, std_error, and the symmetric interval, between 0 and tau; NaN past ``last``."""
    check_interval(level, "plain")
    reach = ndtri(0.5 + level / 2.0) * error
    lower, upper = np.maximum(estimate - reach, 0.0), np.minimum(estimate + reach, days)
    columns = {"estimate": estimate, "std_error": error, "lower": lower, "upper": np.maximum(upper, estimate)}
    return known_until(pd.DataFrame(columns, index=pd.Index(days, name="tau")), last)
