"""Strata named by columns of the features: labels learnt at the fit, matched at prediction."""

from typing import Any

import numpy as np
import pandas as pd


def learn_strata(values: np.ndarray, columns: list[str]) -> tuple[list[str], np.ndarray]:
    """Labels of the strata, sorted, and the code of each row.

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_columns)
        Values of the columns that define the strata.
    columns : list of str
        Their names.

    Returns
    -------
    labels : list of str
        ``"column=value"``, joined by a comma and a space.
    codes : ndarray of int, shape (n_rows,)
    """
    names = _labels(values, columns)
    codes, labels = pd.factorize(names, sort=True)
    return [str(label) for label in labels], codes.astype(np.int64)


def match_strata(values: np.ndarray, columns: list[str], labels: list[str]) -> np.ndarray:
    """Code of each row's stratum among ``labels``, shape (n_rows,); -1 where the model was not fitted to it."""
    return pd.Index(labels).get_indexer(pd.Index(_labels(values, columns))).astype(np.int64)


def refuse_unseen(codes: np.ndarray, columns: list[str]) -> None:
    """Raise ValueError if a row's stratum was not seen at the fit."""
    n_unseen = int((codes < 0).sum())
    if n_unseen:
        raise ValueError(
            f"strata ({', '.join(columns)}): {n_unseen} rows are in a stratum that the model was not fitted to"
        )


def _labels(values: np.ndarray, columns: list[str]) -> np.ndarray:
    values = values.reshape(len(values), -1)
    names: Any = ""
    for position, column in enumerate(columns):
        codes, levels = pd.factorize(values[:, position])
        texts = np.array([f"{column}={_text(level)}" for level in levels], dtype=object)[codes]
        names = texts if position == 0 else names + ", " + texts
    return names


def _text(level: Any) -> str:
    """A level as text; 1, 1.0 and True of one column's different dtypes stay the same level."""
    if isinstance(level, bool | np.bool_):
        return str(int(level))
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))
    return str(level)
