"""Metrics of several models on some rows of a cohort, with errors and differences."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..models.inputs.outcome import Outcome
from ..models.metrics import MetricWarning, evaluate_risks
from ..models.metrics.inputs import followed_to
from ..models.metrics.metric_table import METRICS

CALIBRATION_DAY = 730.0
BY_DAY = ("brier", "ipa", "auc")
CURVES = (*BY_DAY, "calibration_intercept")
CALIBRATION = ("calibration_slope", "observed_expected", "calibration_errors")
BOUNDS = ("lower", "upper")
ESTIMATE = ("estimate", "std_error", *BOUNDS)
DIFFERENCES = ("difference", "std_error", *BOUNDS, "p_value", "p_adjusted")


@dataclass(frozen=True)
class MeasuredRows:
    """Metrics of models on some rows of the cohort.

    Attributes
    ----------
    table, differences : DataFrame
        As of :func:`~secondplan.evaluate_risks`.
    family_sums : dict of (str, str, float) to ndarray, shape (n_families,)
        By model, metric and time: the influence of each family, where it was asked for; the variance is the sum of
        squares.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    family_sums: dict[tuple[str, str, float], np.ndarray]

    @classmethod
    def of(
        cls,
        risks: Mapping[str, np.ndarray],
        y: Outcome,
        times: np.ndarray,
        families: np.ndarray,
        *,
        weight: np.ndarray | None = None,
        calibration: bool = True,
        n_families: int = 0,
    ) -> MeasuredRows:
        """Measure risks (n, n_times) by model, NaN where a model states none.

        ``families`` (n,) are codes below ``n_families``, which is given where the influence of each is asked for;
        ``weight`` (n,) says how often each row counts.
        """
        found = []
        for names, days, metrics in _tasks(risks, times, y, calibration):
            places = np.flatnonzero(np.isin(times, days))
            given = {name: risks[name][:, places] for name in names}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MetricWarning)  # said once, for all, by whoever compares
                found.append(
                    evaluate_risks(given, y, times[places], metrics=metrics, cluster=families, sample_weight=weight)
                )
        differences = [part.differences[part.differences["metric"].isin(BY_DAY)] for part in found]
        table = _joined([part.table for part in found], ["model", "metric", "time", *ESTIMATE])
        between = _joined(differences, ["model", "reference", "metric", "time", *DIFFERENCES])
        sums = {}
        for evaluation in found if n_families else ():
            for key in evaluation.table[["model", "metric", "time"]].itertuples(index=False, name=None):
                if key[1] in METRICS:
                    influence = evaluation.influence(*key) / families.size
                    sums[key] = np.bincount(families, weights=influence, minlength=n_families)
        return cls(table, between, sums)


def _tasks(
    risks: Mapping[str, np.ndarray], times: np.ndarray, y: Outcome, calibration: bool
) -> Iterator[tuple[list[str], np.ndarray, tuple[str, ...]]]:
    """Models, days and metrics that are measured together: all models that state a risk for every row by these days."""
    stated = {name: ~np.isnan(risk).any(axis=0) for name, risk in risks.items()}
    by_day = [tuple(name for name in risks if stated[name][place]) for place in range(times.size)]
    for names in filter(None, dict.fromkeys(by_day)):  # no model knows a day past every fold's follow-up
        days = times[[own == names for own in by_day]]
        yield list(names), days, CURVES if calibration else BY_DAY
    known = np.array([bool(names) for names in by_day])
    followed = np.flatnonzero(followed_to(y, times) & known)
    if followed.size:
        yield list(by_day[followed[-1]]), times[followed[-1:]], ("concordance",)
    for place in np.flatnonzero((times == CALIBRATION_DAY) & known & calibration):
        yield list(by_day[place]), times[[place]], CALIBRATION


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """The parts below each other; no row, and numbers as columns, where no model knows a risk by any day."""
    parts = [part for part in parts if len(part)] or parts[:1]
    if parts:
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame({name: pd.Series(dtype=float) for name in columns})
