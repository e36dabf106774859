"""Labels: of rows, which must stand in one order; of groups or strata, as codes in order of the labels."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from .strata import learn_strata


def refuse_other_order(**given: Any) -> None:
    """Rows are matched by position: the same labels in another order say that this is not what was meant.

    Parameters
    ----------
    **given
        Whatever has a row for each row, by name; only frames and columns of pandas have labels. Labels that are not
        unique, or not the same, say nothing.

    Raises
    ------
    ValueError
        Two of them hold the same labels in another order; the message names both.

    Examples
    --------
    >>> days = pd.Series([30, 400])
    >>> refuse_other_order(duration=days, event=days.iloc[::-1])
    Traceback (most recent call last):
        ...
    ValueError: the index of event has the labels of duration in another order: take event.loc[duration.index]
    """
    labelled = [(name, value.index) for name, value in given.items() if isinstance(value, pd.DataFrame | pd.Series)]
    for (first, index), (other, its) in combinations(labelled, 2):
        if index is its or len(index) != len(its) or index.equals(its) or not (index.is_unique and its.is_unique):
            continue
        if index.isin(its).all():
            raise ValueError(
                f"the index of {other} has the labels of {first} in another order: take {other}.loc[{first}.index]"
            )


def label_codes(labels: Any, n_rows: int, name: str) -> tuple[list[Any], np.ndarray]:
    """Distinct labels in order, and the code of each row, shape (n_rows,).

    Parameters
    ----------
    labels : array, shape (n_rows,), or DataFrame
        Categories come in their own order, other values sorted. Of a DataFrame each combination of the columns' values
        is one label, ``"column=value, column=value"``.
    n_rows : int
    name : str
        What the labels are, for messages.

    Raises
    ------
    ValueError
        Another number of labels, or a missing one.
    """
    values = labels if isinstance(labels, pd.DataFrame) else pd.Series(labels)
    if len(values) != n_rows:
        raise ValueError(f"{name} has {len(values)} values, expected {n_rows}")
    missing = values.isna().any(axis=1) if isinstance(values, pd.DataFrame) else values.isna()
    if missing.any():
        raise ValueError(f"{name}: missing in {int(missing.sum())} of {n_rows} rows")
    if isinstance(values, pd.DataFrame):
        return learn_strata(values, list(values.columns))
    if isinstance(values.dtype, pd.CategoricalDtype):
        used = values.cat.remove_unused_categories().cat
        return list(used.categories), used.codes.to_numpy().astype(np.int64)
    codes, found = pd.factorize(values)
    try:
        order = np.argsort(np.asarray(found), kind="stable")
    except TypeError:  # numbers and text together have no order of their own
        order = np.argsort(np.asarray([str(label) for label in found]), kind="stable")
    place = np.empty(len(found), dtype=np.int64)
    place[order] = np.arange(len(found))
    return [_plain(found[position]) for position in order], place[codes]


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
