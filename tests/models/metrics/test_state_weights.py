from types import SimpleNamespace

import numpy as np
import pytest

from secondplan.models.curves.nonparametric import aalen_johansen
from secondplan.models.inputs.outcome import outcome_from_arrays
from secondplan.models.metrics import fit_censoring
from secondplan.models.metrics.auc import auc_value
from secondplan.models.metrics.brier import brier_value, incidence_value, ipa_value
from secondplan.models.metrics.ranks import Ranks
from secondplan.models.metrics.state_weights import ProductLimitWeights, weights_of

from .influence_checks import assert_is_derivative


def rows_on_few_days(entry, seed=4, n=60):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 25, n).astype(float)
    begin = np.where(rng.uniform(size=n) < 0.5, np.floor(duration * rng.uniform(size=n)), 0.0)
    event = rng.choice([0, 1, 2], n, p=[0.4, 0.35, 0.25])
    outcome = outcome_from_arrays(duration, event, begin if entry else None)
    return SimpleNamespace(outcome=outcome, risk=rng.integers(1, 12, n) / 12, weight=rng.integers(1, 9, n) / 4)


@pytest.mark.parametrize("entry", [False, True], ids=["from day 0", "delayed entry"])
@pytest.mark.parametrize("time", [10.0, 12.5, 24.0])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_influence_is_the_derivative_by_the_case_weights(entry, time, weighted):
    rows = rows_on_few_days(entry)
    weight = rows.weight if weighted else np.ones(60)

    def values(weight):
        own = ProductLimitWeights(rows.outcome, weight)
        states = own.states(time, 1)
        incidence = incidence_value(own, states)
        return [
            incidence,
            brier_value(states, rows.risk),
            ipa_value(states, rows.risk, incidence),
            auc_value(states, Ranks(rows.risk)),
        ]

    for k, found in enumerate(values(weight)):
        influence = found.influence()
        assert abs(influence.sum()) < 1e-12
        assert_is_derivative(influence, lambda w, k=k: values(w)[k].value, weight)


def test_influence_with_censoring_learnt_elsewhere():
    rows, others = rows_on_few_days(False), rows_on_few_days(False, seed=5, n=200)
    censoring = fit_censoring(others.outcome)

    def ipa(weight):
        states = weights_of(rows.outcome, weight, censoring).states(12.0, 1)
        return ipa_value(states, rows.risk, incidence_value(ProductLimitWeights(rows.outcome, weight), states))

    assert_is_derivative(ipa(rows.weight).influence(), lambda w: ipa(w).value, rows.weight)


@pytest.mark.parametrize("entry", [False, True], ids=["from day 0", "delayed entry"])
def test_masses_sum_to_one_and_those_with_the_event_to_its_incidence(entry):
    rows = rows_on_few_days(entry)
    outcome = rows.outcome
    curve = aalen_johansen(outcome.duration, outcome.event, entry=outcome.entry.clip(0), sample_weight=rows.weight)
    for time in (3.0, 10.0, 23.5):
        states = ProductLimitWeights(outcome, rows.weight).states(time, 1)
        np.testing.assert_allclose(states.mass.sum(), 1.0, rtol=1e-12)
        estimate = curve.at([time], event=1)["estimate"].iloc[0]
        np.testing.assert_allclose(states.mass[states.had].sum(), estimate, rtol=1e-12)


def test_follow_up_that_stops_at_the_horizon_keeps_its_controls():
    outcome = outcome_from_arrays([3, 10, 10, 10], [1, 0, 0, 0])
    np.testing.assert_array_equal(ProductLimitWeights(outcome, np.ones(4)).states(10.0, 1).mass, np.full(4, 0.25))


def test_worked_by_hand_with_delayed_entry():
    # At risk: on day 2 rows 1 and 3 (row 2 enters after day 2), so S(2) = 1/2; on day 5 rows 2 and 3, so the event of
    # row 2 has the mass 1/2 * 1/2 and row 3 the rest.
    outcome = outcome_from_arrays([2, 5, 9], [1, 1, 0], [0, 2, 0])
    np.testing.assert_allclose(ProductLimitWeights(outcome, np.ones(3)).states(6.0, 1).mass, [0.5, 0.25, 0.25])
