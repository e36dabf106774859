"""From a frame of mixed columns to the design matrix of a model, with nothing silent and a state that is plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from ...parameter_checks import require_choice
from .columns import LARGEST_NUMBER, Column, Rules, encode_column, learn_column, learn_plain_columns

_CHOICES = {
    "numeric_missing": ("error", "median"),
    "categorical_missing": ("error", "level"),
    "unseen": ("error", "reference"),
}


class FeatureEncoder(TransformerMixin, BaseEstimator):
    """Design matrix of numbers, booleans and categories, as a regression needs it.

    Numbers enter as they are, under their own name and on their own scale; booleans as 0 and 1; categories (text,
    ``category``, other objects) as indicators ``column[level]`` against the first level, in category order where the
    categories are ordered by their dtype, else sorted. Only levels that occur in training count. Constant columns,
    and interactions that are constant, are kept out of the design and named in ``dropped_``.

    Parameters
    ----------
    numeric_missing : {"error", "median"}
        What to do with a missing number: refuse it, or put the training median and, if numbers were missing in
        training, add the indicator ``column[missing]``.
    categorical_missing : {"error", "level"}
        The same for categories and booleans: refuse, or add the indicator ``column[missing]``. A missing value in a
        column that missed none in training counts as an unseen level.
    unseen : {"error", "reference"}
        What to do with a level that training did not have: refuse it, or count it as the reference level.
    splines : dict of str to int, optional
        Degrees of freedom of a natural cubic spline for a numeric column: ``{"age_at_end": 4}`` (as R's ``ns``).
    interactions : list of (str, str), optional
        Pairs of columns whose features are multiplied, beside their main effects: features ``a:b``.
    columns : list of str, optional
        The columns that are features, all by default. New data may hold others, which are ignored.
    drop : list of str, optional
        Columns that are no features; new data need not have them.
    max_levels : int
        A categorical column with more levels is refused (so is one with another level in every row): it is probably an
        identifier, and levels are kept in a saved model.

    Attributes
    ----------
    feature_names_in_ : ndarray of str, shape (n_columns,)
        Columns that new data must have.
    n_features_in_ : int
        Number of columns that training had.
    groups_ : dict of str to list of int
        Positions in the design of each column's features, its interactions included.
    reference_ : dict of str to float, bool, str or None
        A typical value of each column: its median (beyond 100,000 rows, the median of evenly spaced rows) or its most
        frequent level; None where most are missing.
    dropped_ : list of str
        Columns without a feature, and features that were constant in training.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [1.0, 7.0, 3.0], "sex": ["F", "M", "F"]})
    >>> FeatureEncoder().fit_transform(frame)
       age  sex[M]
    0  1.0     0.0
    1  7.0     1.0
    2  3.0     0.0
    """

    def __init__(
        self,
        *,
        numeric_missing: str = "error",
        categorical_missing: str = "error",
        unseen: str = "error",
        splines: Mapping[str, int] | None = None,
        interactions: Sequence[tuple[str, str]] | None = None,
        columns: Sequence[str] | None = None,
        drop: Sequence[str] | None = None,
        max_levels: int = 256,
    ):
        self.numeric_missing = numeric_missing
        self.categorical_missing = categorical_missing
        self.unseen = unseen
        self.splines = splines
        self.interactions = interactions
        self.columns = columns
        self.drop = drop
        self.max_levels = max_levels

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn levels, medians and knots.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
            The columns of an array are named x0, x1, ...
        y : ignored

        Raises
        ------
        ValueError
            Missing, infinite or unusable values, or options that name columns that ``X`` does not have. The message
            names the column and the number of rows, never a value.
        """
        self._fit(as_frame(X))
        return self

    def _fit(self, frame: pd.DataFrame, array: np.ndarray | None = None) -> np.ndarray | None:
        """Fit to a frame, made of ``array`` if that is given; its design where that is the frame as it is."""
        self._check_options(frame)
        names = [name for name in self._chosen(frame) if name not in (self.drop or ())]
        kept = frame if names == list(frame.columns) else frame[names]
        self.n_features_in_ = frame.shape[1]
        matrix = None if self.splines else _finite_matrix(kept if array is None or kept is not frame else array)
        self.columns_ = self._learn(kept, matrix)
        self._set_products([])
        if self.interactions:
            design = self._encode(kept)
            position = {name: place for place, name in enumerate(self._names)}
            found = [
                (position[left], position[right])
                for first, second in self.interactions
                for left, right in product(self.columns_[first].feature_names, self.columns_[second].feature_names)
            ]
            self._set_products([(i, j) for i, j in found if np.ptp(design[:, i] * design[:, j]) > 0])
            kept_names = set(self._names)
            constant = (f"{self._names[i]}:{self._names[j]}" for i, j in found)
            self.dropped_ += [name for name in constant if name not in kept_names]
        is_plain = all(column.is_plain for column in self.columns_.values()) and not self._products
        return matrix if is_plain else None

    def fit_copy(self, X: Any) -> FeatureEncoder:
        """A clone fitted to ``X``; this encoder stays as it is."""
        return clone(self).fit(X)

    def fit_design(self, X: Any) -> np.ndarray:
        """:meth:`fit`, and what :meth:`design` gives for ``X``."""
        frame = as_frame(X)
        design = self._fit(frame, X if type(X) is np.ndarray else None)
        return self.design(frame) if design is None else design

    def transform(self, X: Any) -> pd.DataFrame:
        """Features of new rows as a DataFrame with the index of ``X``; see :meth:`design`."""
        frame = as_frame(X)
        return pd.DataFrame(self.design(frame), columns=self.get_feature_names_out(), index=frame.index)

    def design(self, X: Any) -> np.ndarray:
        """Features of new rows.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
            The columns of training, in any order.

        Returns
        -------
        ndarray of float, shape (n_rows, n_features)
            Contiguous by row. It may share memory with ``X``: read it, do not write to it.

        Raises
        ------
        ValueError
            A column is absent, unknown or of another kind than in training, or holds values that may not enter.
        """
        check_is_fitted(self)
        frame = self._select(as_frame(X))
        return self.with_products(self._encode(frame))

    def typical_features(self, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Positions among the main effects of some columns' features, and their values where the columns are typical.

        Columns of which "missing" is typical are left out.
        """
        positions: list[int] = []
        values: list[float] = []
        for name in names:
            column, own = self.columns_[name], [place for place in self.groups_[name] if place < self.n_main]
            if own and column.typical is not None:
                typical = column.typical if isinstance(column.typical, str) else float(column.typical)
                positions += own
                values += [float(feature[0]) for feature in encode_column(column, pd.Series([typical]), self._rules)]
        return np.array(positions, dtype=np.int64), np.array(values)

    @property
    def n_main(self) -> int:
        """Number of features before the products of interactions."""
        return len(self._names) - len(self._products)

    def with_products(self, main: np.ndarray) -> np.ndarray:
        """Main effects (n_rows, n_main) with the products of interactions beside them, as in :meth:`design`."""
        if not self._products:
            return main
        return np.column_stack([main, *(main[:, left] * main[:, right] for left, right in self._products)])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the features, shape (n_features,); ``input_features`` is ignored, as pipelines pass it."""
        check_is_fitted(self)
        return np.asarray(self._names, dtype=object)

    def state(self) -> dict[str, Any]:
        """What was learnt, as plain data for JSON; levels, medians and knots, no rows."""
        check_is_fitted(self)
        return {
            "columns": [column.to_state() for column in self.columns_.values()],
            "products": [list(pair) for pair in self._products],
            "dropped": list(self.dropped_),
            "n_features_in": self.n_features_in_,
        }

    def from_state(self, state: Mapping[str, Any]) -> Self:
        """Take over what :meth:`state` described; the encoder is fitted then."""
        learnt = [Column.from_state(column) for column in state["columns"]]
        self.columns_ = {column.name: column for column in learnt}
        self.n_features_in_ = int(state["n_features_in"])
        self._set_products([(int(left), int(right)) for left, right in state["products"]])
        self.dropped_ = list(state["dropped"])
        return self

    def _check_options(self, frame: pd.DataFrame) -> None:
        for option, choices in _CHOICES.items():
            require_choice(option, getattr(self, option), choices)
        if any(isinstance(named, str) for named in (self.columns, self.drop, *(self.interactions or ()))):
            raise ValueError(
                "columns and drop must be lists of columns and interactions a list of pairs of columns; got a name "
                "where a list belongs"
            )
        columns = set(frame.columns)
        named = {"columns": set(self.columns or ()), "drop": set(self.drop or ())}
        columns_left = set(self._chosen(frame)) - named["drop"]
        named["splines"] = set(self.splines or ())
        named["interactions"] = {name for pair in self.interactions or () for name in pair}
        for option, names in named.items():
            absent = names - (columns if option in ("columns", "drop") else columns_left)
            if absent:
                raise ValueError(f"{option} names columns that X does not have: {', '.join(sorted(map(str, absent)))}")

    def _chosen(self, frame: pd.DataFrame) -> list[str]:
        return list(frame.columns) if self.columns is None else list(dict.fromkeys(self.columns))

    @property
    def _rules(self) -> Rules:
        return Rules(self.numeric_missing, self.categorical_missing, self.unseen, self.max_levels)

    def _learn(self, frame: pd.DataFrame, matrix: np.ndarray | None) -> dict[str, Column]:
        splines = self.splines or {}
        if matrix is not None and matrix.size:
            learnt = learn_plain_columns(list(frame.columns), matrix)
        else:
            learnt = [learn_column(frame[name], self._rules, splines.get(name)) for name in frame.columns]
        return {column.name: column for column in learnt}

    def _select(self, frame: pd.DataFrame) -> pd.DataFrame:
        expected = list(self.columns_)
        if list(frame.columns) == expected:
            return frame
        absent = [name for name in expected if name not in frame.columns]
        if absent:
            raise ValueError(f"X lacks columns that training had: {', '.join(absent)}")
        known = {*expected, *(self.drop or ())}
        extra = [name for name in frame.columns if name not in known]
        if extra and self.columns is None:
            raise ValueError(f"X has columns that training did not have: {', '.join(extra)}")
        return frame[expected]

    def _encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Main effects, shape (n_rows, n_main_effects)."""
        columns = self.columns_.values()
        matrix = _finite_matrix(frame) if all(column.is_plain for column in columns) else None
        if matrix is not None:
            return matrix
        design = np.empty((len(frame), sum(len(column.feature_names) for column in columns)))
        place = 0
        for column in columns:
            for feature in encode_column(column, frame[column.name], self._rules):
                design[:, place] = feature
                place += 1
        return design

    def _set_products(self, pairs: list[tuple[int, int]]) -> None:
        """Everything that follows from the columns and from the pairs of main effects that are multiplied."""
        features = {name: column.feature_names for name, column in self.columns_.items()}
        owner = [name for name, own in features.items() for _ in own]
        names = [feature for own in features.values() for feature in own]
        groups: dict[str, list[int]] = {name: [] for name in features}
        for position, name in enumerate(owner):
            groups[name].append(position)
        for position, (left, right) in enumerate(pairs, start=len(owner)):
            for name in dict.fromkeys((owner[left], owner[right])):
                groups[name].append(position)
        self.feature_names_in_ = np.asarray(list(features), dtype=object)
        self.groups_ = groups
        self.reference_ = {name: column.typical for name, column in self.columns_.items()}
        self.dropped_ = [name for name, own in features.items() if not own]
        self._products = pairs
        self._names = names + [f"{names[left]}:{names[right]}" for left, right in pairs]


def as_frame(X: Any) -> pd.DataFrame:
    """``X`` as a DataFrame; the columns of an array are named x0, x1, ...

    One row may be a Series (``X.iloc[0]``) or a mapping from columns to single values.

    Raises
    ------
    TypeError
        ``X`` is sparse.
    ValueError
        ``X`` has not two dimensions, or is a DataFrame whose column names are not text, or not different.
    """
    X = _one_row(X)
    if isinstance(X, pd.DataFrame):
        if not all(isinstance(name, str) for name in X.columns):
            n_other = sum(not isinstance(name, str) for name in X.columns)
            raise ValueError(f"the column names of X must be text; got {n_other} of {X.shape[1]} that are not")
        if X.columns.has_duplicates:
            raise ValueError("X has several columns of the same name")
        return X
    if hasattr(X, "toarray"):
        # The kind that scikit-learn raises, and its checks of 1.6 expect.
        raise TypeError("X must be a DataFrame or an array, got a sparse one: give X.toarray()")
    values = np.asarray(X)
    if values.ndim != 2:
        raise ValueError(
            f"X must have two dimensions, got {values.ndim}: Reshape your data (one column: X.reshape(-1, 1), one row: "
            "X.reshape(1, -1))"
        )
    return pd.DataFrame(values, columns=_array_names(values.shape[1]), copy=False)


def _one_row(X: Any) -> Any:
    """A row that was taken out of a frame, or written as a mapping, as a frame again; anything else as it is."""
    if isinstance(X, pd.Series):
        if not len(X) or not all(isinstance(name, str) for name in X.index):
            raise ValueError(
                "X must have two dimensions, got a Series: it is one row, by its columns; for one column give "
                "X.to_frame()"
            )
        return X.to_frame().T.infer_objects()
    if isinstance(X, Mapping) and not hasattr(X, "toarray"):  # a sparse array can be a mapping
        if not all(np.ndim(value) == 0 for value in X.values()):
            raise ValueError(
                "X must have two dimensions, got a mapping: it is one row; for columns give pd.DataFrame(X)"
            )
        return pd.DataFrame([dict(X)])
    return X


@lru_cache(maxsize=8)
def _array_names(n_columns: int) -> pd.Index:
    """Names of the columns of an array; pandas takes longer to make them than the frame."""
    return pd.Index([f"x{position}" for position in range(n_columns)])


def _finite_matrix(values: pd.DataFrame | np.ndarray) -> np.ndarray | None:
    """The values as one contiguous float array if every column is numeric and every value in range, else None."""
    if isinstance(values, pd.DataFrame):
        if not all(isinstance(dtype, np.dtype) and dtype.kind in "fiu" for dtype in values.dtypes):
            return None
        values = values.to_numpy(dtype=float)
    elif values.dtype.kind not in "fiu":
        return None
    matrix = np.ascontiguousarray(values, dtype=float)
    with np.errstate(all="ignore"):
        # A sum is in range only if its terms are; one pass, no mask of the size of the frame. A product is the fastest.
        if not (np.abs(np.ones(len(matrix)) @ matrix) <= LARGEST_NUMBER).all():
            return None
    if not matrix.flags.writeable:
        # pandas 3 lends read-only views, for which compiled kernels would be compiled once more.
        try:
            matrix = matrix.view()
            matrix.flags.writeable = True
        except ValueError:
            matrix = matrix.copy()
    return matrix
