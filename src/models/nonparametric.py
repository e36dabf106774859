"""Curves without a model: Kaplan-Meier, Nelson-Aalen, Aalen-Johansen, and Aalen-Johansen as a model by stratum.

All take delayed entry, case weights, strata and clusters; events on the same day are taken together, never jittered.
Standard errors equal those of R's ``survfit``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .aalen_johansen_error import conditional_error, curve_moments
from .base import IncidenceModel, _check_cluster, _check_weight, _per_row, _require_event, _row_times
from .confidence import check_interval, probability_bounds
from .curves import CurveRows, IncidenceCurve, StepCurve, StratifiedCurves
from .distinct_days import DistinctDays
from .features import FeatureEncoder
from .labels import label_codes
from .outcome import BEFORE_DAY_0, Outcome, outcome_from_arrays
from .state_counts import StateCounts, count_states, cumulative_hazard, event_free, incidence
from .state_errors import greenwood_error, poisson_error, robust_errors, robust_hazard_error
from .steps import step_position, step_values
from .strata import learn_strata, match_strata, refuse_unseen

UNSEEN = ("error", "marginal")
# Share of the total weight that sums of weights may be wrong by.
ROUNDING = 1e-12


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
        robust = groups is not None or bool(np.any(weight != np.round(weight)))
        error = robust_errors(counts, every, groups)[:, 0] if robust else greenwood_error(counts)
        return _step_curve("survival", event_free(counts), error, CurveRows(counts, groups, robust), outcome)

    return _by_stratum(curve, duration, event, entry, sample_weight, strata, cluster)


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
        robust = groups is not None or bool(np.any(weight != np.round(weight)))
        error = robust_hazard_error(counts, groups) if robust else poisson_error(counts)
        rows = CurveRows(counts, groups, robust)
        return _step_curve("cumulative_hazard", cumulative_hazard(counts), error, rows, outcome)

    return _by_stratum(curve, duration, event, entry, sample_weight, strata, cluster)


def aalen_johansen(
    duration: Any,
    event: Any,
    *,
    entry: Any = None,
    sample_weight: Any = None,
    strata: Any = None,
    cluster: Any = None,
) -> Any:
    r"""Cumulative incidence :math:`F_k(t) = P(T \le t, \text{event } k)` of each of several competing events.

    Parameters are those of :func:`kaplan_meier`. Event codes are those that occur in the data, in every stratum the
    same.

    Returns
    -------
    IncidenceCurve, or StratifiedCurves where ``strata`` is given
        Standard errors are the infinitesimal jackknife's, summed by cluster where clusters are given: those of R's
        ``survfit`` for a multi-state outcome (which, in survival 3.5, ignores ``cluster``; its influences, summed by
        cluster, give these). With whole weights of 1 and no delayed entry they equal Aalen's.

    Examples
    --------
    >>> curve = aalen_johansen([2, 3, 3, 5], [1, 2, 0, 1])
    >>> curve.at([3, 5], event=1)["estimate"].tolist()
    [0.25, 0.75]
    """
    return _by_stratum(incidence_curve, duration, event, entry, sample_weight, strata, cluster)


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


class AalenJohansen(IncidenceModel):
    """Incidence without covariates: the Aalen-Johansen curve of all rows, or of each stratum. The reference for models.

    Parameters
    ----------
    strata : str or list of str, optional
        Columns of ``X``; each combination of their values has its own curves. Other columns are not used.
    unseen : {"error", "marginal"}
        Rows of a stratum that the training data did not have: an error, or the curve of all training rows.
    encoder : FeatureEncoder, optional
        Not used; there for the common interface.
    horizon : float
        Days at which ``predict`` states the risk.

    Attributes
    ----------
    curves_ : StratifiedCurves or IncidenceCurve
        With numbers at risk; in the process that fitted the model, not saved.
    strata_ : list of str
        Labels of the strata, ``"column=value"``.

    Examples
    --------
    >>> X = pd.DataFrame({"band": ["short", "short", "long", "long"]})
    >>> y = pd.DataFrame({"duration": [10, 20, 15, 30], "event": [1, 0, 0, 1]})
    >>> AalenJohansen(strata="band").fit(X, y).predict_cumulative_incidence(X, [12.0])[:, 0].tolist()
    [0.5, 0.5, 0.0, 0.0]
    """

    _column_parameters: ClassVar[tuple[str, ...]] = ("strata",)
    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        "strata_",
        "step_time_",
        "step_stratum_",
        "step_incidence_",
        "step_event_free_",
        "step_std_error_",
        "moments_",
    )

    def __init__(
        self,
        strata: str | list[str] | None = None,
        unseen: str = "error",
        encoder: FeatureEncoder | None = None,
        horizon: float = 730.0,
    ) -> None:
        self.strata = strata
        self.unseen = unseen
        self.encoder = encoder
        self.horizon = horizon

    def predict_cumulative_incidence_interval(
        self,
        X: Any,
        times: Any,
        *,
        event: int = 1,
        level: float = 0.95,
        interval: str = "log",
        eligible_days: Any = None,
        elapsed: Any = 0.0,
    ) -> np.ndarray:
        """Pointwise interval of the incidence, shape (n_rows, n_times, 2): lower and upper bound.

        Parameters
        ----------
        X, times, event, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        level : float
        interval : {"log", "log-log", "plain"}
        """
        check_is_fitted(self)
        check_interval(level, interval)
        _require_event(event, self.events_)
        design = self._design(X)
        n_rows = len(design[0])
        row_times = _row_times(times, n_rows, eligible_days)
        since = _per_row(elapsed, n_rows, "elapsed")[:, None]
        estimate = self.predict_cumulative_incidence(
            X, times, event=event, eligible_days=eligible_days, elapsed=elapsed
        )
        error = self._standard_error(*design[1:], row_times, since, self.events_.index(event))
        return np.stack(probability_bounds(estimate, error, level, interval), axis=-1)

    def __getstate__(self) -> dict[str, Any]:
        """State for pickling, without the curves' counts."""
        state = dict(super().__getstate__())
        state.pop("curves_", None)
        return state

    def _fit(
        self,
        design: np.ndarray,
        outcome: Outcome,
        sample_weight: np.ndarray | None,
        cluster: np.ndarray | None,
        **special: Any,
    ) -> None:
        if self.unseen not in UNSEEN:
            raise ValueError(f"unseen must be one of {', '.join(UNSEEN)}, got {self.unseen!r}")
        weight = np.ones(len(outcome)) if sample_weight is None else sample_weight
        self.strata_: list[str] = []
        codes = np.zeros(len(outcome), dtype=np.int64)
        if "strata" in special:
            self.strata_, codes = learn_strata(special["strata"], self._strata_columns())
        self.events_ = tuple(sorted({1, *outcome.take(weight > 0).events}))
        if 1 not in outcome.take(weight > 0).events:
            warnings.warn("no row has event 1: its incidence is 0 at every day", stacklevel=3)
        parts = [(codes == code) & (weight > 0) for code in range(len(self.strata_))]
        if not parts or self.unseen == "marginal":
            parts.append(weight > 0)
        if not all(part.any() for part in parts):
            raise ValueError("a stratum has no row with a weight above 0")
        curves = [
            incidence_curve(outcome.take(rows), weight[rows], _codes_of(cluster, rows), self.events_) for rows in parts
        ]
        labelled = dict(zip(self.strata_, curves, strict=False))
        self.curves_ = StratifiedCurves(labelled) if labelled else curves[0]
        self.moments_ = [
            curve_moments(
                count_states(outcome.take(rows), weight[rows], self.events_), _codes_of(cluster, rows), self.horizon
            )
            for rows in parts
        ]
        steps = [curve.n_events.sum(axis=1) > 0 for curve in curves]
        self.step_time_ = _join(curve.times[step] for curve, step in zip(curves, steps, strict=True))
        self.step_stratum_ = np.repeat(np.arange(len(curves)), [int(step.sum()) for step in steps])
        self.step_incidence_ = _join(curve.incidence[step] for curve, step in zip(curves, steps, strict=True))
        self.step_event_free_ = _join(curve.event_free[step] for curve, step in zip(curves, steps, strict=True))
        self.step_std_error_ = _join(curve.std_error[step] for curve, step in zip(curves, steps, strict=True))

    def _incidence(self, design: np.ndarray, *rest: Any) -> np.ndarray:
        *special, times, event = rest
        position = self._position(*special, times=times)
        return step_values(self.step_incidence_[:, self.events_.index(event)], position)

    def _event_free(self, design: np.ndarray, *rest: Any) -> np.ndarray:
        *special, times = rest
        return step_values(self.step_event_free_, self._position(*special, times=times), before=1.0)

    def _standard_error(self, *rest: Any) -> np.ndarray:
        """Standard error of the incidence from ``since`` (n_rows, 1) to ``times`` (n_rows, n_times)."""
        *special, times, since, kind = rest
        error = step_values(self.step_std_error_[:, kind], self._position(*special, times=times))
        stratum = self._stratum(len(times), *special)
        for code in np.unique(stratum[since[:, 0] > 0]):
            rows = np.flatnonzero((stratum == code) & (since[:, 0] > 0))
            steps = slice(*np.searchsorted(self.step_stratum_, [code, code + 1]))
            curve = (self.step_time_[steps], self.step_incidence_[steps], self.step_event_free_[steps])
            error[rows] = conditional_error(*curve, self.moments_[code], times[rows], since[rows], kind)
        return error

    def _position(self, *special: np.ndarray, times: np.ndarray) -> np.ndarray:
        return step_position(self.step_time_, self.step_stratum_, self._stratum(len(times), *special), times)

    def _stratum(self, n_rows: int, *special: np.ndarray) -> np.ndarray:
        """Code of each row's curve, shape (n_rows,)."""
        if self.strata is None:
            return np.zeros(n_rows, dtype=np.int64)
        stratum = match_strata(special[0], self._strata_columns(), self.strata_)
        if self.unseen == "marginal":
            stratum[stratum < 0] = len(self.strata_)
        refuse_unseen(stratum, self._strata_columns())
        return stratum

    def _strata_columns(self) -> list[str]:
        return [self.strata] if isinstance(self.strata, str) else list(self.strata or [])

    def _split_columns(self, X: Any) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
        """No covariates: only the columns of the strata are looked at, so the others may be anything."""
        frame, special = super()._split_columns(X)
        return frame[[]], special

    def _unfitted_encoder(self) -> FeatureEncoder:
        return FeatureEncoder()


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
    outcome = outcome_from_arrays(duration, event, entry)
    given = _check_weight(sample_weight, len(outcome))
    weight = np.ones(len(outcome)) if given is None else given
    groups = _check_cluster(cluster, len(outcome))
    if strata is None and np.all(weight > 0):
        return _with_warning(curve(outcome, weight, groups, outcome.events))
    used = weight > 0
    events = outcome.take(used).events
    if strata is None:
        return _with_warning(curve(outcome.take(used), weight[used], _codes_of(groups, used), events))
    labels, codes = label_codes(strata, len(outcome), "strata")
    curves = {}
    for code, label in enumerate(labels):
        rows = (codes == code) & used
        if not rows.any():
            raise ValueError("a stratum has no row with a weight above 0")
        curves[label] = _with_warning(curve(outcome.take(rows), weight[rows], _codes_of(groups, rows), events))
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
        warnings.warn(f"{rule}, although others enter later; begin later, or drop early entries", stacklevel=4)
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


def _codes_of(cluster: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    """Cluster codes of some rows, without gaps."""
    return None if cluster is None else np.unique(cluster[rows], return_inverse=True)[1]


def _join(parts: Any) -> np.ndarray:
    return np.concatenate(list(parts))
