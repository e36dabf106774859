"""D-calibration: whether events come when the predicted incidence curves say they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from .inputs import check_metric_inputs
from .state_weights import MetricValue, States, followed_states

N_BINS = 10
# A bin in which nobody has the event has hardly a variance, and the test would make much of it.
LEAST_EVENTS_IN_BIN = 10
# Directions in which the deviations of bins have no variance, relative to the largest.
LEAST_VARIANCE = 1e-10


@dataclass(frozen=True)
class DCalibration:
    """A test of whether events come when predicted curves say they do.

    Attributes
    ----------
    statistic : float
        Wald's, of the deviations of all bins.
    p_value : float
        From the chi-squared distribution with ``df`` degrees of freedom; small where the curves are wrong.
    df : int
    table : DataFrame
        ``lower, upper, observed, expected``: a row for each bin of predicted incidence at the event, with the part of
        all rows that has its event there and the part that was predicted to.
    """

    statistic: float
    p_value: float
    df: int
    table: pd.DataFrame = field(repr=False)


def d_calibration(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    n_bins: int = N_BINS,
    cluster: Any = None,
    censoring: Any = None,
    sample_weight: Any = None,
) -> DCalibration:
    r"""Test whether events come when the predicted incidence curves say they do.

    A row's own curve, read at its own event, is uniform where the curves are right: with :math:`U = F_k(T \mid x)`,

    .. math:: P(a < U \le b,\ T \le t,\ \delta = k \mid x) = \min(F_k(t \mid x), b) - \min(F_k(t \mid x), a).

    Bins of U are cut so that equally many events are predicted in each, ten at least. Observed parts are weighted for
    censoring, and the test is Wald's with the covariance of their influence functions (clustered where ``cluster`` is
    given), so it holds under censoring and competing risks.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry count from their entry on.
    risk : array, shape (n, n_times)
        Predicted cumulative incidence of ``event``, not falling with time.
    times : array, shape (n_times,)
        Days, ascending; curves are read as straight lines between them, from 0 on day 0, so give many. The last is t.
    event : int
    n_bins : int
        At most; fewer, but two at least, where few events are seen.
    cluster : array, shape (n,), optional
        Rows that share a value are not independent.
    censoring, sample_weight
        As for :func:`~.brier.brier_score`.

    Returns
    -------
    DCalibration
        NaN, with a warning, past the last follow-up.

    References
    ----------
    Haider, Hoehn, Davis and Greiner (2020), Effective ways to build and evaluate individual survival distributions,
    Journal of Machine Learning Research 21, for one event; the bins and the covariance are our own.

    Examples
    --------
    >>> y = {"duration": [1.0, 2.0, 3.0, 4.0] * 25, "event": [1, 2, 1, 2] * 25}
    >>> d_calibration(y, [[0.25, 0.25, 0.5, 0.5]] * 100, [1, 2, 3, 4], n_bins=2).table["observed"].tolist()
    [0.25, 0.25]
    """
    if n_bins < 2:
        raise ValueError(f"n_bins must be at least 2, got {n_bins}")
    given = check_metric_inputs(y, risk, times, event=event, sample_weight=sample_weight, cluster=cluster)
    if np.any(np.diff(given.times) <= 0):
        raise ValueError(f"times must ascend, got {np.sum(np.diff(given.times) <= 0)} that do not")
    states = followed_states(given, censoring, event)[-1]
    if states is None:
        return DCalibration(
            float("nan"), float("nan"), 0, pd.DataFrame(columns=["lower", "upper", "observed", "expected"])
        )
    return curve_calibration(states, given.risk, given.times, given.cluster, n_bins)


def curve_calibration(
    states: States, risk: np.ndarray, times: np.ndarray, groups: np.ndarray, n_bins: int = N_BINS
) -> DCalibration:
    """:func:`d_calibration` by the last of ``times`` (n_times,), the day of ``states``; ``groups`` (n,): clusters."""
    last = risk[:, -1]
    own = _at_event(states, risk, times)
    weight = states.mass if states.weights.outcome.has_delayed_entry else states.weights.weight
    share = weight / weight.sum()
    n_bins = max(2, min(n_bins, int(states.had.sum()) // LEAST_EVENTS_IN_BIN))
    cuts = _equal_expected(last, share, n_bins)
    observed, expected, influences = [], [], []
    for low, high in pairwise(cuts):
        inside = states.had & (own > low) & ((own <= high) | (high == cuts[-1]))
        if low == 0:
            inside |= states.had & (own <= 0)
        part = np.minimum(last, high) - np.minimum(last, low)
        predicted = float(share @ part)
        observed.append(float(states.mass @ inside))
        expected.append(predicted)
        slope, direct = inside.astype(float), -share * (part - predicted)
        if weight is states.mass:
            slope, direct = slope - part, np.zeros(part.size)
        influences.append(MetricValue(0.0, states, slope, direct).influence())
    deviation = np.array(observed) - np.array(expected)
    sums = np.column_stack([np.bincount(groups, weights=influence) for influence in influences])
    statistic, df = _wald(deviation, sums.T @ sums)
    table = pd.DataFrame({"lower": cuts[:-1], "upper": cuts[1:], "observed": observed, "expected": expected})
    return DCalibration(statistic, float(chdtrc(df, statistic)) if df else float("nan"), df, table)


def _at_event(states: States, risk: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Each row's curve at its own day, shape (n,); what comes after the last time is not read."""
    day = states.weights.outcome.duration
    grid = np.concatenate(([0.0], times)) if times[0] > 0 else times
    curve = np.column_stack((np.zeros(day.size), risk)) if times[0] > 0 else risk
    right = (
        np.clip(np.searchsorted(grid, day, side="left"), 1, grid.size - 1) if grid.size > 1 else np.zeros(day.size, int)
    )
    left = np.maximum(right - 1, 0)
    rows = np.arange(day.size)
    width = np.where(right > left, grid[right] - grid[left], 1.0)
    part = np.clip((day - grid[left]) / width, 0.0, 1.0)
    return curve[rows, left] + part * (curve[rows, right] - curve[rows, left])


def _equal_expected(last: np.ndarray, share: np.ndarray, n_bins: int) -> np.ndarray:
    """Cuts, from 0 to the highest risk, between which equally many events are predicted."""
    order = np.argsort(last)
    ranked, part = last[order], share[order]
    # The expected part of events below u is the sum over rows of min(risk, u), a broken line with corners at the risks.
    until = np.cumsum(part * ranked)
    corner = until + ranked * (1.0 - np.cumsum(part))
    wanted = np.linspace(0.0, 1.0, n_bins + 1) * corner[-1]
    cuts = np.interp(wanted, np.concatenate(([0.0], corner)), np.concatenate(([0.0], ranked)))
    return np.unique(cuts)


def _wald(deviation: np.ndarray, covariance: np.ndarray) -> tuple[float, int]:
    values, vectors = np.linalg.eigh(covariance)
    kept = values > LEAST_VARIANCE * max(values[-1], 0.0)
    if not kept.any() or values[-1] <= 0:
        return float("nan"), 0
    turned = vectors[:, kept].T @ deviation
    return float(np.sum(turned**2 / values[kept])), int(kept.sum())
