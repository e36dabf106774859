"""Indicators of child protection plans: what the official statistics count, for any period and group."""

from .calculation import indicators
from .monthly import monthly_shares
from .result import Indicators

__all__ = ["Indicators", "indicators", "monthly_shares"]
