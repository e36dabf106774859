import numpy as np
import pandas as pd
import pytest

from secondplan import CoxPH
from secondplan.models.curves.nonparametric import kaplan_meier
from secondplan.models.inputs.outcome import outcome_from_arrays
from secondplan.models.metrics import MetricWarning, brier_score, evaluate_risks, time_dependent_auc
from secondplan.models.metrics.inputs import check_metric_inputs, followed_to

Y = {"duration": [1, 2, 3], "event": [1, 0, 2]}


@pytest.mark.parametrize(
    ("risk", "message"),
    [
        ([0.1, 0.2], r"risk has shape \(2,\), expected \(3, 1\)"),
        ([0.1, np.nan, 0.2], "missing or infinite in 1 of 3 rows, first at row 1"),
        (CoxPH(), r"risk must be predicted risks, got a model: model\.predict_cumulative_incidence\(X, \[2\]\)"),
        ([0.1, 0.2, 1.2], "outside 0 to 1 in 1 of 3 rows, first at row 2"),
    ],
)
def test_bad_risk_is_refused_without_showing_it(risk, message):
    with pytest.raises(ValueError, match=message):
        brier_score(Y, risk, [2])


def test_bad_times_and_weights_are_refused():
    with pytest.raises(ValueError, match="times must be days"):
        brier_score(Y, [0.1] * 3, [-1])
    with pytest.raises(ValueError, match="sample_weight: missing, infinite or negative in 1 of 3"):
        brier_score(Y, [0.1] * 3, [2], sample_weight=[1, -1, 1])
    with pytest.raises(ValueError, match="sample_weight has shape"):
        brier_score(Y, [0.1] * 3, [2], sample_weight=[1, 1])
    with pytest.raises(ValueError, match="sample_weight is 0 in every row"):
        brier_score(Y, [0.1] * 3, [2], sample_weight=[0, 0, 0])


def test_metrics_of_ranks_take_any_finite_number():
    assert np.isfinite(time_dependent_auc(Y, [5.0, -3.0, 2.0], [1]))


def test_rows_at_risk_on_no_day_are_left_out_and_counted():
    y = {"entry": [0, 0, 30, 0], "duration": [10, 20, 30, 40], "event": [1, 2, 1, 0]}
    with pytest.warns(MetricWarning, match="1 of 4 rows are left out: their entry equals their duration"):
        score = brier_score(y, [0.5, 0.1, 0.9, 0.3], [25])
    kept = {"duration": [10, 20, 40], "event": [1, 2, 0]}
    np.testing.assert_array_equal(score, brier_score(kept, [0.5, 0.1, 0.3], [25]))
    with pytest.raises(ValueError, match="none of 1 rows is under observation"), pytest.warns(MetricWarning):
        brier_score({"entry": [2], "duration": [2], "event": [1]}, [0.5], [1])


def test_risk_can_be_estimated_to_the_last_day_and_beyond_only_without_censoring():
    censored = outcome_from_arrays([1, 5], [1, 0])
    everyone = outcome_from_arrays([1, 5], [1, 2])
    np.testing.assert_array_equal(followed_to(censored, np.array([4.0, 5.0, 6.0])), [True, True, False])
    np.testing.assert_array_equal(followed_to(everyone, np.array([4.0, 5.0, 6.0])), [True, True, True])


def test_time_past_follow_up_is_nan_with_a_warning():
    with pytest.warns(MetricWarning, match="nobody is observed to day 9 .follow-up ends on day 3"):
        result = brier_score({"duration": [1, 2, 3], "event": [1, 2, 0]}, np.full((3, 2), 0.2), [2, 9])
    assert np.isfinite(result[0])
    assert np.isnan(result[1])


def test_weight_zero_is_the_same_as_no_row():
    given = check_metric_inputs(Y, [0.1, 0.2, 0.3], [2], sample_weight=[1, 0, 2])
    np.testing.assert_array_equal(given.rows, [0, 2])


def test_values_that_are_no_numbers_are_not_quoted():
    y = {"duration": [1, 2, 3] * 2, "event": [1, 0, 2] * 2}
    curve, names = kaplan_meier(y["duration"], y["event"]), ["Alice", "Bob"] * 3
    calls = (
        lambda given: brier_score(y, given, 3),
        lambda given: evaluate_risks({"a": given}, y, [3]),
        curve.at,
        curve.quantile,
    )
    for given in (names, np.array(names, dtype=object), pd.Series(names), pd.DataFrame({"risk": names})):
        for call in calls:
            with pytest.raises(ValueError, match="must be numeric") as error:
                call(given)
            assert "Alice" not in str(error.value) and error.value.__suppress_context__
