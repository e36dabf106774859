"""What each row says about the risk by a day, with its weight: what calibration regresses on the predicted risk."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .pseudo_observations import PseudoValues
from .state_weights import ProductLimitWeights, States


class Response(Protocol):
    """Responses of n rows, for regressions on their predicted risk.

    Attributes
    ----------
    value, weight : ndarray, shape (n,)
    population : ndarray, shape (n,)
        Weights by which the rows stand for everybody: case weights, but masses where rows have delayed entry.
    """

    value: np.ndarray
    weight: np.ndarray
    population: np.ndarray

    @property
    def is_jackknife(self) -> bool:
        """Whether the values are the jackknife's, of rows that count once each."""

    def score_influence(self, slope: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Influence of rows, shape (n,), on the sum of ``weight * slope * residual``, residuals being of ``value``."""


class PseudoResponse:
    """Jackknife pseudo-values, for rows without delayed entry that are weighted by themselves."""

    def __init__(self, states: States, event: int) -> None:
        weights = states.weights
        self._pseudo = PseudoValues(weights.outcome, weights.weight, states.time, event)
        self.value, self.weight, self.population = self._pseudo.value, weights.weight, weights.weight
        self.is_jackknife = bool(np.all(weights.weight == 1))

    def score_influence(self, slope: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """See :class:`Response`."""
        weighted = self.weight * slope
        return weighted * residual + self._pseudo.gradient(weighted)


class StateResponse:
    """States that are known, weighted by their masses: with delayed entry, or censoring learnt elsewhere."""

    is_jackknife = False

    def __init__(self, states: States) -> None:
        self._states = states
        self.value, self.weight = states.had.astype(float), states.mass
        self.population = states.mass if states.weights.outcome.has_delayed_entry else states.weights.weight

    def score_influence(self, slope: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """See :class:`Response`."""
        return self._states.influence(slope * residual)


def response_of(states: States, event: int) -> Response:
    """Pseudo-values where rows are observed from day 0 and weighted by themselves; otherwise states by their masses."""
    weights = states.weights
    if isinstance(weights, ProductLimitWeights) and not weights.outcome.has_delayed_entry:
        return PseudoResponse(states, event)
    return StateResponse(states)
