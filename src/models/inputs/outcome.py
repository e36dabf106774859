"""The one gate for outcomes: every model, test and metric reads ``(entry, duration, event)`` through it.

Conventions, decided here and nowhere else:

- time is in days from the index plan's end; a row is at risk on ``(entry, duration]``, as in R's
  ``Surv(entry, duration, event)``;
- ``entry`` 0 means no delayed entry: the row is at risk from *before* day 0, so that an event on day 0 counts;
- a row whose delayed entry is the day of its duration is at risk on no day: fits, curves and tests leave it out and
  warn of how many there are, as R does;
- ``event`` 0 is censoring, 1, 2, ... are the competing events, few of them: a column of days is none of codes;
- times that differ by the rounding of numbers only (such as ages less dates of birth in years) are one time, the least
  of them, as R's ``coxph`` and ``survfit`` have it (``aeqSurv``).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...parameter_checks import check_event
from .labels import refuse_other_order
from .other_spellings import outcome_advice
from .time_spans import spans_as_days

BEFORE_DAY_0 = -1.0
# Gaps between times, relative to their mean, that are rounding: the square root of the precision of a float, as in R.
ROUNDING_OF_TIMES = float(np.sqrt(np.finfo(float).eps))
COUNTED_CODES = 10_000
# Kinds of events: more, or so many that most rows with an event have one of their own, are no kinds.
MOST_KINDS, FEW_KINDS = 20, 8


@dataclass(frozen=True)
class Outcome:
    """Checked outcomes of ``n`` rows.

    Attributes
    ----------
    entry : ndarray of float, shape (n,)
        Day at which observation begins; ``BEFORE_DAY_0`` where there is no delayed entry. It is the duration in rows
        that are at risk on no day (see :mod:`.at_risk`).
    duration : ndarray of float, shape (n,)
        Day of the event or of the end of observation.
    event : ndarray of int, shape (n,)
        0 censored, otherwise the code of the event.
    """

    entry: np.ndarray
    duration: np.ndarray
    event: np.ndarray

    def __len__(self) -> int:
        return self.duration.size

    @property
    def has_delayed_entry(self) -> bool:
        """Whether any row comes under observation after day 0."""
        return bool(np.any(self.entry > BEFORE_DAY_0))

    @property
    def events(self) -> tuple[int, ...]:
        """The event codes that occur, in ascending order, without censoring."""
        return tuple(int(code) for code in _kinds(self.event))

    @property
    def followed_until(self) -> float:
        """Last day that anybody is observed; infinite where nobody is censored, so that nothing is left to happen."""
        return np.inf if np.all(self.event > 0) else float(self.duration.max())

    @property
    def never_followed(self) -> np.ndarray:
        """Whether a row's observation ended before anything could be seen, shape (n,): censored on its first day."""
        return np.asarray((self.event == 0) & (self.duration <= np.maximum(self.entry, 0.0)))

    def take(self, rows: np.ndarray) -> "Outcome":
        """The outcomes of ``rows`` (positions or a boolean mask)."""
        return Outcome(self.entry[rows], self.duration[rows], self.event[rows])

    def keep_event(self, event: int) -> "Outcome":
        """The same rows with every other event counted as censoring, and ``event`` as 1."""
        return Outcome(self.entry, self.duration, (self.event == event).astype(np.int64))

    def without(self, event: int | None) -> "Outcome":
        """The same rows with ``event`` counted as censoring: an end whose date is known has no hazard.

        Raises
        ------
        ValueError
            No row has the event.
        """
        if event is None:
            return self
        if check_event(event, "known_end_event") not in self.events:
            codes = ", ".join(map(str, self.events)) or "none but 0"
            raise ValueError(f"known_end_event {event!r}: no row has this event; the codes in y are {codes}")
        return Outcome(self.entry, self.duration, np.where(self.event == event, 0, self.event))

    def of_weight(self, weight: np.ndarray | None) -> "Outcome":
        """The rows whose weight, shape (n,), is above 0; all without weights."""
        return self if weight is None or np.all(weight > 0) else self.take(weight > 0)

    def to_frame(self) -> pd.DataFrame:
        """DataFrame with the columns ``entry`` (0 where not delayed), ``duration``, ``event``."""
        entry = np.where(self.entry == BEFORE_DAY_0, 0.0, self.entry)
        return pd.DataFrame({"entry": entry, "duration": self.duration, "event": self.event})


def check_outcome(y: Any, *, n_rows: int | None = None) -> Outcome:
    """Check outcomes and return them as arrays.

    Parameters
    ----------
    y : DataFrame, structured array, mapping or Outcome
        With ``duration`` (days) and ``event`` (0 censored, 1, 2, ... events); ``entry`` (days) where observation
        begins late. Spans of time (``timedelta``) count as their days.
    n_rows : int, optional
        The number of rows that ``X`` has.

    Returns
    -------
    Outcome
        Arrays ``entry``, ``duration`` and ``event``, shape (n_rows,).

    Raises
    ------
    ValueError
        A column is missing, not numeric, holds missing, infinite or negative numbers, an event code is not a whole
        number, there are too many codes for kinds of events, or the codes are the days, a row's delayed entry is after
        its duration, or there are no rows or not ``n_rows``.
        The message gives the number of offending rows and the first one's position.

    Examples
    --------
    >>> check_outcome({"duration": [30, 400], "event": [1, 0]}).events
    (1,)
    """
    if isinstance(y, Outcome):
        outcome = y
    else:
        names = _column_names(y)
        if isinstance(y, dict):
            refuse_other_order(**{name: y[name] for name in ("duration", "event", "entry") if name in names})
        missing = [name for name in ("duration", "event") if name not in names]
        if missing:
            needed = f"y needs the columns duration and event (entry is optional); missing: {', '.join(missing)}"
            raise ValueError(f"{needed}; {outcome_advice(y)}")
        # A copy, as models keep it for what is computed when asked for, and the caller may go on to change their own.
        duration = np.array(_numbers(spans_as_days(y["duration"]), "duration"))
        event = _event_codes(y["event"])
        entry = _numbers(spans_as_days(y["entry"]), "entry") if "entry" in names else np.zeros_like(duration)
        if not duration.size == event.size == entry.size:
            raise ValueError(f"entry, duration and event differ in length: {entry.size}, {duration.size}, {event.size}")
        entry, duration = _merge_rounded(entry, duration)
        late = entry > 0
        _refuse(late & (entry > duration), "entry must be before duration", "entry")
        _refuse_days_as_codes(event, duration, entry)
        outcome = Outcome(np.where(late, entry, BEFORE_DAY_0), duration, event)
    if len(outcome) == 0:
        raise ValueError("y has no rows")
    if n_rows is not None and len(outcome) != n_rows:
        raise ValueError(f"y has {len(outcome)} rows, X has {n_rows}")
    return outcome


def outcome_from_arrays(duration: Any, event: Any, entry: Any = None) -> Outcome:
    """:func:`check_outcome` for separate arrays."""
    columns = {"duration": duration, "event": event}
    if entry is not None:
        columns["entry"] = entry
    return check_outcome(columns)


def _merge_rounded(entry: np.ndarray, duration: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both columns with times that differ by rounding made the same; whole numbers never do."""
    if all(np.array_equal(column, np.floor(column)) for column in (duration, entry)):
        return entry, duration
    times = np.unique(np.concatenate([entry, duration]))
    is_near = np.diff(times) <= ROUNDING_OF_TIMES * times.mean()
    if not is_near.any():
        return entry, duration
    kept = times[np.append(True, ~is_near)]
    entry, duration = (kept[np.searchsorted(kept, column, side="right") - 1] for column in (entry, duration))
    return entry, duration


def _column_names(y: Any) -> tuple[str, ...]:
    if isinstance(y, pd.DataFrame):
        return tuple(y.columns)
    if isinstance(y, np.ndarray) and y.dtype.names:
        return y.dtype.names
    if isinstance(y, dict):
        return tuple(y)
    raise ValueError(
        f"y must be a DataFrame with the columns entry (optional), duration, event; got {type(y).__name__}; "
        f"{outcome_advice(y)}"
    )


def as_numbers(column: Any, name: str) -> np.ndarray:
    """A column of numbers as floats, missing ones as NaN; dates, spans of time, text and complex numbers are refused.

    Raises
    ------
    ValueError
        Some value is not a number; the message names the column and no value.
    """
    dtype = getattr(column, "dtype", None)
    try:
        if dtype is not None and not isinstance(dtype, np.dtype):
            if isinstance(dtype, pd.DatetimeTZDtype | pd.CategoricalDtype):
                raise TypeError("not numbers")
            # Extension types (nullable, Arrow) hold missing values that numpy does not know.
            return pd.Series(column).to_numpy(dtype=float, na_value=np.nan)
        values = np.asarray(column)
        if values.dtype.kind not in "fiubO" or (values.dtype == object and _holds_days(values)):
            raise TypeError("not numbers")
        if values.dtype == object and values.ndim == 1:
            return pd.Series(values).to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        kind = getattr(column, "dtype", type(column).__name__)
        raise ValueError(f"{name} must be numeric, got {kind}") from None


def _holds_days(values: np.ndarray) -> bool:
    """Whether a column of objects holds spans of time, which would turn into numbers of an unstated unit."""
    return any(isinstance(value, np.timedelta64 | np.datetime64) for value in values.ravel())


def _numbers(column: Any, name: str) -> np.ndarray:
    values = as_numbers(column, name)
    if values.ndim != 1:
        raise ValueError(f"{name} must have one dimension, got {values.ndim}")
    # The ends of the column tell whether anything is wrong, without an array of answers; NaN is both.
    if values.size and not (values.min() >= 0 and values.max() < np.inf):
        _refuse(~np.isfinite(values), "missing or infinite", name)
        _refuse(values < 0, "negative", name)
    return values


def _event_codes(column: Any) -> np.ndarray:
    dtype = getattr(column, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind == "i":
        codes = np.array(column, dtype=np.int64)
        if codes.ndim == 1 and codes.min(initial=0) >= 0:
            return codes
    values = _numbers(column, "event")
    with np.errstate(invalid="ignore"):  # a number too large for a code comes out as another one, and is refused
        codes = values.astype(np.int64)
    _refuse(codes != values, "an event code must be a whole number (0 censored, 1, 2, ...)", "event")
    return codes


def _kinds(event: np.ndarray) -> np.ndarray:
    """The codes above 0 that occur, ascending."""
    # Counting is ten times faster than hashing; codes are small numbers, but nothing holds a user to that.
    is_small = int(event.max(initial=0)) < COUNTED_CODES
    codes = np.flatnonzero(np.bincount(event)) if is_small else np.unique(event)
    return codes[codes > 0]


def _refuse_days_as_codes(event: np.ndarray, duration: np.ndarray, entry: np.ndarray) -> None:
    """Refuse a column of days in place of codes: as many kinds of events, or the very days, are no codes."""
    if event.max(initial=0) <= 2:
        return
    kinds = _kinds(event)
    advice = "a code names a kind of event (0 censored, 1, 2, ...)"
    if kinds.size > 2:
        for name, days in (("duration", duration), ("entry", entry)):
            if np.array_equal(event, days):
                raise ValueError(f"event: the codes are the days of {name}; {advice}")
    if kinds.size > MOST_KINDS or (kinds.size > FEW_KINDS and 2 * kinds.size > np.count_nonzero(event)):
        raise ValueError(
            f"event: {kinds.size} distinct codes in {event.size} rows; {advice}, at most {MOST_KINDS} of them: is this "
            f"a column of days?"
        )


def _refuse(bad: np.ndarray, rule: str, name: str) -> None:
    if bad.any():
        raise ValueError(f"{name}: {rule} in {int(bad.sum())} of {bad.size} rows, first at row {int(np.argmax(bad))}")
