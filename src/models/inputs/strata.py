"""Strata named by columns of the features: labels learnt at the fit, matched at prediction."""

import re
from typing import Any

import numpy as np
import pandas as pd


def learn_strata(values: Any, columns: list[str]) -> tuple[list[str], np.ndarray]:
    """Labels of the strata in the order of their values, and the code of each row.

    Parameters
    ----------
    values : DataFrame or ndarray, shape (n_rows, n_columns)
        Values of the columns that define the strata. Categories come in their own order, numbers by size, text sorted;
        the first column varies slowest.
    columns : list of str
        Their names.

    Returns
    -------
    labels : list of str
        ``"column=value"``, joined by a comma and a space.
    codes : ndarray of int, shape (n_rows,)
    """
    frame = pd.DataFrame(values)
    found, labels = pd.factorize(_labels(frame.to_numpy(), columns))
    first = np.unique(found, return_index=True)[1]
    ranks = [_rank(frame.iloc[first, position]) for position in range(frame.shape[1])]
    order = np.lexsort(ranks[::-1])
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return [str(label) for label in labels[order]], place[found].astype(np.int64)


def match_strata(values: np.ndarray, columns: list[str], labels: list[str]) -> np.ndarray:
    """Code of each row's stratum among ``labels``, shape (n_rows,); -1 where the model was not fitted to it."""
    return pd.Index(labels).get_indexer(pd.Index(_labels(values, columns))).astype(np.int64)


def values_of(label: str, columns: list[str]) -> dict[str, str]:
    """The values, as text, of the columns that a stratum's label names."""
    found = re.fullmatch(", ".join(f"{re.escape(column)}=(.*?)" for column in columns), label, re.DOTALL)
    return dict(zip(columns, found.groups(), strict=True)) if found else {}


def refuse_unseen(codes: np.ndarray, columns: list[str]) -> None:
    """Raise ValueError if a row's stratum was not seen at the fit."""
    n_unseen = int((codes < 0).sum())
    if n_unseen:
        raise ValueError(
            f"strata ({', '.join(columns)}): {n_unseen} rows are in a stratum that the model was not fitted to"
        )


def _labels(values: np.ndarray, columns: list[str]) -> np.ndarray:
    values = values.reshape(len(values), len(columns))
    names: Any = ""
    for position, column in enumerate(columns):
        codes, levels = pd.factorize(values[:, position])
        texts = np.array([f"{column}={_text(level)}" for level in levels], dtype=object)[codes]
        names = texts if position == 0 else names + ", " + texts
    return names


def _rank(column: pd.Series) -> np.ndarray:
    """Place of each value among the values of its column."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy()
    try:
        return pd.factorize(column, sort=True)[0]
    except TypeError:  # values that cannot be compared
        return pd.factorize(column.astype(str), sort=True)[0]


def _text(level: Any) -> str:
    """A level as text; 1, 1.0 and True of one column's different dtypes stay the same level."""
    if isinstance(level, bool | np.bool_):
        return str(int(level))
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))
    return str(level)
