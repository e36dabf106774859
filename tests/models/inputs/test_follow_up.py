"""How far training was followed, by hand, and the words about it."""

import warnings

import numpy as np
import pytest

from secondplan.models.inputs.follow_up import (
    FollowUpWarning,
    last_days_followed,
    past_follow_up,
    warn_past_curve,
    warn_past_follow_up,
)
from secondplan.models.inputs.outcome import check_outcome

OUTCOME = check_outcome({"duration": [5, 9, 7, 8], "event": [1, 0, 2, 1]})


def test_a_stratum_is_followed_to_its_last_day_unless_nobody_in_it_is_censored():
    assert OUTCOME.followed_until == 9
    assert last_days_followed(OUTCOME, None, 0).tolist() == [9]
    assert last_days_followed(OUTCOME, np.array([0, 0, 2, 2]), 3).tolist() == [9, 0, np.inf]
    assert OUTCOME.take(np.array([0, 2])).followed_until == np.inf


def test_a_day_is_not_known_past_the_last_that_was_followed_and_past_what_is_known_of_the_row():
    times, since = np.array([[8.0, 9.0, 10.0, 30.0]] * 2), np.array([[0.0], [12.0]])
    assert past_follow_up(np.array([9.0]), times, since).tolist() == [
        [False, False, True, True],
        [False, False, False, True],
    ]


@pytest.mark.parametrize("last", [200.0, 605.7758, 605.7752])
def test_the_day_of_the_advice_is_one_that_is_known(last):
    with pytest.warns(FollowUpWarning, match=r"^1 of 2 rows: training was followed to day") as caught:
        unknown = past_follow_up(np.array([last]), np.array([[1000.0], [5.0]]))
        warn_past_follow_up(unknown, np.array([last]), np.zeros((2, 1)), goes_on=False)
    day = float(str(caught[0].message).rpartition("up to ")[2])
    assert last - 0.001 < day <= last


def test_nothing_is_said_of_curves_that_reach_the_days():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_past_curve(np.array([5.0, 9.0]), np.array([9.0, np.inf]))
    assert caught == []
