"""Person-periods: worked by hand, weights of partly observed periods, sampling."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from secondplan.models.discrete_time.person_period import period_ends, person_periods, sample_event_free
from secondplan.models.inputs.outcome import outcome_from_arrays


def expanded(duration, event, entry=None, ends=(10.0, 20.0, 30.0)):
    lines = person_periods(outcome_from_arrays(duration, event, entry), np.asarray(ends))
    return [
        tuple(line) for line in zip(lines.row.tolist(), lines.period.tolist(), lines.event.tolist(), strict=True)
    ], (lines.weight)


def test_event_and_censoring_by_hand():
    lines, weight = expanded([12.0, 25.0], [2, 0])
    assert lines == [(0, 0, 0), (0, 1, 2), (1, 0, 0), (1, 1, 0), (1, 2, 0)]
    assert_allclose(weight, [1, 1, 1, 1, 0.5])


def test_events_on_a_period_end_belong_to_the_period_that_ends():
    lines, weight = expanded([10.0, 20.0], [1, 0])
    assert lines == [(0, 0, 1), (1, 0, 0), (1, 1, 0)]
    assert_allclose(weight, 1)


def test_day_0():
    lines, weight = expanded([0.0, 0.0], [1, 0])
    assert lines == [(0, 0, 1)]
    assert_allclose(weight, 1)


def test_delayed_entry_counts_by_the_share_observed():
    lines, weight = expanded([25.0, 30.0, 16.0], [1, 0, 0], entry=[14.0, 10.0, 12.0])
    assert lines == [(0, 1, 0), (0, 2, 1), (1, 1, 0), (1, 2, 0), (2, 1, 0)]
    assert_allclose(weight, [0.6, 1, 1, 1, 0.4])


def test_observation_after_the_last_period_is_cut_off():
    lines, weight = expanded([31.0, 30.0, 50.0], [1, 1, 0], entry=[0.0, 0.0, 30.0])
    assert lines == [(0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 0), (1, 1, 0), (1, 2, 1)]
    assert_allclose(weight, 1)


def test_unequal_periods_weigh_by_their_own_length():
    _, weight = expanded([3.0, 40.0], [0, 0], ends=(4.0, 104.0))
    assert_allclose(weight, [0.75, 1, 0.36])


def test_exposure_adds_up_to_the_time_at_risk():
    rng = np.random.default_rng(0)
    duration = rng.uniform(1, 900, 500)
    entry = np.where(rng.random(500) < 0.3, duration * rng.random(500), 0.0)
    lines = person_periods(outcome_from_arrays(duration, np.zeros(500), entry), period_ends(900, 91))
    assert_allclose(np.bincount(lines.row, lines.weight * 91), duration - entry)
    assert np.all(np.diff(lines.row) >= 0)


def test_period_ends():
    assert_allclose(period_ends(200, 91), [91, 182, 273])
    assert_allclose(period_ends(182, 91), [91, 182])
    assert_allclose(period_ends(0, 91), [91])
    assert_allclose(period_ends(900, 91, max_days=100), [91, 182])
    assert_allclose(period_ends(900, [30, 91, 365]), [30, 91, 365])
    assert_allclose(period_ends(80, [30, 91, 365]), [30, 91])


@pytest.mark.parametrize("period_days", [0, -1, np.nan, [], [10, 10], [20, 10], [[1, 2]]])
def test_period_days_that_make_no_periods(period_days):
    with pytest.raises(ValueError, match="period_days"):
        period_ends(100, period_days)


def test_max_days_must_be_positive():
    with pytest.raises(ValueError, match="max_days"):
        period_ends(100, 10, max_days=0)


def test_sampling_keeps_events_and_the_total_weight():
    rng = np.random.default_rng(1)
    outcome = outcome_from_arrays(rng.uniform(1, 900, 2000), rng.random(2000) < 0.1)
    lines = person_periods(outcome, period_ends(900, 91))
    sampled = sample_event_free(lines, 3000, np.random.default_rng(2))
    assert len(sampled) == 3000
    assert_array_equal(sampled.row[sampled.event > 0], lines.row[lines.event > 0])
    assert_allclose(sampled.weight[sampled.event > 0], 1)
    # The partly observed lines make the total a random one; its standard error is about 1 % here.
    assert sampled.weight.sum() == pytest.approx(lines.weight.sum(), rel=0.03)
    assert sample_event_free(lines, len(lines), rng) is lines


def test_sampling_takes_the_same_share_of_every_period():
    rng = np.random.default_rng(4)
    lines = person_periods(outcome_from_arrays(rng.uniform(1, 900, 2000), rng.random(2000) < 0.1), period_ends(900, 91))
    sampled = sample_event_free(lines, 3000, rng)
    whole = np.bincount(lines.period[lines.event == 0])
    taken = np.bincount(sampled.period[sampled.event == 0])
    assert np.all(np.abs(taken - whole * taken.sum() / whole.sum()) <= 1)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ((1e300, 91), "more than 10000 periods"),
        ((730.0, 91, "730"), "max_days must be a positive number"),
        ((730.0, "quarter"), "period_days must be a positive number"),
        ((730.0, [91, 30]), "must ascend"),
    ],
)
def test_periods_that_cannot_be(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        period_ends(*arguments)


def test_sampling_is_unbiased():
    outcome = outcome_from_arrays([55.0] * 20, [1] * 5 + [0] * 15)
    lines = person_periods(outcome, np.arange(10.0, 61.0, 10.0))
    rng = np.random.default_rng(3)
    totals = np.mean(
        [
            np.bincount(sample.period, sample.weight, minlength=6)
            for sample in (sample_event_free(lines, 40, rng) for _ in range(4000))
        ],
        axis=0,
    )
    assert_allclose(totals, np.bincount(lines.period, lines.weight), rtol=0.02)
