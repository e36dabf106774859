"""Why a child's risk is what it is: by how much it would change if one feature had a typical value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..models.estimator.scored_rows import Change, Wanted
from ..models.features.columns import BOOLEAN
from .words import GROUPS, in_words, spoken_alike

if TYPE_CHECKING:
    from ..models.estimator.asked import Asked
    from ..models.estimator.base import IncidenceModel

N_REASONS = 3
# A twentieth of a percentage point: less is shown as 0.0 or 0.1 and means nothing to a reader.
SMALLEST_CHANGE = 0.0005
# Changes that differ by less are the same: rounding decides no order.
DIGITS = 12


def reasons(model: IncidenceModel, X: pd.DataFrame, asked: Asked, risk: np.ndarray, event: int) -> pa.DictionaryArray:
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
    asked : Asked
        The same rows, encoded; the last of their days counts.
    risk : ndarray, shape (n,)
        Risk by that day.
    event : int

    Returns
    -------
    DictionaryArray of str, 3 n
        First reasons, then second, then third ones: largest change first, whether it raises or lowers; empty, the first
        of the dictionary, where there is no further one of 0.05 points or more.
    """
    groups = feature_groups(list(model.encoder_.columns_))
    changes = [Change.to_typical(model.encoder_, columns) for columns in groups.values()]
    wanted = Wanted(N_REASONS, SMALLEST_CHANGE)
    moved = risk - model.risk_of_changed_rows(asked, risk, event, changes, wanted)
    chosen, size = _largest(moved)
    return _in_words(model, X, list(groups), chosen, size)


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


def _largest(moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the changes (n_groups, n) are each row's largest, and how large, shape (3, n); -1 for none."""
    size = np.nan_to_num(np.abs(np.round(moved, DIGITS)), nan=-1.0)
    rows = np.arange(moved.shape[1])
    chosen, changes = np.full((N_REASONS, rows.size), -1), np.zeros((N_REASONS, rows.size))
    for place in range(min(N_REASONS, len(moved))):
        # Ties go to the column that comes first, so that the order of rows and the size of a batch change nothing.
        largest = size.argmax(axis=0)
        change = moved[largest, rows]
        is_shown = np.abs(change) >= SMALLEST_CHANGE
        chosen[place], changes[place] = np.where(is_shown, largest, -1), np.where(is_shown, change, 0.0)
        size[largest, rows] = -1.0
    return chosen, changes


def _in_words(
    model: IncidenceModel, X: pd.DataFrame, names: list[str], chosen: np.ndarray, changes: np.ndarray
) -> pa.DictionaryArray:
    """Each distinct pair of words and points is written once."""
    words, word = [""], np.zeros(chosen.shape, dtype=np.int64)
    for number, name in enumerate(names):
        place = np.nonzero(chosen == number)
        if place[0].size:
            codes, spoken = _words_of(X[name].iloc[place[1]], name, model.encoder_.columns_[name].kind)
            word[place] = codes + len(words)
            words += spoken
    tenths = np.rint(np.abs(changes) * 1000.0).astype(np.int64)
    signed = 2 * tenths + (changes < 0)
    signed[chosen < 0] = 0
    most = int(signed.max(initial=0)) + 1
    # The first, which is no reason, is there in any case.
    code, distinct = pd.factorize(np.append(0, word * most + signed))
    of_word, of_points = distinct // most, distinct % most
    points = [f": {'+-'[number % 2]}{number // 2 // 10}.{number // 2 % 10} points" for number in range(most)]
    text = pc.binary_join_element_wise(pa.array(words).take(of_word), pa.array(points).take(of_points), "")
    text = pc.if_else(pa.array(of_word == 0), "", text)
    return pa.DictionaryArray.from_arrays(pa.array(code[1:].astype(np.int32)), text)


def _words_of(values: pd.Series, name: str, kind: str) -> tuple[np.ndarray, list[str]]:
    """Code of each value, and the words of each code; each distinct value is spoken once."""
    codes, distinct = pd.factorize(spoken_alike(name, values), use_na_sentinel=True)
    words = [in_words(name, bool(value) if kind == BOOLEAN else value) for value in distinct]
    return np.where(codes < 0, len(words), codes), [*words, in_words(name, None)]
