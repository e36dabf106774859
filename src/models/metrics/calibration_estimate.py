"""An estimate of calibration with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .inputs import MetricInputs
from .metric_bounds import metric_bounds
from .state_weights import Measured

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class CalibrationEstimate:
    """An estimate with its uncertainty; all NaN where it cannot be estimated.

    Attributes
    ----------
    estimate, std_error, lower, upper : float
        ``lower`` and ``upper`` bound the 95 % interval.
    """

    estimate: float
    std_error: float
    lower: float
    upper: float

    def __float__(self) -> float:
        """The estimate alone."""
        return self.estimate


def from_normal(estimate: float, std_error: float) -> CalibrationEstimate:
    """The estimate with its symmetric 95 % interval."""
    half = Z_95 * std_error
    return CalibrationEstimate(estimate, std_error, estimate - half, estimate + half)


def from_influence(found: Measured, given: MetricInputs, scale: str) -> CalibrationEstimate:
    """The estimate with the error of its influence function, as ``evaluate_risks`` has it."""
    sums = given.cluster_sums(found.influence())
    error = float(np.sqrt(sums @ sums))
    return CalibrationEstimate(found.value, error, *metric_bounds(found.value, error, 0.95, scale))


def unknown_estimate() -> CalibrationEstimate:
    """An estimate that could not be made: all fields are NaN."""
    return CalibrationEstimate(*[float("nan")] * 4)


def group_codes(cluster: Any, n_rows: int) -> np.ndarray:
    """Cluster labels as codes 0, 1, ..., shape (n_rows,).

    Raises
    ------
    ValueError
        Another number of labels, or labels that are missing.
    """
    codes, _ = pd.factorize(pd.Series(np.asarray(cluster)))
    if codes.shape != (n_rows,):
        raise ValueError(f"cluster has {codes.size} values, expected {n_rows}")
    if np.any(codes < 0):
        raise ValueError(f"cluster: missing in {int(np.sum(codes < 0))} of {n_rows} rows")
    return codes


def clustered_std_error(values: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Standard error of the mean of ``values`` (n,), of which those that share a group are not independent."""
    deviation = values - values.mean()
    if groups is not None:
        deviation = np.bincount(groups, weights=deviation)
        deviation = deviation[np.bincount(groups) > 0]
    m = deviation.size
    if m < 2:
        return float("nan")
    return float(np.sqrt(deviation @ deviation * m / (m - 1)) / values.size)
