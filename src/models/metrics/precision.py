"""Precision and recall of the highest predicted risks, under competing risks and censoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .inputs import check_metric_inputs
from .ranks import Ranks
from .state_weights import States, followed_states


@dataclass(frozen=True)
class TopK:
    """How well the rows with the highest risks are chosen.

    Attributes
    ----------
    precision : float
        The part of the chosen rows that has the event.
    recall : float
        The part of all rows with the event that is among the chosen.
    """

    precision: float
    recall: float


def top_k(
    y: Any,
    risk: Any,
    time: float,
    k: float,
    *,
    event: int = 1,
    censoring: Any = None,
    sample_weight: Any = None,
) -> TopK:
    """Precision and recall of choosing the ``k`` highest risks, as a team with room for ``k`` visits would.

    Rows weigh by the inverse probability of being uncensored, among the chosen and among all. Where the risk at the
    border is shared, the last places are drawn among those rows: each counts by its chance.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry count from their entry on.
    risk : array, shape (n,)
        Any number that is higher where the event is likelier.
    time : float
        Days.
    k : int or float
        A number of rows, or below 1 a part of all; with case weights, of weighted rows.
    event, censoring, sample_weight
        As for :func:`brier_score`.

    Returns
    -------
    TopK
        NaN, with a warning, past the last follow-up; the recall also where nobody has the event.

    Examples
    --------
    >>> y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    >>> top_k(y, [0.4, 0.1, 0.3, 0.35], 30, 2)
    TopK(precision=0.5, recall=0.5)
    """
    given = check_metric_inputs(y, risk, [time], event=event, sample_weight=sample_weight, probabilities=False)
    check_k(k)
    states = followed_states(given, censoring, event)[0]
    if states is None:
        return TopK(float("nan"), float("nan"))
    return top_k_of(states, Ranks(given.risk[:, 0]), k)


def average_precision(
    y: Any,
    risk: Any,
    times: Any,
    *,
    event: int = 1,
    censoring: Any = None,
    sample_weight: Any = None,
) -> np.ndarray:
    r"""Area under the curve of precision by recall, :math:`\sum_k (R_k - R_{k-1}) P_k` from the highest risk down.

    Precision and recall weigh rows by the inverse probability of being uncensored. Unlike the area under the ROC curve
    it depends on how common the event is: risks without information have the incidence.

    Parameters
    ----------
    y, risk, times, event, censoring, sample_weight
        As for :func:`time_dependent_auc`.

    Returns
    -------
    ndarray, shape (n_times,)
        NaN where nobody has the event, and, with a warning, past the last follow-up.

    References
    ----------
    Yuan, Zhou, Li and others (2018), A threshold-free summary index of prediction accuracy for censored time to event
    data, Statistics in Medicine 37. Agrees with ``sklearn.metrics.average_precision_score`` without censoring.

    Examples
    --------
    >>> y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    >>> average_precision(y, [0.4, 0.1, 0.3, 0.35], [30]).round(4)
    array([0.8333])
    """
    given = check_metric_inputs(y, risk, times, event=event, sample_weight=sample_weight, probabilities=False)
    return np.array(
        [
            np.nan if states is None else average_precision_of(states, Ranks(given.risk[:, k]))
            for k, states in enumerate(followed_states(given, censoring, event))
        ]
    )


def check_k(k: float) -> None:
    """Raise ValueError unless ``k`` is above 0."""
    if not k > 0:
        raise ValueError(f"k must be above 0: a number of rows, or a part of all; got {k:g}")


def top_k_of(states: States, ranks: Ranks, k: float) -> TopK:
    """:func:`top_k` of ranked risks of n rows on the day of ``states``."""
    weight = states.weights.weight
    rows = ranks.sums(weight)[::-1]
    places = min(k if k >= 1 else k * rows.sum(), rows.sum())
    # The part of each risk's rows, from the highest down, that finds a place.
    chosen = np.clip((places - (np.cumsum(rows) - rows)) / rows, 0.0, 1.0)
    had = ranks.sums(np.where(states.had, states.mass, 0.0))[::-1]
    known = ranks.sums(states.mass)[::-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = chosen @ had / (chosen @ known), chosen @ had / had.sum()
    return TopK(float(precision), float(recall))


def average_precision_of(states: States, ranks: Ranks) -> float:
    """:func:`average_precision` of ranked risks of n rows on the day of ``states``."""
    had = ranks.sums(np.where(states.had, states.mass, 0.0))[::-1]
    known = ranks.sums(states.mass)[::-1]
    if not had.sum() > 0:
        return float("nan")
    found, all_known = np.cumsum(had), np.cumsum(known)
    precision = np.divide(found, all_known, out=np.zeros(had.size), where=all_known > 0)
    return float(had @ precision / found[-1])
