"""Metrics and their differences between models, on a data set of known truth."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from scipy.special import ndtri

import secondplan as sp

from .coverage_data import BETA, HORIZON, RATES, Sample

HALF_YEAR = 182
TIMES = [HALF_YEAR, HORIZON]
METRICS = (
    "brier",
    "integrated_brier",
    "ipa",
    "auc",
    "concordance",
    "concordance_uno",
    "observed_expected",
    "calibration_intercept",
    "calibration_slope",
    "net_benefit",
    "log_score",
)
SINCE_HALF_YEAR = ("brier", "ipa", "auc", "observed_expected", "calibration_slope")
THRESHOLD = 0.3
TOO_HIGH = 1.15  # ratio of the rough model's cumulative hazards
# Values of the first feature, each standing for as many children, of whom the truth is summed.
N_VALUES = 400
NULL = "AalenJohansen"


def risks(X: np.ndarray) -> dict[str, np.ndarray]:
    """True risks by ``TIMES``, and those of a model that leaves the second feature out and is too high.

    Hazards are constant, so they are also the risks of children free of events over the days to come.
    """

    def at(X: np.ndarray) -> np.ndarray:
        hazards = RATES * np.exp(X @ BETA.T)
        total = hazards.sum(axis=1, keepdims=True)
        return hazards[:, :1] / total * -np.expm1(-total * np.array(TIMES))

    rough = at(np.column_stack((X[:, 0], np.full(len(X), 0.5))))
    return {"right": at(X), "rough": 1.0 - (1.0 - rough) ** TOO_HIGH}


def quantities(
    X: np.ndarray, y: pd.DataFrame, cluster: np.ndarray | None, weight: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Estimate, lower and upper bound of each metric and difference at the last day, by its name."""
    found: dict[str, np.ndarray] = {}
    for landmark, metrics in ((None, METRICS), (HALF_YEAR, SINCE_HALF_YEAR)):
        since = "" if landmark is None else f", from day {landmark}"
        result = sp.evaluate_risks(
            risks(X),
            y,
            TIMES,
            metrics=metrics,
            cluster=cluster,
            sample_weight=weight,
            landmark=landmark,
            threshold=THRESHOLD,
        )
        for row in result.table[result.table["time"] == HORIZON].itertuples():
            if row.model != NULL or row.metric in ("brier", "log_score"):
                found[f"{row.metric} of {row.model}{since}"] = np.array([row.estimate, row.lower, row.upper])
        for row in result.differences[result.differences["time"] == HORIZON].itertuples():
            # Against the average risk: only what differs from the metric itself by more than a known number.
            if row.reference != NULL or row.metric in ("brier", "net_benefit", "log_score"):
                name = f"{row.metric}, {row.model} less {row.reference}{since}"
                found[name] = np.array([row.difference, row.lower, row.upper])
    return found


@cache
def truth() -> dict[str, float]:
    """Each quantity among all children: every kind of child with every day and event, weighted by its probability."""
    first = np.repeat(ndtri((np.arange(N_VALUES) + 0.5) / N_VALUES), 2)
    kinds = np.column_stack((first, np.tile([0.0, 1.0], N_VALUES)))
    hazards = RATES * np.exp(kinds @ BETA.T)
    total = hazards.sum(axis=1)
    last = HALF_YEAR + HORIZON
    days = np.arange(1, last + 1)
    on_day = np.exp(-np.outer(total, days - 1)) * -np.expm1(-total)[:, None]
    probability = [*(on_day * (hazards[:, k] / total)[:, None] for k in (0, 1)), np.exp(-total * last)[:, None]]
    y = pd.DataFrame({"duration": np.r_[days, days, last + 1], "event": np.repeat([1, 2, 2], [last, last, 1])})
    every = np.repeat(np.arange(len(kinds)), len(y))
    rows = y.iloc[np.tile(np.arange(len(y)), len(kinds))].reset_index(drop=True)
    found = quantities(kinds[every], rows, None, np.concatenate(probability, axis=1).ravel())
    return {name: float(numbers[0]) for name, numbers in found.items()}


def metrics_of(sample: Sample) -> list[tuple[str, float, float, float, float]]:
    """Name, truth, estimate and bounds of each quantity."""
    known = truth()
    found = quantities(sample.X.to_numpy(), sample.y, sample.cluster)
    return [(name, known[name], *map(float, numbers)) for name, numbers in found.items()]
