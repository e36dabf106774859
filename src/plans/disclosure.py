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
