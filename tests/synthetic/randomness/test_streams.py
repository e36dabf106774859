import numpy as np
import pytest

from secondplan.synthetic.randomness.streams import STREAMS, Streams

N = 4000
# Correlations of independent samples have a standard deviation of 1/sqrt(N); the bound holds for all pairs together.
BOUND = 5 / np.sqrt(N)


def test_streams_are_independent_of_each_other_and_between_chunks():
    draws = [Streams(7, chunk)[name].standard_normal(N) for chunk in (0, 1) for name in STREAMS]
    draws += [Streams(8)[name].standard_normal(N) for name in STREAMS]
    correlation = np.corrcoef(draws)
    np.fill_diagonal(correlation, 0)
    assert np.abs(correlation).max() < BOUND


def test_no_seed_is_used_twice():
    states = [
        Streams(seed, block)[name].bit_generator.state["state"]["state"]
        for seed in (0, 1)
        for block in (0, 1, 2, 2**31 - 1)
        for name in STREAMS
    ]
    assert len(set(states)) == len(states)


def test_one_streams_use_does_not_move_another():
    used, fresh = Streams(3), Streams(3)
    used["care"].random(1000)
    assert used["reviews"].random() == fresh["reviews"].random()


def test_a_known_seed_gives_known_numbers():
    # Written down once: a change of numpy's streams, or of ours, would change every simulated store.
    assert Streams(0)["second_plan"].integers(0, 1_000_000, 3).tolist() == KNOWN


def test_refuses_a_negative_seed():
    with pytest.raises(ValueError, match="at least 0"):
        Streams(-1)


KNOWN = [446722, 34044, 816958]
