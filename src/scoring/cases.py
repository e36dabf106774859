"""Cases to be scored, brought to the columns of a model, each row checked: it can be scored, or a code says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError
from ..models.estimator.design import special_columns
from ..models.features.columns import BOOLEAN, CATEGORICAL, NUMERIC
from .columns import booleans_of, frame_columns, levels_of, numbers_of, text_of
from .values import LONGEST_DAYS, is_impossible

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel
    from ..models.features.columns import Column
    from .horizons import Horizons

KEYS = ("child_id", "plan_id")
OPTIONAL = ("la_code", "eligible_days", "elapsed", "flags")
SPECIAL = "special"

REJECT_CODES = {
    "missing_key": "child_id or plan_id is missing",
    "duplicate_key": "the same authority, child and plan came before",
    "wrong_number_of_fields": "the line has more or fewer fields than the header",
    "not_utf8": "the line is not UTF-8 text",
    "not_json": "the line is no JSON object",
    "nul_character": "the line, or a key, holds a NUL character",
    "cell_without_value": "a cell of Excel holds an error, or a formula that was never calculated",
    "missing_value": "a feature is missing that the model cannot do without",
    "not_a_number": "a number is expected",
    "not_true_or_false": "true or false is expected",
    "out_of_range": "the number is infinite or absurd, or is one that the feature cannot have",
    "unseen_level": "the model was not fitted to this level",
    "bad_days": "eligible_days or elapsed is not a number of days, or more than a century",
    "no_score": "the model gives no number for these values",
}
FLAGS = {
    "already_eighteen": "the child is 18 on the day on which the case stands: no risk is stated",
    "past_horizon": "horizons counted from the plan's end are over on that day: those have no number",
    "past_follow_up": "a horizon is past the last follow-up in training: a parametric model alone states a number",
    "no_events_in_training": "training had no second plan in the last window: a risk of 0 says that, and no more",
    "eighteen_before_horizon": "the 18th birthday comes before the last horizon; the risk stops there",
    "no_interval": "the model keeps no interval for such a case, as a child could be told from it",
    "outside_training": "a number lies beyond those of nearly all children of training: the risk is an extrapolation",
    "imputed": "a missing number was replaced by the median of the training data",
    "unseen_level": "a level that training did not have counts as the reference level, or as all strata together",
}
CODES = list(REJECT_CODES)
BIT = {name: place for place, name in enumerate(FLAGS)}


@dataclass(frozen=True)
class Cases:
    """Rows to be scored as they came.

    Attributes
    ----------
    columns : dict of str to pyarrow.Array, n rows each
        Keys, features, ``eligible_days`` (missing: not known), ``elapsed`` and ``flags``; not checked yet.
    missing_features : tuple of str
        Features that the data of the cases cannot give.
    """

    columns: Mapping[str, pa.Array]
    missing_features: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[KEYS[0]])


@dataclass(frozen=True)
class CheckedCases:
    """Cases of which it is known whether they can be scored.

    Attributes
    ----------
    keys : dict of str to pyarrow.Array of str
        ``child_id, plan_id`` and, where known, ``la_code``.
    X : DataFrame, n rows
        The model's columns in its kinds; rows with a code hold anything.
    eligible_days, elapsed : ndarray of float, shape (n,)
    flags : Flags
    code, column : ndarray of int, shape (n,)
        Why the row cannot be scored, as a position in ``CODES``, and by which column, in ``names``; -1 where it can.
    names : list of str
    """

    keys: dict[str, pa.Array]
    X: pd.DataFrame
    eligible_days: np.ndarray
    elapsed: np.ndarray
    flags: Flags
    code: np.ndarray
    column: np.ndarray
    names: list[str]

    @property
    def is_valid(self) -> np.ndarray:
        """Whether each row can be scored, shape (n,)."""
        return self.code < 0

    def reject(self, rows: np.ndarray, code: str, column: str = "") -> None:
        """Give rows (a boolean mask) a code, where they have none."""
        new = rows & (self.code < 0)
        if new.any():
            if column not in self.names:
                self.names.append(column)
            self.code[new], self.column[new] = CODES.index(code), self.names.index(column)


class Flags:
    """What is to be known of rows: what came with them, and one bit for each of ``FLAGS``.

    Parameters
    ----------
    n_rows : int
    given : pyarrow.Array of str, optional
        Names joined by semicolons.
    """

    def __init__(self, n_rows: int, given: pa.Array | None = None):
        self.raised = np.zeros(n_rows, dtype=np.int64)
        self.given = given

    def raise_for(self, rows: np.ndarray, name: str) -> None:
        """Raise a flag for rows, a boolean mask."""
        self.raised |= rows.astype(np.int64) << BIT[name]

    def has(self, name: str) -> np.ndarray:
        """The rows with one of ``FLAGS``, shape (n,)."""
        return (self.raised >> BIT[name] & 1).astype(bool)

    def to_arrow(self) -> pa.Array:
        """All flags of each row, joined by semicolons; each distinct text is made once."""
        code, given = np.zeros(len(self.raised), dtype=np.int64), [""]
        if self.given is not None:
            distinct = pc.dictionary_encode(pc.fill_null(self.given.cast(pa.string()), ""))
            code, given = distinct.indices.to_numpy().astype(np.int64), distinct.dictionary.to_pylist()
        kinds, place = np.unique(code << len(FLAGS) | self.raised, return_inverse=True)
        texts = [
            ";".join([*filter(None, [given[kind >> len(FLAGS)]]), *(name for name in FLAGS if kind >> BIT[name] & 1)])
            for kind in kinds
        ]
        return pa.DictionaryArray.from_arrays(pa.array(place.ravel().astype(np.int32)), pa.array(texts, pa.string()))


def as_cases(cases: Any) -> Cases:
    """Open cases, a cohort, or a frame of prepared features with their keys.

    Parameters
    ----------
    cases : OpenCases, Cohort or DataFrame
        A frame has ``child_id``, ``plan_id``, the model's features, ``elapsed`` (days since the plan's end without
        event) and, where known, ``la_code``, ``eligible_days`` (days from that end to the 18th birthday) and ``flags``.

    Raises
    ------
    InputError
        It is none of these.
    """
    if isinstance(cases, pd.DataFrame):
        return Cases(frame_columns(cases))
    if not hasattr(cases, "X") or not hasattr(cases, "keys"):
        raise InputError(f"cases must be OpenCases, a Cohort or a DataFrame, not {type(cases).__name__}")
    keys = cases.keys[[name for name in (*KEYS, "la_code") if name in cases.keys.columns]]
    columns = frame_columns(cases.X) | frame_columns(keys)
    for name in ("eligible_days", "elapsed", "flags"):
        values = getattr(cases, name, None)
        if values is not None:
            columns |= frame_columns(pd.DataFrame({name: values}))
    return Cases(columns, tuple(getattr(cases, "missing_features", ())))


def key_columns(cases: Cases) -> dict[str, pa.Array]:
    """The keys as text: child and plan, and the authority where it is known; those that are there."""
    return {name: text_of(cases.columns[name], name) for name in (*KEYS, "la_code") if name in cases.columns}


def required_columns(model: IncidenceModel) -> dict[str, str]:
    """The columns that a model needs, and their kinds: numeric, boolean, categorical, or special (strata, offset)."""
    needed = {str(name): SPECIAL for name in _names(special_columns(model))}
    return needed | {name: column.kind for name, column in model.encoder_.columns_.items()}


def check_cases(model: IncidenceModel, cases: Cases, horizons: Horizons) -> CheckedCases:
    """Bring the columns to the model's kinds and find the rows that it cannot score.

    Parameters
    ----------
    model : IncidenceModel
        Fitted.
    cases : Cases
    horizons : Horizons

    Raises
    ------
    InputError
        A column is absent, or of a type that can never be the feature.
    """
    columns = cases.columns
    _require_columns(model, cases, horizons)
    n_rows = len(cases)
    keys = key_columns(cases)
    eligible, elapsed = np.full(n_rows, np.inf), np.zeros(n_rows)
    if "eligible_days" in columns:
        eligible = _days(columns["eligible_days"], "eligible_days", np.inf)
    if "elapsed" in columns:
        elapsed = _days(columns["elapsed"], "elapsed", np.nan if horizons.from_today else 0.0)
    flags = Flags(n_rows, columns.get("flags"))
    none = np.full(n_rows, -1)
    found = CheckedCases(keys, pd.DataFrame(), eligible, elapsed, flags, none, none.copy(), [""])
    found.reject(np.logical_or.reduce([_is_null(keys[name]) for name in KEYS]), "missing_key")
    for name in KEYS:
        found.reject(_has_nul(keys[name]), "nul_character", name)
    found.reject(np.isnan(eligible) | (np.isfinite(eligible) & (eligible > LONGEST_DAYS)), "bad_days", "eligible_days")
    found.reject(~(elapsed <= LONGEST_DAYS), "bad_days", "elapsed")
    _flag_days(found, horizons)
    features = {name: _special(columns[name], name, model, found) for name in _names(special_columns(model))}
    for name, column in model.encoder_.columns_.items():
        features[name] = _feature(columns[name], column, model, found)
    _check_strata(model, features, found)
    return replace(found, X=pd.DataFrame(features, index=pd.RangeIndex(n_rows)))


def _require_columns(model: IncidenceModel, cases: Cases, horizons: Horizons) -> None:
    absent = [name for name in KEYS if name not in cases.columns]
    if absent:
        raise InputError(f"the cases lack the column {', '.join(absent)}")
    if horizons.from_today and "elapsed" not in cases.columns:
        raise InputError(
            "the cases lack the column elapsed (days since the plan's end without a second plan), from which a risk on "
            'the day of scoring counts; origin="plan_end" counts from the plan\'s end'
        )
    absent = [name for name in required_columns(model) if name not in cases.columns]
    if absent and set(absent) <= set(cases.missing_features):
        raise InputError(
            f"the data cannot give features that the model was fitted on: {', '.join(absent)}; fit one without them: "
            "experiment run compare_models --plans with a store of such data"
        )
    if absent:
        raise InputError(f"the cases lack columns that the model needs: {', '.join(absent)}")


def _flag_days(found: CheckedCases, horizons: Horizons) -> None:
    with np.errstate(invalid="ignore"):
        days, is_adult = horizons.after_plan_end(found.elapsed), found.eligible_days <= found.elapsed
        found.flags.raise_for(is_adult, "already_eighteen")
        found.flags.raise_for(found.elapsed >= days[:, 0], "past_horizon")
        found.flags.raise_for((found.eligible_days < days[:, -1]) & ~is_adult, "eighteen_before_horizon")


def _feature(values: pa.Array, column: Column, model: IncidenceModel, found: CheckedCases) -> Any:
    rules = model.encoder_
    if column.kind == CATEGORICAL:
        return _category(values, column, rules, found)
    if column.kind == NUMERIC:
        numbers, bad, code = *numbers_of(values, column.name), "not_a_number"
        found.reject(is_impossible(numbers, column.name), "out_of_range", column.name)
        found.flags.raise_for(column.is_unusual(numbers), "outside_training")
    else:
        numbers, bad, code = *booleans_of(values, column.name), "not_true_or_false"
    found.reject(bad, code, column.name)
    missing = np.isnan(numbers) & ~bad
    if column.kind == BOOLEAN and not column.has_missing and rules.categorical_missing != "error":
        _unseen(missing, rules, column.name, found)
    elif (rules.categorical_missing if column.kind == BOOLEAN else rules.numeric_missing) == "error":
        found.reject(missing, "missing_value", column.name)
    elif column.kind == NUMERIC:
        found.flags.raise_for(missing, "imputed")
    return numbers


def _category(values: pa.Array, column: Column, rules: Any, found: CheckedCases) -> pd.Categorical:
    levels = levels_of(values, column.name, column.levels)
    missing, unseen = levels.codes < 0, levels.codes >= len(column.levels)
    if not column.has_missing and rules.categorical_missing == "error":
        found.reject(missing, "missing_value", column.name)
    elif not column.has_missing:
        unseen |= missing
    _unseen(unseen, rules, column.name, found)
    return levels


def _unseen(rows: np.ndarray, rules: Any, name: str, found: CheckedCases) -> None:
    if rules.unseen == "error":
        found.reject(rows, "unseen_level", name)
    else:
        found.flags.raise_for(rows, "unseen_level")


def _special(values: pa.Array, name: str, model: IncidenceModel, found: CheckedCases) -> Any:
    if name in special_columns(model).get("offset", []):
        numbers, bad = numbers_of(values, name)
        found.reject(bad, "not_a_number", name)
        found.reject(is_impossible(numbers, name), "out_of_range", name)
        found.reject(np.isnan(numbers) & ~bad, "missing_value", name)
        return numbers
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or pa.types.is_dictionary(values.type):
        text = levels_of(values, name, ()).astype(object)
        found.reject(pd.isna(text), "missing_value", name)
        return text
    plain = values.to_pandas()
    found.reject(plain.isna().to_numpy(), "missing_value", name)
    return plain


def _check_strata(model: IncidenceModel, columns: dict[str, Any], found: CheckedCases) -> None:
    """Rows whose stratum the model was not fitted to; a model that has none skips this."""
    named = special_columns(model).get("strata")
    labels = getattr(model, "strata_", None)
    if not named or not isinstance(labels, list):
        return
    from ..models.inputs.strata import match_strata

    values = pd.DataFrame({name: columns[name] for name in named})
    complete = values.notna().all(axis=1).to_numpy()
    unseen = np.zeros(len(values), dtype=bool)
    if complete.any():
        unseen[complete] = match_strata(values[complete].to_numpy(dtype=object), named, labels) < 0
    # A model may have a curve of all strata for those it has not seen.
    if getattr(model, "unseen", "error") == "error":
        found.reject(unseen, "unseen_level", named[0])
    else:
        found.flags.raise_for(unseen, "unseen_level")


def _days(values: pa.Array, name: str, missing: float) -> np.ndarray:
    """Days as float, ``missing`` where they are missing, NaN where they are not a number of days."""
    try:
        numbers, bad = numbers_of(values, name)
    except InputError:
        return np.full(len(values), np.nan)
    numbers = np.where(np.isnan(numbers) & ~bad, missing, numbers)
    return np.where(numbers < 0, np.nan, numbers)


def _has_nul(column: pa.Array) -> np.ndarray:
    """Rows with a NUL character, which neither databases nor Excel can hold."""
    return pc.fill_null(pc.match_substring(column, "\0"), False).to_numpy(zero_copy_only=False)


def _is_null(column: pa.Array) -> np.ndarray:
    return np.asarray(column.is_null().to_numpy(zero_copy_only=False), dtype=bool)


def _names(named: dict[str, list[str]]) -> list[str]:
    return [name for names in named.values() for name in names]
