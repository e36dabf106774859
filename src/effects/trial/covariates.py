"""What was known at the start of each plan and at each review, and as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...models.features.natural_spline import place_knots, spline_basis
from ...parameter_checks import shown
from ...plans.features import FEATURES, case_features
from ...plans.snapshot import Snapshot
from .decisions import Decisions
from .people import People

PLACE = "la_code"
PREVIOUS_PROGRESS = "previous_progress"
# Time is in every model of the weights by itself, and the bands of length say no more.
OF_TIME = ("plan_length_days", "plan_length_band", "n_reviews", "season_of_end")
# What may change from one review to the next; all else is as it was at the start of the plan, but for age.
TIME_VARYING = (
    "latest_category",
    "category_changed",
    "n_late_reviews",
    "share_reviews_not_quorate",
    "share_reviews_absent_agencies",
    "latest_progress",
    PREVIOUS_PROGRESS,
    "n_worker_changes",
    "share_agency_worker",
    "n_siblings_on_plan",
)
SPLINE_DF = 3
MANY_VALUES = 12
# Columns that hardly vary say nothing: the share of lines that a level needs.
RAREST = 1e-4


@dataclass(frozen=True)
class Columns:
    """Covariates as numbers.

    Attributes
    ----------
    numbers : ndarray, shape (n_records, p)
        Standardised over the reviews.
    names : tuple of str
        Of the columns: ``sex=2``; ``factor_neglect`` of a boolean that is true.
    covariate : tuple of str
        To which covariate each column belongs.
    place : ndarray of int, shape (n_records,)
        Code of the authority; 0 where there is one only.
    """

    numbers: np.ndarray
    names: tuple[str, ...]
    covariate: tuple[str, ...]
    place: np.ndarray


def known_at(people: People, decisions: Decisions, snapshot: Snapshot, period_of_plan: pd.DataFrame) -> pd.DataFrame:
    """Covariates of each record (a start or a review), known on its day and nothing later.

    The latest category has no date: it is taken as known from the second review on, the first category before.
    """
    lines = np.unique(decisions.record, return_index=True)[1]
    person, day, number = decisions.person[lines], decisions.day[lines], decisions.number[lines]
    rows = people.rows.iloc[person].reset_index(drop=True)
    date = rows["start_date"] + pd.to_timedelta(day, unit="D")
    latest = rows["latest_category"].where(pd.Series(number > 1), rows["initial_category"])
    asked = rows.assign(index_end=date.astype("datetime64[us]"), latest_category=latest)
    known, _ = case_features(asked, snapshot, period_of_plan)
    known = known.drop(columns=[name for name in OF_TIME if name in known])
    if "latest_progress" in known:
        before = known["latest_progress"].shift().where(pd.Series(number > 0))
        known[PREVIOUS_PROGRESS] = before.astype(known["latest_progress"].dtype)
    return known


def check_covariates(known: pd.DataFrame, covariates: Sequence[str] | None) -> list[str]:
    """The covariates of the weights: all that are known, or those that were asked for.

    Raises
    ------
    ValueError
        One is not among those known.
    """
    if covariates is None:
        return list(known.columns)
    if isinstance(covariates, str):
        raise ValueError(f"covariates must be a list of names, got {shown(covariates)}")
    wrong = [name for name in covariates if name not in known.columns]
    if wrong:
        gone = [name for name in wrong if name in (*FEATURES, PREVIOUS_PROGRESS)]
        reason = "the data do not hold it, or time stands for it" if gone else "no covariate has this name"
        raise ValueError(f"covariates: {shown(wrong[0])}: {reason}; known are {', '.join(known.columns)}")
    return list(covariates)


def as_columns(known: pd.DataFrame, is_review: np.ndarray) -> Columns:
    """Covariates as numbers: splines of numbers with many values, indicators of levels and of what is missing."""
    parts, names, covariate = [], [], []
    for name in known.columns:
        if name == PLACE:
            continue
        for label, values in _parts(known[name], is_review):
            parts.append(values)
            names.append(name + label)
            covariate.append(name)
    values = np.column_stack(parts) if parts else np.zeros((len(known), 0))
    of = values[is_review] if is_review.any() else values
    mean, sd = of.mean(axis=0), of.std(axis=0)
    place = pd.factorize(known[PLACE], sort=True)[0] if PLACE in known else np.zeros(len(known), dtype=np.int64)
    values -= mean
    values /= np.where(sd > 0, sd, 1.0)
    return Columns(values, tuple(names), tuple(covariate), place)


def time_columns(values: np.ndarray, name: str) -> tuple[list[np.ndarray], list[str]]:
    """A natural spline of a time (n,), standardised; linear where there are few different values."""
    found = [(label, part) for label, part in _numeric(values.astype(float), np.ones(values.size, dtype=bool))]
    return [_standardised(part) for _, part in found], [name + label for label, _ in found]


def _standardised(values: np.ndarray) -> np.ndarray:
    sd = values.std()
    return (values - values.mean()) / (sd if sd > 0 else 1.0)


def _parts(column: pd.Series, is_review: np.ndarray) -> list[tuple[str, np.ndarray]]:
    if pd.api.types.is_float_dtype(column.dtype) or pd.api.types.is_integer_dtype(column.dtype):
        return _numeric(column.to_numpy(dtype=float, na_value=np.nan), is_review)
    codes, levels = pd.factorize(column, sort=True)
    labels = [*(f"={level}" for level in levels), "=missing"]
    codes = np.where(codes < 0, len(levels), codes)
    of = codes[is_review] if is_review.any() else codes
    share = np.bincount(of, minlength=len(labels)) / max(of.size, 1)
    reference = int(share.argmax())
    if pd.api.types.is_bool_dtype(column.dtype):
        # Of what is so, whatever the shares: a difference of what is not so is read the wrong way round.
        reference = labels.index("=False") if "=False" in labels and share[0] > RAREST else reference
        labels = ["" if label == "=True" else label for label in labels]
    wanted = [place for place in np.flatnonzero(share > RAREST) if place != reference]
    return [(labels[place], (codes == place).astype(float)) for place in wanted]


def _numeric(values: np.ndarray, is_review: np.ndarray) -> list[tuple[str, np.ndarray]]:
    missing = np.isnan(values)
    of = values[is_review & ~missing]
    if not of.size:
        return []
    filled = np.where(missing, of.mean(), values)
    parts = [("", filled)]
    if np.unique(of).size > MANY_VALUES:
        quantiles = np.quantile(of, np.linspace(0.0, 1.0, SPLINE_DF + 1))
        if np.all(np.diff(quantiles) > 0):
            basis = spline_basis(filled, place_knots(of, SPLINE_DF))
            parts = [(f" (spline {place + 1})", basis[:, place]) for place in range(SPLINE_DF)]
    if missing[is_review].mean() > RAREST:
        parts.append((" missing", missing.astype(float)))
    return parts
