"""Monitoring: funnel plots of units, control charts of monthly shares, CUSUM charts of observed against expected."""

from .control_chart import PChart, p_chart
from .cusum import RiskAdjustedCusum, risk_adjusted_cusum
from .distribution_shift import BinnedSample, ShiftTest, binned_sample, shift_test
from .funnel_plot import Funnel, funnel
from .observed_expected import ObservedExpected, expected_by_row, expected_events

__all__ = [
    "BinnedSample",
    "Funnel",
    "ObservedExpected",
    "PChart",
    "RiskAdjustedCusum",
    "ShiftTest",
    "binned_sample",
    "expected_by_row",
    "expected_events",
    "funnel",
    "p_chart",
    "risk_adjusted_cusum",
    "shift_test",
]
