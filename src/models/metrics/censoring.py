"""The censoring distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..inputs.case_weights import weight_of_each
from ..inputs.distinct_days import DistinctDays
from ..inputs.labels import refuse_other_order
from ..inputs.outcome import Outcome, check_outcome
from .inputs import rows_without_delayed_entry


@dataclass(frozen=True)
class CensoringDistribution:
    r"""Step function :math:`G(t) = P(C > t)`, the probability of not having been censored by ``t``.

    Attributes
    ----------
    times : ndarray of float, shape (n_times,)
        Days on which somebody was censored, ascending.
    survival : ndarray of float, shape (n_times,)
        :math:`G` on and after each of those days (right-continuous).
    """

    times: np.ndarray
    survival: np.ndarray

    def at(self, days: Any) -> np.ndarray:
        """:math:`G(t)`, in the shape of ``days``."""
        return self._step(days, "right")

    def before(self, days: Any) -> np.ndarray:
        """The left limit :math:`G(t-)`, in the shape of ``days``."""
        return self._step(days, "left")

    def since(self, day: float) -> CensoringDistribution:
        """The distribution of those not censored by ``day``, with days counted from there."""
        later = self.times > day
        return CensoringDistribution(self.times[later] - day, self.survival[later] / float(self.at(day)))

    def _step(self, days: Any, side: Any) -> np.ndarray:
        return np.concatenate(([1.0], self.survival))[np.searchsorted(self.times, days, side=side)]


def fit_censoring(y: Any, *, sample_weight: Any = None) -> CensoringDistribution:
    r"""Reverse Kaplan-Meier estimate of the censoring distribution.

    .. math:: G(t) = \prod_{u \le t} \left(1 - \frac{c(u)}{Y(u) - d(u)}\right)

    with :math:`c(u)` censored on day ``u``, :math:`d(u)` events of any kind and :math:`Y(u)` at risk. An event and a
    censoring on the same day are taken in that order, as ``prodlim(..., reverse = TRUE)`` does, so the result does not
    depend on the order of the rows.

    Parameters
    ----------
    y : anything that ``check_outcome`` takes, n rows
        Rows with delayed entry are left out, with a warning.
    sample_weight : array, shape (n,), optional
        Case weights, not negative.

    Returns
    -------
    CensoringDistribution
        Pass it as ``censoring`` to a metric to weight test rows by what was learnt on training rows.

    References
    ----------
    Gerds and Schumacher (2006), Consistent estimation of the expected Brier score in general survival models with
    right-censored event times, Biometrical Journal 48.

    Examples
    --------
    >>> fit_censoring({"duration": [1, 2, 3, 4], "event": [1, 0, 1, 0]}).at([1, 2, 4]).round(3)
    array([1.   , 0.667, 0.   ])
    """
    refuse_other_order(y=y, sample_weight=sample_weight)
    outcome = check_outcome(y)
    weight = weight_of_each(sample_weight, len(outcome))
    rows = rows_without_delayed_entry(outcome)
    rows = rows[weight[rows] > 0]
    return censoring_of(outcome.take(rows), weight[rows])


def censoring_of(outcome: Outcome, weight: np.ndarray) -> CensoringDistribution:
    """:func:`fit_censoring` for checked rows without delayed entry."""
    distinct = DistinctDays(outcome.duration)
    days, day = distinct.distinct, distinct.place
    leaving = np.bincount(day, weights=weight, minlength=days.size)
    censored = np.bincount(day, weights=weight * (outcome.event == 0), minlength=days.size)
    # Those who leave later: summed from the end, so that the last day has exactly 0.
    later = np.concatenate((np.cumsum(leaving[::-1])[::-1][1:], [0.0]))
    jump = censored > 0
    # At risk and without an event that day: those censored that day and those who leave later.
    survival = np.cumprod(later[jump] / (later[jump] + censored[jump]))
    return CensoringDistribution(days[jump], survival)
