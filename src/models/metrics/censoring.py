"""The censoring distribution, or with delayed entry that of being under observation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..inputs.at_risk import rows_at_risk
from ..inputs.distinct_days import DistinctDays
from ..inputs.labels import refuse_other_order
from ..inputs.outcome import Outcome, check_outcome
from .product_limit import ProductLimit


@dataclass(frozen=True)
class CensoringDistribution:
    r"""Step function :math:`G(t) = P(C > t)`, the probability of not having been censored by ``t``.

    With delayed entry it is :math:`G(t) = Y(t+) / (n S(t))`, with those under observation above the line and below it
    those who would be if nobody came late and nobody were censored, as a multiple of the ``n`` rows; it rises where
    rows enter. The same without delayed entry.

    Attributes
    ----------
    times : ndarray of float, shape (n_times,)
        Days on which somebody was censored (or came under observation), ascending.
    survival : ndarray of float, shape (n_times,)
        :math:`G` on and after each of those days (right-continuous).
    at_start : float
        :math:`G` before the first of them.
    expected : ndarray of float, shape (n_times,), or None
        With delayed entry, :math:`G` with those yet to enter above the line too.
    """

    times: np.ndarray
    survival: np.ndarray
    at_start: float = 1.0
    expected: np.ndarray | None = None

    def at(self, days: Any) -> np.ndarray:
        """:math:`G(t)`, in the shape of ``days``."""
        return self._step(days, "right")

    def before(self, days: Any) -> np.ndarray:
        """The left limit :math:`G(t-)`, in the shape of ``days``."""
        return self._step(days, "left")

    def since(self, day: float) -> CensoringDistribution:
        """The distribution of those who are free of events and not censored by ``day``, with days counted from there.

        All zero where there are none.
        """
        later = self.times > day
        begin = float(self.at(day))
        if self.expected is None:
            rest = self.survival[later] / begin if begin else np.zeros(int(later.sum()))
            return CensoringDistribution(self.times[later] - day, rest)
        all_left = float(np.append(1.0, self.expected)[np.searchsorted(self.times, day, side="right")])
        scale = 1.0 / all_left if all_left else 0.0
        return CensoringDistribution(
            self.times[later] - day, self.survival[later] * scale, begin * scale, self.expected[later] * scale
        )

    def _step(self, days: Any, side: Any) -> np.ndarray:
        return np.concatenate(([self.at_start], self.survival))[np.searchsorted(self.times, days, side=side)]


def fit_censoring(y: Any, *, sample_weight: Any = None) -> CensoringDistribution:
    r"""Reverse Kaplan-Meier estimate of the censoring distribution.

    .. math:: G(t) = \prod_{u \le t} \left(1 - \frac{c(u)}{Y(u) - d(u)}\right)

    with :math:`c(u)` censored on day ``u``, :math:`d(u)` events of any kind and :math:`Y(u)` at risk. An event and a
    censoring on the same day are taken in that order, as ``prodlim(..., reverse = TRUE)`` does, so the result does not
    depend on the order of the rows. With delayed entry it is :math:`Y(t+) / (n S(t))` with the product limit :math:`S`
    of no event, which is the same number where nobody enters late.

    Parameters
    ----------
    y : anything that ``check_outcome`` takes, n rows
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
    rows = rows_at_risk(check_outcome(y), sample_weight)
    weight = np.ones(len(rows.outcome)) if rows.weight is None else rows.weight
    return censoring_of(rows.outcome.take(weight > 0), weight[weight > 0])


def censoring_of(outcome: Outcome, weight: np.ndarray) -> CensoringDistribution:
    """:func:`fit_censoring` for checked rows of positive weight."""
    if outcome.has_delayed_entry:
        return _under_observation(outcome, weight)
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


def _under_observation(outcome: Outcome, weight: np.ndarray) -> CensoringDistribution:
    limit = ProductLimit(outcome, weight)
    after, free = limit.at_risk[1:], weight.sum() * limit.free[1:]
    coming = np.append(limit.to_come[1:], 0.0)

    def share(rows: np.ndarray) -> np.ndarray:
        return np.divide(rows, free, out=np.zeros(free.size), where=free > 0)

    return CensoringDistribution(
        limit.days, share(after), float(limit.at_risk[0] / weight.sum()), share(after + coming)
    )


def learnt_elsewhere(censoring: Any) -> CensoringDistribution:
    """What a metric is given as ``censoring``: a distribution, or the outcomes of the rows to learn it from.

    Raises
    ------
    ValueError
        It is neither.
    """
    if isinstance(censoring, CensoringDistribution):
        return censoring
    is_structured = isinstance(censoring, np.ndarray) and censoring.dtype.names is not None
    if isinstance(censoring, pd.DataFrame | dict | Outcome) or is_structured:
        return fit_censoring(censoring)
    raise ValueError(
        "censoring must be the outcomes (duration, event) of training rows, a CensoringDistribution of fit_censoring "
        f"or, for evaluate_risks, a model such as CoxPH(event=0); got {type(censoring).__name__}"
    )
