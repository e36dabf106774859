"""The one gate for what metrics are given: outcomes, predicted risks, times, weights, clusters and the landmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...caller_warnings import warn
from ...parameter_checks import check_event_of, shown
from ..inputs.case_weights import check_weight
from ..inputs.cluster_levels import check_cluster
from ..inputs.given_days import as_days
from ..inputs.labels import refuse_other_order
from ..inputs.outcome import BEFORE_DAY_0, Outcome, as_numbers, check_outcome


class MetricWarning(UserWarning):
    """A metric stands but needs care: rows were left out, or a time lies past the last follow-up."""


@dataclass(frozen=True)
class MetricInputs:
    """Checked rows of a metric or of an evaluation; ``n`` of the ``n_given`` are used.

    Attributes
    ----------
    outcome : Outcome
        From the landmark on, if there is one.
    risks : dict of str to ndarray, shape (n, n_times)
        Predicted risks by model.
    times : ndarray of float, shape (n_times,)
        Days, from the landmark on.
    weight : ndarray of float, shape (n,)
        Case weights, all positive.
    cluster : ndarray of int, shape (n,)
        Codes of clusters; a row each without ``cluster``.
    rows : ndarray of int, shape (n,)
        Positions of the rows in what was given.
    n_given : int
    """

    outcome: Outcome
    risks: dict[str, np.ndarray]
    times: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray
    rows: np.ndarray
    n_given: int

    @property
    def risk(self) -> np.ndarray:
        """The risks of the only model, shape (n, n_times)."""
        (risk,) = self.risks.values()
        return risk

    def cluster_sums(self, influence: np.ndarray) -> np.ndarray:
        """Sums of ``influence`` (n,) by cluster, shape (n_clusters,)."""
        if influence.strides == (0,):  # one number for all rows
            influence = influence[:1]
            return np.broadcast_to(0.0 if influence[0] == 0 else np.nan, (int(self.cluster.max()) + 1,))
        return np.bincount(self.cluster, weights=influence)

    def take(self, chosen: np.ndarray, weight: np.ndarray | None = None) -> MetricInputs:
        """Some of the rows, with other case weights (of those rows) if they are given."""
        return replace(
            self,
            outcome=self.outcome.take(chosen),
            risks={name: risk[chosen] for name, risk in self.risks.items()},
            weight=self.weight[chosen] if weight is None else weight,
            cluster=self.cluster[chosen],
            rows=self.rows[chosen],
        )


def check_metric_inputs(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: Any = 1,
    sample_weight: Any = None,
    cluster: Any = None,
    probabilities: bool = True,
) -> MetricInputs:
    """Check what a metric of one model is given, and keep the rows that it can use.

    Parameters
    ----------
    y : anything that ``check_outcome`` takes, n rows
        Rows with delayed entry count from their entry on.
    risk : array, shape (n, n_times), or (n,) where there is one time
    times : array, shape (n_times,), or a number
        Days.
    event : int
        Code of the event: one of ``y``, or 1, which may be absent.
    sample_weight : array, shape (n,), optional
        Case weights, not negative; rows of weight 0 are left out.
    cluster : array, shape (n,), optional
    probabilities : bool
        Whether risks outside 0 to 1 are an error (they are not for metrics of ranks).

    Raises
    ------
    ValueError
        Shapes differ, a number is missing or out of its range, or no row remains.
    """
    refuse_other_order(y=y, risk=risk, cluster=cluster, sample_weight=sample_weight)
    grid = as_days(times, "times")
    return _check({"risk": risk}, y, grid, event, cluster, sample_weight, None, probabilities=probabilities)


def check_evaluation(
    risks: Mapping[str, Any],
    y: Any,
    times: Any,
    *,
    event: int,
    cluster: Any,
    sample_weight: Any,
    landmark: float | None,
) -> MetricInputs:
    """:func:`check_metric_inputs` for several models, of the rows that are free of events at the landmark.

    Raises
    ------
    ValueError
        As for one model; or times are not distinct, or nobody is left at the landmark.
    """
    if not isinstance(risks, Mapping) or not risks:
        raise ValueError(
            f'risks must be a dict of name to predicted risks, such as {{"Cox": risk}}, with one at least; got '
            f"{shown(risks)}"
        )
    refuse_other_order(y=y, cluster=cluster, sample_weight=sample_weight, **{str(k): v for k, v in risks.items()})
    grid = as_days(times, "times")
    if grid.size == 0 or np.unique(grid).size != grid.size:
        raise ValueError(f"times must be distinct days, one at least; got {grid.size}, {np.unique(grid).size} distinct")
    named = {f"risk of {name}": risk for name, risk in risks.items()}
    found = _check(named, y, grid, event, cluster, sample_weight, landmark)
    return replace(found, risks=dict(zip(map(str, risks), found.risks.values(), strict=True)))


def _check(
    risks: Mapping[str, Any],
    y: Any,
    grid: np.ndarray,
    event: Any,
    cluster: Any,
    sample_weight: Any,
    landmark: float | None,
    *,
    probabilities: bool = True,
) -> MetricInputs:
    """Names of ``risks`` are those in messages."""
    for name, given in risks.items():
        if hasattr(given, "predict_cumulative_incidence"):
            days = ", ".join(f"{day:g}" for day in grid)
            raise ValueError(
                f"{name} must be predicted risks, got a model: model.predict_cumulative_incidence(X, [{days}])"
            )
    outcome = check_outcome(y)
    check_event_of(event, outcome.events)
    n_given = len(outcome)
    given_weight = check_weight(sample_weight, n_given)
    weight = np.ones(n_given) if given_weight is None else given_weight
    groups = check_cluster(cluster, n_given, given_weight)
    used = weight > 0
    n_never = int(np.sum(used & (outcome.entry >= outcome.duration)))
    if n_never:
        warn_metric(f"{n_never} of {n_given} rows are left out: their entry equals their duration")
    if landmark is not None:
        day = as_days(landmark, "landmark")
        if day.size != 1:
            raise ValueError(f"landmark must be one day, got {day.size}")
        used &= outcome.duration > day[0]
        if not used.any():
            raise ValueError(f"nobody is observed after the landmark, day {day[0]:g}")
        outcome = seen_from(outcome, float(day[0]))
    used &= outcome.entry < outcome.duration
    rows = np.flatnonzero(used)
    if rows.size == 0:
        raise ValueError(f"none of {n_given} rows is under observation on any day: each entry equals its duration")
    return MetricInputs(
        outcome.take(rows),
        {name: _check_risk(name, risk, n_given, grid.size, rows, probabilities) for name, risk in risks.items()},
        grid,
        weight[rows],
        np.arange(rows.size) if groups is None else groups[rows],
        rows,
        n_given,
    )


def seen_from(outcome: Outcome, day: float) -> Outcome:
    """The outcomes of rows with days counted from ``day``, before which nobody's observation begins."""
    entry = np.where(outcome.entry > day, outcome.entry - day, BEFORE_DAY_0)
    return Outcome(entry, outcome.duration - day, outcome.event)


def _check_risk(name: str, risk: Any, n_given: int, n_times: int, rows: np.ndarray, probabilities: bool) -> np.ndarray:
    predicted = as_numbers(risk, name)
    if predicted.ndim == 1:
        predicted = predicted[:, None]
    if predicted.shape != (n_given, n_times):
        shapes = f"has shape {np.shape(risk)}, expected ({n_given}, {n_times})"
        raise ValueError(f"{name} {shapes}: a row each, a time each")
    predicted = predicted[rows]
    refuse_risk(predicted, name, rows, probabilities=probabilities)
    return predicted


def refuse_risk(
    risk: np.ndarray, name: str = "risk", rows: np.ndarray | None = None, *, probabilities: bool = True
) -> None:
    """Raise ValueError, with the number of rows, where a risk is missing or (``probabilities``) outside 0 to 1.

    ``rows`` are the positions of the risks in what was given.
    """
    bad = ~np.isfinite(risk)
    rule = "missing or infinite"
    if probabilities and not bad.any():
        bad = (risk < 0) | (risk > 1)
        rule = "outside 0 to 1"
    if bad.any():
        by_row = bad if bad.ndim == 1 else bad.any(axis=1)
        first = int(np.argmax(by_row))
        place = first if rows is None else int(rows[first])
        raise ValueError(f"{name}: {rule} in {int(by_row.sum())} of {by_row.size} rows, first at row {place}")


def followed_to(outcome: Outcome, times: np.ndarray) -> np.ndarray:
    """Whether the risk by each time can be estimated, shape (n_times,).

    It can up to the last day that anybody is observed, and beyond it only where nobody is censored.
    """
    return times <= outcome.followed_until


def warn_past_follow_up(outcome: Outcome, times: np.ndarray, supported: np.ndarray) -> None:
    """Warn which times lie past the last follow-up and are NaN."""
    if not supported.all():
        beyond = ", ".join(f"{time:g}" for time in times[~supported])
        warn_metric(
            f"nobody is observed to day {beyond} (follow-up ends on day {outcome.duration.max():g}): the result there "
            "is NaN; choose an earlier time"
        )


def warn_metric(message: str) -> None:
    """Issue a :class:`MetricWarning`, seen from the caller of the metric."""
    warn(message, MetricWarning)
