"""Effects of plan length and of changes of practice: what would have been otherwise, and what has to be assumed."""

from .doubly_robust import doubly_robust_risk
from .instrument import InstrumentalEffect, authority_instrument
from .length_weights import LengthWeights, plan_length_weights
from .levels import ShiftBy
from .practice import PracticeChange, change_of_practice
from .result import EffectResult, RiskCurve
from .sensitivity import TippingPoint, e_value, tipping_point
from .standardised import standardised_risk
from .study import EffectStudy, effect_study
from .trial.control_outcome import negative_control
from .trial.emulated_trial import EmulatedTrial, emulate_trial
from .trial.policy import PolicyCurve, policy_curve
from .weighted import weighted_risk
from .within_family import WithinFamily, within_family_effect

__all__ = [
    "EffectResult",
    "EffectStudy",
    "EmulatedTrial",
    "InstrumentalEffect",
    "LengthWeights",
    "PolicyCurve",
    "PracticeChange",
    "RiskCurve",
    "ShiftBy",
    "TippingPoint",
    "WithinFamily",
    "authority_instrument",
    "change_of_practice",
    "doubly_robust_risk",
    "e_value",
    "effect_study",
    "emulate_trial",
    "negative_control",
    "plan_length_weights",
    "policy_curve",
    "standardised_risk",
    "tipping_point",
    "weighted_risk",
    "within_family_effect",
]
