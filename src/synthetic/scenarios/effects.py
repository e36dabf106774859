"""England with what methods for the effect of plan length are tested on: what confounds is known, and so is the effect.

In all of them, unlike England in 2018, nothing changes over the years, and an authority that ends plans early has no
more second plans for any other reason. Changes of worker enter no hazard: a child with many of them was never on a
short plan, so that they could not be held as they are while the length is another. The hazards' other parameters are
England's.
"""

import math
from collections.abc import Mapping
from typing import Any

from .definition import Scenario
from .england import england_2018

NEEDS = {
    "factor_domestic_abuse": 0.55,
    "factor_parental_mental_health": 0.45,
    "factor_alcohol": 0.45,
    "factor_drugs": 0.45,
    "factor_neglect": 0.45,
}
"""What makes a case severe, all of it recorded at assessment: log odds of going on at a review, log hazard of a second
plan and of the negative-control event; in part also log odds of worse progress, and log hazard of care."""

_WHY = ("assumed", "Made to test methods for the effect of plan length")


def effect_scenario(name: str) -> Scenario:
    """The scenario of that name; see ``EFFECT_SCENARIOS``."""
    description, changes = EFFECT_SCENARIOS[name]
    england = england_2018()
    changed = _measured(england)
    for change in changes:
        changed |= change(changed)
    marks = dict.fromkeys(changed, _WHY)
    return england.replace(
        name=name,
        description=description,
        provenance={**england.provenance, **marks},
        **changed,
    )


def _measured(england: Scenario) -> dict[str, Any]:
    left_out = ("severity", "n_worker_changes")
    ratios = {name: value for name, value in england.log_hazard_ratios.items() if name not in left_out}
    return {
        "trends": {},
        "authority_closing_correlation": 0.0,
        "factor_severity_log_odds": 0.0,
        "end_logits": (0.3, 0.5, 0.5, 0.6, 0.8),
        "end_log_odds": {name: -value for name, value in NEEDS.items()},
        "progress_logits": (0.2, -0.8),
        "progress_log_odds": {name: 0.7 * value for name, value in NEEDS.items()},
        "progress_after": {"good": -2.5, "some": 0.0, "poor": 2.5},
        "end_progress_log_odds": {"good": 1.2, "some": 0.0, "poor": -1.2},
        "care_on_plan_rate": 0.04,
        "care_on_plan_progress": {},
        "care_on_plan_log_hazard_ratios": {name: value / 2 for name, value in NEEDS.items()},
        "care_log_hazard_ratios": {"age_at_end": -0.03, **{name: value / 2 for name, value in NEEDS.items()}},
        "second_plan_rate": 0.01,
        "log_hazard_ratios": {**ratios, **NEEDS, "latest_progress": 0.8},
        "negative_control_log_hazard_ratios": NEEDS,
    }


def _hidden(ratio: float):
    """A hidden need, normal over children: 1 SD is a hazard ratio, and an odds ratio of going on, of ``ratio``."""
    effect = math.log(ratio)

    def changes(now: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "end_log_odds": {**now["end_log_odds"], "severity": -effect},
            "log_hazard_ratios": {**now["log_hazard_ratios"], "severity": effect},
            "negative_control_log_hazard_ratios": {**now["negative_control_log_hazard_ratios"], "severity": effect},
        }

    return changes


def _no_effect(now: Mapping[str, Any]) -> dict[str, Any]:
    """Neither length nor what grows with it: siblings who come onto plans meanwhile."""
    grows = ("plan_length_band", "n_siblings_on_plan")
    return {"log_hazard_ratios": {name: value for name, value in now["log_hazard_ratios"].items() if name not in grows}}


def _doubled_under_5(now: Mapping[str, Any]) -> dict[str, Any]:
    ratios = now["log_hazard_ratios"]
    return {"log_hazard_ratios": {**ratios, "plan_length_band:age_at_end<5": ratios["plan_length_band"]}}


def _habits(now: Mapping[str, Any]) -> dict[str, Any]:
    return {"authority_closing_sd": 0.9, "authority_hazard_sd": 0.0}


EFFECT_SCENARIOS: dict[str, tuple[str, tuple]] = {
    "confounding-measured": (
        "Severe cases stay longer on plans and come back more often, and all that makes a case severe is recorded: "
        "factors of the assessment and the progress that reviews find.",
        (),
    ),
    "confounding-hidden-1.5": (
        "As confounding-measured, with a need that nobody records: 1 SD multiplies the hazard of a second plan and the "
        "odds of going on at a review by 1.5.",
        (_hidden(1.5),),
    ),
    "confounding-hidden-2": (
        "As confounding-measured, with a need that nobody records: 1 SD multiplies the hazard of a second plan and the "
        "odds of going on at a review by 2.",
        (_hidden(2.0),),
    ),
    "effect-none": (
        "As confounding-measured, but plan length has no effect on the hazard of a second plan. Strategies still "
        "differ by postponement, age at the end, and the progress that later reviews find.",
        (_no_effect,),
    ),
    "effect-modified": (
        "As confounding-measured, but the effect of plan length on the log hazard is doubled for children under 5.",
        (_doubled_under_5,),
    ),
    "instrument-valid": (
        "As confounding-hidden-2, with authorities that differ widely in how readily they end plans, and in nothing "
        "else that matters: their habit moves plan length only.",
        (_hidden(2.0), _habits),
    ),
}
"""Name: (description, changes to ``confounding-measured``)."""
