"""Counts as they may leave the authority: small ones withheld, with those that would reveal them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...small_counts import is_small
from ..bands import PLAN_LENGTH_BANDS
from ..disclosure import withhold_revealed
from .definitions import CHILDREN_OF, band_key

WHOLES = {
    "plans_any_point": ("plans_ended", "plans_open"),
    "plans_open": tuple(band_key("open", band) for band in PLAN_LENGTH_BANDS),
    "plans_ended": tuple(band_key("ended", band) for band in PLAN_LENGTH_BANDS),
}
"""A count, and the counts that make it up."""

PARTS = (
    *((plans, children) for children, plans in CHILDREN_OF.items()),
    ("plans_started", "second_plans"),
    ("plans_started", "second_plans_reported"),
    ("plans_started", "second_plans_within_2_years"),
    ("second_plans", "second_plans_within_2_years"),
    ("plans_open", "plans_due_review"),
    ("plans_due_review", "reviewed_on_time"),
)
"""A count, and one within it: a reader who knows both knows how many are left."""

# Children may have plans in several groups, so that groups do not add up to all.
NOT_ADDING_UP = (*CHILDREN_OF, "within_year_repeats")


def withheld_counts(counts: pd.DataFrame, *, has_total: bool) -> pd.DataFrame:
    """Which counts of a block of groups are withheld.

    Parameters
    ----------
    counts : DataFrame, shape (n_groups, n_indicators)
    has_total : bool
        Whether the first row is the total of the others.

    Returns
    -------
    DataFrame of bool, as ``counts``
    """
    values = counts.to_numpy(dtype=float)
    place = {key: position for position, key in enumerate(counts.columns)}
    withheld = is_small(values)
    _withhold_remainders(values, withheld, place)
    known = np.nan_to_num(values)
    # Without a total no equation joins the groups: one at a time.
    blocks = [slice(None)] if has_total else [slice(group, group + 1) for group in range(len(counts))]
    for block in blocks:
        relations = _relations(known[block].shape, place, has_total)
        revealed = withhold_revealed(known[block].ravel(), withheld[block].ravel(), relations)
        withheld[block] = revealed.reshape(known[block].shape)
    return pd.DataFrame(withheld, index=counts.index, columns=counts.columns)


def _withhold_remainders(values: np.ndarray, withheld: np.ndarray, place: dict[str, int]) -> None:
    """Withhold, in place, the part of a whole where the little that is left would follow from both."""
    for whole, part in PARTS:
        left = is_small(values[:, place[whole]] - values[:, place[part]])
        has_part = values[:, place[part]] > 0
        withheld[:, place[part]] |= left & has_part
        withheld[:, place[whole]] |= left & ~has_part


def _relations(shape: tuple[int, int], place: dict[str, int], has_total: bool) -> np.ndarray:
    """The sums that a reader knows: wholes of their parts in each group, and totals of the groups."""
    n_groups, n_keys = shape
    rows = []
    for group in range(n_groups):
        for whole, parts in WHOLES.items():
            row = np.zeros(shape)
            row[group, place[whole]] = 1.0
            row[group, [place[key] for key in parts]] = -1.0
            rows.append(row.ravel())
    if has_total:
        for key, column in place.items():
            if key not in NOT_ADDING_UP:
                row = np.zeros(shape)
                row[:, column] = -1.0
                row[0, column] = 1.0
                rows.append(row.ravel())
    return np.array(rows).reshape(-1, n_groups * n_keys)
