"""The metrics that ``evaluate_risks`` knows: how each is measured, on which scale, and what the average risk gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .auc import auc_value
from .brier import brier_value, incidence_value, ipa_value, null_brier_value
from .calibration import observed_expected_value
from .calibration_regression import intercept_value, slope_value
from .calibration_response import Response, response_of
from .concordance import BY_STATES, Pairs, concordance_value
from .decision_curve import net_benefit_value
from .logarithmic_score import log_value, null_log_value
from .precision import average_precision_of, top_k_of
from .ranks import Ranks
from .smooth_calibration import errors_of
from .state_weights import Measured, MetricValue, ProductLimitWeights, States


@dataclass(frozen=True)
class FixedValue:
    """A metric of ``n`` rows that cannot come out otherwise (or NaN, that has no value), so without influence."""

    value: float
    n: int

    def influence(self) -> np.ndarray:
        """Zeros, or NaN without a value."""
        # One number seen n times: it takes no memory.
        return np.broadcast_to(0.0 if np.isfinite(self.value) else np.nan, (self.n,))


@dataclass(frozen=True)
class Choices:
    """What some metrics need to be told: the risk at which one acts, and how many rows are chosen."""

    threshold: float
    k: float


class Day:
    """One day, for all models: the states of n rows, and what several metrics read from them.

    Parameters
    ----------
    states : States
    own : ProductLimitWeights
        Weights by the rows themselves, for the average risk.
    pairs : Pairs
    event : int
    choices : Choices
    """

    def __init__(self, states: States, own: ProductLimitWeights, pairs: Pairs, event: int, choices: Choices) -> None:
        self.states, self.pairs, self.choices = states, pairs, choices
        self._own, self._event = own, event
        self.n = states.mass.size

    @cached_property
    def incidence(self) -> MetricValue:
        """Aalen-Johansen incidence of the rows."""
        return incidence_value(self._own, self.states)

    @cached_property
    def response(self) -> Response:
        """What calibration regresses on the predicted risk."""
        return response_of(self.states, self._event)

    @property
    def is_own(self) -> bool:
        """Whether the rows are weighted by themselves: the average risk then is right by construction."""
        return self.states.weights is self._own


class Prediction:
    """Risks (n,) that one model gave for one day."""

    def __init__(self, risk: np.ndarray, *, is_average: bool = False) -> None:
        self.risk, self.is_average = risk, is_average

    @cached_property
    def ranks(self) -> Ranks:
        """Their order."""
        return Ranks(self.risk)


@dataclass(frozen=True)
class Metric:
    """A metric with an influence function.

    Attributes
    ----------
    measure : callable
        From a day and a prediction.
    scale : str
        One of ``metric_bounds.SCALES``.
    null : float or callable
        What the average risk gets, a number or from the day.
    """

    measure: Callable[[Day, Prediction], Measured]
    scale: str
    null: float | Callable[[Day], Measured]

    def of_null(self, day: Day) -> Measured:
        """The metric of the average risk."""
        return self.null(day) if callable(self.null) else FixedValue(self.null, day.n)


def _average(day: Day) -> Prediction:
    return Prediction(np.full(day.n, day.incidence.value), is_average=True)


def _concordance(kind: str) -> Metric:
    def measure(day: Day, given: Prediction) -> Measured:
        by_states = kind == "wolbers" and not day.states.weights.weighs_pairs
        return concordance_value(day.pairs, given.ranks, day.states.time, BY_STATES if by_states else kind)

    return Metric(measure, "logit", 0.5)


def _null_ratio(day: Day) -> Measured:
    """Observed over expected of the average risk: 1, unless the observed risk is weighted by other rows."""
    if day.is_own:
        return FixedValue(1.0 if day.incidence.value > 0 else float("nan"), day.n)
    return observed_expected_value(day.states, _average(day).risk)


def _null_intercept(day: Day) -> Measured:
    if day.is_own:
        return FixedValue(0.0 if day.incidence.value > 0 else float("nan"), day.n)
    return intercept_value(day.response, _average(day).risk)


METRICS: dict[str, Metric] = {
    "brier": Metric(
        lambda day, given: brier_value(day.states, given.risk),
        "logit",
        lambda day: null_brier_value(day.states, day.incidence),
    ),
    "ipa": Metric(lambda day, given: ipa_value(day.states, given.risk, day.incidence), "log of the rest", 0.0),
    "auc": Metric(lambda day, given: auc_value(day.states, given.ranks), "logit", 0.5),
    "concordance": _concordance("wolbers"),
    "concordance_uno": _concordance("uno"),
    "concordance_harrell": _concordance("harrell"),
    "observed_expected": Metric(lambda day, given: observed_expected_value(day.states, given.risk), "log", _null_ratio),
    "calibration_intercept": Metric(
        lambda day, given: intercept_value(day.response, given.risk), "identity", _null_intercept
    ),
    "calibration_slope": Metric(lambda day, given: slope_value(day.response, given.risk), "identity", float("nan")),
    "net_benefit": Metric(
        lambda day, given: net_benefit_value(day.states, given.risk, day.choices.threshold),
        "identity",
        lambda day: net_benefit_value(day.states, _average(day).risk, day.choices.threshold),
    ),
    "log_score": Metric(
        lambda day, given: log_value(day.states, given.risk),
        "log",
        lambda day: null_log_value(day.states, day.incidence),
    ),
}


def _errors(day: Day, given: Prediction) -> tuple[float, ...]:
    if given.is_average and day.is_own:
        return 0.0, 0.0, 0.0
    found = errors_of(day.response, given.risk)
    return found.ici, found.e50, found.e90


def _precision(day: Day, given: Prediction) -> tuple[float, ...]:
    return (average_precision_of(day.states, given.ranks),)


def _top(day: Day, given: Prediction) -> tuple[float, ...]:
    found = top_k_of(day.states, given.ranks, day.choices.k)
    return found.precision, found.recall


# Metrics that come together, without an influence function: the names in the table, and how they are measured.
GROUPS: dict[str, tuple[tuple[str, ...], Callable[[Day, Prediction], tuple[float, ...]]]] = {
    "calibration_errors": (("ici", "e50", "e90"), _errors),
    "average_precision": (("average_precision",), _precision),
    "top_k": (("precision_at_k", "recall_at_k"), _top),
}


def average_risk(day: Day) -> Prediction:
    """What the null model says: the Aalen-Johansen incidence of the rows, for everybody."""
    return _average(day)


def scale_of(metric: str) -> str:
    """The scale of a metric's interval; that of the Brier score where a metric is an average of it."""
    return METRICS[metric].scale if metric in METRICS else METRICS["brier"].scale
