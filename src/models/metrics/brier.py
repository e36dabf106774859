"""Brier score and index of prediction accuracy of predicted risks, under competing risks and censoring."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .inputs import MetricInputs, check_metric_inputs
from .state_weights import MetricValue, ProductLimitWeights, States, followed_states


def brier_score(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    censoring: Any = None,
    sample_weight: Any = None,
) -> np.ndarray:
    r"""Mean squared distance between the predicted risk and what happened, at each time; lower is better.

    .. math:: \frac{1}{n} \sum_i W_i(t)\,\bigl(1\{T_i \le t, \delta_i = k\} - r_i(t)\bigr)^2

    with the inverse probability of being uncensored as weight, :math:`W_i(t) = 1\{T_i \le t, \delta_i \ne 0\} / G(T_i-)
    + 1\{T_i > t\} / G(t)`: an event of any kind weighs by the day before it, one still at risk by the day of the
    horizon. A competing event counts as 0, from its day on. Where nobody remains after ``t``, those censored exactly on
    that day count as still free of events, with weight :math:`1 / G(t-)` (``Score`` drops them).

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry count from their entry on.
    risk : array, shape (n, n_times), or (n,) for one time
        Predicted cumulative incidence of ``event``, 0 to 1.
    times : array, shape (n_times,)
        Days.
    event : int
        The event :math:`k` that is predicted.
    censoring : CensoringDistribution or outcomes, optional
        What weights are learnt from, in place of ``y``: the outcomes of training rows (``duration``, ``event``, maybe
        ``entry``), or what :func:`~.censoring.fit_censoring` made of them.
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
    given = check_metric_inputs(y, risk, times, event=event, sample_weight=sample_weight)
    return np.array(
        [
            np.nan if states is None else brier_value(states, given.risk[:, k]).value
            for k, states in enumerate(followed_states(given, censoring, event))
        ]
    )


def index_of_prediction_accuracy(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    censoring: Any = None,
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
    given = check_metric_inputs(y, risk, times, event=event, sample_weight=sample_weight)
    own = ProductLimitWeights(given.outcome, given.weight)
    return np.array(
        [
            np.nan if states is None else ipa_value(states, given.risk[:, k], incidence_value(own, states)).value
            for k, states in enumerate(followed_states(given, censoring, event))
        ]
    )


def integrated_brier_score(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    censoring: Any = None,
    sample_weight: Any = None,
) -> float:
    r"""Mean Brier score over the days from the first time to the last, by the trapezoidal rule; lower is better.

    .. math:: \frac{1}{t_m - t_1} \int_{t_1}^{t_m} \mathrm{BS}(t)\,dt

    Parameters
    ----------
    y, risk, times, event, censoring, sample_weight
        As for :func:`brier_score`; two times at least, in any order.

    Returns
    -------
    float
        NaN, with a warning, where a time lies past the last follow-up.

    References
    ----------
    Graf, Schmoor, Sauerbrei and Schumacher (1999), Assessment and comparison of prognostic classification schemes for
    survival data, Statistics in Medicine 18.

    Examples
    --------
    >>> y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    >>> round(integrated_brier_score(y, [[0.2, 0.5], [0.2, 0.5], [0.2, 0.5], [0.2, 0.5]], [10, 30]), 4)
    0.22
    """
    scores = brier_score(y, risk, times, event=event, censoring=censoring, sample_weight=sample_weight)
    return float(shares_of_days(np.atleast_1d(np.asarray(times, dtype=float))) @ scores)


def shares_of_days(times: np.ndarray) -> np.ndarray:
    """The part of each of ``times`` (n_times,) in a mean over the days between the first and the last."""
    order = np.argsort(times)
    step = np.diff(times[order])
    if not step.sum() > 0:
        raise ValueError("the integrated Brier score needs two different times at least")
    share = np.empty(times.size)
    share[order] = (np.append(step, 0.0) + np.insert(step, 0, 0.0)) / (2.0 * step.sum())
    return share


def brier_contributions(y: Any, risk: Any, times: Any, *, event: int = 1, censoring: Any = None) -> np.ndarray:
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
        NaN past the last follow-up (with a warning), and in rows at risk on no day.
    """
    given = check_metric_inputs(y, risk, times, event=event)
    contributions = np.full((given.n_given, given.times.size), np.nan)
    for k, states in enumerate(followed_states(given, censoring, event)):
        if states is not None:
            contributions[given.rows, k] = given.rows.size * states.mass * (states.had - given.risk[:, k]) ** 2
    return contributions


def brier_value(states: States, risk: np.ndarray) -> MetricValue:
    """The Brier score of ``risk`` (n,) on the day of ``states``."""
    slope = (states.had - risk) ** 2
    return MetricValue(float(states.mass @ slope), states, slope)


def incidence_value(own: ProductLimitWeights, states: States) -> MetricValue:
    """Aalen-Johansen incidence, by the rows' own weights, of the event and on the day of ``states``."""
    slope = states.had.astype(float)
    if states.weights is not own:
        mass = np.where(states.had, own.weight * own.at_event, 0.0)
        states = States(own, states.time, states.had, states.had, np.zeros_like(states.later), mass)
    return MetricValue(float(states.mass @ slope), states, slope)


def null_brier_value(states: States, incidence: MetricValue) -> MetricValue:
    """The Brier score of the average risk, which has seen the outcomes: its own error is part of the influence."""
    brier = brier_value(states, np.full(states.mass.size, incidence.value))
    moved = 2.0 * (incidence.value * states.mass.sum() - states.mass @ states.had)
    # Exactly 0 but for rounding where the incidence is by the same weights.
    same = states.weights is incidence.states.weights
    return brier if same else replace(brier, direct=moved * incidence.influence())


def ipa_value(states: States, risk: np.ndarray, incidence: MetricValue) -> MetricValue:
    """The index of prediction accuracy of ``risk`` (n,); NaN where the average risk makes no error."""
    brier, null = brier_value(states, risk), null_brier_value(states, incidence)
    if not null.value > 0:
        return MetricValue(float("nan"), states, np.full(risk.size, np.nan))
    ratio = brier.value / null.value
    direct = None if null.direct is None else null.direct * (ratio / null.value)
    return MetricValue(1.0 - ratio, states, (ratio * null.slope - brier.slope) / null.value, direct)


def marginal_incidence(given: MetricInputs, event: int) -> np.ndarray:
    r"""Aalen-Johansen incidence of ``event``, shape (n_times,).

    Without delayed entry it is the weighted mean :math:`\frac{1}{n}\sum_i 1\{T_i \le t, \delta_i = k\} / G(T_i-)`.
    """
    own, outcome = ProductLimitWeights(given.outcome, given.weight), given.outcome
    share = np.where(outcome.event == event, given.weight * own.at_event, 0.0)
    return np.array([share[outcome.duration <= time].sum() for time in given.times])
