"""The one gate for what a metric is given: outcomes, predicted risks, times and weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...caller_warnings import warn
from ...parameter_checks import check_event_of
from ..inputs.case_weights import weight_of_each
from ..inputs.given_days import as_days
from ..inputs.labels import refuse_other_order
from ..inputs.outcome import BEFORE_DAY_0, Outcome, as_numbers, check_outcome


class MetricWarning(UserWarning):
    """A metric stands but needs care: rows were left out, or a time lies past the last follow-up."""


@dataclass(frozen=True)
class MetricInputs:
    """Checked inputs of a metric, without the rows that it cannot use.

    Attributes
    ----------
    outcome : Outcome
        ``n`` rows, none of them with delayed entry.
    risk : ndarray of float, shape (n, n_times)
    times : ndarray of float, shape (n_times,)
        Days.
    weight : ndarray of float, shape (n,)
        Case weights, all positive.
    rows : ndarray of int, shape (n,)
        Positions of the rows in what was given.
    n_given : int
        Number of rows that were given.
    """

    outcome: Outcome
    risk: np.ndarray
    times: np.ndarray
    weight: np.ndarray
    rows: np.ndarray
    n_given: int


def check_metric_inputs(
    y: Any, risk: Any, times: Any, *, event: Any = 1, sample_weight: Any = None, probabilities: bool = True
) -> MetricInputs:
    """Check what a metric is given and leave out the rows that it cannot use.

    A row with delayed entry was seen only because it had no event before its entry; inverse probability of censoring
    weights do not mend that, so such rows are left out, with a warning that counts them. Rows of weight 0 are left out.

    Parameters
    ----------
    y : anything that ``check_outcome`` takes, n rows
    risk : array, shape (n, n_times), or (n,) where there is one time
    times : array, shape (n_times,), or a number
        Days.
    event : int
        Code of the event: one of ``y``, or 1, which may be absent.
    sample_weight : array, shape (n,), optional
        Case weights, not negative.
    probabilities : bool
        Whether risks outside 0 to 1 are an error (they are not for metrics of ranks).

    Raises
    ------
    ValueError
        Shapes differ, a number is missing or out of its range, or no row remains.
    """
    refuse_other_order(y=y, risk=risk, sample_weight=sample_weight)
    outcome = check_outcome(y)
    check_event_of(event, outcome.events)
    grid = as_days(times, "times")
    predicted = as_numbers(risk, "risk")
    if predicted.ndim == 1:
        predicted = predicted[:, None]
    if predicted.shape != (len(outcome), grid.size):
        raise ValueError(
            f"risk has shape {np.shape(risk)}, expected ({len(outcome)}, {grid.size}): a row each, a time each"
        )
    refuse_risk(predicted, probabilities=probabilities)
    weight = weight_of_each(sample_weight, len(outcome))
    rows = rows_without_delayed_entry(outcome)
    rows = rows[weight[rows] > 0]
    if rows.size == 0:
        raise ValueError("no row with a positive sample_weight and without delayed entry")
    return MetricInputs(outcome.take(rows), predicted[rows], grid, weight[rows], rows, len(outcome))


def refuse_risk(risk: np.ndarray, *, probabilities: bool = True) -> None:
    """Raise ValueError, with the number of rows, where a risk is missing or (``probabilities``) outside 0 to 1."""
    bad = ~np.isfinite(risk)
    rule = "missing or infinite"
    if probabilities and not bad.any():
        bad = (risk < 0) | (risk > 1)
        rule = "outside 0 to 1"
    if bad.any():
        by_row = bad if bad.ndim == 1 else bad.any(axis=1)
        raise ValueError(
            f"risk: {rule} in {int(by_row.sum())} of {by_row.size} rows, first at row {int(np.argmax(by_row))}"
        )


def rows_without_delayed_entry(outcome: Outcome) -> np.ndarray:
    """Positions of the rows observed from day 0, shape (m,); warns with the number of the others."""
    delayed = outcome.entry > BEFORE_DAY_0
    if delayed.all():
        raise ValueError(f"all {delayed.size} rows have delayed entry; this metric needs rows observed from day 0")
    if delayed.any():
        warn_metric(
            f"{int(delayed.sum())} of {delayed.size} rows have delayed entry and are left out of this metric; "
            "it describes the rows observed from day 0 (evaluate_risks counts all, from their entry on)"
        )
    return np.flatnonzero(~delayed)


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
