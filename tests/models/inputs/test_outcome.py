"""The gate for outcomes: what it lets through, and the message for what it does not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from secondplan.models import CauseSpecificCox, aalen_johansen, logrank_test
from secondplan.models.inputs.outcome import BEFORE_DAY_0, Outcome, check_outcome, outcome_from_arrays
from secondplan.models.metrics import brier_score, fit_censoring

from ..all_models import KNOWN_END, MODELS, X, Y


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
        ({"duration": [1, 2], "event": [1, 1.5]}, r"whole number \(0 censored, 1, 2, ...\) in 1 of 2 rows"),
        ({"duration": [1, 2], "event": [1, 0], "entry": [0, 3]}, "entry must be before duration in 1 of 2 rows"),
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
    at_once = outcome_from_arrays([2.0, 0.1 + 0.2], [1, 1], [0.0, 0.3])
    assert at_once.entry[1] == at_once.duration[1]
    whole = outcome_from_arrays([1e12, 1e12 + 1], [1, 1])
    assert whole.duration[0] < whole.duration[1]


DAYS = np.arange(40.0) % 30 + 1


@pytest.mark.parametrize(
    ("y", "rule"),
    [
        ({"event": DAYS}, "the codes are the days of duration; a code names a kind of event"),
        ({"event": DAYS, "duration": DAYS + 9}, "event: 30 distinct codes in 40 rows; .* at most 20 of them"),
        ({"event": DAYS, "entry": DAYS, "duration": DAYS + 9}, "the codes are the days of entry"),
        ({"event": [3, 7, 2, 9, 9], "duration": [3, 7, 2, 9, 9]}, "the codes are the days of duration"),
        ({"event": np.arange(12), "duration": np.ones(12)}, "11 distinct codes in 12 rows"),
        ({"event": np.arange(40) * 100_000}, "39 distinct codes in 40 rows"),
    ],
)
def test_days_are_no_codes_of_events(y, rule):
    y = {"duration": DAYS} | y
    for use in (
        check_outcome,
        lambda y: CauseSpecificCox().fit(np.zeros((len(y["event"]), 1)), y),
        lambda y: aalen_johansen(**y),
        lambda y: logrank_test(y["duration"], y["event"], np.arange(len(y["event"])) % 2, entry=y.get("entry")),
        lambda y: brier_score(y, np.zeros(len(y["event"])), 10),
        lambda y: fit_censoring(y),
    ):
        with pytest.raises(ValueError, match=rule):
            use(y)


@pytest.mark.parametrize(
    "event", [[1, 2], [2, 1, 2, 0], np.arange(200) % 15, [0, 0, 7, 12, 90], [1, 1, 1], np.arange(8)]
)
def test_codes_of_events_may_be_many_and_large(event):
    assert len(check_outcome({"duration": np.arange(len(event)) + 1.0, "event": event})) == len(event)


@pytest.mark.parametrize("name", KNOWN_END)
def test_a_known_end_that_no_row_has_is_an_error(name):
    model = clone(MODELS[name]).set_params(known_end_event=4)
    with pytest.raises(ValueError, match=r"known_end_event 4: no row has this event; the codes in y are 1, 2$"):
        model.fit(X, Y)
