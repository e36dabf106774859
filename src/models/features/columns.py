"""One column of features: what is learnt of it, and the numbers that it becomes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from .natural_spline import NaturalSpline, place_knots, spline_basis

NUMERIC, BOOLEAN, CATEGORICAL = "numeric", "boolean", "categorical"
MISSING = -1
UNSEEN = -2
ROWS_FOR_TYPICAL_VALUE = 20_000
ROWS_THAT_SHOW_AN_IDENTIFIER = 20
# Variances hold fourth powers of features: beyond this they leave the range of floating point numbers.
LARGEST_NUMBER = 1e50
# Rows at either end that the range of a column leaves out, so that it tells of nobody; it is rounded outwards besides.
UNTOLD = 5


@dataclass(frozen=True)
class Rules:
    """What to do with values that cannot enter as they are; see :class:`~secondplan.models.FeatureEncoder`."""

    numeric_missing: str = "error"
    categorical_missing: str = "error"
    unseen: str = "error"
    max_levels: int = 256


@dataclass(frozen=True)
class Column:
    """What was learnt of one column.

    Attributes
    ----------
    name, kind : str
        The kind is ``numeric``, ``boolean`` or ``categorical``.
    levels : tuple of str
        Levels that occurred, in order; the first is the reference. Empty unless categorical.
    varies : bool
        Whether the values that are not missing differ; a constant has no feature.
    has_missing : bool
        Whether missing values occurred and have their own indicator.
    fill : float
        What stands for a missing number: the median, where imputation was asked for.
    spline : NaturalSpline or None
    typical : float, bool, str or None
        Median or most frequent value; None where that is "missing".
    usual : tuple of float or None
        Between which numbers nearly all lie; None where that is not known.
    """

    name: str
    kind: str
    levels: tuple[str, ...]
    varies: bool
    has_missing: bool
    fill: float
    spline: NaturalSpline | None
    typical: float | bool | str | None
    usual: tuple[float, float] | None = None

    def is_unusual(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers (n,) beyond those of nearly all rows of training, shape (n,)."""
        if self.usual is None:
            return np.zeros(numbers.shape, dtype=bool)
        with np.errstate(invalid="ignore"):
            return (numbers < self.usual[0]) | (numbers > self.usual[1])

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the numbers that the column becomes; empty for a constant."""
        names: list[str] = []
        if self.kind == CATEGORICAL:
            names += [f"{self.name}[{level}]" for level in self.levels[1:]]
        elif self.varies and self.spline is not None:
            names += [f"{self.name}[spline {number}]" for number in range(1, self.spline.df + 1)]
        elif self.varies:
            names.append(self.name)
        if self.has_missing and (self.levels or self.typical is not None):
            names.append(f"{self.name}[missing]")
        return tuple(names)

    @property
    def is_plain(self) -> bool:
        """Whether the column enters the design as it is."""
        return self.kind == NUMERIC and self.varies and not self.has_missing and self.spline is None

    def to_state(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self) | {"levels": list(self.levels)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Column:
        """The column that :meth:`to_state` described."""
        spline = state["spline"]
        if spline is not None:
            spline = NaturalSpline(tuple(spline["knots"]), spline["lower"], spline["upper"])
        usual = None if state["usual"] is None else tuple(state["usual"])
        return cls(**(state | {"levels": tuple(state["levels"]), "spline": spline, "usual": usual}))


def learn_column(values: pd.Series, rules: Rules, spline_df: int | None) -> Column:
    """Learn kind, levels, median and knots of a column.

    Raises
    ------
    ValueError
        A rule is broken; the message names the column and the number of rows, never a value.
    """
    name, kind = str(values.name), _kind(values)
    if spline_df is not None and kind != NUMERIC:
        raise ValueError(f"column {name}: a spline needs a numeric column, this one is {kind}")
    if kind == CATEGORICAL:
        return _learn_levels(values, name, rules)
    numbers = _numbers(values, name, kind)
    missing = np.isnan(numbers)
    rule = rules.categorical_missing if kind == BOOLEAN else rules.numeric_missing
    if missing.any() and rule == "error":
        _refuse_missing(name, missing, kind)
    present = numbers[~missing] if missing.any() else numbers
    varies = bool(present.size) and not _is_constant(present)
    typical: float | bool | None = None
    if present.size:
        step = 1 if missing.any() else max(1, present.size // ROWS_FOR_TYPICAL_VALUE)
        typical = float(np.median(present[::step]))
    fill = 0.0 if kind == BOOLEAN or typical is None else typical
    if kind == BOOLEAN and typical is not None:
        typical = bool(present.mean() > 0.5)
    spline = None
    if spline_df is not None and varies:
        try:
            spline = place_knots(present, spline_df)
        except ValueError as error:
            raise ValueError(f"column {name}: {error}") from None
    usual = None
    if kind == NUMERIC and present.size > 2 * UNTOLD:
        ordered = np.partition(present, (UNTOLD, present.size - 1 - UNTOLD))
        usual = _rounded_out(ordered[UNTOLD], ordered[-1 - UNTOLD])
    return Column(name, kind, (), varies, bool(missing.any()), fill, spline, typical, usual)


def learn_plain_columns(names: list[str], matrix: np.ndarray) -> list[Column]:
    """:func:`learn_column` for numeric columns all at once; every value of ``matrix``, shape (n, p), is finite."""
    step = max(1, len(matrix) // ROWS_FOR_TYPICAL_VALUE)
    # Sorted in bulk, which is faster than to look for the medians.
    ordered = np.sort(np.ascontiguousarray(matrix[::step].T), axis=1)
    middle = ordered.shape[1] // 2
    typical = 0.5 * (ordered[:, (ordered.shape[1] - 1) // 2] + ordered[:, middle])
    varies = ~(matrix[:1000] == matrix[0]).all(axis=0)
    perhaps_constant = np.flatnonzero(~varies)
    if len(matrix) > 1000 and perhaps_constant.size:
        varies[perhaps_constant] = ~(matrix[:, perhaps_constant] == matrix[0, perhaps_constant]).all(axis=0)
    usual: list[tuple[float, float] | None] = [None] * len(names)
    if ordered.shape[1] > 2 * UNTOLD:
        usual = [_rounded_out(*ends) for ends in ordered[:, [UNTOLD, -1 - UNTOLD]]]
    return [
        Column(name, NUMERIC, (), differs, False, median, None, median, between)
        for name, differs, median, between in zip(names, varies.tolist(), typical.tolist(), usual, strict=True)
    ]


def encode_column(column: Column, values: pd.Series, rules: Rules) -> list[np.ndarray]:
    """The column's features for new rows: one array of float, shape (n,), a name in ``column.feature_names``.

    Raises
    ------
    ValueError
        Missing, infinite, unseen or ill-typed values that the rules do not allow.
    """
    if column.kind == CATEGORICAL:
        codes = _codes(values, column, rules)
        wanted = [*range(1, len(column.levels)), *([MISSING] if column.has_missing and column.levels else [])]
        return [(codes == code).astype(float) for code in wanted]
    numbers = _numbers(values, column.name, column.kind)
    missing = np.isnan(numbers)
    if missing.any():
        numbers = _fill(column, numbers, missing, rules)
    features: list[np.ndarray] = []
    if column.varies:
        features += [numbers] if column.spline is None else list(spline_basis(numbers, column.spline).T)
    if column.has_missing and column.typical is not None:
        features.append(missing.astype(float))
    return features


def _learn_levels(values: pd.Series, name: str, rules: Rules) -> Column:
    codes, observed = _factorise(values)
    missing = codes == MISSING
    if missing.any() and rules.categorical_missing == "error":
        _refuse_missing(name, missing, CATEGORICAL)
    n_levels = len(observed)
    if n_levels > rules.max_levels or n_levels == codes.size > ROWS_THAT_SHOW_AN_IDENTIFIER:
        raise ValueError(
            f"column {name}: {n_levels} levels in {codes.size} rows; it looks like an identifier, which must not be a "
            f"feature (drop it, or give the model encoder=FeatureEncoder(max_levels={n_levels}))"
        )
    counts = np.bincount(codes[~missing], minlength=n_levels)
    levels = tuple(observed)
    if len(set(levels)) < n_levels:
        raise ValueError(f"column {name}: different levels are spelt alike")
    if missing.any() and "missing" in levels:
        raise ValueError(f'column {name}: has both missing values and a level named "missing"')
    typical = levels[int(np.argmax(counts))] if n_levels and counts.max() >= missing.sum() else None
    return Column(name, CATEGORICAL, levels, n_levels > 1, bool(missing.any()), 0.0, None, typical)


def _codes(values: pd.Series, column: Column, rules: Rules) -> np.ndarray:
    """Positions in ``column.levels``, MISSING, or 0 for an unseen level that counts as the reference."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        raw, spelt = values.cat.codes.to_numpy(), [str(level) for level in values.cat.categories]
    else:
        raw, spelt = _factorise(values)
    position = {level: code for code, level in enumerate(column.levels)}
    lookup = np.array([*(position.get(level, UNSEEN) for level in spelt), MISSING])
    codes = lookup[raw]
    missing = codes == MISSING
    if missing.any() and not column.has_missing:
        if rules.categorical_missing == "error":
            _refuse_missing(column.name, missing, CATEGORICAL)
        codes = np.where(missing, UNSEEN, codes)
    return _settle_unseen(codes, codes == UNSEEN, column.name, rules, 0)


def _settle_unseen(values: np.ndarray, unseen: np.ndarray, name: str, rules: Rules, reference: float) -> np.ndarray:
    if not unseen.any():
        return values
    if rules.unseen == "error":
        raise ValueError(
            f"column {name}: a level that training did not have in {int(unseen.sum())} of {unseen.size} rows "
            f'(a model fitted with encoder=FeatureEncoder(unseen="reference") would count it as the reference level)'
        )
    return np.where(unseen, reference, values)


def _fill(column: Column, numbers: np.ndarray, missing: np.ndarray, rules: Rules) -> np.ndarray:
    rule = rules.categorical_missing if column.kind == BOOLEAN else rules.numeric_missing
    if rule == "error":
        _refuse_missing(column.name, missing, column.kind)
    if column.kind == BOOLEAN and not column.has_missing:
        return _settle_unseen(numbers, missing, column.name, rules, 0.0)
    return np.where(missing, column.fill, numbers)


def _factorise(values: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Codes (MISSING where missing) into the levels that occur, spelt as text: by category order, else sorted."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, uniques = values.cat.codes.to_numpy(), values.cat.categories
        present = np.unique(codes[codes >= 0])
        lookup = np.full(len(uniques) + 1, MISSING)
        lookup[present] = np.arange(present.size)
        return lookup[codes], [str(level) for level in uniques[present]]
    try:
        codes, uniques = pd.factorize(values)
    except TypeError:
        raise ValueError(
            f"column {values.name}: features are numbers, booleans or categories, not collections"
        ) from None
    try:
        order = np.argsort(np.asarray(uniques, dtype=object), kind="stable")
    except TypeError:
        order = np.argsort([str(level) for level in uniques], kind="stable")
    lookup = np.full(len(uniques) + 1, MISSING)
    lookup[order] = np.arange(len(uniques))
    return lookup[codes], [str(uniques[position]) for position in order]


def _kind(values: pd.Series) -> str:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype | pd.StringDtype):
        return CATEGORICAL
    if types.is_bool_dtype(dtype):
        return BOOLEAN
    if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
        return NUMERIC
    if types.is_object_dtype(dtype):
        found = types.infer_dtype(values, skipna=True)
        if found == "boolean":
            return BOOLEAN
        if found in ("integer", "floating", "mixed-integer-float", "decimal"):
            return NUMERIC
        if found in ("string", "categorical", "empty", "mixed-integer", "mixed"):
            return CATEGORICAL
    elif types.is_string_dtype(dtype):
        return CATEGORICAL
    raise ValueError(f"column {values.name}: features are numbers, booleans or categories, not {dtype}")


def _numbers(values: pd.Series, name: str, kind: str) -> np.ndarray:
    """Values as float, NaN where missing; not infinite, and only 0 and 1 for booleans."""
    if isinstance(values.dtype, pd.CategoricalDtype | pd.StringDtype) or types.is_datetime64_any_dtype(values.dtype):
        raise ValueError(f"column {name}: must be {kind}, as it was in training, not {values.dtype}")
    try:
        if types.is_object_dtype(values.dtype) and types.infer_dtype(values, skipna=True) in (
            "string",
            "mixed",
            "bytes",
        ):
            raise TypeError("text")
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValueError(f"column {name}: must be {kind}; some values are not") from None
    infinite = np.isinf(numbers)
    if infinite.any():
        raise ValueError(f"column {name}: infinite in {int(infinite.sum())} of {numbers.size} rows")
    too_large = np.abs(numbers) > LARGEST_NUMBER
    if too_large.any():
        raise ValueError(
            f"column {name}: larger than {LARGEST_NUMBER:g} in {int(too_large.sum())} of {numbers.size} rows; "
            "these are no measurements, or another unit is needed"
        )
    if kind == BOOLEAN:
        other = ~(np.isnan(numbers) | (numbers == 0) | (numbers == 1))
        if other.any():
            raise ValueError(f"column {name}: neither true nor false in {int(other.sum())} of {other.size} rows")
    return numbers


def _rounded_out(low: float, high: float) -> tuple[float, float] | None:
    """A range in two digits of its width that holds both; None where they are the same."""
    if not high > low:
        return None
    step = 10.0 ** (np.floor(np.log10(high - low)) - 1.0)
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step)


def _is_constant(numbers: np.ndarray) -> bool:
    first = numbers[0]
    return bool(np.all(numbers[:1000] == first) and np.all(numbers == first))


def _refuse_missing(name: str, missing: np.ndarray, kind: str) -> None:
    remedy = 'numeric_missing="median"' if kind == NUMERIC else 'categorical_missing="level"'
    raise ValueError(
        f"column {name}: missing in {int(missing.sum())} of {missing.size} rows; "
        f"encoder=FeatureEncoder({remedy}) would take them"
    )
