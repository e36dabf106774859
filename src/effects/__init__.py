"""The effect of plan length on the risk of a second plan: what would have happened had plans been longer or shorter."""

from .result import EffectResult, RiskCurve

__all__ = ["EffectResult", "RiskCurve"]
