import numpy as np
from scipy.stats import kstest

from secondplan.synthetic.randomness.day_numbers import NEVER
from secondplan.synthetic.randomness.waiting_times import first_event_exposure, waiting_days

N_FAMILIES = 20_000
SMALLEST_P = 1e-4


def shared_times(rates, seed=1):
    """Times of siblings with these rates, one column per sibling."""
    rate = np.tile(rates, N_FAMILIES)
    group = np.repeat(np.arange(N_FAMILIES), len(rates))
    rng = np.random.default_rng(seed)
    return first_event_exposure(rate, group, rng, limit=np.inf).reshape(N_FAMILIES, len(rates))


def test_each_siblings_own_time_is_exponential_with_its_own_rate():
    rates = np.array([0.3, 1.0, 2.5])
    times = shared_times(rates)
    for column, rate in enumerate(rates):
        assert kstest(times[:, column] * rate, "expon").pvalue > SMALLEST_P


def test_siblings_with_one_rate_have_their_event_together():
    times = shared_times(np.array([0.7, 0.7]))
    np.testing.assert_array_equal(times[:, 0], times[:, 1])


def test_share_of_common_events_is_the_ratio_of_the_rates():
    # The more exposed sibling has the family's first event; the other one has it too with probability 0.4 / 1.0.
    times = shared_times(np.array([0.4, 1.0]))
    share = (times[:, 0] == times[:, 1]).mean()
    assert abs(share - 0.4) < 4 * np.sqrt(0.24 / N_FAMILIES)
    assert (times[:, 0] >= times[:, 1]).all()


def test_families_are_independent():
    times = shared_times(np.array([1.0]))[:, 0]
    assert abs(np.corrcoef(times[::2], times[1::2])[0, 1]) < 4 / np.sqrt(N_FAMILIES / 2)


def test_weibull_shape_in_whole_days():
    n, rate, shape = 50_000, 0.5, 0.8
    days = waiting_days(np.full(n, rate), shape, np.arange(n), np.random.default_rng(2))
    by_two_years = 1 - np.exp(-rate * (730 / 365.25) ** shape)
    assert abs((days <= 730).mean() - by_two_years) < 4 * np.sqrt(0.25 / n)
    assert days.min() >= 1


def test_no_hazard_no_event():
    assert waiting_days(np.zeros(3), 1.0, np.arange(3), np.random.default_rng(0)).tolist() == [NEVER] * 3
    assert waiting_days(np.zeros(0), 1.0, np.zeros(0, dtype=int), np.random.default_rng(0)).size == 0


def test_an_event_after_thirty_years_never_comes():
    days = waiting_days(np.full(100, 1e-9), 1.0, np.arange(100), np.random.default_rng(0))
    assert (days == NEVER).all()


def test_a_share_of_the_rate_counts_while_it_lasts():
    """Half the rate until one year, none in the second year, all of it after; siblings still share events."""

    def share(rows, years):
        return np.where(years < 1, 0.5, np.where(years < 2, 0.0, 1.0))

    n = 50_000
    days = waiting_days(np.full(n, 0.6), 1.0, np.arange(n), np.random.default_rng(3), share=share)
    for until, hazard in ((365, 0.3), (730, 0.3), (1095, 0.9)):
        assert abs((days <= until).mean() - (1 - np.exp(-hazard))) < 4 * np.sqrt(0.25 / n)
    pair = waiting_days(np.full(20, 0.6), 1.0, np.repeat(np.arange(10), 2), np.random.default_rng(4), share=share)
    assert (pair[::2] == pair[1::2]).all()
