"""Incidence at any day from hazards of periods: by hand, and its identities."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from secondplan.models.discrete_time.period_incidence import (
    event_free_at,
    event_free_slopes,
    hazards_from_log_odds,
    incidence_at,
    incidence_slopes,
    n_periods_until,
)

ENDS = np.array([10.0, 30.0])


def test_two_periods_by_hand():
    hazards = np.array([[[0.1, 0.2], [0.25, 0.25]]])
    times = np.array([[0.0, 10.0, 20.0, 30.0, 99.0]])
    free_20 = 0.7 * np.sqrt(0.5)
    assert_allclose(event_free_at(hazards, ENDS, times), [[1, 0.7, free_20, 0.35, 0.35]])
    assert_allclose(incidence_at(hazards, ENDS, times, 0), [[0, 0.1, 0.1 + (0.7 - free_20) / 2, 0.275, 0.275]])
    assert_allclose(incidence_at(hazards, ENDS, times, 1), [[0, 0.2, 0.2 + (0.7 - free_20) / 2, 0.375, 0.375]])


def test_constant_hazard_is_exponential():
    rate = 0.004
    ends = np.arange(91.0, 1000.0, 91.0)
    hazards = np.full((1, ends.size, 1), 1 - np.exp(-rate * 91))
    times = np.arange(0.0, 1001.0)[None, :]
    assert_allclose(event_free_at(hazards, ends, times), np.exp(-rate * np.minimum(times, ends[-1])), rtol=1e-12)


def test_sums_to_one_and_never_decreases():
    rng = np.random.default_rng(0)
    hazards = rng.dirichlet([0.2, 0.3, 0.5, 6.0], size=(200, 9))[:, :, :3]
    hazards[0, 3] = 0.0
    hazards[1, 4] = [0.0, 1.0, 0.0]
    ends = np.cumsum(rng.uniform(1, 60, 9))
    times = np.sort(rng.uniform(0, ends[-1] * 1.2, (200, 400)), axis=1)
    curves = [incidence_at(hazards, ends, times, cause) for cause in range(3)]
    assert_allclose(sum(curves) + event_free_at(hazards, ends, times), 1.0, atol=1e-14)
    for curve in curves:
        assert np.all(np.diff(curve, axis=1) >= 0)


def test_certain_event():
    hazards = np.array([[[1.0]]])
    times = np.array([[0.0, 1.0, 10.0]])
    assert_allclose(incidence_at(hazards, ENDS[:1], times, 0), [[0, 1, 1]])
    assert_allclose(event_free_at(hazards, ENDS[:1], times), [[1, 0, 0]])


@pytest.mark.parametrize(("time", "expected"), [(0, 1), (10, 1), (10.5, 2), (30, 2), (99, 2)])
def test_periods_needed(time, expected):
    assert n_periods_until(ENDS, np.array([[time]])) == expected


def test_slopes_are_the_finite_differences():
    rng = np.random.default_rng(2)
    log_odds, ends, step = rng.normal(-2.0, 1.0, (3, 4, 2)), np.array([10.0, 30.0, 31.0, 90.0]), 1e-6
    times = np.array([[0.0, 10.0, 12.0, 90.0, 200.0], [5.0, 30.5, 31.0, 60.0, 89.0], [1.0, 10.0, 30.0, 31.0, 90.0]])
    hazards = hazards_from_log_odds(log_odds)
    found = [incidence_slopes(hazards, ends, times, cause) for cause in range(2)]
    found.append(event_free_slopes(hazards, ends, times))

    def curves(log_odds):
        hazards = hazards_from_log_odds(log_odds)
        return np.array(
            [*(incidence_at(hazards, ends, times, c) for c in range(2)), event_free_at(hazards, ends, times)]
        )

    for period in range(4):
        for cause in range(2):
            move = np.zeros((4, 2))
            move[period, cause] = step
            difference = (curves(log_odds + move) - curves(log_odds - move)) / (2 * step)
            assert_allclose(np.array(found)[..., cause, period], difference, atol=1e-9)
    assert_allclose(sum(found), 0.0, atol=1e-15)


def test_slopes_where_an_event_is_certain_or_impossible():
    hazards = np.array([[[1.0, 0.0], [0.5, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])
    times = np.array([[0.0, 5.0, 10.0, 20.0]] * 2)
    for slopes in (incidence_slopes(hazards, ENDS, times, 0), event_free_slopes(hazards, ENDS, times)):
        assert_allclose(slopes, 0.0, atol=1e-15)
