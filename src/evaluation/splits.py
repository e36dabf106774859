"""Folds that keep families together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator

from ..models.inputs.labels import refuse_other_order


class FamilyKFold(BaseCrossValidator):
    """Folds that never part a family, alike in number of rows and of events.

    Families are shuffled, then dealt out from the largest down, each to the fold that is shortest of what it brings:
    rows and events of each kind.

    Parameters
    ----------
    n_splits : int
    n_repeats : int
        So many times the families are dealt out anew, and every row is tested.
    random_state : int
        The same number and the same rows give the same folds, whatever the families are called.

    Examples
    --------
    >>> folds = FamilyKFold(2).split(range(4), [1, 0, 0, 1], groups=["a", "a", "b", "b"])
    >>> [test.tolist() for _, test in folds]
    [[0, 1], [2, 3]]
    """

    # sklearn's way to say that split needs groups, so that metadata routing passes them.
    __metadata_request__split: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(self, n_splits: int = 5, n_repeats: int = 1, random_state: int = 0):
        self.n_splits = n_splits
        self.n_repeats = n_repeats
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """The number of folds, of all repeats; ``X``, ``y`` and ``groups`` do not matter (see :meth:`split`)."""
        return self.n_splits * self.n_repeats

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the training and test positions of each fold, of one repeat after the other.

        Parameters
        ----------
        X : array or DataFrame, n rows
        y : DataFrame with a column ``event``, or array of shape (n,), optional
            Codes by which the folds are balanced.
        groups : array, shape (n,)
            The family of each row, as ``Cohort.cluster``.

        Raises
        ------
        ValueError
            ``groups`` is absent or has missing values, or there are fewer families than folds.
        """
        refuse_other_order(X=X, y=y, groups=groups)
        for repeat in range(max(self.n_repeats, 1)):  # the next line refuses fewer
            fold = self.fold_of_rows(len(X), y, groups, repeat)
            for k in range(self.n_splits):
                yield np.flatnonzero(fold != k), np.flatnonzero(fold == k)

    def fold_of_rows(self, n_rows: int, y: Any, groups: Any, repeat: int = 0) -> np.ndarray:
        """The fold of each of ``n_rows`` rows, 0 to ``n_splits`` - 1, with ``y`` and ``groups`` as of :meth:`split`."""
        for name, least in (("n_splits", 2), ("n_repeats", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if groups is None:
            raise ValueError("FamilyKFold needs groups: the family of each row, as Cohort.cluster")
        family = pd.factorize(pd.Series(np.asarray(groups)))[0]
        if family.size != n_rows:
            raise ValueError(f"groups has {family.size} values, X has {n_rows} rows")
        if np.any(family < 0):
            raise ValueError(f"groups: missing in {int(np.sum(family < 0))} of {n_rows} rows")
        n_families = int(family.max()) + 1 if n_rows else 0
        if n_families < self.n_splits:
            raise ValueError(f"there are {n_families} families, fewer than the {self.n_splits} folds")
        counts = _counts_by_family(family, n_families, n_rows, y)
        rng = np.random.default_rng([self.random_state, repeat] if repeat else self.random_state)
        return _deal(counts, self.n_splits, rng)[family]


def families_in_both(train: np.ndarray, test: np.ndarray, family: Any) -> int:
    """How many families have a row among the ``train`` and a row among the ``test`` positions."""
    codes = pd.factorize(pd.Series(np.asarray(family)))[0]
    return int(np.intersect1d(codes[train], codes[test]).size)


def _counts_by_family(family: np.ndarray, n_families: int, n_rows: int, y: Any) -> np.ndarray:
    """Rows of each family, then its rows with each event code above 0, shape (n_families, 1 + n_codes)."""
    size = np.bincount(family, minlength=n_families)
    if y is None:
        return size[:, None]
    events = np.asarray(y["event"] if isinstance(y, pd.DataFrame) else y)
    if events.shape != (n_rows,):
        raise ValueError(f"y has shape {events.shape}, expected ({n_rows},) or a DataFrame with a column event")
    codes = [code for code in np.unique(events) if code != 0]
    return np.column_stack([size, *(np.bincount(family[events == code], minlength=n_families) for code in codes)])


def _deal(counts: np.ndarray, n_splits: int, rng: np.random.Generator) -> np.ndarray:
    """The fold of each family, shape (n_families,); ``counts`` (n_families, 1 + n_codes) as of _counts_by_family.

    The next family goes where it adds least to the sum of squared shares of rows and of each event that the folds hold.
    """
    shuffled = rng.permutation(len(counts))
    order = shuffled[np.lexsort(-counts[shuffled].T[::-1])]
    shares = counts / counts.sum(axis=0)
    held = np.zeros((n_splits, counts.shape[1]))
    fold = np.empty(len(counts), dtype=np.int64)
    for family in order:
        fold[family] = best = int((held @ shares[family]).argmin())
        held[best] += shares[family]
    return fold
