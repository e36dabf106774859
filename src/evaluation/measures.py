"""From out-of-fold risks to the tables of a comparison."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..models.inputs.outcome import BEFORE_DAY_0, Outcome
from ..models.metrics import (
    MetricWarning,
    brier_contributions,
    brier_score,
    calibration_curve,
    calibration_slope,
    concordance_index,
    index_of_prediction_accuracy,
    integrated_calibration_index,
    observed_expected_ratio,
    time_dependent_auc,
)
from ..models.metrics.brier import marginal_incidence
from ..models.metrics.calibration_estimate import Z_95, clustered_std_error, group_codes
from ..models.metrics.inputs import check_metric_inputs, followed_to

TABLE_DAYS = (365.0, 730.0)
CALIBRATION_DAY = 730.0


@dataclass(frozen=True)
class FoldRisks:
    """Risks that one model gave to the test rows of one fold.

    Attributes
    ----------
    fold : int
    rows : ndarray of int, shape (n,)
        Positions in the cohort.
    risk : ndarray, shape (n, n_times)
        NaN where the model states none, as past the last follow-up of its training rows.
    fit_seconds : float
    """

    fold: int
    rows: np.ndarray
    risk: np.ndarray
    fit_seconds: float


def unstated_rows(folds: Sequence[FoldRisks]) -> np.ndarray:
    """Number of test rows without a risk by each day, shape (n_times,)."""
    return np.sum([np.isnan(part.risk).sum(axis=0) for part in folds], axis=0)


def of_stated_days(folds: Sequence[FoldRisks]) -> list[FoldRisks]:
    """The folds without the days for which the model states no risk for some row: every measure is of all rows."""
    unstated = unstated_rows(folds) > 0
    return [replace(part, risk=np.where(unstated, np.nan, part.risk)) for part in folds]


def fold_table(results: Mapping[str, Sequence[FoldRisks]], outcome: Outcome, times: np.ndarray) -> pd.DataFrame:
    """``Comparison.by_fold``: a row for each model and fold."""
    records = []
    for name, folds in results.items():
        for part in folds:
            kept = usable(outcome, part.rows)
            y, risk = outcome.take(part.rows[kept]), part.risk[kept]
            record = {
                "model": name,
                "fold": part.fold,
                "n": len(y),
                "n_events": int(np.sum(y.event == 1)),
                "fit_seconds": part.fit_seconds,
            }
            records.append(record | fold_measures(y, risk, times))
    return pd.DataFrame(records)


def fold_measures(y: Outcome, risk: np.ndarray, times: np.ndarray) -> dict[str, float]:
    """Concordance at the longest time followed; Brier, IPA and AUC at each time, NaN where it cannot be estimated."""
    followed = followed_to(y, times)
    supported = followed & _is_stated(risk)
    columns = {name: np.full(times.size, np.nan) for name in ("brier", "ipa", "auc", "null_brier")}
    c_index = float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MetricWarning)  # said once, for all folds, by whoever compares
        if supported.any():
            columns["brier"][supported] = brier_score(y, risk[:, supported], times[supported])
            columns["ipa"][supported] = index_of_prediction_accuracy(y, risk[:, supported], times[supported])
            columns["auc"][supported] = time_dependent_auc(y, risk[:, supported], times[supported])
            columns["null_brier"][supported] = null_brier(y, times[supported])
        if supported[followed][-1:].any():
            longest = int(np.flatnonzero(followed)[-1])
            c_index = concordance_index(y, risk[:, longest], horizon=float(times[longest]))
    named = {f"{name}_{day:g}": values[k] for name, values in columns.items() for k, day in enumerate(times)}
    return {"c_index": c_index} | named


def curves_table(by_fold: pd.DataFrame, times: np.ndarray) -> pd.DataFrame:
    """``Comparison.curves``: averages over the folds, weighted by their rows.

    The index of prediction accuracy is that of the two averages of Brier scores, of the same rows: the mean of the
    folds' indices would leave out those in which nobody has the event yet.
    """
    records = []
    for name, folds in by_fold.groupby("model", sort=False):
        for day in times:
            brier, auc, null = (
                average(folds[f"{measure}_{day:g}"], folds["n"]) for measure in ("brier", "auc", "null_brier")
            )
            ipa = 1.0 - brier / null if null > 0 else float("nan")
            records.append({"model": name, "day": day, "brier": brier, "auc": auc, "ipa": ipa})
    return pd.DataFrame(records, columns=["model", "day", "brier", "auc", "ipa"])


def calibration_tables(
    results: Mapping[str, Sequence[FoldRisks]], outcome: Outcome, times: np.ndarray, cluster: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``Comparison.calibration``, and the calibration columns of the table by model, on pooled out-of-fold risks."""
    families = group_codes(cluster, len(outcome))
    points, summaries = [], {}
    for name, folds in results.items():
        rows, risk = _pooled(folds, outcome)
        y = outcome.take(rows)
        supported = followed_to(y, times) & _is_stated(risk)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MetricWarning)
            for k in np.flatnonzero(supported):
                curve = calibration_curve(y, risk[:, k], float(times[k]), cluster=families[rows]).to_frame()
                points.append(curve.assign(model=name, day=times[k]))
            at = np.flatnonzero((times == CALIBRATION_DAY) & supported)
            # One number per fold has no slope; the folds' numbers differ a little, but a regression would be noise.
            constant = all(np.ptp(part.risk[:, at]) < 1e-12 for part in folds) if at.size else True
            summaries[name] = _calibration_summary(y, risk[:, at], families[rows], constant=constant)
    columns = ["model", "day", "bin", "predicted", "observed", "lower", "upper", "n", "n_events"]
    table = pd.concat(points, ignore_index=True)[columns] if points else pd.DataFrame(columns=columns)
    return table, pd.DataFrame.from_dict(summaries, orient="index")


def differences_table(
    results: Mapping[str, Sequence[FoldRisks]], reference: str, outcome: Outcome, times: np.ndarray, cluster: Any
) -> pd.DataFrame:
    """``Comparison.differences``: Brier score of each model minus the reference's, on the same rows."""
    columns = ["model", "day", "brier_difference", "std_error", "lower", "upper"]
    if reference not in results:
        return pd.DataFrame(columns=columns)
    families = group_codes(cluster, len(outcome))
    errors = {name: _contributions(folds, outcome, times) for name, folds in results.items()}
    records = []
    for name in results:
        if name == reference:
            continue
        for k, day in enumerate(times):
            difference = errors[name][:, k] - errors[reference][:, k]
            known = ~np.isnan(difference)
            estimate, error = float("nan"), float("nan")
            if known.any():
                estimate = float(difference[known].mean())
                error = clustered_std_error(difference[known], families[known])
            records.append((name, day, estimate, error, estimate - Z_95 * error, estimate + Z_95 * error))
    return pd.DataFrame(records, columns=columns)


def summary_table(by_fold: pd.DataFrame, curves: pd.DataFrame, calibration: pd.DataFrame) -> pd.DataFrame:
    """``Comparison.table``, lowest Brier score at 730 days first."""
    at = curves.set_index(["day", "model"])
    folds = by_fold.groupby("model", sort=False)
    table = pd.DataFrame(
        {
            "brier_365": at.loc[365.0, "brier"],
            "brier_730": at.loc[730.0, "brier"],
            "ipa_730": at.loc[730.0, "ipa"],
            "auc_365": at.loc[365.0, "auc"],
            "auc_730": at.loc[730.0, "auc"],
            "ici_730": calibration["ici_730"],
            "c_index": pd.Series({name: average(part["c_index"], part["n"]) for name, part in folds}),
            "calibration_slope_730": calibration["calibration_slope_730"],
            "observed_expected_730": calibration["observed_expected_730"],
            "fit_seconds": folds["fit_seconds"].mean(),
        }
    )
    table = table.join(calibration[[name for name in calibration if name not in table]])
    table.index.name = "model"
    return table.sort_values(["brier_730", "brier_365"], kind="stable", na_position="last")


def predictions_table(results: Mapping[str, Sequence[FoldRisks]], times: np.ndarray) -> pd.DataFrame:
    """``Comparison.predictions``: ``model, fold, row, risk_<day>``."""
    names = [f"risk_{day:g}" for day in times]
    parts = [
        pd.DataFrame(part.risk, columns=names).assign(model=name, fold=part.fold, row=part.rows)
        for name, folds in results.items()
        for part in folds
    ]
    return pd.concat(parts, ignore_index=True)[["model", "fold", "row", *names]]


def null_brier(y: Outcome, times: np.ndarray) -> np.ndarray:
    """Brier score of everybody's average risk, the Aalen-Johansen incidence of these rows, shape (n_times,)."""
    nobody = np.zeros((len(y), times.size))
    return brier_score(y, nobody + marginal_incidence(check_metric_inputs(y, nobody, times), 1), times)


def _is_stated(risk: np.ndarray) -> np.ndarray:
    """Whether every row has a risk by each day, shape (n_times,)."""
    return ~np.isnan(risk).any(axis=0)


def usable(outcome: Outcome, rows: np.ndarray) -> np.ndarray:
    """Positions within ``rows`` of those observed from day 0, which are the ones that a metric can use."""
    return np.flatnonzero(outcome.entry[rows] == BEFORE_DAY_0)


def average(values: pd.Series, weight: pd.Series) -> float:
    """Mean weighted by the rows of each fold, over the folds that have the measure; NaN where none has."""
    known = values.notna()
    return float(np.average(values[known], weights=weight[known])) if known.any() else float("nan")


def _pooled(folds: Sequence[FoldRisks], outcome: Outcome) -> tuple[np.ndarray, np.ndarray]:
    rows = np.concatenate([part.rows for part in folds])
    risk = np.concatenate([part.risk for part in folds])
    kept = usable(outcome, rows)
    return rows[kept], risk[kept]


def _contributions(folds: Sequence[FoldRisks], outcome: Outcome, times: np.ndarray) -> np.ndarray:
    """What each row adds to its fold's Brier score, shape (n, n_times); NaN for rows that no fold tests."""
    errors = np.full((len(outcome), times.size), np.nan)
    for part in folds:
        kept = usable(outcome, part.rows)
        rows = part.rows[kept]
        y = outcome.take(rows)
        supported = followed_to(y, times) & _is_stated(part.risk)
        errors[np.ix_(rows, supported)] = brier_contributions(y, part.risk[kept][:, supported], times[supported])
    return errors


def _calibration_summary(y: Outcome, risk: np.ndarray, families: np.ndarray, *, constant: bool) -> dict[str, float]:
    """Calibration columns for one model; ``risk`` (n, 1), or (n, 0) where the day is past the last follow-up.

    There is no slope where the risk is ``constant`` in each fold.
    """
    nan = float("nan")
    names = ["ici_730", "calibration_slope_730", "observed_expected_730"]
    names += ["calibration_slope_730_se", "calibration_slope_730_lower", "calibration_slope_730_upper"]
    names += ["observed_expected_730_lower", "observed_expected_730_upper"]
    if risk.shape[1] == 0:
        return dict.fromkeys(names, nan)
    day = CALIBRATION_DAY
    ratio = observed_expected_ratio(y, risk[:, 0], day, cluster=families)
    slope = None if constant else calibration_slope(y, risk[:, 0], day, cluster=families)
    values = [
        integrated_calibration_index(y, risk[:, 0], day),
        nan if slope is None else slope.estimate,
        ratio.estimate,
        *((nan, nan, nan) if slope is None else (slope.std_error, slope.lower, slope.upper)),
        ratio.lower,
        ratio.upper,
    ]
    return dict(zip(names, values, strict=True))
