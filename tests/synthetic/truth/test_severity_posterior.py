"""The risk given a record is the mean of the conditional risk over simulated children with that record."""

import numpy as np
import pandas as pd
import pytest

from secondplan.synthetic import scenario, true_incidence
from secondplan.synthetic.population.authorities import draw_authorities
from secondplan.synthetic.population.course import REVIEW, run_course
from secondplan.synthetic.population.life_courses import first_starts
from secondplan.synthetic.population.population import _factors, draw_children
from secondplan.synthetic.randomness.day_numbers import NEVER, day_number
from secondplan.synthetic.randomness.portable import log
from secondplan.synthetic.randomness.streams import Streams
from secondplan.synthetic.truth.severity_posterior import SEVERITY_NODES, severity_weights
from secondplan.synthetic.truth.true_risk import incidence_over_latent

N = 40_000
HORIZONS = (365, 730)


@pytest.fixture(scope="module")
def nested():
    """One child's life begun many times over: severity, factors, frailty and the plan's course drawn anew each time."""
    england = scenario()
    strong = england.replace(
        factor_shares={"2B": 0.25, "3B": 0.48},
        factor_category_log_odds={"3B": {"EMO": 0.5}},
        factor_severity_log_odds=0.8,
        end_log_odds={"severity": -0.8, "neglect": -0.2, "parental_drugs": -0.2},
        care_on_plan_rate=0.3,
        care_on_plan_log_hazard_ratios={"severity": 0.8, "factor_drugs": 0.3},
        progress_log_odds={"severity": 0.9, "factor_domestic_abuse": 0.5},
        frailty_variance=0.4,
    )
    authorities = draw_authorities(strong, 400, Streams(0)["authorities"])
    one = draw_children(strong, authorities, 20, Streams(3))
    old_enough = np.flatnonzero((one.birth < one.first_start) & (one.adult - one.first_start > 4000))[0]
    streams = Streams(9)
    family = np.arange(N)
    severity = streams["severity"].standard_normal(N)
    children = one.take(np.full(N, old_enough)).replace(
        family=family,
        severity=severity,
        log_frailty=log(streams["frailty"].standard_gamma(1 / 0.4, N) * 0.4),
        factors=_factors(strong, family, one.category[np.full(N, old_enough)], severity, streams["factors"]),
    )
    course = run_course(strong, authorities, children, first_starts(children, NEVER), streams)
    course = course.take(course.reason == REVIEW)
    return strong, authorities, children, course


def test_risks_given_the_record_are_means_over_children_with_that_record(nested):
    strong, authorities, children, course = nested
    child, n = course.child, len(course)
    assert n > 0.6 * N
    beta, gamma = strong.log_hazard_ratios["severity"], strong.care_log_hazard_ratios["severity"]
    zero, eligible = np.zeros(n), np.full(n, 5000.0)
    severity = children.severity[child]
    known = true_incidence(strong, beta * severity + children.log_frailty[child], gamma * severity, eligible, HORIZONS)
    weights = severity_weights(strong, authorities, children, course)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    given_record = incidence_over_latent(
        strong, zero, zero, eligible, SEVERITY_NODES, weights, np.zeros((n, 1)), HORIZONS
    )[:, 0]
    reviews = np.minimum((course.reviews < NEVER).sum(axis=1), 4)
    record = pd.MultiIndex.from_arrays([reviews, *children.factors[child].T]).factorize()[0]
    means = []
    for group in np.unique(record):
        rows = record == group
        if rows.sum() < 200:
            continue
        means.append(severity[rows].mean())
        difference = (known - given_record)[rows]
        z = difference.mean(axis=0) / (difference.std(axis=0) / np.sqrt(rows.sum()))
        # About 16 records and two horizons: one beyond 3.7 is expected once in 150 seeds.
        assert np.abs(z).max() < 3.7
    # The records tell much, so that a risk at average severity would be another number.
    assert len(means) >= 12
    assert max(means) - min(means) > 1


def test_seven_nodes_are_as_good_as_a_fine_grid():
    nodes, prior = np.polynomial.hermite_e.hermegauss(7)
    np.testing.assert_allclose(SEVERITY_NODES, nodes, atol=1e-14)
    england, streams = scenario(), Streams(1)
    authorities = draw_authorities(england, 2000, Streams(0)["authorities"])
    children = draw_children(england, authorities, 300, streams)
    starts = first_starts(children, day_number(england.extract_date))
    course = run_course(england, authorities, children, starts, streams)
    course = course.take(course.reason == REVIEW)
    n = len(course)
    arguments = (england, np.zeros(n), np.zeros(n), np.full(n, 5000.0))

    def risks(nodes, *prior):
        weights = severity_weights(england, authorities, children, course, nodes, *prior)
        return incidence_over_latent(*arguments, nodes, weights, np.zeros((n, 1)), HORIZONS)

    grid = np.linspace(-7, 7, 281)
    density = np.exp(-(grid**2) / 2)
    found, fine = risks(SEVERITY_NODES), risks(grid, density / density.sum())
    # Many reviews with one progress tell much of severity: there the likelihood is less flat, and seven nodes coarser.
    np.testing.assert_allclose(found, fine, rtol=2.5e-3)
    assert (np.abs(found / fine - 1) > 1e-3).mean() < 0.02
    np.testing.assert_allclose(risks(SEVERITY_NODES), risks(nodes, prior / prior.sum()), rtol=1e-12)


def test_frailty_is_integrated_out(nested):
    strong = nested[0]
    z = np.random.default_rng(1).gamma(1 / 0.4, 0.4, 200_000)
    care, eligible = np.zeros(z.size), np.full(z.size, 5000.0)
    sampled = true_incidence(strong, 0.5 + np.log(z), care, eligible, HORIZONS)
    found = incidence_over_latent(
        strong,
        np.array([0.5]),
        np.zeros(1),
        np.array([5000.0]),
        np.zeros(1),
        np.ones((1, 1)),
        np.zeros((1, 1)),
        HORIZONS,
    )[0, 0]
    assert (np.abs(sampled.mean(axis=0) - found) < 4 * sampled.std(axis=0) / np.sqrt(z.size)).all()
