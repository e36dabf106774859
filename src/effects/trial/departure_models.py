"""Models of what makes plans depart from a strategy: of ending at a review, in a month, and of a review being the last.

Ending at the first review, at the second, and at later ones has a model each: what a review finds need not mean the
same at each of them. A model with few endings is joined to the one before. Besides the covariates each has splines of
the day, of the days since the last review and of the date, and the authority as a factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...models.numerics.ridge_logit import RidgeLogit
from .covariates import PLACE, Columns, time_columns
from .decisions import MONTH, REVIEW, Decisions
from .people import People

LATER = 3
# A review's model needs so many plans that were ended and so many that were not.
FEWEST = 50
# A normal prior of standard deviation 1 for each standardised column and each authority: it keeps estimates finite.
RIDGE = 1.0
# Reviews are held so regularly that the chance of another one by a day rises within weeks.
DAYS_OF_STEP, MOST_STEPS = 15, 20


@dataclass(frozen=True)
class DepartureModel:
    """A logistic regression, and the lines of the decisions it is of.

    Attributes
    ----------
    name : str
        What it is a model of, in words.
    rows : RidgeLogit
    line : ndarray of int, shape (k,)
        Line of the decisions at which what is known of each row stands.
    person : ndarray of int, shape (k,)
    fitted : ndarray, shape (k,)
        1 for rows that count in the fit, 0 for those whose outcome is not known.
    is_of_ending : bool
        Weights are one over its chances, or over what these leave.
    """

    name: str
    rows: RidgeLogit
    line: np.ndarray
    person: np.ndarray
    fitted: np.ndarray
    is_of_ending: bool = True


@dataclass(frozen=True)
class Known:
    """What the models are made from: people, their decisions, and columns, of which ``use`` are in the models."""

    people: People
    decisions: Decisions
    columns: Columns
    use: Sequence[str]


def review_models(known: Known) -> list[DepartureModel]:
    """Models of ending at reviews, by the review's number."""
    decisions = known.decisions
    is_review = decisions.kind == REVIEW
    group = np.minimum(decisions.number, LATER)
    groups: list[list[int]] = []
    for number in range(1, LATER + 1):
        lines = is_review & (group == number) & decisions.is_known
        ended = decisions.ended[lines].sum()
        if not groups or min(ended, lines.sum() - ended) >= FEWEST:
            groups.append([number])
        else:
            groups[-1].append(number)
    models = []
    for numbers in groups:
        lines = np.flatnonzero(is_review & np.isin(group, numbers))
        if lines.size:
            words = " or ".join(str(number) if number < LATER else "later" for number in numbers)
            models.append(
                _model(known, f"ending at review {words}", lines, decisions.ended[lines], decisions.day[lines])
            )
    return models


def month_models(known: Known) -> list[DepartureModel]:
    """The model of ending in a month, between reviews; none where no plan ends so."""
    lines = np.flatnonzero(known.decisions.kind == MONTH)
    if not lines.size:
        return []
    return [_model(known, "ending between reviews", lines, known.decisions.ended[lines], known.decisions.day[lines])]


def last_review_model(
    known: Known, lines: np.ndarray, outcome: np.ndarray, is_known: np.ndarray, deadline: int
) -> DepartureModel:
    """The model of a review (k,) being the last on or before a day, by how many days are left and what was known."""
    day = known.decisions.day[lines]
    left = np.minimum((deadline - day) // DAYS_OF_STEP, MOST_STEPS)
    steps = [(left == value).astype(float) for value in np.unique(left)[1:]]
    model = _model(known, f"having no more review by day {deadline}", lines, outcome, day, is_known, steps)
    return replace(model, is_of_ending=False)


def _model(
    known: Known,
    name: str,
    lines: np.ndarray,
    outcome: np.ndarray,
    day: np.ndarray,
    is_known: np.ndarray | None = None,
    more: Sequence[np.ndarray] = (),
) -> DepartureModel:
    decisions, columns = known.decisions, known.columns
    record = decisions.record[lines]
    with_place = PLACE in known.use
    place = columns.place[record] if with_place else np.zeros(lines.size, dtype=np.int64)
    order = np.argsort(place, kind="stable")
    further = [column[order] for column in more]
    lines, record, day, place, outcome = (part[order] for part in (lines, record, day, place, outcome))
    person = decisions.person[lines]
    used = np.flatnonzero(np.isin(columns.covariate, list(known.use)))
    of_time = _time_columns(known, lines, day)
    design = np.column_stack([np.ones(lines.size), *of_time, *further, columns.numbers[np.ix_(record, used)]])
    varies = np.ptp(design, axis=0) > 0 if lines.size else np.zeros(design.shape[1], dtype=bool)
    varies[0] = True
    design = np.ascontiguousarray(design[:, varies])
    ridge = np.full(design.shape[1], RIDGE)
    ridge[0] = 0.0
    rows = RidgeLogit(design, outcome.astype(float), ridge, np.flatnonzero(np.diff(place, prepend=-1)), RIDGE)
    fitted = decisions.is_known[lines] if is_known is None else is_known[order]
    return DepartureModel(name, rows, lines, person, fitted.astype(float))


def _time_columns(known: Known, lines: np.ndarray, day: np.ndarray) -> list[np.ndarray]:
    decisions, people = known.decisions, known.people
    number = decisions.number[lines]
    # A review's own line is the last one; what counts is when the one before it was.
    own = decisions.kind[lines] == REVIEW
    same_day = day == decisions.day[lines]
    last = np.where(own & same_day, _previous_day(decisions)[lines], _record_day(decisions)[lines])
    start = people.rows["start_date"].to_numpy()[decisions.person[lines]].astype("datetime64[D]").astype(np.int64)
    times = [time_columns(values, "")[0] for values in (day, day - last, start + day)]
    parts = [column for columns in times for column in columns]
    # The number of reviews held, from 5 on as one.
    return [*parts, *((np.minimum(number, 5) == value).astype(float) for value in np.unique(np.minimum(number, 5))[1:])]


def _record_day(decisions: Decisions) -> np.ndarray:
    """Day of the start or review that each line's record is, shape (m,)."""
    lines = np.unique(decisions.record, return_index=True)[1]
    return decisions.day[lines][decisions.record]


def _previous_day(decisions: Decisions) -> np.ndarray:
    """Day of the start or review before that of each line's record, shape (m,); 0 where there is none."""
    lines = np.unique(decisions.record, return_index=True)[1]
    day = decisions.day[lines]
    before = np.where(decisions.number[lines] > 0, np.append(0, day[:-1]), 0)
    return before[decisions.record]
