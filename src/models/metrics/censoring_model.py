r"""Weights for censoring that depends on covariates, by a model of it such as ``CoxPH(event=0)``.

A row with an event weighs :math:`1 / G(T_i- \mid x_i)` and one still observed :math:`1 / G(t \mid x_i)`. Where an
unpenalised Cox model is fitted to the same rows, its own chance is part of every influence function: with
:math:`-\log G_i = \Lambda_0(t_i) e^{x_i'\beta}` both the baseline and the coefficients move with the case weights.

With delayed entry the rows at risk on a day stand for :math:`1 / G(u- \mid x_i)` each: the product limit of these
weighted rows is that of nobody censored, and a row with an event weighs :math:`S(u-) / G(u- \mid x_i)` divided by those
at risk. How often rows enter may change with the day and with the end of follow-up, but not with ``X``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..inputs.distinct_days import DistinctDays
from ..inputs.outcome import Outcome
from .product_limit import ProductLimit, product_of
from .state_weights import StateWeights

# Predictions are made for this many rows at a time, in order of their days; or for as many numbers.
ROWS_AT_ONCE = 512
NUMBERS_AT_ONCE = 4_000_000


class ModelWeights(StateWeights):
    """Weights by a model of censoring; masses are divided by the sum of the case weights.

    Parameters
    ----------
    outcome : Outcome, n rows
    weight : ndarray, shape (n,)
    model : estimator
        Fitted, as it is known then; or not, such as ``CoxPH(event=0)``: a copy is fitted to the rows, with being
        censored as its event.
    X : DataFrame or ndarray, n rows
        What the model reads.
    since : float
        Day from which durations count, for a fitted model.
    """

    weighs_pairs = False

    def __init__(self, outcome: Outcome, weight: np.ndarray, model: Any, X: Any, since: float = 0.0) -> None:
        self.outcome, self.weight, self._X = outcome, weight, X
        self._total = float(weight.sum())
        self._fitted, self._since = model, since
        self._gradient: _CoxGradient | None = None
        if not hasattr(model, "n_features_in_"):
            self._since = 0.0
            self._fitted = _fit(model, X, outcome, weight)
            if _is_plain_cox(self._fitted):
                self._gradient = _CoxGradient(self._fitted, X, outcome, weight)
        self._event = int(getattr(self._fitted, "event", 1))
        # The left limit: a censoring on the day of an event comes after it.
        with np.errstate(divide="ignore"):
            self._own_factor = 1.0 / self._free_by(np.nextafter(outcome.duration, -np.inf))
        self.at_event = self._own_factor / self._total

    def after(self, time: float) -> np.ndarray:
        """See :class:`StateWeights`; shape (n,)."""
        return self._factor_after(time) / self._total

    def after_own_day(self) -> np.ndarray:
        """Not to be had: a pair would need the covariates of both rows. Pairs weigh by states at the horizon."""
        raise NotImplementedError("a model of censoring weighs states, not pairs")

    def gradient(
        self,
        events: np.ndarray,
        later: np.ndarray | None = None,
        time: float = np.inf,
        own_day: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`StateWeights`; ``own_day`` is None."""
        total = float(events.sum()) + (0.0 if later is None else float(later.sum()))
        moved = -self.weight * (total / self._total)
        if self._gradient is None:
            return moved
        before = np.nextafter(self.outcome.duration, -np.inf)
        moved += self._gradient.of_hazards(events, before)
        if later is not None:
            moved += self._gradient.of_hazards(later, np.full(later.size, self._known_until(time)))
        return moved

    def _factor_after(self, time: float) -> np.ndarray:
        """One over the probability of not being censored by ``time``, shape (n,)."""
        with np.errstate(divide="ignore"):
            return 1.0 / self._free_by(np.full(len(self.outcome), self._known_until(time)))

    def _known_until(self, time: float) -> float:
        return float(np.nextafter(time, -np.inf)) if time == self.last_day else time

    def _free_by(self, days: np.ndarray) -> np.ndarray:
        """Probability of not being censored by each row's day, given that by ``since``, shape (n,)."""
        free = _diagonal(self._fitted, self._X, days + self._since, self._event)
        if not self._since:
            return free
        return free / _diagonal(self._fitted, self._X, np.full(days.size, self._since), self._event)


class LateModelWeights(ModelWeights):
    """:class:`ModelWeights` of rows some of which have delayed entry; the masses sum to 1."""

    def __init__(self, outcome: Outcome, weight: np.ndarray, model: Any, X: Any, since: float = 0.0) -> None:
        super().__init__(outcome, weight, model, X, since)
        self._limit = limit = ProductLimit(outcome, weight)
        n_days = limit.days.size
        self._begin = np.zeros(len(outcome), dtype=np.int64) if limit.came is None else limit.came + 1
        at_risk: np.ndarray = np.zeros(n_days)
        for rows, factor in self._blocks(n_days):
            at_risk += weight[rows] @ factor
        has_event = outcome.event > 0
        died = np.bincount(limit.left, weights=np.where(has_event, weight * self._own_factor, 0.0), minlength=n_days)
        self._at_risk, self._died = at_risk, died
        self._spared, self._free = product_of(at_risk, died)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.at_event = self._free[limit.left] * self._own_factor / at_risk[limit.left]

    def after(self, time: float) -> np.ndarray:
        """See :class:`StateWeights`; shape (n,)."""
        factor, known = self._factor_after(time), self.observed_after(time)
        remaining = float(self.weight[known] @ factor[known])
        return factor * (self._free[self._limit.place(time)] / remaining if remaining else np.inf)

    def gradient(
        self,
        events: np.ndarray,
        later: np.ndarray | None = None,
        time: float = np.inf,
        own_day: np.ndarray | None = None,
    ) -> np.ndarray:
        """See :class:`StateWeights`; ``own_day`` is None."""
        limit, n_days, weight = self._limit, self._died.size, self.weight
        before = np.bincount(limit.left, weights=events, minlength=n_days)
        total = 0.0 if later is None else float(later.sum())
        place = limit.place(time)
        following: np.ndarray = np.cumsum(before[::-1])[::-1] - before
        following[:place] += total
        lost = np.divide(following, self._spared, out=np.zeros(n_days), where=self._spared > 0)
        to_risk = np.divide(lost * self._died - before, self._at_risk, out=np.zeros(n_days), where=self._at_risk > 0)
        used = int(np.flatnonzero(to_risk)[-1]) + 1 if to_risk.any() else 0
        # What each row moves by being at risk, by its event, and by remaining; each also through its own factor.
        has_event = self.outcome.event > 0
        by_event = np.where(has_event, -weight * self._own_factor * lost[limit.left], 0.0)
        moved, by_remaining = by_event.copy(), np.zeros(weight.size)
        if total:
            known, factor = self.observed_after(time), self._factor_after(time)
            by_remaining[known] = -total * weight[known] * factor[known] / float(weight[known] @ factor[known])
            moved += by_remaining
        cox = self._gradient
        hazard_by_row, reach_by_day = np.zeros(weight.size), np.zeros(n_days)
        until = None if cox is None else cox.days_before(limit.days)
        for rows, factor in self._blocks(used):
            part = weight[rows, None] * factor * to_risk[:used]
            moved[rows] += part.sum(axis=1)
            if cox is not None and until is not None:
                hazard_by_row[rows] = part @ cox.hazard[until[:used]]
                reach_by_day[:used] += cox.ratio[rows] @ part
        if cox is None or until is None:
            return moved
        moved += cox.of_hazards(events + by_event, np.nextafter(self.outcome.duration, -np.inf))
        if later is not None:
            moved += cox.of_hazards(later + by_remaining, np.full(later.size, self._known_until(time)))
        return moved + cox.of_sums(hazard_by_row * cox.ratio, np.bincount(until, reach_by_day, cox.hazard.size))

    def _blocks(self, n_days: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Some of the rows (b,) at a time, with the factor of each on each of the first days (b, n_days) at risk."""
        days = np.nextafter(self._limit.days[:n_days], -np.inf) + self._since
        place, n_rows = np.arange(n_days), len(self.outcome)
        size = max(NUMBERS_AT_ONCE // max(n_days, 1), 1)
        for begin in range(0, n_rows if n_days else 0, size):
            rows = np.arange(begin, min(begin + size, n_rows))
            at_risk = (place >= self._begin[rows, None]) & (place <= self._limit.left[rows, None])
            part = _rows_of(self._X, rows)
            grid = np.append(days.clip(0.0), self._since)
            free = 1.0 - np.asarray(self._fitted.predict_cumulative_incidence(part, grid, event=self._event))
            free[:, :-1][:, days < 0] = 1.0
            ratio = free[:, -1:] if self._since else 1.0
            with np.errstate(divide="ignore", invalid="ignore"):
                yield rows, np.where(at_risk, ratio / free[:, :-1], 0.0)


class _CoxGradient:
    r"""How case weights move :math:`\sum_i c_i \Lambda_0(t_i) e^{x_i'\beta}`, of an unpenalised Cox model of censoring.

    Baseline increments are Efron's or Breslow's; with ``d`` censored on a day, step ``l`` of Efron's takes ``l / d`` of
    them out of the sum over those at risk.
    """

    def __init__(self, fitted: Any, X: Any, outcome: Outcome, weight: np.ndarray) -> None:
        x = np.asarray(fitted.encoder_.design(X), dtype=float)
        x = x - x.mean(axis=0)  # changes the baseline, and no sum
        censored = outcome.event == 0
        days = DistinctDays(outcome.duration)
        place, n_days = days.place, days.distinct.size
        ratio = np.exp(x @ fitted.coef_)
        self._days, self._place, self._censored = days, place, censored
        self._x, self.ratio, self._weight = x, ratio, weight
        # The last day that is not after each row's entry, on which it is not yet at risk; -1 for none.
        self._absent = np.searchsorted(days.distinct, outcome.entry, side="right") - 1
        self._dfbeta = fitted.residuals("dfbeta", weighted=True).to_numpy()
        risk = np.column_stack((weight * ratio, (weight * ratio)[:, None] * x))
        late = self._absent >= 0

        def until(rows: np.ndarray, column: np.ndarray) -> np.ndarray:
            return np.bincount(rows, column, n_days)[::-1].cumsum()[::-1]

        at_risk = np.stack([until(place, column) - until(self._absent[late], column[late]) for column in risk.T])
        tied = np.stack([np.bincount(place, column * censored, n_days) for column in risk.T])
        n_tied = np.bincount(place, censored, n_days).astype(int)
        mean = np.bincount(place, weight * censored, n_days) / np.maximum(n_tied, 1)
        day = np.repeat(np.arange(n_days), n_tied)
        step = np.arange(day.size) - np.repeat(np.cumsum(n_tied) - n_tied, n_tied)
        part = step / n_tied[day] if fitted.ties == "efron" else np.zeros(day.size)
        sums = at_risk[:, day] - part * tied[:, day]
        inverse = 1.0 / sums[0]

        def by_day(values: np.ndarray) -> np.ndarray:
            return np.bincount(day, values, n_days)

        self._increment = by_day(mean[day] * inverse)
        self._own = by_day(inverse) / np.maximum(n_tied, 1)
        self._loss = by_day(mean[day] * inverse**2)
        self._own_loss = by_day(mean[day] * inverse**2 * (1.0 - part))
        self._slope = np.stack([by_day(-mean[day] * inverse**2 * row) for row in sums[1:]])
        self.hazard = np.concatenate(([0.0], np.cumsum(self._increment)))

    def of_hazards(self, factor: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Gradient times weights, shape (n,); ``factor`` and ``until`` (n,) are each row's coefficient and last day."""
        last = np.searchsorted(self._days.distinct, until, side="right")
        scaled = factor * self.ratio
        return self.of_sums(scaled * self.hazard[last], np.bincount(last, scaled, self.hazard.size))

    def days_before(self, days: np.ndarray) -> np.ndarray:
        """Number of this model's days before each of ``days``."""
        return np.searchsorted(self._days.distinct, days, side="left")

    def of_sums(self, by_row: np.ndarray, by_number: np.ndarray) -> np.ndarray:
        """:meth:`of_hazards` of sums of hazards by row (n,), and of relative risks by how many days they reach."""
        # How the sum moves with each day's increment: the rows whose hazard reaches that day.
        reach = by_number[::-1].cumsum()[::-1][1:]
        to_coef = self._x.T @ by_row + self._slope @ reach
        while_at_risk = np.concatenate(([0.0], np.cumsum(reach * self._loss)))
        place, ratio = self._place, self.ratio
        of_own = (reach * self._own)[place] - ratio * (reach * (self._own_loss - self._loss))[place]
        of_risk = ratio * (while_at_risk[place + 1] - while_at_risk[self._absent + 1])
        moved = np.where(self._censored, of_own, 0.0) - of_risk
        return self._weight * moved + self._dfbeta @ to_coef


def _fit(model: Any, X: Any, outcome: Outcome, weight: np.ndarray) -> Any:
    """A copy of the model, fitted to being censored."""
    from sklearn.base import clone

    copy = clone(model)
    if "event" in copy.get_params():
        copy.set_params(event=1)
    y = outcome.to_frame().assign(event=(outcome.event == 0).astype(int))
    if not outcome.has_delayed_entry:
        y = y.drop(columns="entry")
    return copy.fit(X, y, sample_weight=None if np.all(weight == 1) else weight)


def _is_plain_cox(fitted: Any) -> bool:
    """Whether the hazard is a baseline times a relative risk, with the errors of maximum likelihood."""
    given = fitted.get_params()
    return (
        hasattr(fitted, "residuals")
        and given.get("ties") in ("efron", "breslow")
        and given.get("strata") is None
        and given.get("offset") is None
        and not given.get("alpha")
        and not given.get("firth")
    )


def _diagonal(fitted: Any, X: Any, days: np.ndarray, event: int) -> np.ndarray:
    """Probability that the model's event has not come to each row by its own day, shape (n,)."""
    free = np.empty(days.size)
    order = np.argsort(days, kind="stable")
    order = order[np.searchsorted(days[order], 0.0) :]
    free[days < 0] = 1.0
    for begin in range(0, order.size, ROWS_AT_ONCE):
        rows = order[begin : begin + ROWS_AT_ONCE]
        distinct, place = np.unique(days[rows], return_inverse=True)
        part = _rows_of(X, rows)
        risk = fitted.predict_cumulative_incidence(part, distinct, event=event)
        free[rows] = 1.0 - np.asarray(risk)[np.arange(rows.size), place]
    return free


def _rows_of(X: Any, rows: np.ndarray) -> Any:
    return X.iloc[rows] if isinstance(X, pd.DataFrame) else np.asarray(X)[rows]
