"""Effects of plan length and of changes of practice: what would have been otherwise, and what has to be assumed."""

from .practice import PracticeChange, change_of_practice
from .result import EffectResult, RiskCurve

__all__ = ["EffectResult", "PracticeChange", "RiskCurve", "change_of_practice"]
