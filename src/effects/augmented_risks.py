"""Doubly robust risks of rows by fitted models, and how the rows move them through these models."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from ..models import CauseSpecificCox
from ..models.features.encoder import FeatureEncoder
from ..models.inputs.outcome import Outcome
from ..models.numerics.multinomial_logit import class_probabilities, fit_multinomial_logit
from .augmentation import SMALLEST_FREE, add_slopes_of_outcome, augmentation, left_before, slopes_of_censoring
from .censoring import CoxCensoring
from .length_weights import LengthWeights
from .weight_estimation import independent_design

# Numbers of one array held at once: rows of a block times days of censoring.
BLOCK = 400_000


@dataclass(frozen=True)
class LevelData:
    """The rows as they are and with each level; n rows, L levels, m days."""

    frame: pd.DataFrame
    frames: list[pd.DataFrame]
    eligible: list[Any]
    own_eligible: Any
    outcome: Outcome
    codes: np.ndarray
    days: np.ndarray
    event: int
    treatment: str
    case_weight: np.ndarray

    def take(self, rows: np.ndarray) -> LevelData:
        """Some of the rows, by positions."""

        def part(values: Any) -> Any:
            return values if values is None or np.ndim(values) == 0 else np.asarray(values)[rows]

        return replace(
            self,
            frame=self.frame.iloc[rows],
            frames=[frame.iloc[rows] for frame in self.frames],
            eligible=[part(values) for values in self.eligible],
            own_eligible=part(self.own_eligible),
            outcome=self.outcome.take(rows),
            codes=self.codes[rows],
            case_weight=self.case_weight[rows],
        )

    @property
    def share(self) -> np.ndarray:
        """What each row counts in an average, shape (n,)."""
        return self.case_weight / self.case_weight.sum()

    def fit(self, model: Any) -> Any:
        """A copy of the model, fitted to the rows."""
        weight = None if np.all(self.case_weight == 1) else self.case_weight
        return clone(model).fit(self.frame, self.outcome.to_frame().drop(columns="entry"), sample_weight=weight)


@dataclass(frozen=True)
class RiskParts:
    """F by level (L, n, m), and for each row 1 / G of an event by each day (n, m), F (n, m) and J (n, m) of its own."""

    by_level: np.ndarray
    happened: np.ndarray
    own: np.ndarray
    augmented: np.ndarray

    def risks(self, inverse: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """What is averaged, by level (L, n, m); ``inverse`` (n,) is one over the probability of the own level."""
        moved = inverse[:, None] * (self.happened - self.own + self.augmented)
        return self.by_level + np.stack(
            [np.where((codes == one)[:, None], moved, 0.0) for one in range(len(self.by_level))]
        )


def risk_parts(
    model: Any, days_left: np.ndarray, hazard: np.ndarray, relative_risk: np.ndarray, data: LevelData
) -> RiskParts:
    """By the models' predictions; ``days_left`` and ``hazard`` (J,), ``relative_risk`` (n,) are of the censoring."""
    event, days, outcome = data.event, data.days, data.outcome
    asked = {"event": event}
    by_level = np.stack(
        [
            model.predict_cumulative_incidence(frame, days, eligible_days=own, **asked)
            for frame, own in zip(data.frames, data.eligible, strict=True)
        ]
    )
    own = np.take_along_axis(by_level, data.codes[None, :, None], axis=0)[0].copy()
    used = days_left <= days.max(initial=0.0)
    days_left, hazard = days_left[used], hazard[used]
    augmented, happened = np.zeros(own.shape), np.zeros(own.shape)
    for rows in _blocks(np.arange(len(outcome)), days_left.size):
        left = left_before(days_left, hazard, relative_risk[rows], outcome.duration[rows], outcome.event[rows] == 0)
        part, eligible = data.frame.iloc[rows], _limits(data, rows)
        if days_left.size:
            by_day = model.predict_cumulative_incidence(part, days_left, eligible_days=eligible, **asked)
            free = _free_before(model, part, days_left, eligible)
            augmented[rows] = augmentation(left, own[rows], by_day, free, days)
        before = np.searchsorted(days_left, outcome.duration[rows], side="left")
        gone = np.concatenate([[0.0], np.cumsum(hazard)])[before] * relative_risk[rows]
        had = (outcome.event[rows] == event)[:, None] & (outcome.duration[rows][:, None] <= days)
        happened[rows] = np.where(had, np.exp(gone)[:, None], 0.0)
    return RiskParts(by_level, happened, own, augmented)


def _free_before(model: Any, frame: pd.DataFrame, days: np.ndarray, eligible: Any) -> np.ndarray:
    """Event-free probability just before each day, shape (n, J)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asked = model._asked(frame, np.nextafter(days, -np.inf).clip(0.0), eligible, 0.0)
    free = model._still_free(asked.design, asked.times)
    return np.asarray(np.maximum(free, SMALLEST_FREE))


def risks_of_all(model: Any, weights: Any, censoring: CoxCensoring, data: LevelData) -> tuple[np.ndarray, np.ndarray]:
    """Risks (L, m) and the influence of rows (L, m, n), the models fitted to all rows."""
    n_rows, known = len(data.frame), data.days <= data.outcome.followed_until
    parts = risk_parts(model, censoring.time, censoring.hazard, censoring.relative_risk, data)
    if isinstance(weights, LengthWeights):
        inverse, slopes = weights.per_probability()
    else:
        inverse, slopes = inverse_probability(weights, data, data), np.empty((n_rows, 0))
    each = parts.risks(inverse, data.codes)
    risk = np.einsum("n,lnm->lm", data.share, each)
    influence = np.moveaxis(each - risk[:, None], 1, 2) * data.share
    if isinstance(model, CauseSpecificCox) and isinstance(weights, LengthWeights) and not model.strata_:
        influence = influence + _through_models(model, weights, slopes, inverse, censoring, data, parts)
    risk[:, ~known], influence[:, ~known] = np.nan, np.nan
    return risk, influence


def _through_models(
    model: CauseSpecificCox,
    weights: LengthWeights,
    slopes: np.ndarray,
    inverse: np.ndarray,
    censoring: CoxCensoring,
    data: LevelData,
    parts: RiskParts,
) -> np.ndarray:
    """What rows add through the three models, shape (L, m, n)."""
    n_rows, n_levels = len(data.frame), len(data.frames)
    result = np.zeros((n_levels, data.days.size, n_rows))
    # No risk moves with what happens after the last day that is asked for.
    n_used = int(np.searchsorted(censoring.time, data.days.max(initial=0.0), side="right"))
    directions = []
    for place in range(n_levels):
        counted = np.where(data.codes == place, inverse, 0.0) * data.share
        moved = counted[:, None] * (parts.happened - parts.own + parts.augmented)
        result[place] += np.stack([weights.moved_by_rows(column, slopes) for column in moved.T])
        asked = model._asked(data.frames[place], data.days, data.eligible[place], 0.0)
        directions.append(model._direction_of_total(asked, data.event, data.share - counted))
        found = directions[-1][0]
        by_hazard = np.zeros((data.days.size, censoring.time.size))
        by_feature = np.zeros((data.days.size, censoring.rows.design.matrix.shape[1]))
        for rows in _blocks(np.flatnonzero(data.codes == place), 2 * n_used):
            by_used = by_hazard[:, :n_used]
            _add_block(found, by_used, by_feature, model, censoring, data, parts, rows, counted[rows])
        through = censoring.influence(by_hazard, by_feature, data.case_weight)
        result[place] += through
    rows_of = model._training
    target = np.arange(n_rows)
    return result + model._influence_along(directions, rows_of, data.case_weight, target).reshape(result.shape)


def _add_block(
    found: Any,
    by_hazard: np.ndarray,
    by_feature: np.ndarray,
    model: CauseSpecificCox,
    censoring: CoxCensoring,
    data: LevelData,
    parts: RiskParts,
    own: np.ndarray,
    counted: np.ndarray,
) -> None:
    """Add the derivatives of some rows' weighted outcomes and augmentation, by both hazards."""
    outcome, risk = data.outcome.take(own), censoring.relative_risk[own]
    time, hazard = (part[: by_hazard.shape[1]] for part in (censoring.time, censoring.hazard))
    left = left_before(time, hazard, risk, outcome.duration, outcome.event == 0)
    frame, eligible = data.frame.iloc[own], _limits(data, own)
    last = np.inf if data.own_eligible is None else _some(data.own_eligible, own)
    until = np.broadcast_to(np.minimum(data.days, np.reshape(last, (-1, 1))), (own.size, data.days.size))
    matrix = model._design(frame).matrix
    add_slopes_of_outcome(
        found,
        left,
        model._sums(0).jumps,
        model._relative_risk(matrix),
        counted,
        matrix,
        until,
        model.events_.index(data.event),
        model.form,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_day = model.predict_cumulative_incidence(frame, time, event=data.event, eligible_days=eligible)
    free = _free_before(model, frame, time, eligible)
    features = censoring.rows.design.matrix[own]
    for column, day in enumerate(data.days):
        slope = slopes_of_censoring(left, parts.own[own, column], by_day, free, day)
        slope += parts.happened[own, column][:, None] * (time < outcome.duration[:, None])
        slope *= (counted * risk)[:, None]
        by_hazard[column] += slope.sum(axis=0)
        by_feature[column] += (slope @ hazard) @ features


def inverse_probability(weights: Any, learnt: LevelData, asked: LevelData) -> np.ndarray:
    """One over the probability of each row's own level, by a model of the rows ``learnt``, shape (n,)."""
    columns = list(weights.columns) if isinstance(weights, LengthWeights) else None
    given = [
        frame[columns] if columns else frame.drop(columns=learnt.treatment) for frame in (learnt.frame, asked.frame)
    ]
    own_encoder = weights.encoder if isinstance(weights, LengthWeights) else None
    encoder = FeatureEncoder() if own_encoder is None else clone(own_encoder)
    design, new = encoder.fit_design(given[0]), encoder.design(given[1])
    rows = np.arange(len(asked.codes))
    if isinstance(weights, LengthWeights):
        design, new = independent_design(design), independent_design(design, new)
        fitted = fit_multinomial_logit(design, learnt.codes, learnt.case_weight, len(asked.frames))
        probability = class_probabilities(new, fitted.coef)
    else:
        counts = learnt.case_weight > 0
        classifier = clone(weights).fit(design[counts], learnt.codes[counts])
        probability = np.zeros((len(new), len(asked.frames)))
        probability[:, classifier.classes_] = classifier.predict_proba(new)
    own = probability[rows, asked.codes]
    if np.any(own <= 0):
        raise ValueError(f"weights: {int((own <= 0).sum())} rows have a level that the classifier gives probability 0")
    return np.asarray(1.0 / own)


def _limits(data: LevelData, rows: np.ndarray) -> Any:
    """Last eligible days, or None where nobody is observed past them: days past the observed count for nothing."""
    last = _some(data.own_eligible, rows)
    return None if last is None or np.all(data.outcome.duration[rows] <= last) else last


def _some(values: Any, rows: np.ndarray) -> Any:
    return values if values is None or np.ndim(values) == 0 else np.asarray(values)[rows]


def _blocks(rows: np.ndarray, width: int) -> Iterator[np.ndarray]:
    step = max(1, BLOCK // max(1, width))
    for begin in range(0, rows.size, step):
        yield rows[begin : begin + step]
