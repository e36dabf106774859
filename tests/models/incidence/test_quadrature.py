import numpy as np
import pytest

import secondplan.models.incidence.quadrature as module
from secondplan.models.incidence.exact_sums import FORMS, Jumps, sum_incidence
from secondplan.models.incidence.quadrature import build_quadrature

# What the module promises.
PROMISED = module.LARGEST_ERROR
SPREAD = np.vstack([np.zeros(2), 0.4 * np.eye(2) + 0.1])


def daily(n_days=500, n_causes=2, total=1.0, noise=20.0, seed=0):
    rng = np.random.default_rng(seed)
    hazard = rng.gamma(noise, 1 / noise, (n_causes, n_days)) * np.exp(
        -np.outer(np.arange(n_causes), np.arange(n_days)) / 400
    )
    return Jumps(np.arange(1.0, n_days + 1), total * hazard / hazard.sum())


def rows(n_rows, seed=1):
    return np.exp(np.random.default_rng(seed).multivariate_normal(SPREAD[0], SPREAD[1:], n_rows))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("noise", [20.0, 0.3])
def test_equals_the_exact_sum(form, noise):
    jumps = daily(noise=noise)
    quadrature = build_quadrature(jumps, form, SPREAD)
    risk = rows(3000)
    covered = quadrature.covers(risk)
    assert covered.mean() > 0.99 and quadrature.nodes.size < 90
    risk, times = risk[covered], np.array([0.0, 1.0, 3.0, 91.5, 250.0, 500.0, 1e4])
    position = np.searchsorted(jumps.time, times, side="right")[None]
    for causes, cause in (([0], 0), ([1], 1), ([0, 1], None)):
        exact = sum_incidence(jumps, risk, np.broadcast_to(times, (len(risk), times.size)), cause, form)
        np.testing.assert_allclose(quadrature.incidence(risk, position, causes), exact, rtol=0, atol=PROMISED)


@pytest.mark.parametrize("form", FORMS)
def test_each_row_may_have_its_own_times(form):
    jumps = daily(200)
    quadrature, risk = build_quadrature(jumps, form, SPREAD), rows(200)
    risk = risk[quadrature.covers(risk)]
    times = np.random.default_rng(2).uniform(0, 220, (len(risk), 3))
    position = np.searchsorted(jumps.time, times, side="right")
    exact = sum_incidence(jumps, risk, times, 1, form)
    np.testing.assert_allclose(quadrature.incidence(risk, position, [1]), exact, rtol=0, atol=PROMISED)


def test_a_row_does_not_depend_on_the_others(monkeypatch):
    quadrature, risk = build_quadrature(daily(), "exponential", SPREAD), rows(50)
    position = np.array([[100, 400]])
    whole = quadrature.incidence(risk, position, [0])
    monkeypatch.setattr(module, "ROWS_PER_BLOCK", 7)
    np.testing.assert_allclose(quadrature.incidence(risk, position, [0]), whole, rtol=1e-12)
    single = [quadrature.incidence(risk[[row]], position, [0])[0] for row in range(50)]
    np.testing.assert_allclose(single, whole, rtol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_rows_that_it_does_not_cover(form):
    jumps = daily()
    jumps.hazard[:, -1] = 0.3  # one day on which many rows' hazards add up to more than 1
    quadrature = build_quadrature(jumps, form, SPREAD)
    risk = np.array([[1.0, 0.6], [1.0, 3.0], [1e-9, 1.0], [0.0, 1.0], [np.inf, 1.0], [1e300, 1e300]])
    assert quadrature.covers(risk).tolist() == [form == "exponential", False, False, False, False, False]


def test_a_cause_without_events_and_a_stratum_of_one_event():
    jumps = daily(60)
    jumps.hazard[1] = 0.0
    risk = rows(20)
    for some in (jumps, Jumps(np.array([5.0]), np.array([[0.1], [0.0]]))):
        quadrature = build_quadrature(some, "product_limit", SPREAD)
        last = np.array([[some.time.size]])
        own = risk[quadrature.covers(risk)]
        assert len(own) > 10
        exact = sum_incidence(some, own, np.full((len(own), 1), 1e3), 0, "product_limit")
        np.testing.assert_allclose(quadrature.incidence(own, last, [0]), exact, rtol=0, atol=PROMISED)


def test_nothing_is_made_that_does_not_hold_what_it_promises(monkeypatch):
    jumps, wide = daily(300, n_causes=4, noise=0.1), np.vstack([np.zeros(4), 4.0 * np.eye(4)])
    monkeypatch.setattr(module, "MOST_TIMES", 40)
    assert build_quadrature(jumps, "exponential", wide) is None
