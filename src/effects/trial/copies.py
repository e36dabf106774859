"""Copies of the children, one for each strategy: how long each copy follows it, and where its weight changes.

- *Natural course*: nobody departs.
- *Not before* day D: a copy departs when somebody ends its plan and the end is before D. It leaves at the decision (the
  review, or the month's first day), with what was known then; what happens on that very day still counts. Copies
  that go on stand for those that leave: after each review before D their weight is divided by their chance of going on.
  A decision shortly before D may be recorded after it and then complies; of such endings only the share whose delay
  would have been too short goes on under the strategy, and is stood for.
- *End by* day D: a plan is ended at its last review in time, the last on or before D, if none has ended it before.
  Whether a review is the last in time is seen where the plan goes on: copies whose last review in time did not end the
  plan leave at it. Where a review ended the plan it is not seen, but has a chance l given what was known. Such an
  ending has probability p in the data and l + (1 - l) p under the strategy, and its copy is weighted by the ratio: the
  whole probability is given to the endings that comply (as in a grace period, Cain et al. 2010). Where a plan
  neither goes on to the next review nor to D (care, the end of observation) the weight is 1 - l. An ending may be
  recorded up to the trial's ``grace_days`` after D, as under an ``EndBy`` with as many of its own. Plans without a
  review in time are to be ended in the month before D, which has support where plans are ended between reviews;
  elsewhere their copies leave on D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models.curves.weighted_incidence import EVENT, OTHER_EVENT
from ...plans.follow_up import CENSORED, SECOND_PLAN
from ...plans.strategies import EndBy, NotBefore, Strategy
from .decisions import MONTH, REVIEW, START, Decisions
from .departure_models import DepartureModel, Known, last_review_model
from .people import NEVER, People

STAYS, FORCED, UNTOLD, GOES = range(4)
"""What a term of a log weight is made of: a chance p, a share of it or another chance l; see ``weighting``."""


@dataclass(frozen=True)
class Terms:
    """What is added to the logarithms of weights, each field of shape (k,).

    Attributes
    ----------
    spell : ndarray of int
        Spell from whose start it counts.
    form : ndarray of int
        ``STAYS``: log(1 - p + p share) - log(1 - p). ``FORCED``: log(l + (1 - l) p) - log p. ``UNTOLD``: log(1 - l).
        ``GOES``: -log p.
    row, other : ndarray of int
        Rows, of all the models' rows one after the other, whose chances p and l are.
    share : ndarray
        Part of p that would have been a departure.
    share_days : ndarray of int
        Days that the delay of an ending must be below for it to be one; 0 where ``share`` is known.
    """

    spell: np.ndarray
    form: np.ndarray
    row: np.ndarray
    other: np.ndarray
    share: np.ndarray
    share_days: np.ndarray


@dataclass(frozen=True)
class Copies:
    """Spells of the copies that follow one strategy, by person and day, and what their weights are made of.

    Attributes
    ----------
    strategy : Strategy
    person, start, stop, kind : ndarray of int, shape (s,)
        Spells (start, stop]; ``kind`` is 0, 1 (second plan) or 2 (another event).
    departed : ndarray of bool, shape (n,)
        Whether each person's copy left the strategy.
    terms : Terms
    n_unsupported : int
        Copies that leave because the strategy asks of them what is not seen to happen.
    """

    strategy: Strategy
    person: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    kind: np.ndarray
    departed: np.ndarray
    terms: Terms
    n_unsupported: int = 0


@dataclass(frozen=True)
class RowNumbers:
    """Where lines of the decisions stand among the rows of the models, -1 where they do not, and how many rows are."""

    of_line: np.ndarray
    n_rows: int


def number_rows(models: Sequence[DepartureModel], n_lines: int, begin: int = 0) -> RowNumbers:
    """Numbers of the rows of models one after the other, from ``begin``."""
    of_line = np.full(n_lines, -1)
    for model in models:
        of_line[model.line] = begin + np.arange(model.line.size)
        begin += model.line.size
    return RowNumbers(of_line, begin)


def make_copies(
    strategy: Strategy, known: Known, numbers: RowNumbers, n_rows: int, grace_days: int
) -> tuple[Copies, DepartureModel | None]:
    """The copies of a strategy, and the model that only they need; its rows come after ``n_rows`` others."""
    if isinstance(strategy, NotBefore):
        return _not_before(strategy, known, numbers, grace_days), None
    if isinstance(strategy, EndBy):
        return _end_by(strategy, known, numbers, n_rows)
    people = known.people
    nobody = np.zeros(len(people), dtype=bool)
    lines = np.flatnonzero(known.decisions.kind == START)
    return _copies(strategy, known, lines, people.stop, nobody, _terms(lines[:0], STAYS, lines[:0])), None


def _not_before(strategy: NotBefore, known: Known, numbers: RowNumbers, grace_days: int) -> Copies:
    people, decisions = known.people, known.decisions
    departed = people.was_ended & (people.end < strategy.days)
    until = np.where(departed, decisions.decided_on, people.stop)
    counts = (decisions.day < strategy.days) & (decisions.day < until[decisions.person])
    lines = np.flatnonzero(counts | (decisions.kind == START))
    # Endings recorded late enough keep their weight: who would have been ended too early goes on, as others do.
    term = np.flatnonzero((decisions.kind[lines] != START) & ~decisions.ended[lines])
    of = lines[term]
    left = strategy.days - decisions.day[of]
    is_month = decisions.kind[of] == MONTH
    share = np.where(is_month, np.minimum(left / np.maximum(decisions.length[of], 1), 1.0), 1.0)
    share_days = np.where(~is_month & (left <= grace_days), left, 0)
    terms = _terms(term, STAYS, numbers.of_line[of], share=share, share_days=share_days)
    return _copies(strategy, known, lines, until, departed, terms)


def _end_by(strategy: EndBy, known: Known, numbers: RowNumbers, n_rows: int) -> tuple[Copies, DepartureModel | None]:
    people, decisions = known.people, known.decisions
    deadline = strategy.days
    decided = np.where(people.was_ended, np.where(decisions.at_review, decisions.decided_on, people.end), NEVER)
    goes_beyond = (decided > deadline) & (people.stop > deadline)
    reviews = np.flatnonzero((decisions.kind == REVIEW) & (decisions.day <= deadline))
    person = decisions.person[reviews]
    is_last = np.diff(person, append=-1) != 0
    ended = decisions.ended[reviews]
    misses = is_last & ~ended & goes_beyond[person]
    untold = is_last & ~ended & ~goes_beyond[person]

    until = people.stop.copy()
    departed = goes_beyond.copy()
    until[person[misses]] = decisions.day[reviews[misses]]
    alone = goes_beyond.copy()
    alone[person] = False
    month = _last_month(decisions, deadline)
    by_month = alone & (month >= 0)
    until[by_month] = decisions.day[month[by_month]]
    without = alone & ~by_month
    until[without] = deadline
    in_month = np.flatnonzero((month >= 0) & ~_any(person, len(people)))
    in_month = in_month[decisions.ended[month[in_month]]]
    # An ending in the month that holds the deadline complies, before the deadline or after it.
    departed[in_month] = False
    until[in_month] = people.stop[in_month]

    model = None
    begin = RowNumbers(np.full(decisions.person.size, -1), n_rows)
    if reviews.size:
        is_known = ~ended & (~is_last | goes_beyond[person]) & (people.last_day[person] > deadline)
        model = last_review_model(known, reviews, misses, is_known, deadline)
        begin = number_rows([model], decisions.person.size, n_rows)
    marked = np.sort(np.concatenate([reviews[ended], reviews[untold], month[in_month]]))
    lines = np.sort(np.concatenate([np.flatnonzero(decisions.kind == START), marked]))
    spell = np.searchsorted(lines, marked)
    form = np.where(decisions.kind[marked] == MONTH, GOES, np.where(decisions.ended[marked], FORCED, UNTOLD))
    terms = _terms(spell, form, numbers.of_line[marked], other=begin.of_line[marked])
    return _copies(strategy, known, lines, until, departed, terms, int(without.sum())), model


def _any(person: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(person, minlength=n) > 0


def _last_month(decisions: Decisions, deadline: int) -> np.ndarray:
    """Line of the month that holds the day before the deadline, of each person, shape (n,); -1 where there is none."""
    of_months = (decisions.kind == MONTH) & (decisions.day < deadline)
    lines = np.flatnonzero(of_months & (decisions.day + decisions.length >= deadline))
    found = np.full(decisions.decided_on.size, -1)
    found[decisions.person[lines]] = lines
    return found


def _terms(
    spell: np.ndarray,
    form: int | np.ndarray,
    row: np.ndarray,
    other: np.ndarray | None = None,
    share: np.ndarray | None = None,
    share_days: np.ndarray | None = None,
) -> Terms:
    nothing = np.zeros(spell.size, dtype=np.int64)
    return Terms(
        spell=spell,
        form=np.broadcast_to(np.asarray(form), spell.shape),
        row=row,
        other=nothing - 1 if other is None else other,
        share=np.ones(spell.size) if share is None else share,
        share_days=nothing if share_days is None else share_days,
    )


def _copies(
    strategy: Strategy,
    known: Known,
    lines: np.ndarray,
    until: np.ndarray,
    departed: np.ndarray,
    terms: Terms,
    n_unsupported: int = 0,
) -> Copies:
    """Spells that begin on the days of ``lines``, of which each person has a start, and end on day ``until`` (n,)."""
    person, day = known.decisions.person[lines], known.decisions.day[lines]
    is_last = np.diff(person, append=-1) != 0
    stop = np.where(is_last, until[person], np.append(day[1:], 0))
    kind = np.where(is_last & ~departed[person], _kinds(known.people)[person], 0)
    return Copies(strategy, person, day, stop, kind, departed, terms, n_unsupported)


def _kinds(people: People) -> np.ndarray:
    kinds = np.full(len(people), OTHER_EVENT)
    kinds[people.event == SECOND_PLAN] = EVENT
    kinds[people.event == CENSORED] = 0
    return kinds
