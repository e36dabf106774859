"""Cases to be scored, brought to the columns of a model, each row checked: it can be scored, or a code says why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import InputError
from ..models.features.columns import BOOLEAN, CATEGORICAL, NUMERIC
from .values import as_words, is_impossible, level_text, to_booleans, to_numbers

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
    "nul_character": "the line holds a NUL character",
    "missing_value": "a feature is missing that the model cannot do without",
    "not_a_number": "a number is expected",
    "not_true_or_false": "true or false is expected",
    "out_of_range": "the number is infinite, or is one that the feature cannot have",
    "unseen_level": "the model was not fitted to this level",
    "bad_days": "eligible_days or elapsed is not a number of days",
}
FLAGS = {
    "already_eighteen": "the child is 18 on the day on which the case stands: no risk is stated",
    "past_horizon": "horizons counted from the plan's end are over on that day: those have no number",
    "past_follow_up": "a horizon is past the last follow-up in training: a parametric model alone states a number",
    "no_events_in_training": "training had no second plan in the last window: a risk of 0 says that, and no more",
    "eighteen_before_horizon": "the 18th birthday comes before the last horizon; the risk stops there",
    "imputed": "a missing number was replaced by the median of the training data",
    "unseen_level": "a level that training did not have counts as the reference level, or as all strata together",
}


@dataclass(frozen=True)
class Cases:
    """Rows to be scored as they came, aligned by position.

    Attributes
    ----------
    keys : DataFrame, n rows
        ``child_id``, ``plan_id`` and, where known, ``la_code``, as text.
    X : DataFrame, n rows
        Features, not checked yet.
    eligible_days : Series, n rows
        Not checked yet; missing means not known.
    elapsed : Series, n rows, or None
        Not checked yet; None where the cases do not say.
    flags : ndarray of str, shape (n,)
        What is known of the cases, joined by semicolons.
    missing_features : tuple of str
        Features that the data of the cases cannot give.
    """

    keys: pd.DataFrame
    X: pd.DataFrame
    eligible_days: pd.Series
    elapsed: pd.Series | None
    flags: np.ndarray
    missing_features: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True)
class CheckedCases:
    """Cases of which it is known whether they can be scored.

    Attributes
    ----------
    keys : DataFrame, n rows
    X : DataFrame, n rows
        The model's columns in its kinds; rows with a code hold anything.
    eligible_days, elapsed : ndarray of float, shape (n,)
    flags : ndarray of str, shape (n,)
    code, column : ndarray of str, shape (n,)
        Why the row cannot be scored (``REJECT_CODES``) and by which column; empty where it can.
    """

    keys: pd.DataFrame
    X: pd.DataFrame
    eligible_days: np.ndarray
    elapsed: np.ndarray
    flags: np.ndarray
    code: np.ndarray
    column: np.ndarray

    @property
    def is_valid(self) -> np.ndarray:
        """Whether each row can be scored, shape (n,)."""
        return self.code == ""

    def flagged(self, rows: np.ndarray, name: str) -> CheckedCases:
        """The cases with one more flag where ``rows``, a boolean mask, says so."""
        return replace(self, flags=_joined(self.flags, {name: rows}, len(self.flags)))

    def take(self, rows: np.ndarray) -> CheckedCases:
        """The cases of ``rows``, a boolean mask."""
        return CheckedCases(
            self.keys[rows].reset_index(drop=True),
            self.X[rows].reset_index(drop=True),
            *(part[rows] for part in (self.eligible_days, self.elapsed, self.flags, self.code, self.column)),
        )


def as_cases(cases: Any) -> Cases:
    """Open cases, a cohort, or a frame of prepared features with their keys.

    Parameters
    ----------
    cases : OpenCases, Cohort or DataFrame
        A frame has ``child_id``, ``plan_id``, the model's features and, where known, ``la_code``, ``eligible_days``
        (days from the plan's end to the 18th birthday), ``elapsed`` (days since then without event) and ``flags``.

    Raises
    ------
    InputError
        Keys are absent, or it is none of these.
    """
    if isinstance(cases, pd.DataFrame):
        absent = [name for name in KEYS if name not in cases.columns]
        if absent:
            raise InputError(f"the cases lack the column {', '.join(absent)}")
        frame = cases.reset_index(drop=True)
        keys = frame[[name for name in (*KEYS, "la_code") if name in frame.columns]]
        eligible = frame.get("eligible_days", pd.Series(np.nan, index=frame.index))
        return Cases(_as_text(keys), frame, eligible, frame.get("elapsed"), _flags_of(frame.get("flags"), len(frame)))
    if not hasattr(cases, "X") or not hasattr(cases, "keys"):
        raise InputError(f"cases must be OpenCases, a Cohort or a DataFrame, not {type(cases).__name__}")
    keys = cases.keys[[name for name in (*KEYS, "la_code") if name in cases.keys.columns]].reset_index(drop=True)
    X = cases.X.reset_index(drop=True)
    elapsed = getattr(cases, "elapsed", None)
    elapsed = None if elapsed is None else elapsed.reset_index(drop=True)
    eligible = cases.eligible_days.reset_index(drop=True)
    flags = _flags_of(getattr(cases, "flags", None), len(X))
    return Cases(_as_text(keys), X, eligible, elapsed, flags, tuple(getattr(cases, "missing_features", ())))


def required_columns(model: IncidenceModel) -> dict[str, str]:
    """The columns that a model needs, and their kinds: numeric, boolean, categorical, or special (strata, offset)."""
    needed = {str(name): SPECIAL for parameter in special_columns(model) for name in special_columns(model)[parameter]}
    return needed | {name: column.kind for name, column in model.encoder_.columns_.items()}


def special_columns(model: IncidenceModel) -> dict[str, list[str]]:
    """Parameter -> the columns of ``X`` that it names."""
    found: dict[str, list[str]] = {}
    for parameter in type(model)._column_parameters:
        named = getattr(model, parameter)
        if named is not None:
            found[parameter] = [named] if isinstance(named, str) else list(named)
    return found


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
    if cases.elapsed is None and horizons.from_today:
        raise InputError(
            "the cases lack the column elapsed (days since the plan's end without a second plan), from which a risk on "
            'the day of scoring counts; origin="plan_end" counts from the plan\'s end'
        )
    absent = [name for name in required_columns(model) if name not in cases.X.columns]
    if absent and set(absent) <= set(cases.missing_features):
        raise InputError(
            f"the data cannot give features that the model was fitted on: {', '.join(absent)}; fit one without them: "
            "experiment run compare_models --plans with a store of such data"
        )
    if absent:
        raise InputError(f"the cases lack columns that the model needs: {', '.join(absent)}")
    found = _Findings(len(cases))
    found.reject(cases.keys[list(KEYS)].isna().any(axis=1).to_numpy(), "missing_key", "")
    eligible, elapsed = _days(cases.eligible_days, np.inf), np.zeros(len(cases))
    if cases.elapsed is not None:
        elapsed = _days(cases.elapsed, np.nan if horizons.from_today else 0.0)
    found.reject(np.isnan(eligible), "bad_days", "eligible_days")
    found.reject(~np.isfinite(elapsed), "bad_days", "elapsed")
    is_adult = eligible <= elapsed
    found.flag(is_adult, "already_eighteen")
    columns = {name: _special(cases.X[name], name, model, found) for name in _names(special_columns(model))}
    for name, column in model.encoder_.columns_.items():
        columns[name] = _feature(cases.X[name], column, model, found)
    _check_strata(model, columns, found)
    days = horizons.after_plan_end(elapsed)
    found.flag(elapsed >= days[:, 0], "past_horizon")
    found.flag((eligible < days[:, -1]) & ~is_adult, "eighteen_before_horizon")
    X = pd.DataFrame(columns, index=cases.keys.index)
    return CheckedCases(
        cases.keys, X, eligible, elapsed, _joined(cases.flags, found.flags, len(cases)), found.code, found.column
    )


class _Findings:
    """Codes (the first that is found stands) and flags of rows."""

    def __init__(self, n_rows: int):
        self.code = np.full(n_rows, "", dtype=object)
        self.column = np.full(n_rows, "", dtype=object)
        self.flags: dict[str, np.ndarray] = {}

    def reject(self, rows: np.ndarray, code: str, column: str) -> None:
        new = rows & (self.code == "")
        self.code[new], self.column[new] = code, column

    def flag(self, rows: np.ndarray, name: str) -> None:
        self.flags[name] = self.flags.get(name, np.zeros(len(rows), dtype=bool)) | rows


def _feature(values: pd.Series, column: Column, model: IncidenceModel, found: _Findings) -> Any:
    rules = model.encoder_
    if column.kind == CATEGORICAL:
        return _category(values, column, rules, found)
    words = as_words(values)
    if column.kind == NUMERIC:
        numbers, bad, code = *to_numbers(values, column.name, words), "not_a_number"
        found.reject(np.isinf(numbers) | is_impossible(numbers, column.name), "out_of_range", column.name)
    else:
        numbers, bad, code = *to_booleans(values, column.name, words), "not_true_or_false"
    found.reject(bad, code, column.name)
    missing = np.isnan(numbers) & ~bad
    if column.kind == BOOLEAN and not column.has_missing and rules.categorical_missing != "error":
        _unseen(missing, rules, column.name, found)
    elif (rules.categorical_missing if column.kind == BOOLEAN else rules.numeric_missing) == "error":
        found.reject(missing, "missing_value", column.name)
    elif column.kind == NUMERIC:
        found.flag(missing, "imputed")
    return numbers


def _category(values: pd.Series, column: Column, rules: Any, found: _Findings) -> pd.Series:
    text = level_text(values, set(column.levels))
    missing = text.isna().to_numpy()
    unseen = ~missing & ~text.isin(column.levels).to_numpy()
    if not column.has_missing and rules.categorical_missing == "error":
        found.reject(missing, "missing_value", column.name)
    elif not column.has_missing:
        unseen |= missing
    _unseen(unseen, rules, column.name, found)
    return text


def _unseen(rows: np.ndarray, rules: Any, name: str, found: _Findings) -> None:
    if rules.unseen == "error":
        found.reject(rows, "unseen_level", name)
    else:
        found.flag(rows, "unseen_level")


def _special(values: pd.Series, name: str, model: IncidenceModel, found: _Findings) -> Any:
    if name in special_columns(model).get("offset", []):
        numbers, bad = to_numbers(values, name, as_words(values))
        found.reject(bad, "not_a_number", name)
        found.reject(np.isnan(numbers) & ~bad, "missing_value", name)
        return numbers
    text = level_text(values, set()) if as_words(values) is not None else values
    found.reject(text.isna().to_numpy(), "missing_value", name)
    return text


def _check_strata(model: IncidenceModel, columns: dict[str, Any], found: _Findings) -> None:
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
        found.flag(unseen, "unseen_level")


def _days(values: pd.Series, missing: float) -> np.ndarray:
    """Days as float, ``missing`` where they are missing, NaN where they are not a number of days."""
    words = as_words(values)
    try:
        numbers, bad = to_numbers(values, str(values.name), words)
    except InputError:
        return np.full(len(values), np.nan)
    numbers = np.where(np.isnan(numbers) & ~bad, missing, numbers)
    return np.where(numbers < 0, np.nan, numbers)


def _as_text(keys: pd.DataFrame) -> pd.DataFrame:
    text = pd.DataFrame({name: level_text(keys[name], set()) for name in keys.columns}, index=keys.index)
    return text.mask(text.apply(lambda column: column.str.strip()) == "")


def _flags_of(flags: pd.Series | None, n_rows: int) -> np.ndarray:
    if flags is None:
        return np.full(n_rows, "", dtype=object)
    return flags.astype("string").fillna("").to_numpy(dtype=object)


def _joined(given: np.ndarray, raised: dict[str, np.ndarray], n_rows: int) -> np.ndarray:
    text = np.where(given == "", "", given + ";") if n_rows else given
    for name in FLAGS:
        if name in raised:
            text = np.where(raised[name], text + (name + ";"), text)
    return np.array([flags.rstrip(";") for flags in text], dtype=object)


def _names(named: dict[str, list[str]]) -> list[str]:
    return [name for names in named.values() for name in names]
