"""Metrics of a comparison: of all out-of-fold risks together, with errors, and all differences on the same rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from ..models.inputs.outcome import Outcome
from ..models.metrics import MetricWarning, calibration_curve
from ..models.metrics.inputs import followed_to
from .combining import Combine, average_of_repeats
from .measured_rows import BOUNDS, CALIBRATION_DAY, CURVES, MeasuredRows
from .measures import FoldRisks

TABLE_DAYS = (365.0, 730.0)
DIFFERENCE = "difference_to_null"


@dataclass(frozen=True)
class PooledMetrics:
    """Metrics of all models on the tested rows.

    Attributes
    ----------
    table, differences : DataFrame
        As of :func:`~secondplan.evaluate_risks`, ``table`` with more columns by design; a day by which a model states
        no risk for some row is NaN for it.
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
    results: Mapping[str, Sequence[FoldRisks]],
    reference: str,
    outcome: Outcome,
    times: np.ndarray,
    families: np.ndarray,
    combine: Combine | None = None,
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
    families : ndarray of int, n rows of the cohort
    combine : callable, optional
        Makes one table and one of differences from those of each fold. By default folds are measured together, and
        the repeats of a design are averaged.
    """
    constant = [name for name, folds in results.items() if all(_is_constant(part.risk) for part in folds)]
    used = [name for name in results if name != reference or reference not in constant or len(results) == 1]
    first = next(iter(results.values()))
    together = (lambda part: part.fold) if combine else (lambda part: part.repeat)
    n_families = int(families.max()) + 1 if first[-1].repeat else 0
    measured = []
    for _, members in groupby(first, together):
        own = {part.fold for part in members}
        folds = {name: [part for part in results[name] if part.fold in own] for name in used}
        rows = np.concatenate([part.rows for part in folds[used[0]]])
        risks = {name: np.concatenate([part.risk for part in parts]) for name, parts in folds.items()}
        measured.append(MeasuredRows.of(risks, outcome.take(rows), times, families[rows], n_families=n_families))
    table, between = (combine or average_of_repeats)(measured)
    # One number per fold has no slope; the folds' numbers differ a little, but a regression on that would be noise.
    without = table["model"].isin([*constant, reference]) & (table["metric"] == "calibration_slope")
    table.loc[without, list(table.columns[3:])] = float("nan")
    models = tuple(results) if reference in results else (*results, reference)
    return PooledMetrics(table, between, models, reference)


def calibration_points(
    results: Mapping[str, Sequence[FoldRisks]], outcome: Outcome, times: np.ndarray, families: np.ndarray
) -> pd.DataFrame:
    """``Comparison.calibration``: the calibration curve of each model by each day, on the rows that were tested.

    Of the first repeat, where there are several.
    """
    points = []
    for name, folds in results.items():
        folds = [part for part in folds if part.repeat == 0]
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
        for metric in CURVES:
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


def _is_constant(risk: np.ndarray) -> bool:
    """Whether every row has the same risk by each day, as far as it has one."""
    return not (np.fmax.reduce(risk) - np.fmin.reduce(risk) >= 1e-12).any()
