"""Logarithmic score of predicted risks, under competing risks and censoring."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .inputs import check_metric_inputs
from .state_weights import MetricValue, States, followed_states


def log_score(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    censoring: Any = None,
    sample_weight: Any = None,
) -> np.ndarray:
    r"""Mean surprise at what happened by each time, in natural units; lower is better.

    .. math:: -\frac{1}{n} \sum_i W_i(t)\,\bigl(D_i \log r_i(t) + (1 - D_i) \log(1 - r_i(t))\bigr),
              \qquad D_i = 1\{T_i \le t, \delta_i = k\}

    with the weights of :func:`brier_score`. It is strictly proper, and harsh on risks near 0 or 1 that were wrong.

    Parameters
    ----------
    y, risk, times, event, censoring, sample_weight
        As for :func:`brier_score`.

    Returns
    -------
    ndarray, shape (n_times,)
        Infinite where a risk of exactly 0 or 1 was wrong; NaN, with a warning, past the last follow-up.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, Journal of the American
    Statistical Association 102.

    Examples
    --------
    >>> y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    >>> log_score(y, [0.5, 0.5, 0.5, 0.5], [30]).round(4)
    array([0.6931])
    """
    given = check_metric_inputs(y, risk, times, event=event, sample_weight=sample_weight)
    found = followed_states(given, censoring, event)
    return np.array(
        [np.nan if states is None else log_value(states, given.risk[:, k]).value for k, states in enumerate(found)]
    )


def log_value(states: States, risk: np.ndarray) -> MetricValue:
    """The logarithmic score of ``risk`` (n,) on the day of ``states``."""
    known = states.mass > 0
    with np.errstate(divide="ignore"):
        surprise = -np.where(states.had, np.log(risk), np.log1p(-risk))
    slope = np.where(known, surprise, 0.0)
    return MetricValue(float(states.mass @ slope), states, slope)


def null_log_value(states: States, incidence: MetricValue) -> MetricValue:
    """The logarithmic score of the average risk, which has seen the outcomes: so its error is part of the influence."""
    average = incidence.value
    found = log_value(states, np.full(states.mass.size, average))
    if states.weights is incidence.states.weights or not 0 < average < 1:
        return found
    happened = float(states.mass[states.had].sum())
    moved = (float(states.mass.sum()) - happened) / (1.0 - average) - happened / average
    return replace(found, direct=moved * incidence.influence())
