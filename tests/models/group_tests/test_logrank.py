"""The log-rank test against R's survdiff and Cox score tests, lifelines, by hand, and by its identities."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines.statistics import multivariate_logrank_test

from secondplan.models.group_tests.logrank import logrank_test

REFERENCE = Path(__file__).parents[2] / "reference"
CASES = [case for case in json.loads((REFERENCE / "group_tests.json").read_text()) if case["test"] != "gray"]


def name(case):
    return "/".join(str(case.get(key) or "-") for key in ("test", "data", "group", "strata", "entry", "weights", "rho"))


@pytest.mark.parametrize("case", CASES, ids=name)
def test_agrees_with_r(case):
    data = pd.read_csv(REFERENCE / "data" / f"{case['data']}.csv")
    given = {"entry": "entry", "strata": "strata", "sample_weight": "weights"}
    used = [case["group"], *(case[key] for key in given.values() if case.get(key))]
    data = data[data[used].notna().all(axis=1)]
    options = {parameter: data[case[key]] for parameter, key in given.items() if case.get(key)}
    test = logrank_test(
        data[case["time"]], data[case["event"]], data[case["group"]], rho=case.get("rho", 0.0), **options
    )
    assert test.df == case["df"]
    assert test.statistic == pytest.approx(case["statistic"], rel=1e-10)
    for column in ("observed", "expected", "covariance"):
        if column in case:
            np.testing.assert_allclose(getattr(test, column), case[column], rtol=1e-10, atol=1e-12)
    if "p_value" in case:
        assert test.p_value == pytest.approx(case["p_value"], rel=1e-9)


def test_by_hand():
    # Day 1: one of 2 + 2 at risk, in a; day 2: one of 1 + 2, in b; day 3: both of 1 + 1.
    test = logrank_test([1, 3, 2, 3], [1, 1, 1, 1], ["a", "a", "b", "b"])
    assert test.groups == ["a", "b"]
    np.testing.assert_allclose(test.expected, [1 / 2 + 1 / 3 + 1, 1 / 2 + 2 / 3 + 1])
    variance = 1 / 4 + 2 / 9
    np.testing.assert_allclose(test.covariance, variance * np.array([[1, -1], [-1, 1]]))
    assert test.statistic == pytest.approx((2 - 11 / 6) ** 2 / variance)
    # S before the three days: 1, 3/4, 1/2.
    weighted = logrank_test([1, 3, 2, 3], [1, 1, 1, 1], ["a", "a", "b", "b"], rho=1, gamma=2)
    factor = np.array([0, 3 / 4 / 16, 1 / 2 / 4])
    np.testing.assert_allclose(weighted.observed, [factor[2], factor[1] + factor[2]])


def rows(seed, n_rows=200):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 40, n_rows).astype(float)
    return {
        "duration": duration,
        "event": rng.integers(0, 3, n_rows),
        "group": rng.integers(0, 3, n_rows),
        "entry": np.where(rng.random(n_rows) < 0.3, np.floor(duration * rng.random(n_rows)), 0.0),
        "strata": rng.integers(0, 4, n_rows),
    }


@pytest.mark.parametrize(("rho", "gamma"), [(0.0, 1.0), (1.0, 1.0), (0.5, 2.0)])
def test_fleming_harrington_agrees_with_lifelines(rho, gamma):
    given = rows(1)
    outcome = given["duration"], given["event"], given["group"]
    other = multivariate_logrank_test(
        outcome[0], outcome[2], outcome[1] > 0, weightings="fleming-harrington", p=rho, q=gamma
    )
    test = logrank_test(*outcome, rho=rho, gamma=gamma)
    assert test.statistic == pytest.approx(other.test_statistic, rel=1e-9)


def test_a_whole_weight_is_a_repeated_row():
    given = rows(2)
    weight = np.random.default_rng(3).integers(0, 4, 200)
    repeated = {name: np.repeat(values, weight) for name, values in given.items()}
    test, other = logrank_test(**given, sample_weight=weight, rho=0.5), logrank_test(**repeated, rho=0.5)
    assert test.statistic == pytest.approx(other.statistic, rel=1e-12)
    np.testing.assert_allclose(test.covariance, other.covariance, rtol=1e-12)


def test_robust_variance_does_not_depend_on_the_scale_of_the_weights():
    given = rows(4)
    weight = np.random.default_rng(5).uniform(0.3, 2.0, 200)
    one, other = (logrank_test(**given, sample_weight=scale * weight, rho=1) for scale in (1.0, 7.3))
    assert one.statistic == pytest.approx(other.statistic, rel=1e-10)
    # Close to a whole weight, and near the variance of that: the two kinds of variance agree without a difference.
    nearly = logrank_test(**given, sample_weight=np.full(200, 1.0 + 1e-9))
    assert nearly.statistic == pytest.approx(logrank_test(**given).statistic, rel=0.1)


def test_strata_are_summed():
    given = rows(6)
    strata = given.pop("strata")
    parts = [
        logrank_test(**{name: values[strata == code] for name, values in given.items()}, rho=1) for code in range(4)
    ]
    whole = logrank_test(**given, strata=strata, rho=1)
    np.testing.assert_allclose(whole.observed, sum(part.observed for part in parts), rtol=1e-12)
    np.testing.assert_allclose(whole.covariance, sum(part.covariance for part in parts), rtol=1e-11)


def test_other_events_are_censored_when_one_is_of_interest():
    given = rows(7)
    one = logrank_test(**given, event_of_interest=2)
    two = logrank_test(**{**given, "event": (given["event"] == 2).astype(int)})
    assert one.statistic == two.statistic


def test_order_of_rows_does_not_matter():
    given, order = rows(8), np.random.default_rng(9).permutation(200)
    shuffled = {name: values[order] for name, values in given.items()}
    assert logrank_test(**shuffled).statistic == pytest.approx(logrank_test(**given).statistic, rel=1e-12)


def test_size_of_the_test_under_entry():
    rng = np.random.default_rng(10)
    p_values = []
    for _ in range(300):
        life, entry = rng.exponential(10, 300), np.where(rng.random(300) < 0.4, rng.uniform(0, 8, 300), 0)
        seen = life > entry
        group = rng.random(300) < 0.3
        p_values.append(logrank_test(life[seen], np.ones(seen.sum(), int), group[seen], entry=entry[seen]).p_value)
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.035)


class TestAwkwardData:
    def test_one_group_is_refused(self):
        with pytest.raises(ValueError, match="group has 1 value"):
            logrank_test([1, 2], [1, 0], ["a", "a"])
        with pytest.raises(ValueError, match="group has 1 value"):
            logrank_test([1, 2], [1, 0], ["a", "b"], sample_weight=[1, 0])

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"group": ["a", None, "b"]}, "group: missing in 1 of 3 rows"),
            ({"group": ["a", "b"]}, "group has 2 values, expected 3"),
            ({"strata": [1, np.nan, 1]}, "strata: missing in 1 of 3 rows"),
            ({"rho": -1}, "rho and gamma must be finite and not negative"),
            ({"gamma": np.nan}, "rho and gamma must be finite and not negative"),
            ({"duration": [1, np.inf, 2]}, "duration: missing or infinite"),
            ({"entry": [0, 3, 0]}, "entry must be before duration"),
        ],
    )
    def test_refused(self, change, message):
        given = {"duration": [1, 2, 3], "event": [1, 0, 1], "group": ["a", "b", "a"], **change}
        with pytest.raises(ValueError, match=message):
            logrank_test(**given)

    @pytest.mark.parametrize(
        ("duration", "event", "group"),
        [([1, 2, 3], [0, 0, 0], [0, 1, 1]), ([2, 2, 2], [1, 1, 1], [0, 1, 1]), ([1, 5], [0, 1], [0, 1])],
        ids=["no event", "all have the event on one day", "never at risk together"],
    )
    def test_a_test_that_says_nothing(self, duration, event, group):
        with pytest.warns(UserWarning, match="no event at which two groups were at risk"):
            test = logrank_test(duration, event, group)
        assert (test.statistic, test.p_value, test.df) == (0.0, 1.0, 0)

    def test_a_group_without_events_and_one_that_is_never_at_risk(self):
        test = logrank_test([1, 3, 4, 5, 6], [0, 1, 0, 1, 0], ["gone", "a", "b", "a", "b"])
        assert test.df == 1
        assert test.statistic == logrank_test([3, 4, 5, 6], [1, 0, 1, 0], ["a", "b", "a", "b"]).statistic
        np.testing.assert_array_equal(test.observed, [2, 0, 0])

    def test_labels_keep_their_order(self):
        band = pd.Categorical(["short", "long", "short", "long"], ["short", "long", "none"])
        assert logrank_test([1, 2, 3, 4], [1, 1, 1, 1], band).groups == ["short", "long"]

    def test_unpacks_into_statistic_p_value_and_df(self):
        test = logrank_test([1, 3, 2, 3], [1, 1, 1, 1], ["a", "a", "b", "b"])
        statistic, p_value, df = test
        assert (statistic, p_value, df) == (test.statistic, test.p_value, test.df)

    def test_shown_in_a_notebook(self):
        shown = logrank_test([1, 3, 2, 3], [1, 1, 1, 1], ["<a>", "<a>", "b", "b"])._repr_html_()
        assert "Log-rank test: chi-squared 0.059, 1 df, p = 0.8084" in shown
        assert "<a>" not in shown


def test_it_says_of_which_events_it_is():
    rows = {"duration": [1, 2, 3, 4, 5, 6], "event": [1, 2, 1, 0, 2, 1], "group": [0, 1] * 3}
    assert repr(logrank_test(**rows)).startswith("Log-rank test of event 1, 2: chi-squared")
    assert repr(logrank_test(**rows, event_of_interest=2)).startswith("Log-rank test of event 2: chi-squared")
