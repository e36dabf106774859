import numpy as np
import pytest

from secondplan.models.incidence.exact_sums import Jumps, event_positions, sum_incidence
from secondplan.models.incidence.quadrature import build_quadrature
from secondplan.models.incidence.windows import WindowSums

RNG = np.random.default_rng(0)
SPREAD = np.vstack([np.zeros(2), 0.3 * np.eye(2)])


def sums_of(times):
    hazard = RNG.gamma(5.0, 1.0, (2, times.size))
    return WindowSums(build_quadrature(Jumps(times, 0.5 * hazard / hazard.sum()), "exponential", SPREAD), 0)


WHOLE = np.unique(RNG.integers(1, 400, 200)).astype(float)


@pytest.mark.parametrize("times", [WHOLE, WHOLE + 0.25], ids=["whole days", "parts of days"])
def test_event_times_are_found_on_any_day(times):
    sums = sums_of(times)
    asked = np.concatenate([[0.0, 1e6, np.inf], times, times - 0.1, RNG.uniform(0, 500, 50)])[:, None]
    assert np.array_equal(sums.positions(asked), event_positions(sums.quadrature.jumps, asked))


def test_windows_give_the_incidence_given_no_event_before():
    sums = sums_of(WHOLE)
    risk, days = np.exp(RNG.normal(0, 0.3, (20, 2))), np.tile([100.0, 300.0], (20, 1))
    first, last = sums.positions(days).T
    found = sums.rows(risk, first).incidence(sums.grown(first, last[:, None]))[:, 0]
    jumps = sums.quadrature.jumps
    before, until = sum_incidence(jumps, risk, days, 0, "exponential").T
    free = np.exp(-sums.hazard(risk, 0, first).sum(axis=1))
    np.testing.assert_allclose(found, (until - before) / free, rtol=0, atol=1e-9)
