import numpy as np
import pytest

from secondplan.models.metrics import MetricWarning, concordance_index, fit_censoring
from secondplan.models.metrics.concordance import weight_below

R_DIGITS = 1e-11


def brute_force(y, risk, horizon):
    """Every pair in turn, as the definition says."""
    duration, event = y["duration"].to_numpy(), y["event"].to_numpy()
    g = fit_censoring(y)
    before, at = g.before(duration), g.at(duration)
    pairs = concordant = 0.0
    for i in range(len(y)):
        if event[i] != 1 or duration[i] > horizon or at[i] == 0:
            continue
        for j in range(len(y)):
            if duration[j] > duration[i] or (duration[j] == duration[i] and event[j] == 0):
                weight = 1 / (before[i] * at[i])
            elif event[j] == 2:
                weight = 1 / (before[i] * before[j])
            else:
                continue
            pairs += weight
            concordant += weight * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return concordant / pairs


def test_agrees_with_pec(reference):
    for risk, name in ((reference.risk, "concordance"), (reference.coarse, "concordance_ties")):
        ours = [concordance_index(reference.y, risk[:, k], horizon=t) for k, t in enumerate(reference.times)]
        np.testing.assert_allclose(ours, reference.r[name], atol=R_DIGITS)


@pytest.mark.parametrize("horizon", [5, 20, np.inf])
def test_sorted_counting_equals_every_pair(censored, horizon):
    risk = censored.risk[:, 0]
    np.testing.assert_allclose(
        concordance_index(censored.y, risk, horizon=horizon), brute_force(censored.y, risk, horizon), rtol=1e-12
    )


def test_worked_by_hand_without_censoring():
    # The case of day 1 (0.3) against 0.1, 0.5, 0.3: 1 + 0 + 1/2. That of day 3 (0.5) against the competing 0.1 and the
    # later 0.3: 2. That of day 4 (0.3) against the competing 0.1: 1. Six pairs.
    y = {"duration": [1, 2, 3, 4], "event": [1, 2, 1, 1]}
    assert concordance_index(y, [0.3, 0.1, 0.5, 0.3]) == pytest.approx(4.5 / 6)


def test_only_ranks_matter_and_reversal_mirrors(censored):
    risk = censored.risk[:, 1]
    c = concordance_index(censored.y, risk, horizon=30)
    assert concordance_index(censored.y, np.exp(9 * risk), horizon=30) == c
    assert concordance_index(censored.y, -risk, horizon=30) == pytest.approx(1 - c)
    assert concordance_index(censored.y, np.ones(300), horizon=30) == pytest.approx(0.5)


def test_weight_two_equals_the_row_twice(censored):
    # The two copies of a case have the event on the same day, so they make no pair with each other.
    rows = [0, *range(300)]
    assert concordance_index(
        censored.y, censored.risk[:, 0], horizon=30, sample_weight=np.r_[2.0, np.ones(299)]
    ) == pytest.approx(concordance_index(censored.y.iloc[rows], censored.risk[rows, 0], horizon=30), rel=1e-12)


@pytest.mark.parametrize("event", [[1, 1, 1], [0, 0, 0], [2, 2, 2]])
def test_nothing_to_compare_is_nan_with_a_warning(event):
    with pytest.warns(MetricWarning, match="no two rows can be compared"):
        assert np.isnan(concordance_index({"duration": [4, 4, 4], "event": event}, [0.1, 0.2, 0.3]))


def test_weight_below_counts_lower_and_tied_ranks():
    rng = np.random.default_rng(3)
    position, rank, weight = rng.integers(0, 9, 60), rng.integers(0, 7, 60), rng.uniform(size=60)
    query_position, query_rank = rng.integers(0, 9, 25), rng.integers(0, 7, 25)
    counted = weight_below(position, rank, weight, query_position, query_rank)
    before = position <= query_position[:, None]
    np.testing.assert_allclose(counted.total, before @ weight, atol=1e-12)
    np.testing.assert_allclose(counted.lower, (before & (rank < query_rank[:, None])) @ weight, atol=1e-12)
    np.testing.assert_allclose(counted.tied, (before & (rank == query_rank[:, None])) @ weight, atol=1e-12)
