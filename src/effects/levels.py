"""Levels of a treatment: values, functions of the row or shifts, and the columns that follow from plan length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..models.features.encoder import as_frame
from ..parameter_checks import shown
from ..plans.features.plan import LENGTH_FEATURES
from ..plans.features.reviews import REVIEW_FEATURES
from ..plans.features.workers import WORKER_FEATURES

# Features of a cohort that would be others had the plan been longer: they describe its end, or what happened in it.
FOLLOW_FROM_LENGTH = (
    *LENGTH_FEATURES,
    *("age_at_end", "season_of_end", "latest_category", "category_changed", "n_siblings_on_plan"),
    *REVIEW_FEATURES,
    *WORKER_FEATURES,
)
ELIGIBLE = "eligible_days"


@dataclass(frozen=True)
class ShiftBy:
    """Every row's own value of the treatment and so much more, no less than ``lowest`` and no more than ``highest``.

    Attributes
    ----------
    by : float
        Negative: less.
    lowest, highest : float

    Examples
    --------
    >>> import pandas as pd
    >>> ShiftBy(-91, lowest=30).of(pd.Series([60.0, 200.0])).tolist()
    [30.0, 109.0]
    """

    by: float
    lowest: float = -np.inf
    highest: float = np.inf

    def of(self, values: pd.Series) -> pd.Series:
        """The shifted values."""
        return (values.astype(float) + self.by).clip(self.lowest, self.highest)


@dataclass(frozen=True)
class LevelRows:
    """The same n rows with each level of the treatment.

    Attributes
    ----------
    names : tuple of str
    frames : list of DataFrame
    eligible_days : list of ndarray of shape (n,), or None
    values : list
        What was asked: a value, a function or a shift.
    """

    names: tuple[str, ...]
    frames: list[pd.DataFrame]
    eligible_days: list[np.ndarray | None]
    values: list[Any]


def rows_by_level(
    X: Any,
    treatment: str,
    levels: Any,
    *,
    used: list[str],
    recompute: Mapping[str, Callable[..., Any]] | None,
    hold: Any,
    eligible_days: Any,
) -> LevelRows:
    """The rows with each level, and with what follows from it.

    Parameters
    ----------
    X : DataFrame or ndarray, n rows
    treatment : str
    levels : list of values, or dict of name to value, function of the frame, or :class:`ShiftBy`
    used : list of str
        Columns that the model uses.
    recompute : dict of str to callable, optional
        Column (or ``eligible_days``), and the function of the frame with the level and the frame as it is.
    hold : list of str, optional
        Columns that follow from plan length and stay as they are.
    eligible_days : float or array, shape (n,), optional

    Raises
    ------
    ValueError
        A column that follows from plan length is neither recomputed nor held, or a name is not known.
    """
    frame = as_frame(X)
    for column in (treatment, *(recompute or {}), *(hold or ())):
        if column not in frame.columns and column != ELIGIBLE:
            raise ValueError(f"{shown(column)} is no column of X")
    given = dict(levels) if isinstance(levels, Mapping) else {_name(value): value for value in _listed(levels)}
    if not given:
        raise ValueError(
            "levels must be a list of values, or a dict of names to values, functions or ShiftBy; got none"
        )
    if treatment in LENGTH_FEATURES:
        stated = {treatment, *(recompute or {}), *(hold or ())}
        left = [name for name in FOLLOW_FROM_LENGTH if name in used and name not in stated]
        if left:
            raise ValueError(
                f"columns of the model that would differ had {treatment} been another: {', '.join(left)}; say for each "
                "how it follows, recompute={name: function(new, old)}, or that it stays as it is, hold=[...]"
            )
    own = None if eligible_days is None else np.broadcast_to(np.asarray(eligible_days, dtype=float), len(frame))
    if recompute and ELIGIBLE in recompute and own is None:
        raise ValueError("recompute names eligible_days, which were not given")
    frames, days = [], []
    for value in given.values():
        new = frame.assign(**{treatment: _values(value, frame, treatment)})
        moved = own
        for column, function in (recompute or {}).items():
            if column == ELIGIBLE:
                old = frame.assign(**{ELIGIBLE: own})
                moved = np.maximum(np.asarray(function(new.assign(**{ELIGIBLE: own}), old), dtype=float), 0.0)
            else:
                new = new.assign(**{column: function(new, frame)})
        frames.append(new)
        days.append(moved)
    return LevelRows(tuple(map(str, given)), frames, days, list(given.values()))


def joined_levels(column: pd.Series, joined: Mapping[str, Sequence[str]], name: str) -> pd.Series:
    """An ordered column in which neighbouring categories count as one; the others stay as they are.

    Parameters
    ----------
    column : Series of ordered category
    joined : mapping of str to list of str
        What categories are called together, and which they are.
    name : str
        What ``joined`` is called in errors.

    Raises
    ------
    ValueError
        A name is no category, stands twice, or categories between those joined are left out; or a new name is that of
        a category that stays.

    Examples
    --------
    >>> import pandas as pd
    >>> column = pd.Series(pd.Categorical(["a", "b", "c"], ordered=True))
    >>> joined_levels(column, {"a or b": ["a", "b"]}, "bands").tolist()
    ['a or b', 'a or b', 'c']
    """
    before = list(column.cat.categories)
    called = {str(level): str(level) for level in before}
    if not isinstance(joined, Mapping):
        raise ValueError(f"{name} must be a dict of new names, each with a list of bands; got {shown(joined)}")
    taken: set[str] = set()
    for new, levels in joined.items():
        if isinstance(levels, str) or not levels:
            raise ValueError(f"{name}: {shown(new)} must be a list of bands, such as {before[:2]}; got {shown(levels)}")
        for level in levels:
            if level not in before:
                raise ValueError(f"{name}: {shown(level)} is no band; these are: {', '.join(map(str, before))}")
            if level in taken:
                raise ValueError(f"{name}: {level} is joined twice")
            taken.add(level)
            called[level] = str(new)
        if str(new) in before and list(levels) != [new]:
            raise ValueError(f"{name}: {new} is the name of one band, and cannot be that of others")
    order = list(called.values())
    after = list(dict.fromkeys(order))
    if [level for level in after for _ in range(order.count(level))] != order:
        raise ValueError(
            f"{name}: only bands that follow each other can be joined, under a name that no other band has"
        )
    return column.map(called).astype(pd.CategoricalDtype(after, ordered=True))


def _values(value: Any, frame: pd.DataFrame, treatment: str) -> Any:
    """The treatment's values in the rows at one level, of the column's own type."""
    column = frame[treatment]
    if isinstance(value, ShiftBy):
        return value.of(column)
    if callable(value):
        return value(frame)
    if isinstance(column.dtype, pd.CategoricalDtype):
        if value not in column.cat.categories:
            raise ValueError(f"levels: {shown(value)} is no category of {treatment}")
        return pd.Categorical([value] * len(frame), dtype=column.dtype)
    return pd.Series(value, index=frame.index, dtype=object).astype(
        float if pd.api.types.is_integer_dtype(column.dtype) and isinstance(value, float) else column.dtype
    )


def _listed(levels: Any) -> list[Any]:
    if isinstance(levels, str | bytes) or (np.ndim(levels) != 1 and not isinstance(levels, list | tuple)):
        raise ValueError(
            f"levels must be a list of values, or a dict of names to values, functions or ShiftBy; got {shown(levels)}"
        )
    return list(levels)


def _name(value: Any) -> str:
    """A level in words."""
    if isinstance(value, ShiftBy):
        return f"{value.by:+g}"
    if callable(value):
        raise ValueError("a level that is a function needs a name: levels={name: function}")
    plain = value.item() if isinstance(value, np.generic) else value
    return f"{plain:g}" if isinstance(plain, float) else str(plain)
