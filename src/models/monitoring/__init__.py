"""Monitoring: funnel plots of units, control charts of monthly shares, CUSUM charts of observed against expected."""

from .control_chart import PChart, p_chart
from .cusum import RiskAdjustedCusum, risk_adjusted_cusum
from .funnel_plot import Funnel, funnel
from .observed_expected import ObservedExpected, expected_events

__all__ = [
    "Funnel",
    "ObservedExpected",
    "PChart",
    "RiskAdjustedCusum",
    "expected_events",
    "funnel",
    "p_chart",
    "risk_adjusted_cusum",
]
