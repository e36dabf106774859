"""What a prediction is asked for: rows, their days, and the days for which they are known to be free of events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..inputs.given_days import as_days
from ..inputs.outcome import as_numbers
from ..inputs.time_spans import spans_as_days
from .design import Design


@dataclass(frozen=True)
class Asked:
    """Checked arguments of a prediction for n rows and m days.

    Attributes
    ----------
    design : Design
    times : ndarray, shape (n, m)
        Days, none later than the row's last eligible day; a view of one row where all rows share them.
    since : ndarray, shape (n, 1)
        Days for which the row is known to have been free of events.
    unknown : ndarray of bool, shape (n, m), or None
        Where the model has nothing to say (see :mod:`..inputs.follow_up`); None where it has for all.
    """

    design: Design
    times: np.ndarray
    since: np.ndarray
    unknown: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.design)

    def __getitem__(self, rows: slice | np.ndarray) -> Asked:
        """Some of the rows."""
        unknown = None if self.unknown is None else self.unknown[rows]
        return Asked(self.design[rows], self.times[rows], self.since[rows], unknown)

    def chunks(self, n_rows: int) -> Iterator[tuple[slice, Asked]]:
        """The rows, so many at a time, and where they are: memory stays flat."""
        for begin in range(0, len(self), n_rows):
            rows = slice(begin, begin + n_rows)
            yield rows, self[rows]

    def with_unknown(self, values: np.ndarray) -> np.ndarray:
        """``values`` (n, m, ...), changed to be NaN where nothing is known."""
        if self.unknown is not None:
            values[self.unknown] = np.nan
        return values

    def at_last(self, matrix: np.ndarray) -> Asked:
        """The same rows at the last of their times, with other covariates."""
        unknown = None if self.unknown is None else self.unknown[:, -1:]
        return Asked(replace(self.design, matrix=matrix), self.times[:, -1:], self.since, unknown)

    def finished(self, values: np.ndarray) -> np.ndarray:
        """``values`` (n, m, ...), changed to be the same at equal days of a row, and NaN where nothing is known."""
        return self.with_unknown(hold_last(values, self.times))


def per_row(value: Any, n_rows: int, name: str, *, may_be_infinite: bool = False) -> np.ndarray:
    """One number per row, missing values and negative ones refused."""
    numbers = np.atleast_1d(as_numbers(spans_as_days(value), name))
    if np.ndim(value) > 1 or numbers.size not in (1, n_rows) or (np.ndim(value) == 1 and numbers.size != n_rows):
        raise ValueError(f"{name} must be one number or have one value per row ({n_rows}), got {np.shape(value)}")
    bad = np.isnan(numbers) | (numbers < 0) if may_be_infinite else ~np.isfinite(numbers) | (numbers < 0)
    if bad.any():
        rule = "missing or negative" if may_be_infinite else "missing, infinite or negative"
        raise ValueError(f"{name}: {rule} in {int(bad.sum())} of {bad.size} rows")
    return np.broadcast_to(numbers, (n_rows,))


def checked_times(times: Any, n_rows: int, eligible_days: Any = None) -> np.ndarray:
    """Times by row, shape (n_rows, n_times), given for all rows or for each: no later than its last eligible day."""
    if np.ndim(times) == 2 and len(times) == n_rows:
        rows = as_days(np.ravel(times), "times").reshape(np.shape(times))
    else:
        grid = as_days(times, "times")
        rows = np.broadcast_to(grid, (n_rows, grid.size))
    if eligible_days is None:
        return rows
    last = per_row(eligible_days, n_rows, "eligible_days", may_be_infinite=True)
    return np.minimum(rows, last[:, None])


def hold_last(values: np.ndarray, row_times: np.ndarray) -> np.ndarray:
    """Copy what a row has at its last time to all its columns of that time; ``values`` (n_rows, n_times, ...) change.

    A curve is then flat after the last eligible day to the last bit: the same time computed in two columns need not
    give the same bits, as sums of linear algebra depend on a column's place.
    """
    if not row_times.size or row_times.strides[0] == 0:  # no row has times of its own
        return values
    row = np.arange(len(row_times))
    first = row_times.argmax(axis=1)
    at_last = row_times == row_times[row, first][:, None]
    np.copyto(values, values[row, first][:, None], where=at_last if values.ndim == 2 else at_last[..., None])
    return values
