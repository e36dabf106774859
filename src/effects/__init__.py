"""Effects of plan length and of changes of practice: what would have been otherwise, and what has to be assumed."""

from .instrument import InstrumentalEffect, authority_instrument
from .practice import PracticeChange, change_of_practice
from .result import EffectResult, RiskCurve
from .sensitivity import TippingPoint, e_value, tipping_point
from .within_family import WithinFamily, within_family_effect

__all__ = [
    "EffectResult",
    "InstrumentalEffect",
    "PracticeChange",
    "RiskCurve",
    "TippingPoint",
    "WithinFamily",
    "authority_instrument",
    "change_of_practice",
    "e_value",
    "tipping_point",
    "within_family_effect",
]
