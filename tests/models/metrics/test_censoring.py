import numpy as np
import pandas as pd
import pytest

from secondplan.models.metrics import brier_score, evaluate_risks, fit_censoring


def test_events_leave_before_those_censored_on_the_same_day():
    # Day 2: 4 at risk, 1 event, 1 censored: G = 1 - 1 / (4 - 1). Day 3: 2 at risk, 1 censored.
    g = fit_censoring({"duration": [1, 2, 2, 3, 4], "event": [1, 1, 0, 0, 2]})
    np.testing.assert_allclose(g.at([0, 1.9, 2, 3, 9]), [1, 1, 2 / 3, 1 / 3, 1 / 3])
    np.testing.assert_allclose(g.before([2, 3, 4]), [1, 2 / 3, 1 / 3])


def test_nobody_censored_gives_weight_one():
    g = fit_censoring({"duration": [1, 2], "event": [1, 2]})
    np.testing.assert_array_equal(g.at([0, 5]), [1, 1])


def test_last_day_censored_gives_exactly_zero():
    g = fit_censoring({"duration": [1, 2, 2], "event": [0, 0, 0]}, sample_weight=[0.1, 0.2, 0.7])
    assert g.at(2) == 0


def test_weight_two_equals_the_row_twice(censored):
    twice = censored.y.iloc[[0, *range(len(censored.y))]]
    weight = np.r_[2.0, np.ones(len(censored.y) - 1)]
    days = np.arange(40)
    by_weight = fit_censoring(censored.y, sample_weight=weight).at(days)
    np.testing.assert_allclose(by_weight, fit_censoring(twice).at(days), rtol=1e-12)


def test_does_not_depend_on_row_order(censored):
    days = np.arange(40)
    np.testing.assert_array_equal(fit_censoring(censored.y).at(days), fit_censoring(censored.y.iloc[::-1]).at(days))


@pytest.mark.parametrize(
    ("weight", "rule"),
    [
        ([1, -3, 1, 1], "sample_weight: missing, infinite or negative in 1 of 4 rows"),
        ([1, np.nan, np.inf, 1], "sample_weight: missing, infinite or negative in 2 of 4 rows"),
        ([1, 1, 1, 1, 1], r"sample_weight has shape \(5,\), expected \(4,\)"),
        (2.0, r"sample_weight has shape \(\), expected \(4,\)"),
        ([0, 0, 0, 0], "sample_weight is 0 in every row"),
        (["a", 1, 1, 1], "sample_weight"),
    ],
)
def test_weights_are_checked_as_everywhere(weight, rule):
    y = {"duration": [1, 2, 3, 4], "event": [1, 0, 1, 0]}
    for use in (fit_censoring, lambda y, sample_weight: brier_score(y, [0.5] * 4, 2.5, sample_weight=sample_weight)):
        with pytest.raises(ValueError, match=rule):
            use(y, sample_weight=weight)


def test_rows_of_weight_0_are_not_there():
    y = {"duration": [1, 2, 3, 4, 9], "event": [1, 0, 1, 0, 0]}
    found = fit_censoring(y, sample_weight=[1, 2, 1, 1, 0])
    kept = fit_censoring({name: values[:4] for name, values in y.items()}, sample_weight=[1, 2, 1, 1])
    np.testing.assert_array_equal(found.times, kept.times)
    np.testing.assert_array_equal(found.survival, kept.survival)


def test_with_delayed_entry_it_is_those_seen_by_those_who_would_be():
    # Days 1 to 5; row 3 enters on day 2. At risk: 2, 2, 2, 2, 1; an event on day 1 leaves S = 1/2 of the 3 rows.
    y = {"entry": [0, 0, 2], "duration": [1, 4, 5], "event": [1, 0, 2]}
    found = fit_censoring(y)
    np.testing.assert_allclose(found.before([1, 2, 4, 5]), [2 / 3, 2 / 3, 4 / 3, 2 / 3])
    np.testing.assert_allclose(found.at([1, 2, 4, 5]), [2 / 3, 4 / 3, 2 / 3, 0])
    assert np.all(fit_censoring({**y, "entry": [0, 0, 0]}).at([0, 1, 2]) == 1)


@pytest.mark.parametrize("landmark", [None, 6])
def test_rows_weighted_by_themselves_as_by_a_distribution_learnt_from_them(landmark):
    rng = np.random.default_rng(3)
    duration = rng.integers(8, 30, 200)
    y = pd.DataFrame(
        {"entry": rng.integers(0, 8, 200), "duration": duration, "event": rng.choice([0, 1, 2], 200, p=[0.5, 0.3, 0.2])}
    )
    ask = {"metrics": ["brier", "auc", "concordance", "observed_expected"], "landmark": landmark}
    risks = {"m": rng.uniform(size=200)}
    own, learnt = (evaluate_risks(risks, y, [15], censoring=rows, **ask).table for rows in (None, y))
    np.testing.assert_allclose(learnt["estimate"], own["estimate"], rtol=1e-12)
