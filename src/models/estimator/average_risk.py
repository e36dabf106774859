"""Everybody's average risk in training: what a risk is high or low against."""

from __future__ import annotations

import numpy as np

from ..curves.state_counts import count_states, incidence
from ..inputs.outcome import Outcome


def average_risk_of(outcome: Outcome, weight: np.ndarray | None, horizon: float) -> float:
    """Aalen-Johansen estimate of the incidence of event 1 at the horizon; NaN where nobody was followed so far."""
    outcome, weight = outcome.of_weight(weight), np.ones(len(outcome)) if weight is None else weight[weight > 0]
    if horizon > outcome.followed_until:
        return float("nan")
    counts = count_states(outcome, weight, outcome.events)
    if 1 not in counts.events:
        return 0.0
    reached = counts.times <= horizon
    return float(incidence(counts)[reached, counts.events.index(1)].max(initial=0.0))
