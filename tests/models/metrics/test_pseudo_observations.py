import numpy as np
import pandas as pd
import pytest

from secondplan.models.inputs.outcome import outcome_from_arrays
from secondplan.models.metrics import MetricWarning, pseudo_values
from secondplan.models.metrics.brier import marginal_incidence
from secondplan.models.metrics.inputs import check_metric_inputs
from secondplan.models.metrics.pseudo_observations import PseudoValues

from .influence_checks import assert_is_derivative


def incidence(y, time, event=1):
    return marginal_incidence(check_metric_inputs(y, np.zeros(len(y)), [time]), event)[0]


def test_agrees_with_prodlim_jackknife(reference):
    ours = pseudo_values(reference.y, reference.times)
    np.testing.assert_allclose(ours[:25].T, reference.r["pseudo_values"], atol=1e-9)
    np.testing.assert_allclose((ours**2).sum(axis=0), reference.r["pseudo_sum_of_squares"], rtol=1e-10)


@pytest.mark.parametrize("time", [0, 12, 38, 39])
@pytest.mark.parametrize("event", [1, 2])
def test_closed_form_equals_leaving_each_row_out(censored, time, event):
    y = censored.y.iloc[:80]
    n, full = len(y), incidence(y, time, event)
    left_out = np.array([incidence(y.drop(index=i), min(time, 39), event) for i in range(n)])
    np.testing.assert_allclose(pseudo_values(y, [time], event=event)[:, 0], n * full - (n - 1) * left_out, atol=1e-11)


def test_without_censoring_they_are_the_events_themselves():
    rng = np.random.default_rng(4)
    y = pd.DataFrame({"duration": rng.integers(0, 9, 40), "event": rng.choice([1, 2], 40)})
    had = (y["duration"] <= 5) & (y["event"] == 1)
    np.testing.assert_allclose(pseudo_values(y, [5])[:, 0], had, atol=1e-12)


@pytest.mark.parametrize("event", [[0, 0, 0], [1, 1, 1], [1, 0, 1], [0, 1, 0]])
def test_one_day_and_last_row_edges(event):
    y = pd.DataFrame({"duration": [2, 2, 3], "event": event})
    n = len(y)
    left_out = [incidence(y.drop(index=i), 2) for i in range(n)]
    np.testing.assert_allclose(
        pseudo_values(y, [2])[:, 0], n * incidence(y, 2) - (n - 1) * np.array(left_out), atol=1e-12
    )


def test_past_follow_up_is_nan_with_a_warning():
    with pytest.warns(MetricWarning, match="nobody is observed to day 8"):
        values = pseudo_values({"duration": [1, 2, 3], "event": [1, 2, 0]}, [2, 8])
    assert np.isfinite(values[:, 0]).all()
    assert np.isnan(values[:, 1]).all()


@pytest.mark.parametrize("time", [10.0, 24.0])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_gradient_is_the_derivative_by_the_case_weights(time, weighted):
    rng = np.random.default_rng(4)
    outcome = outcome_from_arrays(rng.integers(1, 25, 60), rng.choice([0, 1, 2], 60, p=[0.4, 0.35, 0.25]))
    weight = rng.integers(2, 9, 60) / 4 if weighted else np.ones(60)
    factor = rng.normal(size=60)
    gradient = PseudoValues(outcome, weight, time, 1).gradient(factor)
    assert_is_derivative(gradient, lambda w: factor @ PseudoValues(outcome, w, time, 1).value, weight)


def test_weight_two_equals_the_row_twice():
    outcome = outcome_from_arrays([1, 2, 2, 3, 5, 5], [1, 0, 2, 1, 1, 0])
    rows = np.array([0, 0, 1, 2, 3, 3, 4, 5])
    twice = PseudoValues(outcome.take(rows), np.ones(8), 4.0, 1).value
    weighted = PseudoValues(outcome, np.array([2.0, 1, 1, 2, 1, 1]), 4.0, 1).value
    np.testing.assert_allclose(weighted[rows], twice, rtol=1e-12)
