import numpy as np
import pytest
from scipy.special import expit, logit

import secondplan as sp
from secondplan.effects.trial.estimation import bootstrap_risks, cluster_influence, estimate, prepare

STRATEGIES = [sp.NaturalCourse(), sp.NotBefore(3), sp.NotBefore(6), sp.EndBy(12)]
DAYS = [365, 730]
N_DAYS = 731
# Central differences of estimates that Newton's method has brought to a decrement of 1e-12.
DIFFERENCES = 2e-6


def _functionals():
    rows = np.zeros((3, N_DAYS))
    rows[0, 365] = rows[1, 730] = 1.0
    rows[2, :730] = 1.0 / 730
    return rows


@pytest.fixture(scope="module")
def small(world):
    emulation = prepare(world(600, 1).known(), STRATEGIES, 14, N_DAYS, None)
    return emulation, estimate(emulation)


@pytest.mark.parametrize("truncate", [None, 3.0])
def test_influence_is_the_derivative_in_the_weights_of_families(world, truncate):
    emulation = prepare(world(600, 1).known(), STRATEGIES, 14, N_DAYS, truncate)
    found = estimate(emulation)
    influence = cluster_influence(emulation, found, _functionals())
    cluster, step = emulation.known.people.cluster, 1e-4
    for family in (0, 17, 40):
        moved = []
        for sign in (1.0, -1.0):
            weight = np.where(cluster == family, 1.0 + sign * step, 1.0)
            moved.append(estimate(emulation, weight, found.fitted, found.largest).risk @ _functionals().T)
        assert np.allclose(influence[:, :, family], (moved[0] - moved[1]) / (2 * step), atol=DIFFERENCES)


def test_those_with_either_outcome_stand_for_all_who_came_to_a_review(small):
    emulation, found = small
    begin, moved = 0, []
    for model in emulation.models:
        own = slice(begin, begin := begin + model.line.size)
        p = expit(logit(found.fitted.probability[own]) + found.fitted.shift[own])
        ended = model.rows.outcome
        if model.is_of_ending:
            n = model.fitted.sum()
            assert model.fitted @ (ended / p) == pytest.approx(n)
            assert model.fitted @ ((1 - ended) / (1 - p)) == pytest.approx(n)
        moved.append(np.any(found.fitted.shift[own] != 0))
    assert moved == [model.is_of_ending for model in emulation.models]


def test_families_counted_twice_are_families_of_weight_two(small):
    emulation, found = small
    again = estimate(emulation, np.full(len(emulation.known.people), 2.0)).risk
    # The ridge weighs half as much.
    assert np.allclose(again, found.risk, atol=2e-3)
    assert np.allclose(again[0], found.risk[0], atol=1e-12)


def test_errors_are_those_of_the_bootstrap(small):
    emulation, found = small
    error = np.sqrt((cluster_influence(emulation, found, _functionals()[:2]) ** 2).sum(axis=2))
    draws = bootstrap_risks(emulation, found, 60, np.random.default_rng(5), 2)[:, :, DAYS]
    # 60 draws know a standard deviation to 9 %; three of its own errors.
    assert np.allclose(draws.std(axis=0, ddof=1) / error, 1.0, atol=0.3)


def test_draws_depend_on_the_seed_alone(small):
    emulation, found = small
    one, two = (bootstrap_risks(emulation, found, 2, np.random.default_rng(5), jobs) for jobs in (1, 2))
    assert np.array_equal(one, two)


def test_truth_is_found_where_progress_is_known_and_missed_where_not(world):
    truth = world(200_000, 99)
    strategies = {"not_before": (0, 91, 182, 0), "end_by": (None, None, None, 365)}
    true = np.array([truth.truth(DAYS, not_before=n, end_by=e) for n, e in zip(*strategies.values(), strict=True)])
    missed = {}
    for use in (("progress", "before"), ()):
        runs = [
            estimate(prepare(world(8000, seed).known(use), STRATEGIES, 14, N_DAYS, None)).risk for seed in (1, 2, 3)
        ]
        risk = np.mean(runs, axis=0)[:, DAYS]
        missed[bool(use)] = (risk - risk[0] - (true - true[0]))[1:, 1]
    # Errors of the differences are 0.002 (not before) to 0.006 (end by) over three stores.
    assert np.all(np.abs(missed[True]) < [0.006, 0.006, 0.018])
    assert missed[False][2] < -0.035
    assert np.all(np.abs(missed[False][:2]) > np.abs(missed[True][:2]))
