"""Gray's test against R's cmprsk, and by its identities."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import secondplan.models.group_tests.gray as module
from secondplan.models.group_tests.gray import gray_test
from secondplan.models.group_tests.logrank import logrank_test

REFERENCE = Path(__file__).parents[2] / "reference"
CASES = [case for case in json.loads((REFERENCE / "group_tests.json").read_text()) if case["test"] == "gray"]


def name(case):
    return "/".join(str(case.get(key) or "-") for key in ("data", "group", "strata", "kind", "rho"))


@pytest.mark.parametrize("case", CASES, ids=name)
def test_agrees_with_cmprsk(case):
    data = pd.read_csv(REFERENCE / "data" / f"{case['data']}.csv")
    strata = data[case["strata"]] if case["strata"] else None
    test = gray_test(
        data[case["time"]],
        data[case["event"]],
        data[case["group"]],
        event_of_interest=case["kind"],
        strata=strata,
        rho=case["rho"],
    )
    assert test.df == case["df"]
    assert test.statistic == pytest.approx(case["statistic"], rel=1e-10)
    assert test.p_value == pytest.approx(case["p_value"], rel=1e-9)


def rows(seed, n_rows=300):
    rng = np.random.default_rng(seed)
    return rng.integers(1, 60, n_rows), rng.integers(0, 3, n_rows), rng.integers(0, 3, n_rows)


def test_without_competing_events_the_score_is_that_of_the_logrank_test():
    duration, event, group = rows(1)
    event = np.minimum(event, 1)
    gray, logrank = gray_test(duration, event, group), logrank_test(duration, event, group)
    np.testing.assert_allclose(gray.observed - gray.expected, logrank.observed - logrank.expected, atol=1e-9)
    assert gray.statistic == pytest.approx(logrank.statistic, rel=0.1)


def test_without_censoring_it_compares_those_who_never_have_the_event():
    # Everybody's end is known: the subdistribution's risk set holds all who have not had the event, so Gray's score is
    # the log-rank score with competing events moved beyond the last day.
    duration, event, group = rows(2)
    event = np.maximum(event, 1)
    moved = np.where(event == 1, duration, 1000)
    gray, logrank = gray_test(duration, event, group), logrank_test(moved, event == 1, group)
    np.testing.assert_allclose(gray.observed, logrank.observed)
    np.testing.assert_allclose(gray.expected, logrank.expected, rtol=1e-9)


def test_names_and_order_of_groups_do_not_matter():
    duration, event, group = rows(3)
    first = gray_test(duration, event, group)
    renamed = gray_test(duration, event, np.array(["c", "a", "b"])[group])
    assert renamed.statistic == pytest.approx(first.statistic, rel=1e-9)
    assert renamed.groups == ["a", "b", "c"]
    np.testing.assert_allclose(first.covariance.sum(axis=0), 0.0, atol=1e-9)


def test_size_of_the_test_where_the_competing_hazards_differ():
    # The groups share the incidence of event 1 and not that of event 2.
    rng = np.random.default_rng(4)
    p_values = []
    for _ in range(300):
        group = rng.integers(0, 2, 250)
        has_first = rng.random(250) < 0.4
        day = np.where(has_first, rng.exponential(300, 250), rng.exponential(np.where(group == 1, 60, 500), 250))
        end = rng.uniform(50, 900, 250)
        event = np.where(day <= end, np.where(has_first, 1, 2), 0)
        p_values.append(gray_test(np.ceil(np.minimum(day, end)), event, group).p_value)
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.035)


def test_awkward_data():
    with pytest.raises(ValueError, match="group has 1 value"):
        gray_test([1, 2], [1, 2], [0, 0])
    with pytest.raises(ValueError, match="group: missing in 1"):
        gray_test([1, 2], [1, 2], [0, np.nan])
    with pytest.raises(ValueError, match="rho must be finite"):
        gray_test([1, 2], [1, 2], [0, 1], rho=np.nan)
    for event in ([0, 0, 0, 0], [2, 0, 2, 2]):
        with pytest.warns(UserWarning, match="no event at which two groups were at risk"):
            test = gray_test([1, 2, 3, 4], event, [0, 1, 0, 1])
        assert (test.statistic, test.p_value, test.df) == (0.0, 1.0, 0)
    test = gray_test([1, 1, 2, 3, 4, 4], [0, 0, 1, 2, 1, 1], ["gone", "gone", "a", "b", "b", "a"])
    assert np.isfinite(test.statistic)
    assert test.df == 1


def test_many_groups_take_seconds():
    """What is summed grows with the square of the number of groups: a hundred are quick, a thousand a few seconds."""
    rng = np.random.default_rng(0)
    days, event, group = rng.integers(1, 700, 3000), rng.integers(0, 3, 3000), rng.integers(0, 300, 3000)
    started = time.process_time()
    test = gray_test(days, event, group)
    assert test.df == 299 and 0.001 < test.p_value < 0.999
    assert time.process_time() - started < 2.0  # 0.2 s here; over a minute where each group has its own answers


@pytest.mark.parametrize("days_per_block", [1, 7, 512])
def test_the_covariance_is_the_sum_over_the_groups_martingales(days_per_block, monkeypatch):
    """The sum of the products of answers, written out."""
    monkeypatch.setattr(module, "DAYS_PER_BLOCK", days_per_block)
    rng = np.random.default_rng(2)
    reach, factor, hazard = rng.uniform(0, 9, (20, 4)), rng.uniform(0.5, 1, 20), rng.uniform(0, 0.2, 20)
    total, variance, later = reach.sum(axis=1), rng.uniform(0, 1, (20, 4)), rng.normal(size=(20, 4))
    expected = np.zeros((4, 4))
    for g in range(4):
        answer = (factor * reach[:, g])[:, None] * (np.eye(4)[g] - reach / total[:, None])
        so_far = np.cumsum(answer * hazard[:, None], axis=0)
        whole = 0.5 * answer + later[:, [g]] * (so_far[-1] - so_far)
        expected += (whole * variance[:, [g]]).T @ whole
    found = module._Martingales(reach, total, factor, hazard).covariance(variance, 0.5, later)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
