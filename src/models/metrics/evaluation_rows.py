"""The gate of ``evaluate_risks``: outcomes, risks of several models, weights, clusters, and the landmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...parameter_checks import check_event_of, shown
from ..inputs.case_weights import check_weight
from ..inputs.cluster_levels import check_cluster
from ..inputs.given_days import as_days
from ..inputs.labels import refuse_other_order
from ..inputs.outcome import BEFORE_DAY_0, Outcome, as_numbers, check_outcome
from .inputs import refuse_risk, warn_metric


@dataclass(frozen=True)
class EvaluationRows:
    """Checked rows of an evaluation; ``n`` of the ``n_given`` are used.

    Attributes
    ----------
    outcome : Outcome
        From the landmark on, if there is one.
    risks : dict of str to ndarray, shape (n, n_times)
    times : ndarray, shape (n_times,)
        Days, from the landmark on.
    weight : ndarray, shape (n,)
    cluster : ndarray of int, shape (n,)
        Codes of clusters; a row each without ``cluster``.
    rows : ndarray of int, shape (n,)
        Positions in what was given.
    n_given : int
    """

    outcome: Outcome
    risks: dict[str, np.ndarray]
    times: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray
    rows: np.ndarray
    n_given: int

    def cluster_sums(self, influence: np.ndarray) -> np.ndarray:
        """Sums of ``influence`` (n,) by cluster, shape (n_clusters,)."""
        if influence.strides == (0,):  # one number for all rows
            influence = influence[:1]
            return np.broadcast_to(0.0 if influence[0] == 0 else np.nan, (int(self.cluster.max()) + 1,))
        return np.bincount(self.cluster, weights=influence)

    def take(self, chosen: np.ndarray, weight: np.ndarray) -> EvaluationRows:
        """Some of the rows, with other case weights (of those rows)."""
        risks = {name: risk[chosen] for name, risk in self.risks.items()}
        return EvaluationRows(
            self.outcome.take(chosen),
            risks,
            self.times,
            weight,
            self.cluster[chosen],
            self.rows[chosen],
            self.n_given,
        )


def check_evaluation(
    risks: Mapping[str, Any],
    y: Any,
    times: Any,
    *,
    event: int,
    cluster: Any,
    sample_weight: Any,
    landmark: float | None,
) -> EvaluationRows:
    """Check what is evaluated and keep the rows of positive weight that are free of events at the landmark.

    Raises
    ------
    ValueError
        Shapes differ, a number is missing or out of its range, times are not distinct, or no row remains.
    """
    if not isinstance(risks, Mapping) or not risks:
        raise ValueError(
            f'risks must be a dict of name to predicted risks, such as {{"Cox": risk}}, with one at least; got '
            f"{shown(risks)}"
        )
    refuse_other_order(y=y, cluster=cluster, sample_weight=sample_weight, **{str(k): v for k, v in risks.items()})
    outcome = check_outcome(y)
    check_event_of(event, outcome.events)
    n_given = len(outcome)
    grid = as_days(times, "times")
    if grid.size == 0 or np.unique(grid).size != grid.size:
        raise ValueError(f"times must be distinct days, one at least; got {grid.size}, {np.unique(grid).size} distinct")
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
        entry = np.where(outcome.entry > day[0], outcome.entry - day[0], BEFORE_DAY_0)
        outcome = Outcome(entry, outcome.duration - day[0], outcome.event)
    used &= outcome.entry < outcome.duration
    rows = np.flatnonzero(used)
    return EvaluationRows(
        outcome.take(rows),
        {str(name): _check_risk(str(name), risk, n_given, grid.size, rows) for name, risk in risks.items()},
        grid,
        weight[rows],
        np.arange(rows.size) if groups is None else groups[rows],
        rows,
        n_given,
    )


def _check_risk(name: str, risk: Any, n_given: int, n_times: int, rows: np.ndarray) -> np.ndarray:
    predicted = as_numbers(risk, f"risks of {name}")
    if predicted.ndim == 1:
        predicted = predicted[:, None]
    if predicted.shape != (n_given, n_times):
        raise ValueError(
            f"risks of {name} have shape {np.shape(risk)}, expected ({n_given}, {n_times}): a row each, a time each"
        )
    predicted = predicted[rows]
    try:
        refuse_risk(predicted)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return predicted
