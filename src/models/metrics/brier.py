"""Brier score and index of prediction accuracy of predicted risks, under competing risks and censoring."""

from __future__ import annotations

from typing import Any

import numpy as np

from .censoring import CensoringDistribution, censoring_of, ipcw_weights
from .inputs import MetricInputs, check_metric_inputs, followed_to, warn_metric, warn_past_follow_up


def brier_score(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    censoring: CensoringDistribution | None = None,
    sample_weight: Any = None,
) -> np.ndarray:
    r"""Mean squared distance between the predicted risk and what happened, at each time; lower is better.

    .. math:: \frac{1}{n} \sum_i W_i(t)\,\bigl(1\{T_i \le t, \delta_i = k\} - r_i(t)\bigr)^2

    with the weights :math:`W_i` of :func:`~.censoring.ipcw_weights`. A competing event counts as 0, from its day on.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry are left out, with a warning that counts them.
    risk : array, shape (n, n_times), or (n,) for one time
        Predicted cumulative incidence of ``event``, 0 to 1.
    times : array, shape (n_times,)
        Days.
    event : int
        The event :math:`k` that is predicted.
    censoring : CensoringDistribution, optional
        From :func:`~.censoring.fit_censoring` on training data; by default fitted to ``y``.
    sample_weight : array, shape (n,), optional
        Case weights: 2 is the same as the row twice.

    Returns
    -------
    ndarray, shape (n_times,)
        NaN, with a warning, at a time past the last follow-up.

    Raises
    ------
    ValueError
        Shapes differ, or a risk is missing or outside 0 to 1.

    References
    ----------
    Schoop, Beyersmann, Schumacher and Binder (2011), Quantifying the predictive accuracy of time-to-event models in the
    presence of competing risks, Biometrical Journal 53. Agrees with ``riskRegression::Score``.

    Examples
    --------
    >>> y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    >>> brier_score(y, [0.5, 0.5, 0.5, 0.5], [30])
    array([0.25])
    """
    given = check_metric_inputs(y, risk, times, sample_weight=sample_weight)
    weights = known_state_weights(given, censoring)
    return _mean(_squared_errors(given, given.risk, weights, event), given.weight)


def index_of_prediction_accuracy(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    censoring: CensoringDistribution | None = None,
    sample_weight: Any = None,
) -> np.ndarray:
    r"""How much better than everybody's average risk, 1 - Brier / Brier of the null model: 0 no better, 1 perfect.

    The null model gives every row the marginal Aalen-Johansen incidence of the same rows, as ``Score(summary = "ipa")``
    does. It has seen the outcomes, so a model fitted elsewhere that predicts one number for all is slightly below 0.

    Parameters
    ----------
    y, risk, times, event, censoring, sample_weight
        As for :func:`brier_score`.

    Returns
    -------
    ndarray, shape (n_times,)
        NaN where nobody has the event by that time, and past the last follow-up (with a warning).

    References
    ----------
    Kattan and Gerds (2018), The index of prediction accuracy: an intuitive measure useful for evaluating risk
    prediction models, Diagnostic and Prognostic Research 2.

    Examples
    --------
    >>> y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    >>> index_of_prediction_accuracy(y, [0.9, 0.1, 0.9, 0.1], [30]).round(2)
    array([0.96])
    """
    given = check_metric_inputs(y, risk, times, sample_weight=sample_weight)
    weights = known_state_weights(given, censoring)
    null_risk = np.broadcast_to(marginal_incidence(given, event), given.risk.shape)
    brier = _mean(_squared_errors(given, given.risk, weights, event), given.weight)
    null = _mean(_squared_errors(given, null_risk, weights, event), given.weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(null > 0, 1.0 - brier / null, np.nan)


def brier_contributions(
    y: Any, risk: Any, times: Any, *, event: int = 1, censoring: CensoringDistribution | None = None
) -> np.ndarray:
    """What each row adds to the Brier score: the mean over the rows that are not NaN is :func:`brier_score`.

    Differences of two models' contributions, summed by family, give a standard error of the difference in Brier score
    in which the censoring weights are taken as known (``Score(conservative = TRUE)``).

    Parameters
    ----------
    y, risk, times, event, censoring
        As for :func:`brier_score`.

    Returns
    -------
    ndarray, shape (n, n_times)
        NaN in rows with delayed entry, which are left out.
    """
    given = check_metric_inputs(y, risk, times)
    contributions = np.full((given.n_given, given.times.size), np.nan)
    contributions[given.rows] = _squared_errors(given, given.risk, known_state_weights(given, censoring), event)
    return contributions


def known_state_weights(given: MetricInputs, censoring: CensoringDistribution | None) -> np.ndarray:
    """IPCW weights, shape (n, n_times); a column is NaN, with a warning, where the risk cannot be estimated."""
    supported = followed_to(given.outcome, given.times)
    warn_past_follow_up(given.outcome, given.times, supported)
    fitted = censoring_of(given.outcome, given.weight) if censoring is None else censoring
    weights = ipcw_weights(given.outcome, given.times, fitted)
    unknown = supported & ~np.isfinite(weights).all(axis=0)
    if unknown.any():
        days = ", ".join(f"{time:g}" for time in given.times[unknown])
        warn_metric(f"the given censoring distribution ends before day {days}: the result there is NaN")
    weights[:, ~supported | unknown] = np.nan
    return weights


def marginal_incidence(given: MetricInputs, event: int) -> np.ndarray:
    r"""Aalen-Johansen incidence of ``event``, shape (n_times,).

    Without delayed entry it is the weighted mean :math:`\frac{1}{n}\sum_i 1\{T_i \le t, \delta_i = k\} / G(T_i-)`.
    """
    outcome = given.outcome
    share = given.weight * (outcome.event == event) / censoring_of(outcome, given.weight).before(outcome.duration)
    return (share[:, None] * (outcome.duration[:, None] <= given.times)).sum(axis=0) / given.weight.sum()


def has_event_by(outcome: Any, times: np.ndarray, event: int) -> np.ndarray:
    """Whether each row had ``event`` by each time, boolean, shape (n, n_times)."""
    return (outcome.event == event)[:, None] & (outcome.duration[:, None] <= times)


def _squared_errors(given: MetricInputs, risk: np.ndarray, weights: np.ndarray, event: int) -> np.ndarray:
    return weights * (has_event_by(given.outcome, given.times, event) - risk) ** 2


def _mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return weight @ values / weight.sum()
