"""Net benefit of acting on a predicted risk, under competing risks and censoring."""

from __future__ import annotations

from typing import Any

import numpy as np

from .inputs import check_metric_inputs
from .state_weights import MetricValue, States, followed_states


def net_benefit(
    y: Any,
    risk: Any,
    time: float,
    thresholds: Any,
    *,
    event: int = 1,
    censoring: Any = None,
    sample_weight: Any = None,
) -> np.ndarray:
    r"""Net benefit of acting where the predicted risk reaches a threshold: true less false alarms, weighed by its odds.

    .. math:: P(r \ge p, D = 1) - \frac{p}{1 - p}\,P(r \ge p, D = 0), \qquad D = 1\{T \le t, \delta = k\}

    Acting for nobody has net benefit 0; acting for everybody is that of a risk of 1 for all rows. A row acted for
    without need costs :math:`p / (1 - p)` of what one acted for in need gains: a threshold of 0.1 says nine to one.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry count from their entry on.
    risk : array, shape (n,)
        Predicted cumulative incidence by ``time``.
    time : float
        Days.
    thresholds : array, shape (n_thresholds,)
        Risks, at least 0 and below 1.
    event, censoring, sample_weight
        As for :func:`brier_score`.

    Returns
    -------
    ndarray, shape (n_thresholds,)
        NaN, with a warning, past the last follow-up.

    References
    ----------
    Vickers, Cronin, Elkin and Gonen (2008), Extensions to decision curve analysis, BMC Medical Informatics and Decision
    Making 8:53.

    Examples
    --------
    >>> y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    >>> net_benefit(y, [0.4, 0.1, 0.3, 0.35], 30, [0.2]).round(4)
    array([0.4375])
    """
    cuts = np.atleast_1d(np.asarray(thresholds, dtype=float))
    check_thresholds(cuts)
    given = check_metric_inputs(y, risk, [time], event=event, sample_weight=sample_weight)
    states = followed_states(given, censoring, event)[0]
    if states is None:
        return np.full(cuts.size, np.nan)
    return np.array([net_benefit_value(states, given.risk[:, 0], float(cut)).value for cut in cuts])


def check_thresholds(thresholds: np.ndarray) -> None:
    """Raise ValueError unless all thresholds are at least 0 and below 1."""
    outside = ~((thresholds >= 0) & (thresholds < 1))
    if outside.any():
        raise ValueError(f"a threshold of risk must be at least 0 and below 1, got {thresholds[outside][0]:g}")


def net_benefit_value(states: States, risk: np.ndarray, threshold: float) -> MetricValue:
    """Net benefit of acting where ``risk`` (n,) reaches ``threshold``, on the day of ``states``."""
    slope = np.where(risk >= threshold, np.where(states.had, 1.0, -threshold / (1.0 - threshold)), 0.0)
    return MetricValue(float(states.mass @ slope), states, slope)
