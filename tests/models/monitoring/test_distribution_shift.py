"""Whether new rows are distributed as a reference sample, clusters allowed for."""

import numpy as np
import pytest
from scipy.stats import chisquare, norm

from secondplan.models.monitoring import binned_sample, shift_test


def sample(counts, *, is_ordered=False, has_missing=False, size=1):
    """A reference sample in which ``size`` rows of a cluster are alike."""
    bins = np.repeat(np.arange(len(counts)), counts)
    return binned_sample(
        bins, len(counts), is_ordered=is_ordered, has_missing=has_missing, cluster=np.arange(bins.size) // size
    )


def test_without_clusters_it_is_pearsons_chi_squared_of_a_far_larger_reference():
    reference = sample([400_000, 400_000, 200_000])
    counts = np.array([30, 50, 20])
    expected = chisquare(counts, [40, 40, 20]).pvalue
    assert shift_test(reference, counts).p_value == pytest.approx(expected, rel=1e-3)


def test_rows_of_a_cluster_that_are_all_alike_count_as_one():
    single, alike = sample([4000, 4000, 2000]), sample([40000, 40000, 20000], size=10)
    assert alike.likeness == pytest.approx(1.0, abs=1e-9)
    few, many = np.array([30, 50, 20]), np.array([300, 500, 200])
    assert shift_test(alike, many).p_value == pytest.approx(shift_test(single, few).p_value, rel=1e-6)


def test_clusters_that_are_not_alike_cost_nothing():
    bins = np.tile([0, 1], 5000)
    reference = binned_sample(
        bins, 2, is_ordered=False, has_missing=False, cluster=np.random.default_rng(0).permutation(10_000) // 2
    )
    assert reference.likeness < 0.05


def test_the_rank_shift_is_that_of_wilcoxon():
    reference = sample([100, 100, 100, 100], is_ordered=True)
    counts = np.array([10, 20, 30, 40])
    found = shift_test(reference, counts)
    by_hand = sum(new * (below + 50) for new, below in zip(counts, [0, 100, 200, 300], strict=True)) / (100 * 400) - 0.5
    assert found.rank_shift == pytest.approx(by_hand)
    error = (found.rank_upper - found.rank_shift) / norm.ppf(0.975)
    ranks = np.repeat([0.125, 0.375, 0.625, 0.875], 100)
    assert error == pytest.approx(ranks.std() * np.sqrt(1 / 100 + 1 / 400), rel=1e-6)


def test_missing_values_have_no_rank():
    reference = sample([100, 100, 50], is_ordered=True, has_missing=True)
    found = shift_test(reference, np.array([30, 30, 0]))
    assert found.rank_shift == 0.0
    assert found.moved == pytest.approx(0.2)


def test_thin_bins_are_joined_with_neighbours():
    reference = sample([1000, 10, 10, 1000], is_ordered=True)
    assert 0.0 < shift_test(reference, np.array([20, 1, 1, 20])).p_value <= 1.0


def test_nothing_can_be_said_of_no_rows_or_of_one_bin():
    assert np.isnan(shift_test(sample([10, 10]), np.array([0, 0])).p_value)
    assert np.isnan(shift_test(sample([20, 0]), np.array([5, 0])).p_value)


def test_chance_alone_alarms_as_often_as_stated():
    rng = np.random.default_rng(1)
    n_alarms = 0
    reference = sample([3000, 4000, 2000, 1000], is_ordered=True, size=1)
    for _ in range(400):
        # Pairs that are alike: a new row's twin is in its bin.
        counts = 2 * rng.multinomial(60, reference.shares)
        alike = binned_sample(
            np.repeat(np.arange(4), reference.counts),
            4,
            is_ordered=True,
            has_missing=False,
            cluster=np.arange(10_000) // 2,
        )
        n_alarms += shift_test(alike, counts).p_value < 0.05
    assert 5 <= n_alarms <= 35
