import numpy as np

from secondplan.models.metrics.rank_sums import weight_below, weight_of_lower


def test_weight_below_counts_lower_and_tied_ranks():
    rng = np.random.default_rng(3)
    position, rank, weight = rng.integers(0, 9, 60), rng.integers(0, 7, 60), rng.uniform(size=60)
    query_position, query_rank = rng.integers(0, 9, 25), rng.integers(0, 7, 25)
    counted = weight_below(position, rank, weight, query_position, query_rank)
    before = position <= query_position[:, None]
    np.testing.assert_allclose(counted.total, before @ weight, atol=1e-12)
    np.testing.assert_allclose(counted.lower, (before & (rank < query_rank[:, None])) @ weight, atol=1e-12)
    np.testing.assert_allclose(counted.tied, (before & (rank == query_rank[:, None])) @ weight, atol=1e-12)


def test_all_points_before_every_query():
    rank, weight = np.array([0, 2, 2, 5]), np.array([1.0, 2.0, 3.0, 4.0])
    sums = weight_of_lower(rank, weight, np.array([0, 2, 4]))
    np.testing.assert_array_equal(sums, [[0, 1, 6], [1, 5, 0], [10, 10, 10]])
