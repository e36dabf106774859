"""Monitoring: funnel plots of units, control charts of monthly shares, CUSUM charts of observed against expected."""

from .control_chart import PChart, p_chart
from .cusum import RiskAdjustedCusum, months_to_signal, risk_adjusted_cusum
from .distribution_shift import BinnedSample, ShiftTest, binned_sample, shift_test, smallest_shift
from .funnel_plot import Funnel, funnel
from .observed_expected import (
    ObservedExpected,
    expected_by_row,
    expected_events,
    overdispersion_of,
    ratio_of_counts,
)

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
    "months_to_signal",
    "overdispersion_of",
    "p_chart",
    "ratio_of_counts",
    "risk_adjusted_cusum",
    "shift_test",
    "smallest_shift",
]
