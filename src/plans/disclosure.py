"""Disclosure control for tables that leave the authority, as the Department for Education does it.

Counts of 1 to 5 are withheld and marked ``c``; 0 is shown. Source: *Children in need* methodology, "Confidentiality".
"""

import numpy as np
import pandas as pd

SUPPRESSED = "c"
SMALLEST_SHOWN = 6


def is_small(counts: pd.Series | np.ndarray) -> np.ndarray:
    """Whether each count is one of 1 to 5 and must be withheld."""
    values = np.asarray(counts, dtype=float)
    return (values > 0) & (values < SMALLEST_SHOWN)


def suppress_small_counts(table: pd.DataFrame, counts: list[str], *, also: list[str] | None = None) -> pd.DataFrame:
    """A copy of ``table`` with small counts, and what was computed from them, replaced by ``c``.

    Parameters
    ----------
    table : DataFrame
    counts : list of str
        The columns that hold counts. A row with a small count in any of them loses those counts.
    also : list of str, optional
        Columns computed from the counts (rates, means) that are withheld in the same rows.
    """
    shown = table.copy()
    withheld = np.zeros(len(table), dtype=bool)
    for name in counts:
        small = is_small(table[name])
        withheld |= small
        shown[name] = table[name].astype(object).mask(small, SUPPRESSED)
    for name in also or []:
        shown[name] = table[name].astype(object).mask(withheld, SUPPRESSED)
    return shown


def withheld_parts(
    counts: np.ndarray,
    *,
    already: np.ndarray | None = None,
    rows_add_up: bool = True,
    columns_add_up: bool = True,
) -> np.ndarray:
    """Which parts of shown totals must be withheld: the small ones, and those from which a small one would follow.

    Where the total of a row (column) is shown and just one of its parts is withheld, that part is the total less the
    others. The smallest other part is then withheld too, and this again until nothing follows (secondary suppression).

    Parameters
    ----------
    counts : ndarray, shape (n_rows, n_parts)
        NaN where there is no count.
    already : ndarray of bool, shape (n_rows, n_parts), optional
        What is withheld in any case.
    rows_add_up, columns_add_up : bool
        Whether the total of each row, or of each column, is known to the reader.

    Returns
    -------
    ndarray of bool, shape (n_rows, n_parts)

    Examples
    --------
    >>> withheld_parts(np.array([[30, 3, 12]]), columns_add_up=False)
    array([[False,  True,  True]])
    """
    values = np.asarray(counts, dtype=float)
    withheld = is_small(values) if already is None else is_small(values) | already
    lines = [values[i : i + 1].T for i in range(values.shape[0])] if rows_add_up else []
    masks = [withheld[i] for i in range(values.shape[0])] if rows_add_up else []
    if columns_add_up:
        lines += [values[:, j : j + 1] for j in range(values.shape[1])]
        masks += [withheld[:, j] for j in range(values.shape[1])]
    while sum(_withhold_second(line[:, 0], mask) for line, mask in zip(lines, masks, strict=True)):
        pass
    return withheld


def _withhold_second(line: np.ndarray, withheld: np.ndarray) -> bool:
    """Withhold the smallest other part of a line with one withheld part; whether there was one to withhold."""
    others = np.flatnonzero(~withheld & (line > 0))
    if withheld.sum() != 1 or not others.size:
        return False
    withheld[others[np.argmin(line[others])]] = True
    return True


def round_to_ten(counts: np.ndarray) -> np.ndarray:
    """Counts rounded to 10, as DfE rounds the totals of England and the regions; halves away from zero."""
    return np.floor(np.asarray(counts, dtype=float) / 10 + 0.5) * 10


def rounded_flow(flow: pd.DataFrame) -> pd.DataFrame:
    """An exclusion flow as it may be published: every number rounded to 10, and those of 1 to 5 withheld.

    The remaining numbers of consecutive steps differ by the number left out, so withholding that one alone would hide
    nothing; rounding every number does (*Children in need* rounds its totals to 10 too).
    """
    shown = flow.copy()
    for column in flow.columns:
        if pd.api.types.is_numeric_dtype(flow[column]) and not pd.api.types.is_bool_dtype(flow[column]):
            values = flow[column].to_numpy(dtype=float)
            rounded = pd.Series((np.round(values / 10) * 10).astype(int), index=flow.index, dtype=object)
            shown[column] = rounded.mask(is_small(values), SUPPRESSED)
    return shown
