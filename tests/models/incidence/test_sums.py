import numpy as np
import pytest

import secondplan.models.incidence.sums as module
from secondplan.models.incidence.exact_sums import FORMS, Jumps, sum_incidence
from secondplan.models.incidence.sums import IncidenceSums

MOMENTS = np.vstack([np.zeros(2), 0.5 * np.eye(2)])
JUMPS = Jumps(np.arange(1.0, 301), np.random.default_rng(0).gamma(5.0, 0.0002, (2, 300)))
RISK = np.exp(np.random.default_rng(1).normal(scale=0.8, size=(400, 2)))
RISK[:3] = [[1e-8, 1.0], [4e3, 1.0], [60.0, 60.0]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cause", [0, 1, None])
def test_many_rows_get_the_exact_sums(form, cause, monkeypatch):
    monkeypatch.setattr(module, "NUMBERS_FOR_QUADRATURE", 1)
    sums = IncidenceSums(JUMPS, form, MOMENTS)
    assert not sums.quadrature(300).covers(RISK).all()
    for times in (np.broadcast_to([10.0, 150.0, 999.0], (400, 3)), np.random.default_rng(2).uniform(0, 330, (400, 3))):
        exact = sum_incidence(JUMPS, RISK, times, cause, form)
        np.testing.assert_allclose(sums.incidence(RISK, times, cause), exact, rtol=0, atol=1e-9)


def test_few_rows_are_summed_exactly():
    times = np.broadcast_to([10.0, 150.0], (400, 2))
    exact = sum_incidence(JUMPS, RISK, times, 0, "exponential")
    sums = IncidenceSums(JUMPS, "exponential", MOMENTS)
    np.testing.assert_array_equal(sums.incidence(RISK, times, 0), exact)
    assert not sums._made


def test_what_was_asked_before_changes_nothing(monkeypatch):
    monkeypatch.setattr(module, "NUMBERS_FOR_QUADRATURE", 100 * 100)
    sums = IncidenceSums(JUMPS, "exponential", MOMENTS)
    times = np.broadcast_to([50.0, 300.0], (400, 2))
    first = sums.incidence(RISK, times, 0)
    for until in range(100, 300, 30):
        sums.incidence(RISK, times[:, :1] + until, 1)
    np.testing.assert_array_equal(sums.incidence(RISK, times, 0), first)
    few = IncidenceSums(JUMPS, "exponential", MOMENTS).incidence(RISK[:9], times[:9], 0)
    np.testing.assert_array_equal(sums.incidence(RISK[:9], times[:9], 0), few)
    assert len(sums._made) <= module.MOST_KEPT
