"""Calibration without a model: observed against predicted risk, overall and by group of predicted risk."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from ..inputs.labels import refuse_other_order
from .brier import marginal_incidence
from .calibration_estimate import Z_95, CalibrationEstimate, clustered_std_error, group_codes, unknown_estimate
from .inputs import MetricInputs, check_metric_inputs, followed_to, warn_past_follow_up
from .pseudo_observations import pseudo_values
from .state_weights import MetricValue, States


@dataclass(frozen=True)
class CalibrationCurve:
    """Predicted and observed risk by bin of predicted risk, in ascending order.

    Attributes
    ----------
    predicted : ndarray, shape (n_bins,)
        Mean predicted risk.
    observed : ndarray, shape (n_bins,)
        Aalen-Johansen incidence within the bin; NaN where the bin's follow-up ends before the time.
    lower, upper : ndarray, shape (n_bins,)
        95 % interval of ``observed``.
    n : ndarray of int, shape (n_bins,)
        Rows.
    n_events : ndarray of int, shape (n_bins,)
        Rows seen to have the event by the time.
    """

    predicted: np.ndarray
    observed: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    n: np.ndarray
    n_events: np.ndarray

    def to_frame(self) -> pd.DataFrame:
        """DataFrame with a row per bin and the columns ``bin`` (from 1), ``predicted`` ... ``n_events``."""
        frame = pd.DataFrame({field.name: getattr(self, field.name) for field in fields(self)})
        frame.insert(0, "bin", np.arange(1, len(frame) + 1))
        return frame


def calibration_curve(
    y: Any, risk: Any, time: float, *, event: int = 1, n_bins: int = 10, cluster: Any = None
) -> CalibrationCurve:
    """Predicted against observed risk by a day, in bins of equally many rows by predicted risk.

    Rows with the same risk are never parted, so there may be fewer bins than asked for. The observed risk is the
    Aalen-Johansen incidence of the bin; its standard error is the jackknife's (clustered where ``cluster`` is given)
    and the interval is symmetric on the complementary log-log scale. In a bin where nobody, or everybody, has the
    event the interval is the exact binomial one for the rows whose state on the day is known.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry are left out, with a warning that counts them.
    risk : array, shape (n,)
        Predicted cumulative incidence by ``time``.
    time : float
        Days.
    event : int
    n_bins : int
    cluster : array, shape (n,), optional
        Rows that share a value are not independent.

    Returns
    -------
    CalibrationCurve

    Raises
    ------
    ValueError
        Shapes differ, a risk is missing or outside 0 to 1, or ``n_bins`` is below 1.

    References
    ----------
    Gerds, Andersen and Kattan (2014), Calibration plots for risk prediction models in the presence of competing risks,
    Statistics in Medicine 33.

    Examples
    --------
    >>> y = {"duration": [1.0] * 100, "event": [1] * 10 + [2] * 40 + [1] * 25 + [2] * 25}
    >>> calibration_curve(y, [0.2] * 50 + [0.5] * 50, 1).observed.round(6)
    array([0.2, 0.5])
    """
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1, got {n_bins}")
    refuse_other_order(y=y, risk=risk, cluster=cluster)
    given = check_metric_inputs(y, risk, [time], event=event)
    groups = None if cluster is None else group_codes(cluster, given.n_given)[given.rows]
    predicted = given.risk[:, 0]
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, n_bins + 1)[1:-1], method="inverted_cdf"))
    bin_of_row = np.searchsorted(edges, predicted, side="left")
    warn_past_follow_up(given.outcome, given.times, followed_to(given.outcome, given.times))
    points = [_observed(given, np.flatnonzero(bin_of_row == b), event, groups) for b in np.unique(bin_of_row)]
    return CalibrationCurve(*(np.array(column) for column in zip(*points, strict=True)))


def observed_expected_ratio(
    y: Any, risk: Any, time: float, *, event: int = 1, cluster: Any = None
) -> CalibrationEstimate:
    r"""Calibration in the large: observed over expected risk by a day, O/E; above 1 the predictions are too low.

    .. math:: \hat F_k(t) \Big/ \frac{1}{n}\sum_i r_i

    with the Aalen-Johansen incidence above the line. The interval is symmetric on the log scale and takes the
    predictions as fixed; E/O is the reciprocal, with the bounds exchanged.

    Parameters
    ----------
    y, risk, time, event, cluster
        As for :func:`calibration_curve`.

    Returns
    -------
    CalibrationEstimate
        NaN past the last follow-up (with a warning) and where every predicted risk is 0; without an event the ratio
        is 0 and its interval NaN.

    References
    ----------
    van Geloven and others (2022), Validation of prediction models in the presence of competing risks, BMJ 377:e069249.

    Examples
    --------
    >>> y = {"duration": [1.0] * 50, "event": [1] * 10 + [2] * 40}
    >>> round(observed_expected_ratio(y, [0.25] * 50, 1).estimate, 6)
    0.8
    """
    refuse_other_order(y=y, risk=risk, cluster=cluster)
    given = check_metric_inputs(y, risk, [time], event=event)
    supported = followed_to(given.outcome, given.times)
    warn_past_follow_up(given.outcome, given.times, supported)
    expected = given.risk.mean()
    if not supported.all() or expected == 0:
        return unknown_estimate()
    observed = marginal_incidence(given, event)[0]
    if observed == 0:
        return CalibrationEstimate(0.0, *[float("nan")] * 3)
    groups = None if cluster is None else group_codes(cluster, given.n_given)[given.rows]
    error = clustered_std_error(pseudo_values(given.outcome, given.times, event=event)[:, 0], groups)
    ratio = float(observed / expected)
    spread = float(np.exp(Z_95 * error / observed))
    return CalibrationEstimate(ratio, error / float(expected), ratio / spread, ratio * spread)


def observed_expected_value(states: States, risk: np.ndarray) -> MetricValue:
    """Observed over expected risk of ``risk`` (n,) on the day of ``states``; NaN where every risk is 0.

    With delayed entry the expected risk is the mean by the masses of the rows, as rows seen late are not like all.
    """
    weight, mass, had = states.weights.weight, states.mass, states.had.astype(float)
    by_mass = states.weights.outcome.has_delayed_entry
    expected = float(mass @ risk if by_mass else weight @ risk / weight.sum())
    if expected == 0:
        return MetricValue(float("nan"), states, np.full(risk.size, np.nan))
    ratio = float(mass @ had) / expected
    if by_mass:
        return MetricValue(ratio, states, (had - ratio * risk) / expected)
    direct = -ratio / expected * weight * (risk - expected) / weight.sum()
    return MetricValue(ratio, states, had / expected, direct)


def _observed(
    given: MetricInputs, rows: np.ndarray, event: int, groups: np.ndarray | None
) -> tuple[float, float, float, float, int, int]:
    """One point of the calibration curve: predicted, observed, lower, upper, n, n_events."""
    part = MetricInputs(given.outcome.take(rows), given.risk[rows], given.times, given.weight[rows], rows, rows.size)
    outcome, time = part.outcome, given.times[0]
    predicted = float(part.risk.mean())
    n_events = int(np.sum((outcome.event == event) & (outcome.duration <= time)))
    if not followed_to(outcome, given.times).all():
        return predicted, np.nan, np.nan, np.nan, rows.size, n_events
    observed = float(np.clip(marginal_incidence(part, event)[0], 0.0, 1.0))
    n_known = int(np.sum((outcome.event > 0) | (outcome.duration >= time)))
    theta = pseudo_values(outcome, given.times, event=event)[:, 0]
    error = clustered_std_error(theta, None if groups is None else groups[rows])
    lower, upper = _incidence_interval(observed, error, n_known)
    return predicted, observed, lower, upper, rows.size, n_events


def _incidence_interval(observed: float, std_error: float, n_known: int) -> tuple[float, float]:
    """95 % interval of an incidence, symmetric on the complementary log-log scale; exact where it is 0 or 1."""
    all_or_none = 0.025 ** (1 / n_known)
    if observed <= 0:
        return 0.0, 1 - all_or_none
    if observed >= 1:
        return all_or_none, 1.0
    log_free = np.log1p(-observed)
    half = Z_95 * std_error / abs((1 - observed) * log_free)
    return float(-np.expm1(log_free * np.exp(-half))), float(-np.expm1(log_free * np.exp(half)))
