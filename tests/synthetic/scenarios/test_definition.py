import dataclasses
import json

import pytest

from secondplan.synthetic import Scenario, scenario
from secondplan.synthetic.scenarios.definition import parameter_names


def test_survives_json():
    england = scenario("england-2018")
    again = Scenario.from_dict(json.loads(json.dumps(england.to_dict())))
    assert again == england


def test_every_parameter_has_a_mark_and_a_source():
    england = scenario()
    fields = {field.name for field in dataclasses.fields(Scenario)} - {"name", "description", "provenance"}
    assert set(england.provenance) == fields == set(parameter_names())
    marks = {mark for mark, _ in england.provenance.values()}
    assert marks == {"published", "calibrated", "assumed"}


def test_what_is_not_published_does_not_claim_to_be():
    provenance = scenario().provenance
    for name in ("log_hazard_ratios", "end_log_odds", "frailty_variance", "care_log_hazard_ratios"):
        assert provenance[name][0] == "assumed"


def test_a_replaced_value_is_marked_as_the_callers():
    england = scenario()
    changed = england.replace(frailty_variance=0.0)
    assert changed.frailty_variance == 0.0
    assert changed.provenance["frailty_variance"] == ("assumed", "Set by the caller.")
    assert changed.provenance["male_share"] == england.provenance["male_share"]
    assert england.frailty_variance > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frailty_variance": -0.1}, "frailty_variance must be at least 0"),
        ({"male_share": 1.2}, r"male_share must be in \[0, 1\]"),
        ({"second_plan_shape": 0.0}, "second_plan_shape must be above 0"),
        ({"family_size_shares": {"1": 0.5}}, "family_size_shares must be at least 0 and add up to 1"),
        ({"log_hazard_ratios": {"n_sibling_on_plan": 0.1}}, "log_hazard_ratios must be of"),
        ({"log_hazard_ratios": {"plan_length_band": 0.1}}, "one number per level"),
        ({"log_hazard_ratios": {"plan_length_band": {"3 months": 0.1}}}, "must be of up to 3 months"),
        ({"log_hazard_ratios": {"plan_length_band:age_at_end<five": {}}}, "log_hazard_ratios must be of"),
        ({"log_hazard_ratios": {"plan_length_band:age_at_end": {}}}, "the other is yes or no"),
        ({"log_hazard_ratios": {"plan_length_band:disabled": 0.1}}, "one number per level"),
        ({"progress_logits": (-1.0, 1.0)}, "progress_logits must be two numbers"),
        ({"progress_after": {"fair": 1.0}}, "progress_after must be of good, some, poor"),
        ({"authority_closing_correlation": -2}, "authority_closing_correlation"),
        ({"closure_within_3_months": 0.9, "closure_3_to_6_months": 0.2}, "at most 1"),
        ({"end_logits": ()}, "end_logits"),
        ({"provenance": {}}, "provenance must name every parameter"),
    ],
)
def test_refuses_what_cannot_be(change, message):
    with pytest.raises(ValueError, match=message):
        scenario().replace(**change)


def test_window_must_have_a_length():
    england = scenario()
    with pytest.raises(ValueError, match="must be before extract_date"):
        england.replace(first_date=england.extract_date)


def test_unknown_scenario_names_those_that_exist():
    with pytest.raises(ValueError, match="england-2018"):
        scenario("atlantis")


def test_from_dict_names_missing_and_unknown_parameters():
    data = scenario().to_dict()
    data["parameters"]["moon_phase"] = data["parameters"].pop("male_share")
    with pytest.raises(ValueError, match=r"unknown: \['moon_phase'\]; missing: \['male_share'\]"):
        Scenario.from_dict(data)
