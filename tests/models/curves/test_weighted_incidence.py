import numpy as np
import pytest

import secondplan as sp
from secondplan.models.curves.weighted_incidence import day_incidence, spell_influence

N_DAYS = 12
# Central differences of a smooth function in double precision.
DIFFERENCES = 1e-8


@pytest.fixture(scope="module")
def spells():
    rng = np.random.default_rng(3)
    start = rng.integers(0, 5, 60)
    stop = start + rng.integers(1, 12, 60)
    return start, stop, rng.integers(0, 3, 60), rng.uniform(0.5, 3.0, 60)


def test_it_is_aalen_johansen(spells):
    start, stop, kind, weight = spells
    peer = sp.aalen_johansen(stop.astype(float), kind, entry=start.astype(float), sample_weight=weight)
    days = [4.0, 7.0, 11.0]
    found = day_incidence(*spells, N_DAYS).incidence[[4, 7, 11]]
    assert np.allclose(found, peer.at(days, event=1)["estimate"], atol=1e-12)


def test_cut_spells_change_nothing(spells):
    start, stop, kind, weight = spells
    middle = (start + stop) // 2
    cut = (
        np.append(start, middle),
        np.append(middle, stop),
        np.append(np.zeros_like(kind), kind),
        np.append(weight, weight),
    )
    assert np.allclose(day_incidence(*cut, N_DAYS).incidence, day_incidence(*spells, N_DAYS).incidence, atol=1e-14)


def test_influence_is_the_derivative_in_log_weights(spells):
    start, stop, kind, weight = spells
    functionals = np.zeros((2, N_DAYS))
    functionals[0, 8] = 1.0
    functionals[1, :10] = 1.0
    influence = spell_influence(day_incidence(*spells, N_DAYS), *spells, functionals)
    step = 1e-5
    for row in range(0, 60, 7):
        moved = []
        for sign in (1, -1):
            other = weight.copy()
            other[row] *= np.exp(sign * step)
            moved.append(functionals @ day_incidence(start, stop, kind, other, N_DAYS).incidence)
        assert np.allclose(influence[:, row], (moved[0] - moved[1]) / (2 * step), atol=DIFFERENCES)


def test_the_incidence_is_not_known_where_nobody_is_at_risk():
    found = day_incidence(np.zeros(2, int), np.array([2, 4]), np.array([1, 0]), np.ones(2), 8)
    assert found.incidence[:5].tolist() == [0.0, 0.0, 0.5, 0.5, 0.5]
    assert np.isnan(found.incidence[5:]).all()
