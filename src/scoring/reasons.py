"""Why a child's risk is what it is: by how much it would change if one feature had a typical value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..models.features.columns import BOOLEAN, CATEGORICAL
from .words import GROUPS, in_words

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

N_REASONS = 3
# A twentieth of a percentage point: less is shown as 0.0 or 0.1 and means nothing to a reader.
SMALLEST_CHANGE = 0.0005


def reasons(
    model: IncidenceModel,
    X: pd.DataFrame,
    risk: np.ndarray,
    *,
    days: np.ndarray,
    eligible_days: np.ndarray,
    elapsed: np.ndarray,
) -> np.ndarray:
    r"""The features that move a risk most, in plain words with the size of the change.

    For a feature (or a group that states one fact) :math:`j` the change is :math:`F_1(d \mid x) - F_1(d \mid x_{j
    \to r_j})`, with :math:`r_j` the typical value in training: ``plan length 62 days: +3.1 points`` says that the risk
    is 3.1 percentage points higher than with a typical plan length and everything else as it is. Where features
    interact the changes do not add up to the whole difference; :func:`~secondplan.explain_risk` has shares that do, at
    hundreds of times the work. They describe the model, not causes.

    Parameters
    ----------
    model : IncidenceModel
        Fitted.
    X : DataFrame, n rows
        The model's columns, in its kinds.
    risk : ndarray, shape (n,)
        Risk of event 1 by each row's day.
    days : ndarray, shape (n, 1)
        After the plan's end.
    eligible_days, elapsed : ndarray, shape (n,)

    Returns
    -------
    ndarray of str, shape (n, 3)
        Largest change first, whether it raises or lowers; empty where there is no further one of 0.05 points or more.
    """
    groups = feature_groups(list(model.encoder_.columns_))
    changes = np.zeros((len(X), len(groups)))
    for position, columns in enumerate(groups.values()):
        typical, differs = _typical_rows(model, X, columns)
        if differs.any():
            rows = {"eligible_days": eligible_days[differs], "elapsed": elapsed[differs]}
            other = model.predict_cumulative_incidence(typical, days[differs], **rows)[:, 0]
            changes[differs, position] = risk[differs] - other
    return _largest(X, changes, list(groups), [model.encoder_.columns_[name].kind for name in groups])


def feature_groups(columns: list[str]) -> dict[str, list[str]]:
    """Name of the column that speaks for each group -> the group's columns; a column without a group is its own."""
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    for members in GROUPS.values():
        present = [name for name in members if name in columns]
        if present:
            found[present[0]] = present
            taken.update(present)
    return found | {name: [name] for name in columns if name not in taken}


def _typical_rows(model: IncidenceModel, X: pd.DataFrame, columns: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows in which a group is not typical already, with it made typical; and which rows they are."""
    differs = np.zeros(len(X), dtype=bool)
    for name in columns:
        differs |= _is_other(X[name], model.encoder_.reference_[name])
    if model.encoder_.groups_ and not any(model.encoder_.groups_[name] for name in columns):
        differs[:] = False
    rows = X[differs].copy()
    for name in columns:
        value = model.encoder_.reference_[name]
        if value is not None:
            is_text = model.encoder_.columns_[name].kind == CATEGORICAL
            rows[name] = pd.Series([value] * len(rows), index=rows.index, dtype="string") if is_text else float(value)
    return rows, differs


def _is_other(values: pd.Series, typical: float | bool | str | None) -> np.ndarray:
    if typical is None:
        return np.zeros(len(values), dtype=bool)
    return ~(values == typical).fillna(False).to_numpy(dtype=bool)


def _largest(X: pd.DataFrame, changes: np.ndarray, names: list[str], kinds: list[str]) -> np.ndarray:
    text = np.full((len(X), N_REASONS), "", dtype=object)
    if not names or not len(X):
        return text
    # Ties go to the column that comes first, so that the order of rows and the size of a batch change nothing.
    order = np.argsort(-np.abs(np.round(changes, 12)), axis=1, kind="stable")[:, :N_REASONS]
    spoken = {name: _words_of(X[name], name, kind) for name, kind in zip(names, kinds, strict=True)}
    for place in range(order.shape[1]):
        chosen = order[:, place]
        size = changes[np.arange(len(X)), chosen]
        for position in np.unique(chosen):
            rows = (chosen == position) & (np.abs(size) >= SMALLEST_CHANGE)
            points = [f": {100 * change:+.1f} points" for change in size[rows]]
            text[rows, place] = spoken[names[position]][rows] + np.array(points, dtype=object)
    return text


def _words_of(values: pd.Series, name: str, kind: str) -> np.ndarray:
    """Each value in words, each distinct value once."""
    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    spoken = [bool(value) if kind == BOOLEAN else value for value in distinct]
    words = [*(in_words(name, value) for value in spoken), in_words(name, None)]
    return np.array(words, dtype=object)[codes]
