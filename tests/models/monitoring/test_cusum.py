"""CUSUM charts by hand, their false-alarm rate in charts that were not used to set it, and a change that is found."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.models.monitoring import ObservedExpected, months_to_signal
from secondplan.models.monitoring.cusum import cusum_path, simulate_events


def counted(observed, expected, batches=(1,)):
    observed = np.asarray(observed, dtype=float)
    index = pd.date_range("2017-01-01", periods=observed.size, name="day")
    days = pd.DataFrame({"observed": observed, "expected": np.broadcast_to(expected, observed.shape)}, index=index)
    return ObservedExpected(days, np.array(batches))


def test_worked_by_hand():
    # Ratio 2: each expected event takes 1 off, each observed one adds log 2 = 0.693.
    path = cusum_path(np.array([0, 1, 1, 0, 0, 2.0]), np.full(6, 0.3), 2.0)
    step = np.log(2)
    expected = [0, step, 2 * step - 0.3, 2 * step - 0.6, 2 * step - 0.9, 4 * step - 1.2]
    np.testing.assert_allclose(path, expected)


def test_for_fewer_events_the_chart_rises_when_none_come():
    path = cusum_path(np.array([0, 0, 1.0]), np.full(3, 0.4), 0.5)
    np.testing.assert_allclose(path, [0.2, 0.4, max(0.6 + np.log(0.5), 0)])


def test_the_chart_is_the_largest_likelihood_ratio_over_all_stretches():
    rng = np.random.default_rng(3)
    observed, expected = rng.poisson(0.4, 60).astype(float), rng.uniform(0.2, 0.6, 60)
    path = cusum_path(observed, expected, 1.6)
    for day in (10, 59):
        ends = [np.log(1.6) * observed[k : day + 1].sum() - 0.6 * expected[k : day + 1].sum() for k in range(day + 1)]
        # A stretch may begin just before its first events, after the day's expected ones.
        late = [value + 0.6 * expected[k] for k, value in enumerate(ends)]
        assert path[day] == pytest.approx(max(0, *ends, *late))


@pytest.mark.parametrize("batches", [[1], [1, 1, 2, 4]])
@pytest.mark.parametrize("baseline_events", [None, 150])
def test_false_alarms_are_as_frequent_as_stated(batches, baseline_events):
    expected = np.full(365, 0.3)
    options = {"hazard_ratio": 1.5, "false_alarm": 0.1, "baseline_events": baseline_events}
    chart = sp.risk_adjusted_cusum(counted(np.zeros(365), expected, batches), random_state=1, **options)
    events = simulate_events(expected, np.array(batches), baseline_events, 4000, np.random.default_rng(99))
    rate = (cusum_path(events, expected, 1.5).max(axis=1) >= chart.limit).mean()
    # The limit is the quantile of 2,000 charts: twice its own Monte Carlo error and that of 4,000 more.
    assert rate == pytest.approx(0.1, abs=0.025)
    assert chart.false_alarm_rate == pytest.approx(0.1, abs=0.025)
    assert chart.false_alarm_std_error == pytest.approx(
        np.sqrt(chart.false_alarm_rate * (1 - chart.false_alarm_rate) / 2000)
    )


def test_simulated_events_have_the_expected_mean_and_the_spread_of_batches():
    batches = np.array([1, 1, 1, 3])
    events = simulate_events(np.full(30, 0.5), batches, None, 20_000, np.random.default_rng(2)).sum(axis=1)
    assert events.mean() == pytest.approx(15, rel=0.01)
    assert events.var() == pytest.approx(15 * (batches**2).mean() / batches.mean(), rel=0.04)
    factor = simulate_events(np.full(30, 50.0), np.array([1]), 100.0, 20_000, np.random.default_rng(2)).sum(axis=1)
    assert factor.mean() == pytest.approx(1500, rel=0.01)
    assert factor.std() / 1500 == pytest.approx(np.sqrt(1 / 100 + 1 / 1500), rel=0.03)


def test_siblings_and_a_short_baseline_ask_for_a_higher_limit():
    zeros = np.zeros(365)
    plain = sp.risk_adjusted_cusum(counted(zeros, 0.3)).limit
    assert sp.risk_adjusted_cusum(counted(zeros, 0.3, [1, 1, 3])).limit > plain + 0.3
    assert sp.risk_adjusted_cusum(counted(zeros, 0.3), baseline_events=60).limit > plain + 0.3


def test_a_doubled_hazard_is_found_and_an_unchanged_one_mostly_not():
    rng = np.random.default_rng(11)
    change, quick = pd.Timestamp("2017-12-27"), {"limit": 7.0, "n_simulations": 50}
    rate = np.where(np.arange(720) >= 360, 1.0, 0.5)
    found = [sp.risk_adjusted_cusum(counted(rng.poisson(rate), 0.5), **quick).first_signal for _ in range(20)]
    assert sum(day is not None and day >= change for day in found) >= 18
    same = [sp.risk_adjusted_cusum(counted(rng.poisson(0.5, 720), 0.5), **quick).first_signal for _ in range(20)]
    assert sum(day is not None for day in same) <= 4
    table = sp.risk_adjusted_cusum(counted(rng.poisson(0.5, 720), 0.5)).to_frame()
    assert table["observed"].sum() - table["expected"].sum() == pytest.approx(table["excess"].iloc[-1])
    assert len(table) == 24


def test_the_first_signal_is_marked_by_month():
    chart = sp.risk_adjusted_cusum(counted([0] * 40 + [9] + [0] * 20, 0.01), limit=3.0, hazard_ratio=2.0)
    assert chart.first_signal == pd.Timestamp("2017-02-10")
    assert chart.to_frame()["signal"].tolist() == [False, True, True]
    assert "2017-02" in chart._repr_html_()
    assert sp.risk_adjusted_cusum(counted([0] * 9, 0.01)).first_signal is None


@pytest.mark.parametrize(
    ("options", "match"),
    [({"hazard_ratio": 1.0}, "not 1"), ({"hazard_ratio": -1.0}, "positive"), ({"false_alarm": 1.0}, "between 0 and 1")],
)
def test_what_cannot_be_is_refused(options, match):
    with pytest.raises(ValueError, match=match):
        sp.risk_adjusted_cusum(counted([1, 0], 0.3), **options)
    with pytest.raises(ValueError, match="expects no events"):
        sp.risk_adjusted_cusum(counted([1, 0], 0.0))


def test_fewer_events_wait_longer_for_a_signal_and_batches_longer_still():
    few, many = (months_to_signal(number) for number in (0.7, 7.0))
    assert (few["months"] >= many["months"]).all()
    assert 6 < few.set_index("hazard_ratio").loc[2.0, "months"] < 30
    in_pairs = months_to_signal(7.0, batches=np.array([2]))
    assert (in_pairs["within_a_year"] <= many["within_a_year"]).all()
