"""Time-dependent area under the ROC curve, under competing risks and censoring."""

from __future__ import annotations

from typing import Any

import numpy as np

from .brier import has_event_by, known_state_weights
from .censoring import CensoringDistribution
from .inputs import check_metric_inputs, warn_metric


def time_dependent_auc(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    censoring: CensoringDistribution | None = None,
    sample_weight: Any = None,
) -> np.ndarray:
    r"""Probability that a row with the event by ``t`` was given a higher risk than one without it; 0.5 is chance.

    .. math:: P\bigl(r_i > r_j \mid T_i \le t, \delta_i = k;\ T_j > t \text{ or } (T_j \le t, \delta_j \ne k)\bigr)

    Controls are those free of events on day ``t`` and those who had a competing event by then. Cases and controls weigh
    by the inverse probability of being uncensored; equal risks count one half.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry are left out, with a warning that counts them.
    risk : array, shape (n, n_times), or (n,) for one time
        Any number that is higher where the event is likelier.
    times : array, shape (n_times,)
        Days.
    event : int
        The event :math:`k` that is predicted.
    censoring : CensoringDistribution, optional
        From :func:`~.censoring.fit_censoring` on training data; by default fitted to ``y``.
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
    given = check_metric_inputs(y, risk, times, sample_weight=sample_weight, probabilities=False)
    weights = known_state_weights(given, censoring) * given.weight[:, None]
    is_case = has_event_by(given.outcome, given.times, event)
    result = np.array(
        [
            weighted_auc(given.risk[:, k], np.where(is_case[:, k], column, 0.0), np.where(is_case[:, k], 0.0, column))
            for k, column in enumerate(weights.T)
        ]
    )
    empty = np.isnan(result) & ~np.isnan(weights[0])
    if empty.any():
        days = ", ".join(f"{time:g}" for time in given.times[empty])
        warn_metric(f"no row with the event, or none without it, by day {days}: the AUC there is NaN")
    return result


def weighted_auc(risk: np.ndarray, case_weight: np.ndarray, control_weight: np.ndarray) -> float:
    """Mann-Whitney probability that a case has the higher ``risk`` (n,), ties one half; NaN without a pair."""
    order = np.argsort(risk, kind="stable")
    ranked = risk[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    cases = np.add.reduceat(case_weight[order], starts)
    controls = np.add.reduceat(control_weight[order], starts)
    pairs = cases.sum() * controls.sum()
    if not pairs > 0:
        return float("nan")
    below = np.cumsum(controls) - controls
    return float((cases * (below + 0.5 * controls)).sum() / pairs)
