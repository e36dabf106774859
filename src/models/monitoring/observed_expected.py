r"""Events observed in calendar time against those that a fitted hazard model expects.

Over calendar days c, with O the count of events and

.. math:: E(c) = \sum_i \int_0^{c - s_i} Y_i(t)\, e^{x_i'\beta}\, dH_0(t)

summed over rows that began on day s and are at risk while Y is 1, O - E is a martingale if the model's hazard still
holds: it wanders around 0. Whatever the covariates explain is in E.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from ...caller_warnings import warn
from ...given_dates import given_date, given_dates
from ...parameter_checks import check_event
from ...renamed_parameters import renamed_parameters
from ..cause_specific.model import CauseSpecificCox
from ..cox.model import CoxPH
from ..estimator.base import IncidenceModel
from ..features.encoder import as_frame
from ..fine_gray.model import FineGray
from ..inputs.at_risk import rows_at_risk
from ..inputs.follow_up import FollowUpWarning
from ..inputs.labels import refuse_other_order
from ..inputs.outcome import Outcome, check_outcome

# Days of one chunk of rows are held together: about 30 MB.
NUMBERS_PER_CHUNK = 4_000_000
SHARE_BEYOND = 0.02


@dataclass(frozen=True)
class ObservedExpected:
    """Observed and expected events of each day.

    Attributes
    ----------
    days : DataFrame
        Index: every day from the first to the last; ``observed``, ``expected``, ``n_at_risk``.
    batches : ndarray of int
        Number of events of each cluster that had any. Siblings come back together, and what a family has that no
        feature tells brings its children back more than once: both make counts vary more than a Poisson count does.
    """

    days: pd.DataFrame = field(repr=False)
    batches: np.ndarray = field(repr=False)

    def by_month(self) -> pd.DataFrame:
        """Sums by calendar month: ``observed``, ``expected``, ``ratio``, with the first day of each as index."""
        month = self.days.index.to_period("M").to_timestamp()
        sums = self.days[["observed", "expected"]].groupby(month).sum().rename_axis("month")
        return sums.assign(ratio=sums["observed"] / sums["expected"])

    def __repr__(self) -> str:
        """Sums only."""
        observed, expected = self.days["observed"].sum(), self.days["expected"].sum()
        first, last = self.days.index[[0, -1]]
        return (
            f"ObservedExpected({first:%Y-%m-%d} to {last:%Y-%m-%d}: {observed:.0f} observed, {expected:.1f} expected)"
        )


def overdispersion_of(batches: np.ndarray) -> float:
    """How much more counts vary than Poisson's do, where events come in batches of such sizes; 1 without any."""
    sizes = np.asarray(batches, dtype=float)
    return float((sizes @ sizes) / sizes.sum()) if sizes.size else 1.0


def ratio_of_counts(observed: float, expected: float, overdispersion: float) -> tuple[float, float, float]:
    """Observed by expected events with a 95 % interval: exact Poisson limits of the number of batches.

    NaN where nothing is expected.
    """
    if expected <= 0.0:
        return (float("nan"),) * 3
    batches = observed / overdispersion
    lower = gammaincinv(batches, 0.025) * overdispersion if batches > 0.0 else 0.0
    upper = gammaincinv(batches + 1.0, 0.975) * overdispersion
    return observed / expected, lower / expected, upper / expected


def expected_by_row(
    model: IncidenceModel, X: Any, y: Any, *, event: int = 1, horizon: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Events seen and expected of each row, from its entry to the end of its observation.

    Parameters
    ----------
    model, X, y, event, horizon
        As of :func:`expected_events`.

    Returns
    -------
    observed, expected : ndarray, shape (n,)
        0 or 1, and the cumulative hazard over the time at risk. Their difference is a martingale residual.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from secondplan import CoxPH
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"x": rng.normal(size=300)})
    >>> y = pd.DataFrame({"duration": rng.integers(1, 400, 300), "event": rng.integers(0, 2, 300)})
    >>> observed, expected = expected_by_row(CoxPH(ties="breslow").fit(X, y), X, y)
    >>> bool(np.isclose(observed.sum(), expected.sum()))
    True
    """
    hazard = _hazard_model(model, check_event(event))
    refuse_other_order(X=X, y=y)
    outcome = check_outcome(y, n_rows=len(X)).keep_event(event)
    entry, duration = _whole_days(outcome)
    is_seen = outcome.event == 1
    if horizon is not None:
        is_seen &= duration <= horizon
        duration = np.minimum(duration, int(horizon))
    expected, features = np.zeros(len(X)), as_frame(X)
    step = max(NUMBERS_PER_CHUNK // (int(duration.max(initial=0)) + 1), 1)
    for at in range(0, len(X), step):
        rows = slice(at, at + step)
        days = np.arange(int(duration[rows].max(initial=0)) + 1)
        increments = np.nan_to_num(_increments(hazard, features.iloc[rows], days))
        is_at_risk = (days > entry[rows, None]) & (days <= duration[rows, None])
        expected[rows] = np.where(is_at_risk, increments, 0.0).sum(axis=1)
    return is_seen.astype(float), expected


@renamed_parameters(within="horizon")
def expected_events(
    model: IncidenceModel,
    X: Any,
    y: Any,
    start: Any,
    *,
    first: Any = None,
    last: Any = None,
    event: int = 1,
    horizon: float | None = None,
    cluster: Any = None,
) -> ObservedExpected:
    """Count the events of each calendar day, and those expected from the hazard of a fitted model.

    Fit the model on an earlier period and give the rows of a later one, with what has been seen of them so far. Rows
    count from their entry to the end of their observation; a feature that stands for the practice that is watched (the
    length of the plan) should not be in the model, since the model would excuse its effect.

    Parameters
    ----------
    model : IncidenceModel
        Fitted. The hazard of a model that states none is worked out from its incidences, day by day:
        :math:`\\Delta F_1 / S` with S the probability of being free of all events the day before.
    X : DataFrame, n rows
    y : DataFrame, n rows
        ``entry`` (optional), ``duration``, ``event``, in whole days.
    start : array of dates, shape (n,)
        The calendar day that is day 0 of each row.
    first, last : date, optional
        The period; by default from the first day 0 to the last day seen.
    event : int
        Code of the event.
    horizon : float, optional
        Only so many days after day 0: nothing later is observed or expected. Not more than the model was fitted on.
    cluster : array, shape (n,), optional
        Rows that share a value may have their events together.

    Returns
    -------
    ObservedExpected

    Raises
    ------
    ValueError
        Days are not whole, a start is missing, the period is empty, or the model has no hazard of the event, as
        Fine-Gray has none.

    References
    ----------
    Biswas and Kalbfleisch (2008), Statistics in Medicine 27:3382.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from secondplan import CoxPH
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"x": rng.normal(size=300)})
    >>> y = pd.DataFrame({"duration": rng.integers(1, 400, 300), "event": rng.integers(0, 2, 300)})
    >>> start = pd.Timestamp("2016-01-01") + pd.to_timedelta(rng.integers(0, 300, 300), unit="D")
    >>> counted = expected_events(CoxPH(ties="breslow").fit(X, y), X, y, start)
    >>> bool(np.isclose(counted.days["expected"].sum(), y["event"].sum()))
    True
    """
    hazard = _hazard_model(model, check_event(event))
    refuse_other_order(X=X, y=y, start=start, cluster=cluster)
    outcome = check_outcome(y, n_rows=len(X)).keep_event(event)
    entry, duration = _whole_days(outcome)
    begin = _day_numbers(start, len(X))
    is_seen = outcome.event == 1
    if (kept := rows_at_risk(outcome).kept) is not None:
        is_seen &= kept
    if horizon is not None:
        is_seen &= duration <= horizon
        duration = np.minimum(duration, int(horizon))
    low = begin.min() if first is None else _day_number(first, "first")
    high = (begin + duration).max() if last is None else _day_number(last, "last")
    if high < low:
        raise ValueError("the period ends before it begins")
    size = int(high - low) + 1
    expected, at_risk = np.zeros(size), np.zeros(size)
    rows = np.flatnonzero((duration > entry) & (begin + duration >= low) & (begin + entry < high))
    longest = int(duration[rows].max(initial=0))
    features, n_beyond = as_frame(X), 0
    step = max(NUMBERS_PER_CHUNK // (longest + 1), 1)
    for at in range(0, rows.size, step):
        part = rows[at : at + step]
        n_beyond += _add(hazard, features.iloc[part], entry[part], duration[part], begin[part] - low, expected, at_risk)
    if n_beyond > SHARE_BEYOND * at_risk.sum():
        _warn_beyond(hazard, longest)
    day = begin + duration - low
    is_counted = is_seen & (day >= 0) & (day < size)
    observed = np.bincount(day[is_counted], minlength=size).astype(float)
    dates = pd.DatetimeIndex(np.arange(low, high + 1).astype("datetime64[D]").astype("datetime64[us]"), name="day")
    frame = pd.DataFrame({"observed": observed, "expected": expected, "n_at_risk": at_risk}, index=dates)
    return ObservedExpected(frame, _batches(cluster, is_counted))


def _add(
    hazard: CoxPH | _FromIncidence,
    X: Any,
    entry: np.ndarray,
    duration: np.ndarray,
    offset: np.ndarray,
    expected: np.ndarray,
    at_risk: np.ndarray,
) -> int:
    """Add rows' expected events and time at risk to the calendar days; how many of these the model knows nothing of."""
    days = np.arange(int(duration.max()) + 1)
    increments = _increments(hazard, X, days)
    is_beyond = np.isnan(increments) | (days > _last_event(hazard))
    calendar = offset[:, None] + days
    is_at_risk = (days > entry[:, None]) & (days <= duration[:, None])
    is_at_risk &= (calendar >= 0) & (calendar < expected.size)
    place = calendar[is_at_risk]
    expected += np.bincount(place, weights=np.nan_to_num(increments[is_at_risk]), minlength=expected.size)
    at_risk += np.bincount(place, minlength=expected.size)
    return int(is_beyond[is_at_risk].sum())


@dataclass(frozen=True)
class _FromIncidence:
    """The hazard of an event as a model's incidences imply it."""

    model: IncidenceModel
    event: int

    @property
    def last_day(self) -> float:
        return float("inf") if self.model._goes_on else float(np.max(self.model.follow_up_))

    def predict_cumulative_hazard(self, X: Any, days: np.ndarray) -> np.ndarray:
        """Shape (n_rows, n_days); ``days`` are consecutive, from 0."""
        incidence = self.model.predict_cumulative_incidence(X, days, event=self.event)
        free = self.model.predict_event_free(X, days)
        before = np.column_stack([np.ones(len(free)), free[:, :-1]])
        risen = np.diff(incidence, axis=1, prepend=0.0)
        return np.cumsum(np.divide(risen, before, out=np.zeros_like(risen), where=before > 0.0), axis=1)


def _increments(hazard: CoxPH | _FromIncidence, X: Any, days: np.ndarray) -> np.ndarray:
    """Rise of the cumulative hazard on each day, shape (n_rows, n_days); NaN where the model knows nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FollowUpWarning)  # it counts days after a row's last, too
        return np.diff(hazard.predict_cumulative_hazard(X, days), axis=1, prepend=0.0)


def _hazard_model(model: Any, event: int) -> CoxPH | _FromIncidence:
    if isinstance(model, CauseSpecificCox):
        if event not in getattr(model, "cause_models_", {}):
            raise ValueError(f"the model has no hazard of event {event}: it is not fitted, or had no such event")
        return model.cause_models_[event]
    if isinstance(model, CoxPH):
        return model
    if not isinstance(model, IncidenceModel):
        raise TypeError(f"model must be one of the package's models, got {type(model).__name__}")
    if isinstance(model, FineGray) or event not in getattr(model, "events_", ()):
        raise ValueError(
            f"the model has no hazard of event {event}: it is a FineGray, which has none, is not fitted, or had no "
            "such event"
        )
    return _FromIncidence(model, event)


def _last_event(hazard: CoxPH | _FromIncidence) -> float:
    if isinstance(hazard, _FromIncidence):
        return hazard.last_day
    return float(np.max(hazard.baseline_time_, initial=0.0))


def _warn_beyond(hazard: CoxPH | _FromIncidence, longest: int) -> None:
    """Warn that a good part of the time at risk is after the last event, or follow-up, that the model was fitted on."""
    follow_up = np.atleast_1d(hazard.model.follow_up_ if isinstance(hazard, _FromIncidence) else hazard.follow_up_)
    known = min(_last_event(hazard), float(follow_up.min()))
    where = "" if follow_up.size == 1 else " in every stratum"
    warn(
        f"rows are at risk until day {longest}, the model knows the hazard until day {known:g}{where} and expects "
        f"nothing where it does not; give horizon={known:g} or less"
    )


def _whole_days(outcome: Outcome) -> tuple[np.ndarray, np.ndarray]:
    if (outcome.duration % 1).any() or (outcome.entry % 1).any():
        n_bad = int(((outcome.duration % 1 != 0) | (outcome.entry % 1 != 0)).sum())
        raise ValueError(
            f"entry and duration must be whole days, since events are counted by calendar day; got {n_bad} rows of "
            "others"
        )
    return outcome.entry.astype(np.int64), outcome.duration.astype(np.int64)


def _day_numbers(start: Any, n_rows: int) -> np.ndarray:
    dates = given_dates(start, "start")
    if len(dates) != n_rows:
        raise ValueError(f"start has {len(dates)} dates for {n_rows} rows")
    if np.isnat(dates).any():
        raise ValueError(f"start is missing in {int(np.isnat(dates).sum())} rows")
    return dates.astype("datetime64[D]").astype(np.int64)


def _day_number(date: Any, name: str) -> int:
    return int(np.datetime64(given_date(date, name), "D").astype(np.int64))


def _batches(cluster: Any, is_counted: np.ndarray) -> np.ndarray:
    if cluster is None:
        return np.ones(int(is_counted.sum()), dtype=int)
    codes = pd.factorize(np.asarray(cluster))[0][is_counted]
    sizes = np.bincount(codes)
    return sizes[sizes > 0]
