import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.effects.trial.copies import FORCED, GOES, STAYS, UNTOLD, make_copies, number_rows
from secondplan.effects.trial.covariates import Columns
from secondplan.effects.trial.decisions import MONTH, REVIEW, find_decisions
from secondplan.effects.trial.departure_models import Known, month_models, review_models
from secondplan.effects.trial.people import NEVER, People

# One child a line: stop, event, end, was_ended, reviews.
STORY = {
    "ended at the first review": (900, 0, 80, True, [80]),
    "recorded ten days after it": (900, 1, 95, True, [85]),
    "ended at the second": (700, 2, 250, True, [80, 250]),
    "ended between reviews": (900, 0, 150, True, [80]),
    "entered care on the plan": (60, 2, 60, False, []),
    "runs until the extract": (900, 0, NEVER, False, [85, 260, 440]),
}
NAMES = list(STORY)
MORE = {
    "care after a review": (200, 2, 200, False, [85]),
    "no review, ended": (900, 1, 350, True, []),
    "no review, runs": (900, 0, NEVER, False, []),
}


def _known(names):
    stop, event, end, was_ended, held = zip(*({**STORY, **MORE}[name] for name in names), strict=True)
    n = len(names)
    rows = pd.DataFrame({"start_date": pd.Timestamp("2012-01-01"), "person": np.arange(n)})
    last_day = np.full(n, 900)
    people = People(rows, *map(np.array, (stop, event, end, was_ended)), last_day, np.arange(n))
    reviews = pd.DataFrame(
        [(person, day) for person, days in enumerate(held) for day in days], columns=["person", "day"]
    )
    decisions = find_decisions(people, reviews, 14, 379)
    lines = decisions.record.max() + 1
    return Known(people, decisions, Columns(np.zeros((lines, 0)), (), (), np.zeros(lines, dtype=int)), ())


def _copies(strategy, names):
    known = _known(names)
    models = [*review_models(known), *month_models(known)]
    numbers = number_rows(models, known.decisions.person.size)
    return known, make_copies(strategy, known, numbers, numbers.n_rows, 14)[0]


def _spells(copies, person):
    own = copies.person == person
    return list(zip(copies.start[own].tolist(), copies.stop[own].tolist(), copies.kind[own].tolist(), strict=True))


def test_endings_belong_to_reviews_or_to_months():
    decisions = _known(NAMES).decisions
    assert decisions.decided_on.tolist() == [80, 85, 250, 122, NEVER, NEVER]
    assert decisions.at_review.tolist() == [True, True, True, False, False, False]
    ended = decisions.ended
    assert sorted(zip(decisions.kind[ended], decisions.day[ended], strict=True)) == [
        (REVIEW, 80),
        (REVIEW, 85),
        (REVIEW, 250),
        (MONTH, 122),
    ]
    assert decisions.delay[ended & (decisions.day == 85)] == [10]


def test_months_are_those_in_which_the_plan_runs():
    decisions = _known(NAMES).decisions
    months = [decisions.day[(decisions.kind == MONTH) & (decisions.person == person)].tolist() for person in range(6)]
    assert months[0] == [0, 30, 61]
    assert months[3] == [0, 30, 61, 91, 122]
    assert months[4] == [0, 30]
    assert months[5][-1] == 365


def test_there_are_no_months_where_all_plans_end_at_reviews():
    assert MONTH not in _known([name for name in NAMES if name != "ended between reviews"]).decisions.kind


@pytest.mark.parametrize(
    ("name", "spells"),
    [
        ("ended at the first review", [(0, 80, 0)]),
        # It ended after day 91, as the strategy has it.
        ("recorded ten days after it", [(0, 85, 0), (85, 900, 1)]),
        ("ended at the second", [(0, 80, 0), (80, 700, 2)]),
        ("entered care on the plan", [(0, 60, 2)]),
        ("runs until the extract", [(0, 85, 0), (85, 900, 0)]),
    ],
)
def test_who_leaves_a_minimum_length_and_when(name, spells):
    names = [each for each in NAMES if each != "ended between reviews"]
    _, copies = _copies(sp.NotBefore(3), names)
    assert _spells(copies, names.index(name)) == spells
    assert copies.departed.tolist() == [True, False, False, False, False]
    assert set(copies.terms.form) == {STAYS}
    # Reviews within 14 days of day 91: an ending delayed for so long would have complied, as that of the second did.
    assert copies.terms.share_days.tolist() == [11, 6]


def test_an_ending_between_reviews_leaves_on_the_first_day_of_its_month():
    _, copies = _copies(sp.NotBefore(6), NAMES)
    assert _spells(copies, NAMES.index("ended between reviews"))[-1] == (91, 122, 0)


def test_who_leaves_an_end_by_and_when():
    names = [each for each in NAMES if each != "ended between reviews"]
    _, copies = _copies(sp.EndBy(12), names)
    # Its last review in time did not end it.
    assert _spells(copies, names.index("runs until the extract")) == [(0, 260, 0)]
    assert copies.departed.tolist() == [False, False, False, False, True]
    assert _spells(copies, names.index("ended at the second")) == [(0, 250, 0), (250, 700, 2)]
    assert copies.terms.form.tolist() == [FORCED, FORCED, FORCED]


def test_a_plan_that_care_ends_may_not_have_had_its_last_review():
    _, copies = _copies(sp.EndBy(12), ["ended at the second", "care after a review", "runs until the extract"])
    assert copies.terms.form.tolist() == [FORCED, UNTOLD]


def test_without_reviews_the_last_month_decides():
    _, copies = _copies(sp.EndBy(12), ["no review, ended", "no review, runs", "ended between reviews"])
    assert _spells(copies, 0) == [(0, 335, 0), (335, 900, 1)]
    assert copies.departed.tolist() == [False, True, False]
    # Whether the third's review was the last in time is not told: it ended before the next.
    assert copies.terms.form.tolist() == [GOES, UNTOLD]
