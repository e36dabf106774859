"""Measures of several repeats, or of several authorities, made one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from ..models.metrics.metric_bounds import holm_within, metric_bounds, normal_p_value
from ..models.metrics.metric_table import METRICS
from ..models.numerics.random_effects import random_effects
from .measured_rows import MeasuredRows

# Makes one table of measures, and one of differences, of those of the parts of a design.
Combine = Callable[[Sequence[MeasuredRows]], tuple[pd.DataFrame, pd.DataFrame]]

LEVEL = 0.95
KEY = ["model", "metric", "time"]
PAIR = ["model", "reference", "metric", "time"]
# A metric's scale: to it, back from it, and its slope.
Scale = tuple[
    Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]
]
SCALES: dict[str, Scale] = {
    "logit": (logit, expit, lambda value: 1.0 / (value * (1.0 - value))),
    "log": (np.log, np.exp, lambda value: 1.0 / value),
    "log of the rest": (
        lambda value: np.log(1.0 - value),
        lambda y: 1.0 - np.exp(y),
        lambda value: 1.0 / (value - 1.0),
    ),
    "identity": (lambda value: value, lambda value: value, np.ones_like),
}


def average_of_repeats(repeats: Sequence[MeasuredRows]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table and differences averaged over the repeats of a design, each of which tested every row once.

    Repeats test the same children, so the influence of each family is averaged too, and the error of the average does
    not shrink with their number as though they were new children. ``sd_between_repeats`` says what else the dealing of
    the folds would have given. A metric without influence function has no error.
    """
    if len(repeats) == 1:
        return repeats[0].table, repeats[0].differences
    sums = {
        key: np.mean([part.family_sums[key] for part in repeats], axis=0)
        for key in repeats[0].family_sums
        if all(key in part.family_sums for part in repeats)
    }
    by_key = pd.concat([part.table for part in repeats]).groupby(KEY, sort=False)["estimate"]
    # An estimate that one of the repeats cannot give has no average.
    table = by_key.agg(estimate=lambda values: values.mean(skipna=False)).reset_index()
    found = [sums.get(tuple(key)) for key in table[KEY].itertuples(index=False)]
    table["std_error"] = [float("nan") if own is None else float(np.sqrt(own @ own)) for own in found]
    bounds = [metric_bounds(row.estimate, row.std_error, LEVEL, _scale(row.metric)) for row in table.itertuples()]
    table[["lower", "upper"]] = np.array(bounds).reshape(-1, 2)
    table["sd_between_repeats"] = by_key.std().to_numpy()
    by_pair = pd.concat([part.differences for part in repeats]).groupby(PAIR, sort=False)["difference"]
    between = by_pair.agg(difference=lambda values: values.mean(skipna=False)).reset_index()
    errors = []
    for row in between.itertuples():
        one, other = (sums.get((name, row.metric, row.time)) for name in (row.model, row.reference))
        gap = None if one is None or other is None else one - other
        errors.append(float("nan") if gap is None else float(np.sqrt(gap @ gap)))
    between["std_error"] = errors
    bounds = [metric_bounds(row.difference, row.std_error, LEVEL, "identity") for row in between.itertuples()]
    between[["lower", "upper"]] = np.array(bounds).reshape(-1, 2)
    between["p_value"] = [normal_p_value(row.difference, row.std_error) for row in between.itertuples()]
    return table, between.assign(p_adjusted=holm_within(between["p_value"], between["metric"]))


def over_authorities(authorities: Sequence[MeasuredRows]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table and differences pooled by random effects over the authorities, on the scale of each metric.

    The table has ``tau2`` (on that scale), ``i2``, ``prediction_lower, prediction_upper`` (for a new authority) and
    ``n_authorities``. Where no authority's value has an error, as the AUC of the average risk, it is their mean.
    """
    pooled = [
        (*key, *_on_scale(rows, _scale(key[1])))
        for key, rows in pd.concat([part.table for part in authorities]).groupby(KEY, sort=False)
    ]
    columns = ["estimate", "std_error", "lower", "upper", "tau2", "i2", "prediction_lower", "prediction_upper"]
    table = pd.DataFrame(pooled, columns=[*KEY, *columns, "n_authorities"])
    records = []
    for key, rows in pd.concat([part.differences for part in authorities]).groupby(PAIR, sort=False):
        found = random_effects(rows["difference"].to_numpy(dtype=float), rows["std_error"].to_numpy(dtype=float) ** 2)
        records.append((*key, found.mean, found.std_error, found.lower, found.upper, found.p_value))
    between = pd.DataFrame(records, columns=[*PAIR, "difference", "std_error", "lower", "upper", "p_value"])
    return table, between.assign(p_adjusted=holm_within(between["p_value"], between["metric"]))


def _on_scale(rows: pd.DataFrame, scale: str) -> tuple[float, ...]:
    """One metric of all authorities, pooled on its scale and stated on its own."""
    to, back, slope = SCALES[scale]
    value, error = (rows[name].to_numpy(dtype=float) for name in ("estimate", "std_error"))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = random_effects(to(value), (error * slope(value)) ** 2)
    known = np.isfinite(value)
    if found.n == 0 and known.any():
        middle = float(value[known].mean())
        error_of_mean = 0.0 if (error[known] == 0).all() else float("nan")
        bounds = (middle, middle) if error_of_mean == 0 else (float("nan"), float("nan"))
        return middle, error_of_mean, *bounds, *[float("nan")] * 4, int(known.sum())
    mean = float(back(np.array(found.mean)))
    bounds = _back(back, found.lower, found.upper)
    error_of_mean = found.std_error / abs(float(slope(np.array(mean))))
    new_authority = _back(back, found.prediction_lower, found.prediction_upper)
    return mean, error_of_mean, *bounds, found.tau2, found.i2, *new_authority, found.n


def _back(back: Callable[[np.ndarray], np.ndarray], lower: float, upper: float) -> tuple[float, float]:
    """Bounds from a scale, in order: the logarithm of the rest turns them."""
    low, high = sorted(back(np.array([lower, upper])).tolist())
    return low, high


def _scale(metric: str) -> str:
    return METRICS[metric].scale if metric in METRICS else "identity"
