import math

import pytest

from secondplan.synthetic import scenario
from secondplan.synthetic.scenarios.effects import EFFECT_SCENARIOS, NEEDS
from secondplan.synthetic.scenarios.scenario_checks import NEEDS as WHAT_MAY_BE_A_NEED


@pytest.mark.parametrize("name", EFFECT_SCENARIOS)
def test_a_scenario_says_its_name_and_that_it_is_assumed(name):
    found = scenario(name)
    assert found.name == name and found.trends == {} and found.authority_closing_correlation == 0
    assert found.provenance["log_hazard_ratios"] == ("assumed", "Made to test methods for the effect of plan length")
    assert found.provenance["male_share"][0] == "published"
    assert set(NEEDS) <= set(WHAT_MAY_BE_A_NEED)
    assert "n_worker_changes" not in found.log_hazard_ratios  # nobody with many had a short plan


def test_what_confounds_is_recorded_in_one_and_hidden_in_others():
    everything = ("end_log_odds", "progress_log_odds", "care_on_plan_log_hazard_ratios", "log_hazard_ratios")
    everything += ("care_log_hazard_ratios", "negative_control_log_hazard_ratios")
    measured = scenario("confounding-measured")
    assert all("severity" not in getattr(measured, name) for name in everything)
    for ratio, name in ((1.5, "confounding-hidden-1.5"), (2, "confounding-hidden-2"), (2, "instrument-valid")):
        hidden = scenario(name)
        log_ratio = pytest.approx(math.log(ratio))
        assert hidden.log_hazard_ratios["severity"] == log_ratio
        assert -hidden.end_log_odds["severity"] == hidden.negative_control_log_hazard_ratios["severity"] == log_ratio
        assert "severity" not in hidden.progress_log_odds and hidden.factor_severity_log_odds == 0


def test_length_enters_no_hazard_or_twice_as_much_under_5():
    ratios = scenario("effect-none").log_hazard_ratios
    assert not [name for name in ratios if "plan_length" in name or name == "n_siblings_on_plan"]
    modified = scenario("effect-modified").log_hazard_ratios
    assert modified["plan_length_band:age_at_end<5"] == modified["plan_length_band"]
