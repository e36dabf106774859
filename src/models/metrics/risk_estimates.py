"""All estimates of an evaluation: each model, metric and time, with influence or bootstrap draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...progress import track
from .brier import shares_of_days
from .concordance import Pairs
from .distribution_calibration import curve_calibration
from .inputs import MetricInputs, followed_to, warn_metric, warn_past_follow_up
from .metric_table import GROUPS, METRICS, Choices, Day, Metric, Prediction, average_risk
from .state_weights import Measured, ProductLimitWeights, StateWeights, warn_of_lost_day

NULL_MODEL = "AalenJohansen"
INTEGRATED = "integrated_brier"
CURVE = "d_calibration"
KNOWN = (*METRICS, INTEGRATED, *GROUPS, CURVE)

Key = tuple[str, str, float]


@dataclass
class Estimate:
    """An estimate of ``n`` rows.

    Attributes
    ----------
    value : float
    influence : ndarray, shape (n,), or None
        :math:`w_i\\,d\\theta / dw_i`.
    cluster_sums : ndarray, shape (n_clusters,), or None
        Sums of the influence.
    draws : ndarray, shape (n_bootstrap,), or None
    p_value : float or None
        Of a test, where the value is its statistic.
    notes : tuple of str
        What a reader must be told.
    """

    value: float
    influence: np.ndarray | None = None
    cluster_sums: np.ndarray | None = None
    draws: np.ndarray | None = None
    p_value: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """What is asked of the rows; ``weigh`` gives other weights than those by the rows themselves, or None."""

    event: int
    metrics: tuple[str, ...]
    weigh: Callable[[MetricInputs], StateWeights | None]
    choices: Choices
    n_bootstrap: int
    random_state: Any


def estimate_all(given: MetricInputs, task: Task) -> dict[Key, Estimate]:
    """Estimates by model, metric and time, in that order; NaN where the risk cannot be estimated."""
    followed = followed_to(given.outcome, given.times)
    warn_past_follow_up(given.outcome, given.times, followed)
    found: dict[Key, Estimate] = {}
    models = [*given.risks] + [NULL_MODEL] * (NULL_MODEL not in given.risks)
    names = _names_in_table(task.metrics)
    weighed = _Weighed(given, task)
    warn_of_lost_day(weighed.own)
    # A job for each day, so that what its metrics share is made once and dropped with it.
    for part in _side_by_side(
        [partial(_measure_day, given, weighed, k, models, task) for k in range(given.times.size)]
    ):
        found |= part
    _warn(found)
    if INTEGRATED in task.metrics:
        last = float(given.times.max())
        for model in models:
            found[model, INTEGRATED, last] = _integrated(found, given, model)
    if task.n_bootstrap and any(name in GROUPS for name in task.metrics):
        _bootstrap(found, given, task, models)
    order = {name: place for place, name in enumerate(names)}
    keys = [key for key in found if key[1] in order]
    keys.sort(key=lambda key: (models.index(key[0]), order[key[1]], float(np.flatnonzero(given.times == key[2])[0])))
    return {key: found[key] for key in keys}


def _warn(found: dict[Key, Estimate]) -> None:
    """Say once, from the thread of the caller, what the measures of all models and times need to be read with."""
    said: dict[tuple[str, str], list[str]] = {}
    for (model, metric, time), estimate in found.items():
        for note in estimate.notes:
            said.setdefault((metric, note), []).append(f"{model} on day {time:g}")
    for (metric, note), where in said.items():
        warn_metric(f"{metric} ({', '.join(where)}): {note}")


class _Weighed:
    """What all days share: the weights by the rows themselves, those that are used, and who can be compared."""

    def __init__(self, given: MetricInputs, task: Task) -> None:
        self.own = ProductLimitWeights(given.outcome, given.weight)
        self.weights = task.weigh(given) or self.own
        self.pairs = Pairs(self.weights, task.event)
        self.followed = followed_to(given.outcome, given.times)


def _day(given: MetricInputs, weighed: _Weighed, k: int, task: Task) -> Day | None:
    """One of the times with the states of the rows; None where they cannot be estimated."""
    states = weighed.weights.states(float(given.times[k]), task.event) if weighed.followed[k] else None
    if states is None or not np.isfinite(states.mass).all():
        return None
    return Day(states, weighed.own, weighed.pairs, task.event, task.choices)


def _names_in_table(metrics: Sequence[str]) -> list[str]:
    return [part for name in metrics for part in (GROUPS[name][0] if name in GROUPS else (name,))]


def _measure_day(
    given: MetricInputs, weighed: _Weighed, k: int, models: Sequence[str], task: Task
) -> dict[Key, Estimate]:
    """All metrics of all models on one day."""
    day = _day(given, weighed, k, task)
    found: dict[Key, Estimate] = {}
    for model in models:
        found |= _measure(given, day, k, model, task)
    if day is None and weighed.followed[k]:
        lost = "the weights for censoring or entry cannot be estimated: the result is NaN"
        for estimate in found.values():
            estimate.notes = (lost,)
    return found


def _measure(given: MetricInputs, day: Day | None, k: int, model: str, task: Task) -> dict[Key, Estimate]:
    """All metrics of one model on one day."""
    time, is_null = float(given.times[k]), model not in given.risks
    wanted = [*task.metrics, *(["brier"] if INTEGRATED in task.metrics and "brier" not in task.metrics else [])]
    if day is None:
        names = [name for name in _names_in_table(wanted) if name != INTEGRATED]
        return {(model, name, time): Estimate(float("nan")) for name in names}
    found: dict[Key, Estimate] = {}
    prediction = average_risk(day) if is_null else Prediction(given.risks[model][:, k])
    for name in wanted:
        if name in METRICS:
            metric: Metric = METRICS[name]
            measured = metric.of_null(day) if is_null else metric.measure(day, prediction)
            found[model, name, time] = _estimate(given, name, is_null, measured)
        elif name in GROUPS:
            parts, values = GROUPS[name]
            for part, value in zip(parts, values(day, prediction), strict=True):
                found[model, part, time] = Estimate(value)
        elif name == CURVE:
            found[model, name, time] = _curve(given, day, k, model, is_null)
    return found


def _estimate(given: MetricInputs, name: str, is_null: bool, measured: Measured) -> Estimate:
    notes = tuple(getattr(measured, "notes", ()))
    if np.isnan(measured.value) and not is_null and not notes and name != "calibration_slope":
        notes = ("there is no row with the event, or none without it: the result is NaN",)
    influence = measured.influence()
    return Estimate(measured.value, influence, given.cluster_sums(influence), notes=notes)


def _curve(given: MetricInputs, day: Day, k: int, model: str, is_null: bool) -> Estimate:
    """D-calibration by one day of the risks by that day and those before it; the average risk has no curve to test."""
    if is_null:
        return Estimate(float("nan"), p_value=float("nan"))
    until = np.flatnonzero(given.times <= given.times[k])
    until = until[np.argsort(given.times[until])]
    found = curve_calibration(day.states, given.risks[model][:, until], given.times[until], given.cluster)
    return Estimate(found.statistic, p_value=found.p_value)


def _integrated(found: dict[Key, Estimate], given: MetricInputs, model: str) -> Estimate:
    """Mean Brier score over the days from the first time to the last, by the trapezoidal rule."""
    parts = [found[model, "brier", float(time)] for time in given.times]
    value, influence = 0.0, np.zeros(given.rows.size)
    for share, part in zip(shares_of_days(given.times), parts, strict=True):
        if part.influence is None:
            return Estimate(float("nan"))
        value += share * part.value
        influence += share * part.influence
    return Estimate(value, influence, given.cluster_sums(influence))


def _bootstrap(found: dict[Key, Estimate], given: MetricInputs, task: Task, models: list[str]) -> None:
    """Draws of clusters with replacement for metrics without influence function."""
    generator = np.random.default_rng(task.random_state)
    groups = tuple(name for name in task.metrics if name in GROUPS)
    keys = [key for key in found if key[1] in _names_in_table(groups)]
    codes = np.unique(given.cluster, return_inverse=True)[1]
    n_clusters = int(codes.max()) + 1
    again = Task(task.event, groups, task.weigh, task.choices, 0, None)
    draws = {key: np.full(task.n_bootstrap, np.nan) for key in keys}
    for draw in track(range(task.n_bootstrap), "Drawing clusters"):
        times_drawn = np.bincount(generator.integers(n_clusters, size=n_clusters), minlength=n_clusters)[codes]
        chosen = np.flatnonzero(times_drawn)
        part = given.take(chosen, given.weight[chosen] * times_drawn[chosen])
        weighed = _Weighed(part, again)
        for k in range(given.times.size):
            for key, estimate in _measure_day(part, weighed, k, models, again).items():
                draws[key][draw] = estimate.value
    for key in keys:
        found[key].draws = draws[key]


def _side_by_side(jobs: Sequence[Callable[[], dict[Key, Estimate]]]) -> list[dict[Key, Estimate]]:
    from ..numerics.threads import run_all

    return run_all(jobs)
