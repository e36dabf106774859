r"""Weights for censoring that depends on covariates, by a model of it such as ``CoxPH(event=0)``.

A row with an event weighs :math:`1 / G(T_i- \mid x_i)` and one still observed :math:`1 / G(t \mid x_i)`. Where an
unpenalised Cox model is fitted to the same rows, its own chance is part of every influence function: with
:math:`-\log G_i = \Lambda_0(t_i) e^{x_i'\beta}` both the baseline and the coefficients move with the case weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..inputs.distinct_days import DistinctDays
from ..inputs.outcome import Outcome
from .state_weights import StateWeights

# Predictions are made for this many rows at a time, in order of their days.
ROWS_AT_ONCE = 512


class ModelWeights(StateWeights):
    """Weights by a model of censoring; masses are divided by the sum of the case weights.

    Parameters
    ----------
    outcome : Outcome, n rows without delayed entry
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
        free = self._free_by(np.nextafter(outcome.duration, -np.inf))
        with np.errstate(divide="ignore"):
            self.at_event = 1.0 / (self._total * free)

    def after(self, time: float) -> np.ndarray:
        """See :class:`StateWeights`; shape (n,)."""
        day = np.nextafter(time, -np.inf) if time == self.last_day else time
        with np.errstate(divide="ignore"):
            return 1.0 / (self._total * self._free_by(np.full(len(self.outcome), day)))

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
            day = np.nextafter(time, -np.inf) if time == self.last_day else time
            moved += self._gradient.of_hazards(later, np.full(later.size, day))
        return moved

    def _free_by(self, days: np.ndarray) -> np.ndarray:
        """Probability of not being censored by each row's day, given that by ``since``, shape (n,)."""
        free = _diagonal(self._fitted, self._X, days + self._since, self._event)
        if not self._since:
            return free
        return free / _diagonal(self._fitted, self._X, np.full(days.size, self._since), self._event)


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
        self._x, self._ratio, self._weight = x, ratio, weight
        self._dfbeta = fitted.residuals("dfbeta", weighted=True).to_numpy()
        risk = np.column_stack((weight * ratio, (weight * ratio)[:, None] * x))
        at_risk = np.stack([np.bincount(place, column, n_days)[::-1].cumsum()[::-1] for column in risk.T])
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

    def of_hazards(self, factor: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Gradient times weights, shape (n,); ``factor`` and ``until`` (n,) are each row's coefficient and last day."""
        n_days = self._increment.size
        last = np.searchsorted(self._days.distinct, until, side="right")
        scaled = factor * self._ratio
        # How the sum moves with each day's increment: the rows whose hazard reaches that day.
        reach = np.bincount(last, scaled, n_days + 1)[::-1].cumsum()[::-1][1:]
        hazard = np.concatenate(([0.0], np.cumsum(self._increment)))[last]
        to_coef = self._x.T @ (scaled * hazard) + self._slope @ reach
        while_at_risk = np.cumsum(reach * self._loss)
        place = self._place
        of_own = (reach * self._own)[place] - self._ratio * (reach * (self._own_loss - self._loss))[place]
        moved = np.where(self._censored, of_own, 0.0) - self._ratio * while_at_risk[place]
        return self._weight * moved + self._dfbeta @ to_coef


def _fit(model: Any, X: Any, outcome: Outcome, weight: np.ndarray) -> Any:
    """A copy of the model, fitted to being censored."""
    from sklearn.base import clone

    copy = clone(model)
    if "event" in copy.get_params():
        copy.set_params(event=1)
    y = pd.DataFrame({"duration": outcome.duration, "event": (outcome.event == 0).astype(int)})
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
        part = X.iloc[rows] if isinstance(X, pd.DataFrame) else np.asarray(X)[rows]
        risk = fitted.predict_cumulative_incidence(part, distinct, event=event)
        free[rows] = 1.0 - np.asarray(risk)[np.arange(rows.size), place]
    return free
