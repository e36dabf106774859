import numpy as np
import pytest

from secondplan.synthetic import scenario
from secondplan.synthetic.population.progress import N_REVIEWS, by_state, draw_progress, state_chances
from secondplan.synthetic.randomness.streams import Streams

N = 20_000


@pytest.fixture(scope="module")
def drawn():
    england = scenario()
    needs = np.repeat([-0.6, 0.0, 0.9], N)
    return england, needs, draw_progress(england, needs, np.arange(3 * N), Streams(1)["progress"])


def test_states_follow_needs_and_the_state_before(drawn):
    england, needs, found = drawn
    for value in np.unique(needs):
        own = found[needs == value]
        chances = state_chances(england, np.array(value))
        np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-12)
        pairs = [(3, own[:, 0]), *((state, own[own[:, 0] == state, 1]) for state in range(3))]
        for before, states in pairs:
            shares = np.bincount(states, minlength=3) / states.size
            error = np.sqrt(chances[before] * (1 - chances[before]) / states.size)
            assert (np.abs(shares - chances[before]) < 4 * error).all()
    # Severe cases make less progress, and progress lasts.
    poor = state_chances(england, np.array([-0.6, 0.6]))[:, 2]
    assert (poor[:, 1] > poor[:, 0]).all()
    assert (np.diff(poor[:3, 0]) > 0).all()


def test_siblings_share_what_reviews_find_as_often_as_decisions():
    england = scenario().replace(sibling_end_share=0.7, progress_log_odds={})
    group = np.repeat(np.arange(N), 2)
    found = draw_progress(england, np.zeros(2 * N), group, Streams(2)["progress"])
    same = (found[::2] == found[1::2]).all(axis=1).mean()
    # All 14 reviews of two children agree by chance in hardly any family.
    assert found.shape == (2 * N, N_REVIEWS)
    assert abs(same - 0.7**2) < 4 * np.sqrt(0.25 / N)


def test_effects_are_in_the_order_of_the_codes():
    assert by_state({"poor": 2.0, "good": -1.0}).tolist() == [-1.0, 0.0, 2.0]
