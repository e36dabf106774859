"""Curves without a model: Kaplan-Meier, Nelson-Aalen, Aalen-Johansen.

All take delayed entry, case weights, strata and clusters; events on the same day are taken together, never jittered.
Standard errors equal those of R's ``survfit``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...caller_warnings import warn
from ...parameter_checks import require_choice
from ..inputs.at_risk import rows_at_risk
from ..inputs.case_weights import are_counts
from ..inputs.cluster_levels import codes_within
from ..inputs.distinct_days import DistinctDays
from ..inputs.labels import label_codes, refuse_other_order
from ..inputs.other_spellings import explains_other_calls
from ..inputs.outcome import BEFORE_DAY_0, Outcome, outcome_from_arrays
from .results import CurveRows, IncidenceCurve, StepCurve, StratifiedCurves
from .state_counts import StateCounts, count_states, cumulative_hazard, event_free, incidence
from .state_errors import aalen_error, greenwood_error, poisson_error, robust_errors, robust_hazard_error

# Share of the total weight that sums of weights may be wrong by.
ROUNDING = 1e-12
VARIANCES = ("delta", "aalen")


@explains_other_calls
def kaplan_meier(
    duration: Any,
    event: Any,
    *,
    entry: Any = None,
    sample_weight: Any = None,
    strata: Any = None,
    cluster: Any = None,
) -> Any:
    r"""Probability :math:`S(t)` of no event by each day, all event codes counted as one event.

    With competing events this is the event-free probability; 1 - S of one event, the others censored, is no risk.

    Parameters
    ----------
    duration, event, entry : array, shape (n_rows,)
        As in :func:`.outcome.check_outcome`; a row is at risk on ``(entry, duration]``.
    sample_weight : array, shape (n_rows,), optional
        Case weights, not negative.
    strata : array, shape (n_rows,), or DataFrame, optional
        One curve for each value, or for each combination of the columns' values.
    cluster : array, shape (n_rows,), optional
        Rows that share a value are not independent.

    Returns
    -------
    StepCurve, or StratifiedCurves where ``strata`` is given
        Standard errors are Greenwood's; the infinitesimal jackknife's, summed by cluster, where clusters are given or a
        weight is not a whole number (as in R).

    Raises
    ------
    ValueError
        See :func:`.outcome.check_outcome`.

    Examples
    --------
    >>> kaplan_meier([2, 3, 3, 5], [1, 1, 0, 1]).estimate.tolist()
    [0.75, 0.5, 0.0]
    """

    def curve(outcome: Outcome, weight: np.ndarray, groups: np.ndarray | None, events: tuple[int, ...]) -> StepCurve:
        counts = count_states(outcome, weight, events)
        every = np.ones((1, len(counts.events)), dtype=bool)
        robust = groups is not None or not are_counts(weight)
        error = robust_errors(counts, every, groups)[:, 0] if robust else greenwood_error(counts)
        return _step_curve("survival", event_free(counts), error, CurveRows(counts, groups, robust), outcome)

    return _by_stratum(curve, duration, event, entry, sample_weight, strata, cluster)


@explains_other_calls
def nelson_aalen(
    duration: Any,
    event: Any,
    *,
    entry: Any = None,
    sample_weight: Any = None,
    strata: Any = None,
    cluster: Any = None,
) -> Any:
    r"""Cumulative hazard :math:`H(t) = \sum d_j / Y_j`, all event codes counted as one event.

    Parameters are those of :func:`kaplan_meier`.

    Returns
    -------
    StepCurve, or StratifiedCurves where ``strata`` is given
        Standard errors from :math:`\sum d_j / Y_j^2`; the infinitesimal jackknife's where clusters are given or a
        weight is not a whole number (``cumhaz`` and ``std.chaz`` of R's ``survfit``).

    Examples
    --------
    >>> nelson_aalen([2, 3, 3, 5], [1, 1, 0, 1]).estimate.round(4).tolist()
    [0.25, 0.5833, 1.5833]
    """

    def curve(outcome: Outcome, weight: np.ndarray, groups: np.ndarray | None, events: tuple[int, ...]) -> StepCurve:
        counts = count_states(outcome, weight, events)
        robust = groups is not None or not are_counts(weight)
        error = robust_hazard_error(counts, groups) if robust else poisson_error(counts)
        rows = CurveRows(counts, groups, robust)
        return _step_curve("cumulative_hazard", cumulative_hazard(counts), error, rows, outcome)

    return _by_stratum(curve, duration, event, entry, sample_weight, strata, cluster)


@explains_other_calls
def aalen_johansen(
    duration: Any,
    event: Any,
    *,
    entry: Any = None,
    sample_weight: Any = None,
    strata: Any = None,
    cluster: Any = None,
    variance: str = "delta",
) -> Any:
    r"""Cumulative incidence :math:`F_k(t) = P(T \le t, \text{event } k)` of each of several competing events.

    Event codes are those that occur in the data, in every stratum the same.

    Parameters
    ----------
    duration, event, entry, sample_weight, strata, cluster
        As in :func:`kaplan_meier`.
    variance : {"delta", "aalen"}
        Of the incidences. ``delta``: the delta method's, as R's ``survfit`` for a multi-state outcome, Stata's
        ``stcompet`` and ``ERROR=DELTA`` of SAS have it, computed as the infinitesimal jackknife, and so for any weights
        and, summed by cluster, for clusters (which ``survfit`` of survival 3.5 ignores; its influences, summed by
        cluster, give these). ``aalen``: Aalen's (1978), as ``cuminc`` of R's cmprsk, of rows that are independent and
        count once or a whole number of times. The two differ little, most where few are at risk.

    Returns
    -------
    IncidenceCurve, or StratifiedCurves where ``strata`` is given
        Standard errors of the incidences are those of ``variance``; those of the event-free probability and of areas
        are the delta method's.

    Raises
    ------
    ValueError
        ``variance="aalen"`` with clusters, or with weights that are not whole numbers; or see
        :func:`.outcome.check_outcome`.

    Examples
    --------
    >>> curve = aalen_johansen([2, 3, 3, 5], [1, 2, 0, 1])
    >>> curve.at([3, 5], event=1)["estimate"].tolist()
    [0.25, 0.75]
    """
    require_choice("variance", variance, VARIANCES)
    if variance == "delta":
        return _by_stratum(incidence_curve, duration, event, entry, sample_weight, strata, cluster)
    if cluster is not None:
        raise ValueError("variance='aalen' is of independent rows; with cluster use variance='delta'")

    def curve(outcome: Outcome, weight: np.ndarray, groups: Any, events: tuple[int, ...]) -> IncidenceCurve:
        if not are_counts(weight):
            raise ValueError("variance='aalen' needs weights that count rows, whole numbers; else use variance='delta'")
        found = incidence_curve(outcome, weight, groups, events)
        assert found.rows is not None
        return replace(found, std_error=aalen_error(found.rows.counts))

    return _by_stratum(curve, duration, event, entry, sample_weight, strata, None)


def incidence_curve(
    outcome: Outcome, weight: np.ndarray, cluster: np.ndarray | None, events: tuple[int, ...]
) -> IncidenceCurve:
    """Aalen-Johansen for checked rows of positive weight; ``weight`` and ``cluster`` (codes) have shape (n_rows,)."""
    counts = count_states(outcome, weight, events)
    kinds = np.vstack([np.eye(len(events), dtype=bool), np.ones((1, len(events)), dtype=bool)])
    errors = robust_errors(counts, kinds, cluster)
    return IncidenceCurve(
        times=counts.times,
        events=events,
        incidence=incidence(counts),
        std_error=errors[:, :-1],
        event_free=event_free(counts),
        event_free_std_error=errors[:, -1],
        n_at_risk=counts.n_at_risk,
        n_events=counts.n_events,
        n_censored=counts.n_censored,
        rows=CurveRows(counts, cluster, is_robust=True),
        **_entries(outcome, counts),
    )


def _by_stratum(
    curve: Callable[[Outcome, np.ndarray, np.ndarray | None, tuple[int, ...]], Any],
    duration: Any,
    event: Any,
    entry: Any,
    sample_weight: Any,
    strata: Any,
    cluster: Any,
) -> Any:
    """Check the input, leave out rows of weight 0, and make one curve, or one for each value of ``strata``."""
    refuse_other_order(
        duration=duration, event=event, entry=entry, sample_weight=sample_weight, strata=strata, cluster=cluster
    )
    given = rows_at_risk(outcome_from_arrays(duration, event, entry), sample_weight, cluster)
    outcome, groups = given.outcome, given.cluster
    weight = np.ones(len(outcome)) if given.weight is None else given.weight
    if strata is None and np.all(weight > 0):
        return _with_warning(curve(outcome, weight, groups, outcome.events))
    used = weight > 0
    events = outcome.take(used).events
    if strata is None:
        return _with_warning(curve(outcome.take(used), weight[used], codes_within(groups, used), events))
    labels, codes = label_codes(strata, len(outcome) if given.kept is None else given.kept.size, "strata")
    codes = given.of_given(codes)
    curves = {}
    for code, label in enumerate(labels):
        if given.kept is not None and not np.any(codes == code):
            continue  # of rows at risk on no day only
        rows = (codes == code) & used
        if not rows.any():
            raise ValueError("a stratum has no row with a weight above 0")
        curves[label] = _with_warning(curve(outcome.take(rows), weight[rows], codes_within(groups, rows), events))
    return StratifiedCurves(curves)


def _with_warning(curve: Any) -> Any:
    """The curve, after a warning where nobody was at risk for a while or all who were had an event."""
    counts = curve.rows.counts
    left = np.cumsum(curve.n_events.reshape(curve.times.size, -1).sum(axis=1) + curve.n_censored)[:-1]
    entered = curve.n_entered[np.searchsorted(curve.entry_times, curve.times[:-1], side="right") - 1]
    n_ended = int(counts.all_fail[:-1].sum())
    n_empty = int((entered - left <= ROUNDING * left[-1:]).sum())
    if n_ended:
        rule = "on a day all who were at risk had an event: the event-free probability is 0 ever after"
    elif n_empty:
        rule = "nobody was at risk for a while: the curves are as if nothing could happen then"
    if n_ended or n_empty:
        warn(f"{rule}, although others enter later; begin later, or drop early entries")
    return curve


def _step_curve(kind: str, estimate: np.ndarray, error: np.ndarray, rows: CurveRows, outcome: Outcome) -> StepCurve:
    counts = rows.counts
    return StepCurve(
        kind=kind,
        times=counts.times,
        estimate=estimate,
        std_error=error,
        n_at_risk=counts.n_at_risk,
        n_events=counts.n_events.sum(axis=1),
        n_censored=counts.n_censored,
        rows=rows,
        **_entries(outcome, counts),
    )


def _entries(outcome: Outcome, counts: StateCounts) -> dict[str, Any]:
    """Days of entry and the weight that has entered by each."""
    late = np.flatnonzero(outcome.entry > BEFORE_DAY_0)
    weight, n_rows = counts.rows.weight, len(outcome)
    if not late.size:
        return {"entry_times": outcome.entry[:1], "n_entered": np.array([weight.sum()]), "n_rows": n_rows}
    days = DistinctDays(outcome.entry[late])
    by_day = np.bincount(days.place, weight[late])
    if late.size == n_rows:
        return {"entry_times": days.distinct, "n_entered": np.cumsum(by_day), "n_rows": n_rows}
    days_of_entry = np.concatenate([[BEFORE_DAY_0], days.distinct])
    n_entered = np.cumsum(np.concatenate([[weight.sum() - by_day.sum()], by_day]))
    return {"entry_times": days_of_entry, "n_entered": n_entered, "n_rows": n_rows}
