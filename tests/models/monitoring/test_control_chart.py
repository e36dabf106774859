"""Control charts worked by hand, Laney's limits against base R, and false-alarm rates that are what they say."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.models.monitoring.control_chart import beta_binomial

R = json.loads((Path(__file__).parents[2] / "reference" / "monitoring.json").read_text())


def test_worked_by_hand():
    # Baseline 30 of 100: SD 0.1 * sqrt(0.3 * 0.7) = 0.0458, limits 0.1625 and 0.4375.
    chart = sp.p_chart([29, 31, 30, 43, 44, 16, 17], [100] * 7, baseline=3, method=None, run=None)
    assert chart.centre == 0.3
    assert chart.table["upper"].iloc[0] == pytest.approx(0.3 + 3 * np.sqrt(0.3 * 0.7 / 100))
    assert chart.table["signal"].tolist() == ["", "", "", "", "above", "below", ""]
    assert chart.first_signal == 4


def test_a_run_counts_from_the_end_of_the_baseline():
    count = [29, 31, 32, 32, 32, 32, 28, 32, 32, 32, 32]
    chart = sp.p_chart(count, [100] * 11, baseline=3, method=None, run=4)
    assert chart.table["signal"].tolist() == [""] * 6 + [""] * 4 + ["run above"]
    below = sp.p_chart([29, 31, 28, 28, 28], [100] * 5, baseline=2, method=None, run=3)
    assert below.table["signal"].iloc[-1] == "run below"


def test_only_the_side_that_is_watched_signals():
    count, n = [29, 31, 30, 43, 44, 16, 17], [100] * 7
    options = {"baseline": 3, "method": None, "run": None}
    assert sp.p_chart(count, n, side="below", **options).table["signal"].tolist() == [""] * 5 + ["below", ""]
    above, both = (sp.p_chart(count, n, side=side, **options) for side in ("above", "both"))
    assert above.table["signal"].tolist() == [""] * 4 + ["above", "", ""]
    assert above.false_alarm_rate()["rate"] < both.false_alarm_rate()["rate"]
    with pytest.raises(ValueError, match="side must be"):
        sp.p_chart(count, n, side="up")


def test_limits_are_those_of_r():
    case = R["months"]
    chart = sp.p_chart(case["count"], case["n"], method="laney")
    assert chart.centre == pytest.approx(case["centre"], rel=1e-12)
    np.testing.assert_allclose(chart.table["upper"], case["upper"], rtol=1e-9)


@pytest.mark.parametrize("method", ["laney", "multiplicative", "additive"])
def test_months_that_vary_more_have_wider_limits(method):
    rng = np.random.default_rng(2)
    n = rng.integers(90, 160, 40)
    count = beta_binomial(0.3, n, np.full(40, 0.08), 1, rng)[0]
    wide, plain = (sp.p_chart(count, n, method=name) for name in (method, None))
    assert (wide.table["upper"] > plain.table["upper"] + 0.03).all()


def test_beta_binomial_counts_have_the_stated_mean_and_spread():
    n = np.array([60.0, 120.0, 300.0])
    share = beta_binomial(0.3, n, np.array([0.08, 0.08, 0.05]), 40_000, np.random.default_rng(3)) / n
    np.testing.assert_allclose(share.mean(axis=0), 0.3, atol=0.002)
    np.testing.assert_allclose(share.std(axis=0), [0.08, 0.08, 0.05], rtol=0.02)
    binomial = beta_binomial(0.3, n, np.zeros(3), 40_000, np.random.default_rng(4)) / n
    np.testing.assert_allclose(binomial.std(axis=0), np.sqrt(0.21 / n), rtol=0.02)


def test_the_false_alarm_rate_is_that_of_charts_made_one_by_one():
    rng = np.random.default_rng(5)
    n = rng.integers(90, 160, 36)
    chart = sp.p_chart(rng.binomial(n, 0.3), n, baseline=24, method="multiplicative")
    stated = chart.false_alarm_rate(n_simulations=4000, random_state=1)
    spread = (chart.table["upper_unclipped"] - chart.centre).to_numpy() / 3
    drawn = beta_binomial(chart.centre, n, spread, 400, rng)
    signals = [sp.p_chart(own, n, baseline=24, method="multiplicative").first_signal is not None for own in drawn]
    assert np.mean(signals) == pytest.approx(stated["rate"], abs=4 * np.sqrt(stated["rate"] / 400))
    assert stated["std_error"] == pytest.approx(np.sqrt(stated["rate"] * (1 - stated["rate"]) / 4000))


def test_a_change_shows_and_a_longer_baseline_alarms_less():
    rng = np.random.default_rng(6)
    n = np.full(60, 120)
    count = np.where(np.arange(60) < 40, rng.binomial(n, 0.25), rng.binomial(n, 0.5))
    months = pd.period_range("2015-01", periods=60, freq="M").to_timestamp()
    assert sp.p_chart(pd.Series(count, index=months), n, baseline=36).first_signal >= months[36]
    short, long = (sp.p_chart(count[:40], n[:40], baseline=months_).false_alarm_rate()["rate"] for months_ in (8, 28))
    assert short > long


def test_months_without_plans_and_a_degenerate_baseline():
    chart = sp.p_chart([3, 0, 4, 5], [10, 0, 12, 11], baseline=3)
    assert len(chart.table) == 3
    with pytest.raises(ValueError, match="some cases and some without"):
        sp.p_chart([0, 0, 3], [10, 10, 10], baseline=2)
    with pytest.raises(ValueError, match="baseline must be"):
        sp.p_chart([1, 2], [10, 10], baseline=5)
    with pytest.raises(ValueError, match="method must be"):
        sp.p_chart([1, 2], [10, 10], method="p")
    with pytest.raises(ValueError, match="sigmas"):
        sp.p_chart([1, 2], [10, 10], sigmas=0)
