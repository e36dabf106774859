"""Spans of time count as their days, wherever days are given."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from secondplan.models import CoxPH, check_outcome, kaplan_meier
from secondplan.models.inputs.time_spans import spans_as_days

DAYS = [91.0, 1.5, 400.0]
SPANS = pd.to_timedelta(DAYS, unit="D")


@pytest.mark.parametrize(
    "spans",
    [
        SPANS,
        pd.Series(SPANS, index=[3, 1, 2]),
        SPANS.to_numpy(),
        SPANS.to_numpy().astype("timedelta64[s]"),
        list(SPANS),
        [timedelta(days=91), timedelta(hours=36), np.timedelta64(400, "D")],
        np.array(list(SPANS), dtype=object),
        pd.Series(SPANS).astype("duration[ns][pyarrow]"),
    ],
    ids=lambda spans: type(spans).__name__,
)
def test_spans_are_days(spans):
    assert list(spans_as_days(spans)) == DAYS
    assert check_outcome({"duration": spans, "event": [1, 0, 1]}).duration.tolist() == DAYS


def test_curves_are_read_at_spans_of_time():
    curve = kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0])
    for spans in (timedelta(3), [timedelta(3)], pd.to_timedelta([3], unit="D")):
        assert curve.at(spans).equals(curve.at([3]))


def test_a_missing_span_is_a_missing_duration():
    with pytest.raises(ValueError, match="duration: missing or infinite in 1 of 2 rows"):
        check_outcome({"duration": pd.to_timedelta([3, None], unit="D"), "event": [1, 0]})


def test_what_is_no_span_stays_refused():
    for values in ([timedelta(days=3), 4], pd.to_datetime(["2020-01-01", "2020-01-02"]), ["3 days", "4 days"]):
        with pytest.raises(ValueError, match="duration must be numeric"):
            check_outcome({"duration": values, "event": [1, 0]})
    with pytest.raises(ValueError, match="event must be numeric"):
        check_outcome({"duration": [1, 2], "event": pd.to_timedelta([1, 0], unit="D")})


def test_times_elapsed_and_entry_may_be_spans():
    X = pd.DataFrame({"age": [3.0, 1.0, 2.0, 4.0]})
    y = pd.DataFrame({"duration": [91, 182, 273, 364], "event": [1, 1, 1, 1], "entry": [0, 30, 0, 10]})
    spans = y.assign(**{name: pd.to_timedelta(y[name], unit="D") for name in ("duration", "entry")})
    model, other = CoxPH().fit(X, y), CoxPH().fit(X, spans)
    found = other.predict_cumulative_incidence(X, SPANS[:1], elapsed=pd.Timedelta(days=30))
    np.testing.assert_array_equal(found, model.predict_cumulative_incidence(X, [91], elapsed=30))
    assert kaplan_meier(spans["duration"], y["event"]).times.tolist() == [91, 182, 273, 364]
