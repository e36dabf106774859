"""Counts as they may leave the authority: small ones withheld, with those that would reveal them, totals rounded."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..bands import PLAN_LENGTH_BANDS
from ..disclosure import is_small, withheld_parts
from .definitions import CHILDREN_OF, band_key

# A count, and parts of it; what is left of the count is a part too, which a reader could work out.
ADD_UP: tuple[tuple[str, tuple[str, ...]], ...] = (
    *((plans, (children,)) for children, plans in CHILDREN_OF.items()),
    ("plans_started", ("second_plans",)),
    ("plans_started", ("second_plans_reported",)),
    ("plans_started", ("second_plans_within_2_years",)),
    ("second_plans", ("second_plans_within_2_years",)),
    ("plans_open", tuple(band_key("open", band) for band in PLAN_LENGTH_BANDS)),
    ("plans_open", ("plans_due_review",)),
    ("plans_due_review", ("reviewed_on_time",)),
    ("plans_ended", tuple(band_key("ended", band) for band in PLAN_LENGTH_BANDS)),
)


def withheld_counts(counts: pd.DataFrame, blocks: list[np.ndarray], *, totals_shown: bool) -> pd.DataFrame:
    """Which counts are withheld.

    Parameters
    ----------
    counts : DataFrame, shape (n_groups, n_indicators)
        Without the row of all groups together.
    blocks : list of ndarray of int
        Positions of groups that together make a total.
    totals_shown : bool
        Whether the exact total of each block is known to the reader.

    Returns
    -------
    DataFrame of bool, as ``counts``
    """
    values = counts.to_numpy(dtype=float)
    withheld = is_small(values)
    place = {key: position for position, key in enumerate(counts.columns)}
    while True:
        before = withheld.sum()
        for block in blocks:
            _withhold_block(values, withheld, block, place, totals_shown)
        if withheld.sum() == before:
            return pd.DataFrame(withheld, index=counts.index, columns=counts.columns)


def _withhold_block(
    values: np.ndarray, withheld: np.ndarray, block: np.ndarray, place: dict[str, int], totals_shown: bool
) -> None:
    """Withhold, in place, what would reveal a withheld count within a block of groups."""
    for whole, parts in ADD_UP:
        shown = block[~withheld[block, place[whole]]]
        columns = [place[key] for key in parts]
        rest = values[shown, place[whole]] - np.nansum(values[np.ix_(shown, columns)], axis=1)
        known = ~np.isnan(values[np.ix_(shown, columns)]).any(axis=1)
        of_parts = withheld_parts(
            np.column_stack([values[np.ix_(shown, columns)], rest])[known],
            already=np.column_stack([withheld[np.ix_(shown, columns)], is_small(rest)])[known],
            columns_add_up=False,
        )
        withheld[np.ix_(shown[known], columns)] |= of_parts[:, :-1]
    if totals_shown and len(block) > 1:
        withheld[block] = withheld_parts(values[block], already=withheld[block], rows_add_up=False)
