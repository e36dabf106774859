"""Calibration without a model: observed against predicted risk, overall and by group of predicted risk."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from ...small_counts import count_words
from .calibration_estimate import Z_95, CalibrationEstimate, clustered_std_error, from_influence, unknown_estimate
from .calibration_response import response_of
from .inputs import MetricInputs, check_metric_inputs, followed_to, warn_past_follow_up
from .state_weights import MetricValue, States, followed_states, weights_of


@dataclass(frozen=True, repr=False)
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

    def _words(self) -> pd.DataFrame:
        frame = self.to_frame().set_index("bin")
        text = (frame.apply(lambda row: f"{row.observed:.4f} ({row.lower:.4f} to {row.upper:.4f})", axis=1)
                if len(frame) else [])  # fmt: skip
        shown = {
            "rows": frame["n"].map(count_words),
            "predicted": frame["predicted"].map("{:.4f}".format),
            "observed (95 % interval)": text,
        }
        return pd.DataFrame(shown, index=frame.index)

    def __repr__(self) -> str:
        """A line a bin."""
        return f"Observed against predicted risk\n{self._words().to_string()}"

    def _repr_html_(self) -> str:
        return f"<p>Observed against predicted risk</p>{self._words().to_html(border=0)}"

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw observed against predicted risk; see :func:`secondplan.plot_calibration`."""
        from ...plots import plot_calibration

        return plot_calibration(self, ax=ax, **options)


def calibration_curve(
    y: Any,
    risk: Any,
    time: float,
    *,
    event: int = 1,
    n_bins: int = 10,
    cluster: Any = None,
    censoring: Any = None,
    sample_weight: Any = None,
) -> CalibrationCurve:
    """Predicted against observed risk by a day, in bins of equally many rows by predicted risk.

    Rows with the same risk are never parted, so there may be fewer bins than asked for. The observed risk is the
    Aalen-Johansen incidence of the bin; its standard error is the jackknife's (clustered where ``cluster`` is given)
    and the interval is symmetric on the complementary log-log scale. In a bin where nobody, or everybody, has the
    event the interval is the exact binomial one for the rows whose state on the day is known. With delayed entry,
    ``censoring`` or ``sample_weight`` the error is that of the influence function, and with delayed entry the mean of
    the predicted risk is by the weights of the rows whose state is known.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry count from their entry on.
    risk : array, shape (n,)
        Predicted cumulative incidence by ``time``.
    time : float
        Days.
    event : int
    n_bins : int
    cluster : array, shape (n,), optional
        Rows that share a value are not independent.
    censoring, sample_weight
        As for :func:`~.brier.brier_score`.

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
    given = check_metric_inputs(y, risk, [time], event=event, sample_weight=sample_weight, cluster=cluster)
    predicted = given.risk[:, 0]
    parts = np.linspace(0, 1, n_bins + 1)[1:-1]
    if np.ptp(given.weight) == 0:
        edges = np.quantile(predicted, parts, method="inverted_cdf")
    else:
        edges = np.quantile(predicted, parts, method="inverted_cdf", weights=given.weight)
    bin_of_row = np.searchsorted(np.unique(edges), predicted, side="left")
    warn_past_follow_up(given.outcome, given.times, followed_to(given.outcome, given.times))
    points = [_observed(given.take(np.flatnonzero(bin_of_row == b)), event, censoring) for b in np.unique(bin_of_row)]
    return CalibrationCurve(*(np.array(column) for column in zip(*points, strict=True)))


def observed_expected_ratio(
    y: Any,
    risk: Any,
    time: float,
    *,
    event: int = 1,
    cluster: Any = None,
    censoring: Any = None,
    sample_weight: Any = None,
) -> CalibrationEstimate:
    r"""Calibration in the large: observed over expected risk by a day, O/E; above 1 the predictions are too low.

    .. math:: \hat F_k(t) \Big/ \frac{1}{n}\sum_i r_i

    with the Aalen-Johansen incidence above the line. The interval is symmetric on the log scale and takes the
    predictions as fixed; E/O is the reciprocal, with the bounds exchanged. With delayed entry the expected risk is the
    mean by the weights of the rows whose state is known, as rows seen late are not like all; then, and with
    ``censoring`` or ``sample_weight``, the error is that of :func:`~.risk_evaluation.evaluate_risks`.

    Parameters
    ----------
    y, risk, time, event, cluster, censoring, sample_weight
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
    given = check_metric_inputs(y, risk, [time], event=event, sample_weight=sample_weight, cluster=cluster)
    states = followed_states(given, censoring, event)[0]
    if states is None:
        return unknown_estimate()
    found = observed_expected_value(states, given.risk[:, 0])
    if not found.value > 0:
        return CalibrationEstimate(found.value, *[float("nan")] * 3)
    response = response_of(states, event)
    if not response.is_jackknife:
        return from_influence(found, given, "log")
    error = clustered_std_error(response.value, given.cluster) / float(given.risk.mean())
    spread = float(np.exp(Z_95 * error / found.value))
    return CalibrationEstimate(found.value, error, found.value / spread, found.value * spread)


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


def _observed(part: MetricInputs, event: int, censoring: Any) -> tuple[float, float, float, float, int, int]:
    """One point of the calibration curve: predicted, observed, lower, upper, n, n_events."""
    outcome, time, risk, n = part.outcome, float(part.times[0]), part.risk[:, 0], len(part.outcome)
    n_events = int(np.sum((outcome.event == event) & (outcome.duration <= time)))
    predicted = float(part.weight @ risk / part.weight.sum())
    unknown = predicted, np.nan, np.nan, np.nan, n, n_events
    if not followed_to(outcome, part.times).all():
        return unknown
    states = weights_of(outcome, part.weight, censoring).states(time, event)
    if not np.isfinite(states.mass).all():
        return unknown
    if outcome.has_delayed_entry:
        predicted = float(states.mass @ risk)
    found = MetricValue(float(states.mass @ states.had), states, states.had.astype(float))
    response = response_of(states, event)
    if response.is_jackknife:
        error = clustered_std_error(response.value, part.cluster)
    else:
        error = from_influence(found, part, "identity").std_error
    observed = float(np.clip(found.value, 0.0, 1.0))
    n_known = int(np.sum(((outcome.event > 0) | (outcome.duration >= time)) & (outcome.entry < time)))
    lower, upper = _incidence_interval(observed, error, n_known)
    return predicted, observed, lower, upper, n, n_events


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
