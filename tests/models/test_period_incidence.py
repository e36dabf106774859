"""Incidence at any day from hazards of periods: by hand, and its identities."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from secondplan.models.period_incidence import event_free_at, incidence_at, n_periods_until

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
