"""Time-dependent area under the ROC curve, under competing risks and censoring."""

from __future__ import annotations

from typing import Any

import numpy as np

from .inputs import check_metric_inputs, warn_metric
from .ranks import Ranks
from .state_weights import MetricValue, States, followed_states


def time_dependent_auc(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    censoring: Any = None,
    sample_weight: Any = None,
) -> np.ndarray:
    r"""Probability that a row with the event by ``t`` was given a higher risk than one without it; 0.5 is chance.

    .. math:: P\bigl(r_i > r_j \mid T_i \le t, \delta_i = k;\ T_j > t \text{ or } (T_j \le t, \delta_j \ne k)\bigr)

    Controls are those free of events on day ``t`` and those who had a competing event by then. Cases and controls weigh
    by the inverse probability of being uncensored; equal risks count one half.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry count from their entry on.
    risk : array, shape (n, n_times), or (n,) for one time
        Any number that is higher where the event is likelier.
    times : array, shape (n_times,)
        Days.
    event : int
        The event :math:`k` that is predicted.
    censoring : CensoringDistribution or outcomes, optional
        What weights are learnt from, in place of ``y``: the outcomes of training rows (``duration``, ``event``, maybe
        ``entry``), or what :func:`~.censoring.fit_censoring` made of them.
    sample_weight : array, shape (n,), optional
        Case weights.

    Returns
    -------
    ndarray, shape (n_times,)
        NaN, with a warning, at a time past the last follow-up or without a case or a control.

    References
    ----------
    Blanche, Dartigues and Jacqmin-Gadda (2013), Estimating and comparing time-dependent areas under receiver operating
    characteristic curves for censored event times with competing risks, Statistics in Medicine 32, definition 2.
    Agrees with ``riskRegression::Score(metrics = "auc")``.

    Examples
    --------
    >>> y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    >>> time_dependent_auc(y, [0.4, 0.1, 0.3, 0.35], [30])
    array([0.75])
    """
    given = check_metric_inputs(y, risk, times, event=event, sample_weight=sample_weight, probabilities=False)
    found = followed_states(given, censoring, event)
    result = np.array(
        [
            np.nan if states is None else auc_value(states, Ranks(given.risk[:, k])).value
            for k, states in enumerate(found)
        ]
    )
    empty = np.isnan(result) & np.array([states is not None for states in found])
    if empty.any():
        days = ", ".join(f"{time:g}" for time in given.times[empty])
        warn_metric(f"no row with the event, or none without it, by day {days}: the AUC there is NaN")
    return result


def auc_value(states: States, ranks: Ranks) -> MetricValue:
    """The area under the curve of ranked risks of n rows on the day of ``states``; NaN without a pair."""
    case = np.where(states.had, states.mass, 0.0)
    cases, controls = ranks.sums(case), ranks.sums(states.mass - case)
    n_cases, n_controls = cases.sum(), controls.sum()
    pairs = n_cases * n_controls
    if not pairs > 0:
        return MetricValue(float("nan"), states, np.full(case.size, np.nan))
    # What a risk beats, and what beats it; equal risks count one half.
    beaten = np.cumsum(controls) - 0.5 * controls
    beating = n_cases - (np.cumsum(cases) - 0.5 * cases)
    value = float(cases @ beaten / pairs)
    of_case, of_control = (beaten / n_controls - value) / n_cases, (beating / n_cases - value) / n_controls
    slope = np.where(states.had, of_case[ranks.rank], of_control[ranks.rank])
    return MetricValue(value, states, slope)
