r"""The Royston-Parmar likelihood of one cause on arrays, with its first two derivatives.

With :math:`\eta(v \mid x) = \log H` at :math:`v = \log t` (see :mod:`.curve`), design rows
:math:`Z = \partial\eta/\partial\theta` and :math:`D = \partial\eta'(v)/\partial\theta`, a row with weight w, event
indicator d and entry s contributes

.. math:: w \bigl[ d\,(\eta(v) + \log \eta'(v) - v) - H(t) + H(s) \bigr],

whose gradient is :math:`w [d (Z + D/\eta') - H(t) Z(t) + H(s) Z(s)]` and whose negative second derivative is
:math:`w [d\, D D'/\eta'^2 + H(t) Z Z'(t) - H(s) Z Z'(s)]`. Designs are made for a block of rows at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .curve import LARGEST_ETA
from .spline import LogTimeSpline

ROWS_PER_BLOCK = 16_384


@dataclass(frozen=True)
class CauseRows:
    """Rows of one cause, in the form that the likelihood needs.

    Attributes
    ----------
    design : ndarray, shape (n, p)
    center, spread : ndarray, shape (p,)
        What features are centred at and divided by; varying effects multiply features that are only divided.
    log_time : ndarray, shape (n,)
    log_entry : ndarray, shape (n,)
        Minus infinity without delayed entry.
    is_event : ndarray of bool, shape (n,)
    weight : ndarray, shape (n,)
    spline : LogTimeSpline
    varying : tuple of (LogTimeSpline, ndarray of int)
        By group, the spline and the positions of its features.
    """

    design: np.ndarray
    center: np.ndarray
    spread: np.ndarray
    log_time: np.ndarray
    log_entry: np.ndarray
    is_event: np.ndarray
    weight: np.ndarray
    spline: LogTimeSpline
    varying: tuple[tuple[LogTimeSpline, np.ndarray], ...]

    @property
    def n_parameters(self) -> int:
        """Number of columns of Z."""
        n_varying = sum(spline.df * columns.size for spline, columns in self.varying)
        return self.spline.df + 1 + self.design.shape[1] + n_varying

    def terms(self, rows: np.ndarray | slice, log_time: np.ndarray) -> np.ndarray:
        """Z of ``rows`` at ``log_time``, shape (n_rows, n_parameters)."""
        result = np.empty((log_time.size, self.n_parameters))
        begin, end = self.spline.df + 1, self.spline.df + 1 + self.design.shape[1]
        result[:, :begin] = self.spline.basis(log_time)
        features = self.design[rows]
        np.subtract(features, self.center, out=result[:, begin:end])
        result[:, begin:end] /= self.spread
        self._fill_varying(result, end, features, log_time, slope=False)
        return result

    def slope_terms(self, rows: np.ndarray | slice, log_time: np.ndarray) -> np.ndarray:
        """D of ``rows`` at ``log_time``, shape (n_rows, n_parameters)."""
        result = np.zeros((log_time.size, self.n_parameters))
        result[:, : self.spline.df + 1] = self.spline.derivative(log_time)
        end = self.spline.df + 1 + self.design.shape[1]
        self._fill_varying(result, end, self.design[rows], log_time, slope=True)
        return result

    def _fill_varying(
        self, result: np.ndarray, end: int, features: np.ndarray, log_time: np.ndarray, *, slope: bool
    ) -> None:
        for spline, columns in self.varying:
            basis = (spline.derivative(log_time) if slope else spline.basis(log_time))[:, 1:]
            own = features[:, columns] / self.spread[columns]
            begin, end = end, end + columns.size * spline.df
            result[:, begin:end] = (own[:, :, None] * basis[:, None, :]).reshape(log_time.size, end - begin)


@dataclass(frozen=True)
class Point:
    """The likelihood at ``theta``.

    Attributes
    ----------
    theta : ndarray, shape (q,)
    value : float
    gradient : ndarray, shape (q,)
    information : ndarray, shape (q, q)
        Minus the second derivatives.
    slope : ndarray, shape (n_events,)
        :math:`\\eta'` of each event, above 0.
    """

    theta: np.ndarray
    value: float
    gradient: np.ndarray
    information: np.ndarray
    slope: np.ndarray


class Likelihood:
    """The log likelihood of the rows of one cause, with what does not change with the parameters computed once."""

    def __init__(self, rows: CauseRows) -> None:
        self.rows = rows
        self._terms: np.ndarray | None = None
        self.events = np.flatnonzero(rows.is_event)
        self.late = np.flatnonzero(np.isfinite(rows.log_entry))
        self.event_weight = rows.weight[self.events]
        n_parameters = rows.n_parameters
        self.event_sum = np.zeros(n_parameters)
        slope_columns = np.r_[1 : rows.spline.df + 1, rows.spline.df + 1 + rows.design.shape[1] : n_parameters]
        self.slope_columns = slope_columns
        slope_terms = np.empty((self.events.size, slope_columns.size))
        for block in _blocks(self.events.size):
            chosen = self.events[block]
            self.event_sum += self.event_weight[block] @ rows.terms(chosen, rows.log_time[chosen])
            slope_terms[block] = rows.slope_terms(chosen, rows.log_time[chosen])[:, slope_columns]
        self.slope_terms = slope_terms
        self.time_sum = float(self.event_weight @ rows.log_time[self.events])

    def evaluate(self, theta: np.ndarray) -> Point | None:
        """The likelihood and its derivatives; None where it is not defined or overflows."""
        slope = self.slope_terms @ theta[self.slope_columns]
        if not np.all(np.isfinite(theta)) or not np.all(slope > 0):
            return None
        value = self.event_sum @ theta + self.event_weight @ np.log(slope) - self.time_sum
        gradient = self.event_sum.copy()
        own = self.slope_terms * (np.sqrt(self.event_weight) / slope)[:, None]
        gradient[self.slope_columns] += (self.event_weight / slope) @ self.slope_terms
        information = np.zeros((theta.size, theta.size))
        information[np.ix_(self.slope_columns, self.slope_columns)] = own.T @ own
        every = np.arange(self.rows.weight.size)
        for sign, chosen, log_time in ((-1.0, every, self.rows.log_time), (1.0, self.late, self.rows.log_entry)):
            for block in _blocks(chosen.size):
                part = chosen[block]
                rows = block if chosen is every else part
                terms = self._terms_of(rows, log_time[rows], chosen is every and part.size == every.size)
                eta = terms @ theta
                if not np.all(eta < LARGEST_ETA):
                    return None
                hazard = self.rows.weight[rows] * np.exp(eta)
                value += sign * hazard.sum()
                gradient += sign * (hazard @ terms)
                information -= sign * ((terms * hazard[:, None]).T @ terms)
        if not (np.isfinite(value) and np.all(np.isfinite(information)) and np.all(np.isfinite(gradient))):
            return None
        return Point(theta, float(value), gradient, information, slope)

    def _terms_of(self, rows: np.ndarray | slice, log_time: np.ndarray, are_all: bool) -> np.ndarray:
        """Z of ``rows``; that of all rows, where one block holds them, is kept for the next evaluation."""
        if not are_all:
            return self.rows.terms(rows, log_time)
        if self._terms is None:
            self._terms = self.rows.terms(rows, log_time)
        return self._terms

    def scores(self, theta: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Weighted score of each of some rows, shape (n_chosen, q)."""
        rows = self.rows
        log_time, is_event = rows.log_time[chosen], rows.is_event[chosen]
        terms = rows.terms(chosen, log_time)
        scores = terms * (is_event - np.exp(np.minimum(terms @ theta, LARGEST_ETA)))[:, None]
        events = np.flatnonzero(is_event)
        slope_terms = rows.slope_terms(chosen[events], log_time[events])
        scores[events] += slope_terms / (slope_terms @ theta)[:, None]
        late = np.flatnonzero(np.isfinite(rows.log_entry[chosen]))
        terms = rows.terms(chosen[late], rows.log_entry[chosen[late]])
        scores[late] += terms * np.exp(np.minimum(terms @ theta, LARGEST_ETA))[:, None]
        return scores * rows.weight[chosen][:, None]


def start_values(rows: CauseRows) -> np.ndarray:
    """Parameters of a constant hazard, events per time at risk, the same for all rows; shape (q,)."""
    weight, late = rows.weight, np.isfinite(rows.log_entry)
    # Relative to the longest duration, so that no time overflows or vanishes.
    longest = rows.log_time.max()
    at_risk = weight @ np.exp(rows.log_time - longest) - weight[late] @ np.exp(rows.log_entry[late] - longest)
    log_rate = np.log(weight[rows.is_event].sum()) - np.log(max(at_risk, np.finfo(float).tiny)) - longest
    theta = np.zeros(rows.n_parameters)
    raw = np.zeros(rows.spline.df + 1)
    raw[:2] = log_rate, 1.0
    theta[: raw.size] = np.linalg.solve(rows.spline.to_royston_parmar(), raw)
    return theta


def _blocks(n_rows: int) -> Iterator[slice]:
    for begin in range(0, n_rows, ROWS_PER_BLOCK):
        yield slice(begin, begin + ROWS_PER_BLOCK)
