"""What scoring asks of cause-specific Cox models, of very many rows with windows of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from ..cox.baseline import LARGEST_ETA
from ..curves.confidence import probability_bounds
from ..estimator.asked import Asked
from ..estimator.conditioning import FAINT
from ..estimator.scored_rows import Change, LargestSoFar, Wanted
from ..incidence.quadrature import build_quadrature
from ..incidence.window_errors import WindowErrors
from ..incidence.windows import WindowSums
from ..numerics.fixed_blocks import column_sum, row_products
from .errors import CauseSpecificErrors

# Errors of incidences after a day are divided by the probability of being free of events until then.
LEAST_FREE = 0.01


# Rows whose numbers stay in a processor's cache.
ROWS_PER_BLOCK = 4096


class CauseSpecificScores(CauseSpecificErrors):
    """The part of :class:`.model.CauseSpecificCox` that scores; where a quadrature does not hold, sums are exact."""

    def made_ready(self) -> Self:
        """As that of every model; other predictions sum over all event times from now on."""
        if not self._sums_exactly:
            self.__dict__.update(_sums_exactly=True, _sums_by_stratum={}, _errors_by_stratum={}, _windows_made={})
        return self

    def __getstate__(self) -> dict[str, Any]:
        """That of every model; one that is ready to score keeps what it has made, as that takes longer than copying."""
        state = super().__getstate__()
        return state | {"_windows_made": self.__dict__["_windows_made"]} if self._sums_exactly else state

    def risk_of_rows(self, asked: Asked, event: int) -> np.ndarray:
        """As that of every model, by sums over each row's window of event times."""
        risk, predictors = np.full(asked.times.shape, np.nan), self._predictors(asked.design.matrix)
        is_held = np.zeros(len(asked), dtype=bool)
        for rows, sums in self._blocks(asked, event):
            first, last = _window(sums, asked, rows)
            own = sums.rows(_relative_risk(predictors[rows]), first)
            is_held[rows] = own.are_held(FAINT)
            risk[rows] = own.incidence(sums.grown(first, last))
        left = np.flatnonzero(~is_held)
        if left.size:
            risk[left] = self._asked_incidence(asked[left], event)  # exact sums, each row by itself
        return asked.with_unknown(risk)

    def _changed_risks(
        self, asked: Asked, risk: np.ndarray, event: int, changes: list[Change], wanted: Wanted | None
    ) -> np.ndarray:
        """A feature moves the linear predictors, all else stays."""
        matrix, found = asked.design.matrix, np.tile(risk, (len(changes), 1))
        predictors, steps, is_left = self._predictors(asked.design.matrix), [], np.zeros(found.shape, dtype=bool)
        for change in changes:
            columns, values = change.of(matrix, self.encoder_)
            steps.append(row_products(values - matrix[:, columns], self._coef[columns]))
        for rows, sums in self._blocks(asked, event):
            first, last = _window(sums, asked, rows)
            (grown,), of_rows = sums.grown(first, last[:, -1:]), [step.take(rows, axis=0) for step in steps]
            if wanted is None or self.form != "exponential":
                bounds = np.stack([np.where(step.any(axis=1), np.inf, 0.0) for step in of_rows])
            else:
                hazard = sums.hazard(_relative_risk(predictors[rows]), first, last[:, -1])
                bounds = np.stack([_largest_change(risk[rows], hazard, step, sums.cause) for step in of_rows])
            largest = LargestSoFar(wanted, rows.size)
            for number in np.argsort(-bounds.mean(axis=1), kind="stable"):
                moved = largest.may_be(bounds[number])
                place = rows[moved]
                own = sums.rows(_relative_risk(predictors[place] + of_rows[number][moved]), first[moved])
                result = own.incidence([grown[moved]])[:, 0]
                found[number, place], is_left[number, place] = result, ~own.are_held(FAINT)
                largest.add(moved, np.where(is_left[number, place], 0.0, np.abs(result - risk[place])))
        number, left = np.nonzero(is_left)
        if left.size:
            changed = asked[left].at_last(matrix[left])
            for one in np.unique(number):
                columns, values = changes[one].of(matrix[left[number == one]], self.encoder_)
                changed.design.matrix[np.ix_(number == one, columns)] = values
            found[number, left] = self._asked_incidence(changed, event)[:, 0]
        return found

    def interval_of_rows(self, asked: Asked, risk: np.ndarray, event: int, level: float = 0.95) -> np.ndarray:
        """As that of every model, by sums over each row's window of event times.

        Parameters
        ----------
        asked : Asked, n rows
        risk : ndarray, shape (n, m)
            What :meth:`risk_of_rows` has given.
        event : int
        level : float
            Coverage.
        """
        error, predictors = np.full(asked.times.shape, np.nan), self._predictors(asked.design.matrix)
        is_by_row = self._are_by_row(asked)
        for rows, sums in self._blocks(asked, event, len(asked)):
            rows = rows[~is_by_row[rows]]
            if rows.size:
                errors = self._window_errors(int(asked.design.stratum_of_each[rows[0]]), event, sums)
                window = _window(sums, asked, rows)
                error[rows] = errors.error(asked.design.matrix[rows], _relative_risk(predictors[rows]), *window)
        left = [np.flatnonzero(is_by_row)]
        # One by one, so that none depends on others.
        left += [np.array([row]) for row in np.flatnonzero(np.isnan(error).any(axis=1) & ~is_by_row)]
        for rows in left:
            one = asked[rows]
            error[rows] = self._incidence_error(one.design, one.times, one.since, event)
        return asked.with_unknown(np.stack(probability_bounds(risk, error, level, "log-log"), axis=-1))

    def _are_by_row(self, asked: Asked) -> np.ndarray:
        """Whether errors rest on the influence of every row, which no saved model holds, shape (n,)."""
        result = np.zeros(len(asked), dtype=bool)
        for code, rows in asked.design.by_stratum():
            result[rows] = self._is_by_row(code, asked.since[rows, 0])
        return result

    def _blocks(self, asked: Asked, event: int, size: int = ROWS_PER_BLOCK) -> Iterator[tuple[np.ndarray, WindowSums]]:
        """Rows of one stratum, so many at a time, and its sums; not those of a stratum that has none."""
        for code, own in asked.design.by_stratum():
            sums = self._window_sums(code, event)
            if sums is not None:
                rows = np.arange(len(asked))[own]
                for begin in range(0, rows.size, max(1, size)):
                    yield rows[begin : begin + size], sums

    def _window_sums(self, stratum: int, event: int) -> WindowSums | None:
        made = self.__dict__.setdefault("_windows_made", {})
        if stratum not in made:
            jumps = self._sums(stratum).jumps
            made[stratum] = build_quadrature(jumps, self.form, self.predictor_moments_) if jumps.time.size else None
        if (stratum, event) not in made:
            quadrature = made[stratum]
            made[stratum, event] = None if quadrature is None else WindowSums(quadrature, self.events_.index(event))
        return made[stratum, event]

    def _window_errors(self, stratum: int, event: int, sums: WindowSums) -> WindowErrors:
        made = self.__dict__.setdefault("_windows_made", {})
        if (stratum, event, "errors") not in made:
            hazards = self._uncertain_hazards(stratum, False)
            center = np.stack([model.center_ for model in self.cause_models_.values()])
            assert hazards is not None  # sums by cells are there for each stratum that comes here
            made[stratum, event, "errors"] = WindowErrors(hazards, sums, center, LEAST_FREE)
        return made[stratum, event, "errors"]


def _window(sums: WindowSums, asked: Asked, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first event time of each row's windows (n,), and the first after each (n, m)."""
    since = asked.since[rows, 0]
    return np.where(since > 0, sums.positions(since), 0), sums.positions(asked.times[rows])


def _relative_risk(predictors: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(predictors, LARGEST_ETA))


def _largest_change(risk: np.ndarray, hazard: np.ndarray, step: np.ndarray, cause: int) -> np.ndarray:
    """By how much an incidence (n,) can change at most if linear predictors move by steps (n, K), shape (n,).

    A hazard of the event that is c times as large makes its incidence 1 to c times as large; that of another event,
    whose cumulative hazard is H, 1 to exp((1 - c) H) times.
    """
    parts = (1.0 - np.exp(step)) * hazard
    parts[:, cause] = step[:, cause]
    more, less = column_sum(np.maximum(parts, 0.0).T), column_sum(np.minimum(parts, 0.0).T)
    return risk * np.maximum(np.expm1(more), -np.expm1(less))
