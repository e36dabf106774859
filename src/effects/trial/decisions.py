"""The times at which plans can be ended: their reviews and, where plans end between reviews too, each month.

An ending on a review's day or up to ``grace_days`` after it, with no other review between, is that review's decision.
Any other ending that somebody decided is one of the month of the plan in which it falls: of the plans that run on the
month's first day, with what was known by then. Where the data have no such ending there are no months.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...plans.strategies import DAYS_PER_YEAR, MONTHS_PER_YEAR
from .people import NEVER, People

START, REVIEW, MONTH = range(3)


@dataclass(frozen=True)
class Decisions:
    """Lines by person and day; each person's first line is the start of the plan, at which nothing is decided.

    Attributes
    ----------
    person : ndarray of int, shape (m,)
        Row of :class:`People`.
    day : ndarray of int, shape (m,)
    kind : ndarray of int, shape (m,)
        ``START``, ``REVIEW`` or ``MONTH``.
    number : ndarray of int, shape (m,)
        Of the review, from 1; for other lines, of the last review before.
    record : ndarray of int, shape (m,)
        Line, of the starts and reviews only, that holds what is known.
    length : ndarray of int, shape (m,)
        Days of a month's line; 0 for the others.
    ended : ndarray of bool, shape (m,)
        The plan was ended.
    delay : ndarray of int, shape (m,)
        Days from a review's decision to the end.
    is_known : ndarray of bool, shape (m,)
        Observation goes on long enough to see whether it was ended.
    decided_on : ndarray of int, shape (n,)
        Day of the line at which each person's plan was ended, ``NEVER`` where nobody ended it.
    at_review : ndarray of bool, shape (n,)
        It was ended at a review.
    """

    person: np.ndarray
    day: np.ndarray
    kind: np.ndarray
    number: np.ndarray
    record: np.ndarray
    length: np.ndarray
    ended: np.ndarray
    delay: np.ndarray
    is_known: np.ndarray
    decided_on: np.ndarray
    at_review: np.ndarray


def find_reviews(people: People, reviews: pd.DataFrame, period_of_plan: pd.DataFrame, until: int) -> pd.DataFrame:
    """Each person's reviews during the plan and up to day ``until``: ``person, day``, one a day, in order."""
    person_of = pd.Series(np.arange(len(people)), index=people.rows["period"].to_numpy(), name="person")
    held = reviews[["plan_id", "review_date"]].merge(period_of_plan, on="plan_id")
    held = held.merge(person_of, left_on="period", right_index=True)
    person = held["person"].to_numpy()
    start = people.rows["start_date"].to_numpy()[person]
    day = ((held["review_date"].to_numpy() - start) / np.timedelta64(1, "D")).astype(np.int64)
    last = np.minimum(np.minimum(people.end, people.stop)[person], until)
    # A review on the day of an event decides nothing, unless somebody ended the plan on that day.
    counts = (day > 0) & (day <= last) & ((day < people.stop[person]) | people.was_ended[person])
    found = pd.DataFrame({"person": person[counts], "day": day[counts]})
    return found.drop_duplicates().sort_values(["person", "day"], ignore_index=True)


def find_decisions(people: People, reviews: pd.DataFrame, grace_days: int, until: int) -> Decisions:
    """The lines of all people.

    Parameters
    ----------
    people : People, n persons
    reviews : DataFrame
        What :func:`find_reviews` gives.
    grace_days : int
    until : int
        Last day of a line.
    """
    n = len(people)
    person = np.concatenate([np.arange(n), reviews["person"].to_numpy()])
    day = np.concatenate([np.zeros(n, dtype=np.int64), reviews["day"].to_numpy()])
    order = np.lexsort((day, person))
    person, day = person[order], day[order]
    first = np.flatnonzero(np.diff(person, prepend=-1))
    number = np.arange(person.size) - first[person]
    last = np.append(first[1:], person.size) - 1
    since = people.end - day[last]
    at_review = people.was_ended & (number[last] > 0) & (since <= grace_days)
    ended = np.zeros(person.size, dtype=bool)
    ended[last] = at_review
    decided_on = np.where(people.was_ended, np.where(at_review, day[last], people.end), NEVER)
    is_review = number > 0
    found = Decisions(
        person=person,
        day=day,
        kind=np.where(is_review, REVIEW, START),
        number=number,
        record=np.arange(person.size),
        length=np.zeros(person.size, dtype=np.int64),
        ended=ended,
        delay=np.where(ended, people.end[person] - day, 0),
        is_known=is_review & (people.last_day[person] >= day + grace_days),
        decided_on=decided_on,
        at_review=at_review,
    )
    between = people.was_ended & ~at_review & (people.end < until)
    return _with_months(found, people, between, until) if between.any() else found


def month_start(month: np.ndarray) -> np.ndarray:
    """Day on which a month of the plan begins, from 0."""
    return np.round(np.asarray(month) * DAYS_PER_YEAR / MONTHS_PER_YEAR).astype(np.int64)


def _with_months(found: Decisions, people: People, between: np.ndarray, until: int) -> Decisions:
    """The same lines with those of the months on whose first day the plan runs and nobody has decided to end it."""
    n_months = int(np.searchsorted(month_start(np.arange(until + 2)), until))
    begins = month_start(np.arange(n_months + 1))
    runs_until = np.minimum(np.minimum(found.decided_on, people.end), people.stop - 1)
    count = np.searchsorted(begins[:-1], runs_until, side="right")
    person = np.repeat(np.arange(len(people)), count)
    month = np.arange(person.size) - np.repeat(np.cumsum(count) - count, count)
    day, length = begins[month], np.diff(begins)[month]
    end = people.end[person]
    ended = between[person] & (end >= day) & (end < day + length)
    decided_on = found.decided_on.copy()
    decided_on[person[ended]] = day[ended]

    both = np.concatenate([found.person, person])
    days = np.concatenate([found.day, day])
    kind = np.concatenate([found.kind, np.full(person.size, MONTH)])
    order = np.lexsort((kind, days, both))
    is_record = kind[order] != MONTH
    record = np.cumsum(is_record) - 1
    # A month that begins on a review's day begins with what is known on it, and so does the first month.
    zeros = np.zeros(person.size, dtype=np.int64)
    return Decisions(
        person=both[order],
        day=days[order],
        kind=kind[order],
        number=found.number[record],
        record=record,
        length=np.concatenate([found.length, length])[order],
        ended=np.concatenate([found.ended, ended])[order],
        delay=np.concatenate([found.delay, zeros])[order],
        is_known=np.concatenate([found.is_known, people.last_day[person] >= day + length])[order],
        decided_on=decided_on,
        at_review=found.at_review,
    )
