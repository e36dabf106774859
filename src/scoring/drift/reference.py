"""What a model's training cohort looked like, in aggregates of at least ten children."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...errors import BundleError, InputError
from ...models.monitoring.distribution_shift import BinnedSample, binned_sample
from ..cases import required_columns
from ..values import as_words, level_text, to_booleans, to_numbers

if TYPE_CHECKING:
    from ...models.estimator.base import IncidenceModel
    from ...models.features.columns import Column
    from ...plans.cohort import Cohort

MOST_BINS = 10
LEAST_CHILDREN = 10
OTHERS = "other levels"
RISK = "predicted risk"
NUMBERS_OF_A_SAMPLE = ("likeness", "rank_likeness", "design_effect", "rank_design_effect", "cluster_size")


@dataclass(frozen=True)
class ColumnProfile:
    """A feature, or the predicted risk, of the training cohort in bins.

    Attributes
    ----------
    name, kind : str
        The kind is ``numeric``, ``boolean`` or ``categorical``.
    edges : tuple of float
        Of a number: a value falls into the bin after the last edge below it.
    levels : tuple of str
        Of a category: the level of each bin; ``other levels`` holds those of fewer than ten children.
    sample : BinnedSample
        Counts of at least ten children, or 0. The last bin is that of missing values; with one to nine of them they
        are counted in the largest bin.
    """

    name: str
    kind: str
    edges: tuple[float, ...]
    levels: tuple[str, ...]
    sample: BinnedSample

    def bins(self, values: Any) -> np.ndarray:
        """The bin of each value, shape (n,)."""
        return _bins(values, self.kind, self.edges, self.levels, self.name)


@dataclass(frozen=True)
class TrainingProfile:
    """Aggregates of the cohort that a model was fitted on, kept with the model so that drift can be told.

    No row can be told from it: bins hold at least ten children, and neither the lowest nor the highest value is kept.

    Attributes
    ----------
    n_rows, n_second_plans : int
    as_of : str
        The day up to which anything was known of the cohort, ISO.
    care : str
        How the cohort was built; new plans must be taken the same way.
    columns : tuple of ColumnProfile
        The features of the model, then the predicted risk at its horizon.
    """

    n_rows: int
    n_second_plans: int
    as_of: str
    care: str
    columns: tuple[ColumnProfile, ...]

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        tree = asdict(self)
        for column in tree["columns"]:
            sample = column["sample"]
            sample["counts"] = [int(count) for count in sample["counts"]]
            for name, value in sample.items():
                if isinstance(value, float) and np.isnan(value):
                    sample[name] = None
        return tree

    @classmethod
    def from_plain(cls, tree: Any) -> TrainingProfile:
        """What :meth:`to_plain` gave; BundleError where it is something else."""
        try:
            columns = tuple(_column_from(column) for column in tree["columns"])
            return cls(int(tree["n_rows"]), int(tree["n_second_plans"]), str(tree["as_of"]), str(tree["care"]), columns)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BundleError("the training profile does not describe a cohort") from None

    def __repr__(self) -> str:
        """Counts only."""
        return f"TrainingProfile({len(self.columns)} columns of {self.n_rows} children, as of {self.as_of})"


def training_profile(model: IncidenceModel, cohort: Cohort, *, keep: bool = False) -> TrainingProfile:
    """Describe the cohort that ``model`` was fitted on, for :func:`~secondplan.monitor`.

    Parameters
    ----------
    model : IncidenceModel
        Fitted.
    cohort : Cohort
        The one it was fitted on.
    keep : bool
        Keep it with the model, so that it is saved with it. Experiments do.

    Returns
    -------
    TrainingProfile

    Raises
    ------
    InputError
        The cohort lacks a feature of the model.

    Examples
    --------
    >>> from secondplan import CoxPH, FeatureEncoder, build_cohort, simulate
    >>> cohort = build_cohort(simulate(n_children=400))
    >>> model = CoxPH(encoder=FeatureEncoder(columns=["age_at_end"])).fit(cohort.X, cohort.y)
    >>> [column.name for column in training_profile(model, cohort, keep=True).columns]
    ['age_at_end', 'predicted risk']
    """
    check_is_fitted(model)
    features = features_of(model, cohort)
    cluster = pd.factorize(cohort.cluster)[0]
    period = pd.factorize(cohort.keys["index_end"].dt.to_period("M"))[0]
    columns = [_learn(features[name], column, cluster, period) for name, column in model.encoder_.columns_.items()]
    risk = _risk(model, features, cohort.eligible_days)
    if np.isfinite(risk).all():
        columns.append(_profile(RISK, "numeric", risk, (), cluster, period))
    second_plans = int((cohort.y["event"] == 1).sum())
    profile = TrainingProfile(len(cohort), second_plans, f"{cohort.as_of:%Y-%m-%d}", cohort.care, tuple(columns))
    if keep:
        model.training_profile_ = profile.to_plain()
    return profile


def features_of(model: IncidenceModel, cohort: Cohort) -> pd.DataFrame:
    """The columns that a fitted model needs, of a cohort that may have others.

    Raises
    ------
    InputError
        The cohort lacks one.
    """
    needed = list(required_columns(model))
    absent = [name for name in needed if name not in cohort.X]
    if absent:
        raise InputError(f"the plans cannot give features that the model was fitted on: {', '.join(absent)}")
    return cohort.X[needed]


def _risk(model: IncidenceModel, features: pd.DataFrame, eligible_days: pd.Series) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what is said of a prediction was said, or will be, to who asks
        risk = model.predict_cumulative_incidence(features, [model.horizon], eligible_days=eligible_days)
    return risk[:, 0]


def _learn(values: pd.Series, column: Column, cluster: np.ndarray, period: np.ndarray) -> ColumnProfile:
    return _profile(column.name, column.kind, values, column.levels, cluster, period)


def _profile(
    name: str, kind: str, values: Any, levels: tuple[str, ...], cluster: np.ndarray, period: np.ndarray
) -> ColumnProfile:
    edges: tuple[float, ...] = ()
    if kind == "numeric":
        edges = _edges(_numbers(values, name))
        levels = ()
    elif kind == "boolean":
        levels = ("true", "false")
    else:
        levels = _common(level_text(values, set(levels)), levels)
    bins = _bins(values, kind, edges, levels, name)
    n_bins = (len(edges) + 1 if kind == "numeric" else len(levels)) + 1
    bins = _without_small(bins, n_bins)
    sample = binned_sample(bins, n_bins, is_ordered=kind == "numeric", has_missing=True, cluster=cluster, period=period)
    return ColumnProfile(name, kind, edges, levels, sample)


def _edges(numbers: np.ndarray) -> tuple[float, ...]:
    """Cut points between bins of about equal numbers of children, at least ten each."""
    present = np.sort(numbers[np.isfinite(numbers)])
    n_bins = min(MOST_BINS, present.size // (2 * LEAST_CHILDREN))
    if n_bins < 2:
        return ()
    cuts = np.unique(np.quantile(present, np.arange(1, n_bins) / n_bins, method="lower"))
    kept: list[float] = []
    below = 0
    for cut in cuts:
        upto = int(np.searchsorted(present, cut, side="right"))
        if upto - below >= LEAST_CHILDREN and present.size - upto >= LEAST_CHILDREN:
            kept.append(float(cut))
            below = upto
    return tuple(kept)


def _common(text: pd.Series, levels: tuple[str, ...]) -> tuple[str, ...]:
    """Levels of at least ten children, and a bin for the others, which holds as many or joins the smallest."""
    counts = text.value_counts()
    common = sorted(
        (level for level in levels if counts.get(level, 0) >= LEAST_CHILDREN), key=lambda name: -counts[name]
    )
    rare = int(counts.sum() - counts.reindex(common).sum())
    while common and 0 < rare < LEAST_CHILDREN:
        rare += int(counts[common.pop()])
    return (*common, OTHERS)


def _bins(values: Any, kind: str, edges: tuple[float, ...], levels: tuple[str, ...], name: str) -> np.ndarray:
    """The bin of each value; the last is that of missing ones."""
    if kind == "numeric":
        numbers = _numbers(values, name)
        return np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="left"))
    if kind == "boolean":
        flags, _ = to_booleans(values, name, as_words(values))
        return np.where(np.isnan(flags), 2, np.where(flags == 1.0, 0, 1))
    text = level_text(values, set(levels))
    codes = pd.Index(list(levels)).get_indexer(text)
    return np.where(text.isna(), len(levels), np.where(codes < 0, levels.index(OTHERS), codes))


def _numbers(values: Any, name: str) -> np.ndarray:
    if isinstance(values, np.ndarray):
        return values.astype(float)
    return to_numbers(values, name, as_words(values))[0]


def _without_small(bins: np.ndarray, n_bins: int) -> np.ndarray:
    """Rows of bins with one to nine children, as those of missing values may be, are counted in the largest."""
    counts = np.bincount(bins, minlength=n_bins)
    small = np.flatnonzero((counts > 0) & (counts < LEAST_CHILDREN))
    return np.where(np.isin(bins, small), int(counts.argmax()), bins)


def _column_from(tree: Mapping[str, Any]) -> ColumnProfile:
    given = tree["sample"]
    counts = np.array(given["counts"], dtype=np.int64)
    if set(given) != {field.name for field in fields(BinnedSample)} or (counts < 0).any():
        raise ValueError("not a sample")
    numbers = [float("nan") if given[name] is None else float(given[name]) for name in NUMBERS_OF_A_SAMPLE]
    sample = BinnedSample(counts, bool(given["is_ordered"]), bool(given["has_missing"]), *numbers)
    edges, levels = tuple(map(float, tree["edges"])), tuple(map(str, tree["levels"]))
    if counts.size != (len(edges) + 1 if tree["kind"] == "numeric" else len(levels)) + 1:
        raise ValueError("counts and bins differ")
    return ColumnProfile(str(tree["name"]), str(tree["kind"]), edges, levels, sample)
