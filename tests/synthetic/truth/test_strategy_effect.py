"""The truth of strategies: worlds that differ in what the strategy decides, and in what follows from that."""

import numpy as np
import pandas as pd
import pytest

from secondplan.plans.strategies import EndBy, NaturalCourse, NotBefore
from secondplan.synthetic import scenario, simulate
from secondplan.synthetic.calibration_search.calibration_report import CALIBRATED
from secondplan.synthetic.scenarios.named import scenario_names
from secondplan.synthetic.truth import strategy_effect as module
from secondplan.synthetic.truth.strategy_effect import SMALLEST_ERROR, STRATEGIES, TIMES, simulated_strategy_effect
from secondplan.synthetic.truth.true_risk import risk_and_days_lost, true_incidence


@pytest.fixture(scope="module")
def worlds():
    chosen = {"natural": NaturalCourse(), "late": NotBefore(months=6), "early": EndBy(months=12)}
    return {name: simulate(n_children=800, random_state=4, strategy=strategy) for name, strategy in chosen.items()}


def first_plans(plans):
    frame = plans.truth.frame.assign(start=plans.plans["start_date"], end=plans.plans["end_date"])
    frame["days"] = (frame["end"] - frame["start"]).dt.days
    return frame[frame["plan_number"] == 1].set_index("plan_id")


def test_a_strategy_moves_the_endings_that_somebody_decides(worlds):
    natural, late, early = (first_plans(worlds[name]) for name in ("natural", "late", "early"))
    reviewed = late[late["end_reason"] == "review"]
    assert reviewed["days"].min() >= 182
    assert (natural.loc[natural["end_reason"] == "review", "days"] < 182).mean() > 0.1
    assert early["days"].max() <= 365
    # Care, moves and birthdays end plans whenever they come.
    assert (late["days"] < 182).any()


def test_what_the_strategy_does_not_touch_is_as_it_was(worlds):
    natural, late = first_plans(worlds["natural"]), first_plans(worlds["late"])
    both = natural.join(late.add_suffix("_late"), how="inner")
    assert len(both) > 500
    pd.testing.assert_series_equal(both["severity"], both["severity_late"], check_names=False)
    untouched = both[both["days"] >= 182]
    assert (untouched["end"] == untouched["end_late"]).all()
    put_off = both[(both["days"] < 182) & (both["end_reason"] == "review") & (both["end_reason_late"] == "review")]
    assert len(put_off) > 50 and (put_off["days_late"] >= 182).all()
    shared = [worlds[name].reviews.set_index(["plan_id", "review_date"])["progress"] for name in ("natural", "late")]
    of_both = shared[0].index.get_level_values("plan_id").isin(both.index)
    pair = shared[0][of_both].to_frame().join(shared[1].rename("progress_late"))
    known = pair.dropna()
    assert len(known) > 1000 and (known["progress"] == known["progress_late"]).all()


def test_risk_and_days_lost_are_integrals_of_the_incidence():
    england = scenario()
    a, c, eligible = np.array([0.3, 1.0, 2.0]), np.array([0.1, 0.0, 1.0]), np.array([5000.0, 400.0, 5000.0])
    days = np.array([365.0, 730.0, 1000.0])
    risk, lost = risk_and_days_lost(england, a, c, eligible, days)
    grid = np.arange(1, 1001)
    curve = true_incidence(england, a, c, eligible, tuple(grid))
    for row, until in enumerate(days.astype(int)):
        assert risk[row] == pytest.approx(curve[row, until - 1], rel=1e-5)
        # The trapezoidal rule over days, from a risk of 0.
        area = curve[row, :until].sum() - curve[row, until - 1] / 2
        assert lost[row] == pytest.approx(area, rel=1e-4)


def test_worlds_agree_with_stores_and_are_added_until_they_are_sure(monkeypatch):
    monkeypatch.setattr(module, "_FAMILIES", 512)
    monkeypatch.setattr(module, "_FIRST_WORLDS", 4)
    strategies = (NaturalCourse(), NotBefore(months=3), EndBy(months=12), EndBy(months=12, grace_days=14))
    table = simulated_strategy_effect(scenario("confounding-measured"), strategies, (730,), 0.004)
    assert table["risk_std_error"].max() < 0.0045
    row = table.set_index(["counted_from", "strategy"])
    late = row.loc[("start", "no ending before 3 months")]
    assert late["difference"] == pytest.approx(late["risk"] - row.loc[("start", "natural course"), "risk"])
    assert late["avoided_per_1000"] == pytest.approx(-1000 * late["difference"])
    assert late["difference"] < -5 * late["difference_std_error"]
    assert 0 < late["days_lost"] < 730 * late["risk"]
    # Days of grace spare a few plans the review before their last: the risk is about the same, not equal.
    early, later = (
        row.loc[("start", name), "risk"] for name in ("ending by 12 months", "ending by 12 months and 14 days")
    )
    assert 0 < abs(early - later) < 0.003


@pytest.mark.parametrize("name", scenario_names())
def test_what_is_stored_is_of_the_scenario_as_it_is_and_sure_enough(name):
    stored = module.stored_strategy_effect(scenario(name))
    assert stored is not None, "run data/synthetic/make.py --strategies"
    assert len(stored) == 2 * len(STRATEGIES) * len(TIMES)
    assert stored["risk_std_error"].max() <= SMALLEST_ERROR
    assert (stored.loc[stored["strategy"] == "natural course", "difference"] == 0).all()


def test_refuses_what_cannot_be():
    truth = simulate(n_children=20).truth
    for wrong in ({"strategies": ()}, {"times": ()}, {"times": (0,)}, {"std_error": 0.0}):
        with pytest.raises(ValueError, match="must not be empty"):
            truth.strategy_effect(**wrong)
    assert set(CALIBRATED) <= set(scenario_names())
