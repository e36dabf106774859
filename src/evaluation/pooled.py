"""Metrics of a comparison: of all out-of-fold risks together, with errors, and all differences on the same rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..models.inputs.outcome import Outcome
from ..models.metrics import MetricWarning, calibration_curve, evaluate_risks
from ..models.metrics.calibration_estimate import group_codes
from ..models.metrics.inputs import followed_to
from .measures import FoldRisks

TABLE_DAYS = (365.0, 730.0)
CALIBRATION_DAY = 730.0
BY_DAY = ("brier", "ipa", "auc")
CALIBRATION = ("calibration_slope", "observed_expected", "calibration_errors")
BOUNDS = ("lower", "upper")
ESTIMATE = ("estimate", "std_error", *BOUNDS)
DIFFERENCES = ("difference", "std_error", *BOUNDS, "p_value", "p_adjusted")
DIFFERENCE = "difference_to_null"


@dataclass(frozen=True)
class PooledMetrics:
    """Metrics of all models on the tested rows.

    Attributes
    ----------
    table, differences : DataFrame
        As of :func:`~secondplan.evaluate_risks`; a day by which a model states no risk for some row is NaN for it.
    models : tuple of str
        In the order in which they were given.
    reference : str
        The model against which the IPA is stated: everybody's average risk.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    models: tuple[str, ...]
    reference: str

    def values(self, metric: str, time: float, column: str = "estimate") -> pd.Series:
        """One column of a metric by model; NaN where it was not measured."""
        at = self.table[(self.table["metric"] == metric) & (self.table["time"] == time)]
        return at.set_index("model")[column].reindex(self.models)

    def to_reference(self, time: float, column: str) -> pd.Series:
        """Brier score less the reference's (``difference``, ``lower`` or ``upper``) by model."""
        found = self.differences
        at = found[(found["metric"] == "brier") & (found["time"] == time) & (found["reference"] == self.reference)]
        return at.set_index("model")[column].reindex(self.models)


def pooled_metrics(
    results: Mapping[str, Sequence[FoldRisks]], reference: str, outcome: Outcome, times: np.ndarray, cluster: Any
) -> PooledMetrics:
    """Measure all models on the rows that were tested.

    The reference is everybody's average risk, the Aalen-Johansen incidence of the tested rows, unless a model of that
    name has risks of its own that differ between children.

    Parameters
    ----------
    results : mapping of str to sequence of FoldRisks
        Every model was tested on the same rows.
    reference : str
    outcome : Outcome
        Of the whole cohort.
    times : ndarray, shape (n_times,)
    cluster : array, n rows of the cohort
        The families.
    """
    rows = np.concatenate([part.rows for part in next(iter(results.values()))])
    risks = {name: np.concatenate([part.risk for part in folds]) for name, folds in results.items()}
    constant = [name for name, folds in results.items() if all(_is_constant(part.risk) for part in folds)]
    if reference in constant and len(risks) > 1:
        del risks[reference]
    y, families = outcome.take(rows), group_codes(cluster, len(outcome))[rows]
    tables, differences = [], []
    for names, days, metrics in _tasks(risks, times, y):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MetricWarning)  # said once, for all, by whoever compares
            places = np.flatnonzero(np.isin(times, days))
            given = {name: risks[name][:, places] for name in names}
            found = evaluate_risks(given, y, times[places], metrics=metrics, cluster=families)
        tables.append(found.table)
        differences.append(found.differences[found.differences["metric"].isin(BY_DAY)])
    table = _joined(tables, ["model", "metric", "time", *ESTIMATE])
    # One number per fold has no slope; the folds' numbers differ a little, but a regression on that would be noise.
    without = table["model"].isin([*constant, reference]) & (table["metric"] == "calibration_slope")
    table.loc[without, list(ESTIMATE)] = float("nan")
    models = tuple(results) if reference in results else (*results, reference)
    between = _joined(differences, ["model", "reference", "metric", "time", *DIFFERENCES])
    return PooledMetrics(table, between, models, reference)


def calibration_points(
    results: Mapping[str, Sequence[FoldRisks]], outcome: Outcome, times: np.ndarray, cluster: Any
) -> pd.DataFrame:
    """``Comparison.calibration``: the calibration curve of each model by each day, on the rows that were tested."""
    families = group_codes(cluster, len(outcome))
    points = []
    for name, folds in results.items():
        rows, risk = (np.concatenate([getattr(part, field) for part in folds]) for field in ("rows", "risk"))
        y = outcome.take(rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MetricWarning)
            for k in np.flatnonzero(followed_to(y, times) & ~np.isnan(risk).any(axis=0)):
                curve = calibration_curve(y, risk[:, k], float(times[k]), cluster=families[rows]).to_frame()
                points.append(curve.assign(model=name, day=times[k]))
    columns = ["model", "day", "bin", "predicted", "observed", "lower", "upper", "n", "n_events"]
    return pd.concat(points, ignore_index=True)[columns] if points else pd.DataFrame(columns=columns)


def curves_table(metrics: PooledMetrics, times: np.ndarray) -> pd.DataFrame:
    """``Comparison.curves``."""
    parts = []
    for day in times:
        columns = {"day": day}
        for metric in BY_DAY:
            columns[metric] = metrics.values(metric, day)
            columns |= {f"{metric}_{bound}": metrics.values(metric, day, bound) for bound in BOUNDS}
        parts.append(pd.DataFrame(columns, index=pd.Index(metrics.models, name="model")).reset_index())
    table = pd.concat(parts, ignore_index=True)
    place = table["model"].map({name: place for place, name in enumerate(metrics.models)})
    return table.iloc[np.lexsort([table["day"], place])].reset_index(drop=True)


def summary_table(metrics: PooledMetrics, times: np.ndarray, by_fold: pd.DataFrame) -> pd.DataFrame:
    """``Comparison.table``, lowest Brier score at 730 days first."""
    longest = max((day for day in times if metrics.values("concordance", day).notna().any()), default=times[-1])
    wanted = [
        *(("brier", day, f"brier_{day:g}") for day in TABLE_DAYS),
        ("ipa", 730.0, "ipa_730"),
        *(("auc", day, f"auc_{day:g}") for day in TABLE_DAYS),
        ("ici", CALIBRATION_DAY, "ici_730"),
        ("concordance", longest, "c_index"),
        ("calibration_slope", CALIBRATION_DAY, "calibration_slope_730"),
        ("observed_expected", CALIBRATION_DAY, "observed_expected_730"),
    ]
    columns = {column: metrics.values(metric, day) for metric, day, column in wanted}
    for day in TABLE_DAYS:
        columns[f"{DIFFERENCE}_{day:g}"] = metrics.to_reference(day, "difference")
    columns["fit_seconds"] = by_fold.groupby("model", sort=False)["fit_seconds"].mean().reindex(metrics.models)
    for metric, day, column in wanted:
        columns |= {f"{column}_{bound}": metrics.values(metric, day, bound) for bound in BOUNDS}
    for day in TABLE_DAYS:
        columns |= {f"{DIFFERENCE}_{day:g}_{bound}": metrics.to_reference(day, bound) for bound in BOUNDS}
    table = pd.DataFrame(columns, index=pd.Index(metrics.models, name="model"))
    return table.sort_values(["brier_730", "brier_365"], kind="stable", na_position="last")


def _tasks(
    risks: Mapping[str, np.ndarray], times: np.ndarray, y: Outcome
) -> Iterator[tuple[list[str], np.ndarray, tuple[str, ...]]]:
    """Models, days and metrics that are measured together: all models that state a risk for every row by these days."""
    stated = {name: ~np.isnan(risk).any(axis=0) for name, risk in risks.items()}
    by_day = [tuple(name for name in risks if stated[name][place]) for place in range(times.size)]
    for names in filter(None, dict.fromkeys(by_day)):  # no model knows a day past every fold's follow-up
        days = times[[own == names for own in by_day]]
        yield list(names), days, BY_DAY
    known = np.array([bool(names) for names in by_day])
    followed = np.flatnonzero(followed_to(y, times) & known)
    if followed.size:
        yield list(by_day[followed[-1]]), times[followed[-1:]], ("concordance",)
    for place in np.flatnonzero((times == CALIBRATION_DAY) & known):
        yield list(by_day[place]), times[[place]], CALIBRATION


def _is_constant(risk: np.ndarray) -> bool:
    """Whether every row has the same risk by each day."""
    return bool((np.ptp(risk, axis=0) < 1e-12).all())


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """The parts below each other; no row, and numbers as columns, where no model knows a risk by any day."""
    parts = [part for part in parts if len(part)] or parts[:1]
    if parts:
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame({name: pd.Series(dtype=float) for name in columns})
