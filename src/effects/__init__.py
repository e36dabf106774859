"""Effects of plan length and of changes of practice: what would have been otherwise, and what has to be assumed."""

from .instrument import InstrumentalEffect, authority_instrument
from .levels import ShiftBy
from .practice import PracticeChange, change_of_practice
from .result import EffectResult, RiskCurve
from .sensitivity import TippingPoint, e_value, tipping_point
from .standardised import standardised_risk
from .within_family import WithinFamily, within_family_effect

__all__ = [
    "EffectResult",
    "InstrumentalEffect",
    "PracticeChange",
    "RiskCurve",
    "ShiftBy",
    "TippingPoint",
    "WithinFamily",
    "authority_instrument",
    "change_of_practice",
    "e_value",
    "standardised_risk",
    "tipping_point",
    "within_family_effect",
]
