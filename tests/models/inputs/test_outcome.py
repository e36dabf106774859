"""The gate for outcomes: what it lets through, and the message for what it does not."""

import numpy as np
import pandas as pd
import pytest

from secondplan.models.inputs.outcome import BEFORE_DAY_0, Outcome, check_outcome, outcome_from_arrays


def test_entry_0_is_before_day_0():
    outcome = check_outcome(pd.DataFrame({"entry": [0, 3, 0], "duration": [0, 5, 2], "event": [1, 0, 2]}))
    np.testing.assert_array_equal(outcome.entry, [BEFORE_DAY_0, 3, BEFORE_DAY_0])
    assert outcome.has_delayed_entry
    assert outcome.events == (1, 2)
    assert outcome.to_frame()["entry"].tolist() == [0, 3, 0]
    assert not check_outcome({"duration": [1], "event": [0]}).has_delayed_entry


def test_forms_of_input():
    frame = pd.DataFrame({"duration": [4, 2], "event": [True, False]})
    records = np.array([(4.0, 1), (2.0, 0)], dtype=[("duration", float), ("event", int)])
    for y in (frame, records, {"duration": [4, 2], "event": [1, 0]}, check_outcome(frame)):
        outcome = check_outcome(y, n_rows=2)
        assert (outcome.duration.tolist(), outcome.event.tolist()) == ([4.0, 2.0], [1, 0])
    assert outcome_from_arrays([4, 2], [1, 0]).duration.tolist() == [4.0, 2.0]


def test_take_and_keep_event():
    outcome = outcome_from_arrays([1, 2, 3], [1, 2, 0], [0, 1, 0])
    assert outcome.take(np.array([2, 0])).duration.tolist() == [3, 1]
    kept = outcome.keep_event(2)
    assert kept.event.tolist() == [0, 1, 0]
    assert isinstance(kept, Outcome)
    assert len(kept) == 3


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ({"duration": [1]}, "missing: event"),
        ({"duration": [1, 2], "event": [1]}, "differ in length"),
        ({"duration": [], "event": []}, "y has no rows"),
        ({"duration": ["a"], "event": [1]}, "duration must be numeric"),
        ({"duration": [[1.0]], "event": [1]}, "one dimension"),
        ({"duration": [1, np.inf], "event": [1, 0]}, "duration: missing or infinite in 1 of 2 rows, first at row 1"),
        ({"duration": [1, -2], "event": [1, 0]}, "duration: negative in 1 of 2 rows"),
        ({"duration": [1, 2], "event": [1, -1]}, "event: negative"),
        ({"duration": [1, 2], "event": [1, 1.5]}, "whole number in 1 of 2 rows"),
        ({"duration": [1, 2], "event": [1, 0], "entry": [0, 2]}, "entry must be before duration in 1 of 2 rows"),
        ([1, 2], "y must be a DataFrame"),
    ],
)
def test_refused(y, message):
    with pytest.raises(ValueError, match=message):
        check_outcome(y)


def test_number_of_rows():
    with pytest.raises(ValueError, match="y has 1 rows, X has 2"):
        check_outcome({"duration": [1], "event": [0]}, n_rows=2)


def test_times_that_differ_by_rounding_are_one_time():
    # Tenths added up, and an entry on the day on which another row leaves.
    duration = np.array([0.1 + 0.2, 0.3, 5.0, 5.0 + 1e-6])
    outcome = outcome_from_arrays(duration, [1, 0, 1, 0], [0, 0, 0.1 + 0.2, 0])
    assert duration[0] != duration[1]
    assert outcome.duration[0] == outcome.duration[1] == outcome.entry[2]
    assert outcome.duration[3] > outcome.duration[2]
    with pytest.raises(ValueError, match="entry must be before duration in 1 of 2"):
        outcome_from_arrays([2.0, 0.1 + 0.2], [1, 1], [0.0, 0.3])
    whole = outcome_from_arrays([1e12, 1e12 + 1], [1, 1])
    assert whole.duration[0] < whole.duration[1]
